/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/lmtp.h - the LMTP server: a UNIX socket, or TCP on loopback; a thread a session, which reads, judges and waits for the
 * commit itself.
 *
 * 250 only after the commit; 451 and 452 when the store is busy or full, so that the mail server keeps the message. Sessions past
 * the limit get 421. Protocol: ingest/lmtp_session.h. Accepts in the thread that runs the default main loop; start and stop there.
 * Errors: CONFIG, BUSY (in use), DENIED, IO. */
#pragma once
#include "ingest/intake.h"

struct nx_lmtp;

struct nx_lmtp_settings {
    const char *listen; /* "/run/nixie/lmtp.sock" or "127.0.0.1:24" */
    int listener;       /* a listening socket (taken) instead, or -1 */
    const char *group;  /* of the UNIX socket, "" leaves it; its mode is 0660 */
    const char *hostname;
    unsigned sessions;
    size_t recipients, message;
    int64_t idle;         /* seconds of silence that end a session */
    char *const *domains; /* NULL-terminated; empty: all */
};

struct nx_lmtp *nx_lmtp_new(struct nx_intake *intake, const struct nx_lmtp_settings *settings,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* No new sessions; those that have a message half sent may finish it, at most ten seconds. */
void nx_lmtp_free(struct nx_lmtp *lmtp);
unsigned nx_lmtp_port(const struct nx_lmtp *lmtp);
typedef struct nx_lmtp nx_lmtp; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_lmtp, nx_lmtp_free)
