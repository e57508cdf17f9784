/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/retain.h - what is dropped for its age, a short step at a time. Inner; promises: store/ops.h, nx_store_retain. */
#pragma once
#include "store/sqlite/write.h"

gboolean nx_retain_step(struct nx_backend *backend, const struct nx_retention *retention, nx_when now, bool dry,
                        struct nx_retain_cursor *cursor, struct nx_retained *ret, GError **error);
