/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

/* What G_DEFINE_QUARK makes keeps the number in a plain variable, which two threads may write at once. */
GQuark nx_error_quark(void)
{
    static gsize quark;
    if (g_once_init_enter(&quark))
        g_once_init_leave(&quark, g_quark_from_static_string("nx-error-quark"));
    return (GQuark)quark;
}
