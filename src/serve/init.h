/* SPDX-License-Identifier: Apache-2.0 */
/* serve/init.h - what passes between the daemon and the service manager: readiness, watchdog, sockets opened for us.
 *
 * Source: sd_notify(3), sd_listen_fds(3), whose protocols are a datagram and three environment variables; no library is needed for
 * either. Without a service manager nothing happens. Main thread only. */
#pragma once
#include <stdbool.h>

/* "READY=1", "STOPPING=1", "RELOADING=1", "WATCHDOG=1". */
void nx_notify(const char *state);
/* Milliseconds between two signs of life that the service manager wants, 0: none. */
unsigned nx_notify_interval(void);

struct nx_sockets {
    int http, lmtp; /* -1: not given */
};
/* By name (FileDescriptorName=http, lmtp); a single one without a known name is http. */
void nx_sockets_inherited(struct nx_sockets *ret);
