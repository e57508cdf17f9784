/* SPDX-License-Identifier: Apache-2.0 */
/* serve/watch.h - the thread that drains the spool and the watched Maildirs while the daemon runs: when a file comes (inotify), and
 * again after a while when something had to stay.
 *
 * Holds the spool's lock, so that pipes leave the draining to it; takes it as soon as a pipe that has it is done. Start and stop
 * from one thread. */
#pragma once
#include "ingest/spool.h"
#include "serve/service.h"

struct nx_watch;

/* Takes the spool. */
struct nx_watch *nx_watch_new(struct nx_service *service, struct nx_spool *spool, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_watch_free(struct nx_watch *watch);
typedef struct nx_watch nx_watch; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_watch, nx_watch_free)
