/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

/* clang-format off */
G_DEFINE_QUARK(nx-error-quark, nx_error)
/* clang-format on */
