/* SPDX-License-Identifier: Apache-2.0 */
/* serve/tls.h - do a certificate and a key belong together? The server's library only says that something is wrong. Pure, any
 * thread. */
#pragma once
#include <glib.h>

/* PEM texts, and the files that they are from. CONFIG: which file is wrong, and how. */
gboolean nx_tls_check(const char *certificate, const char *key, const char *certificate_path, const char *key_path,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
