/* SPDX-License-Identifier: Apache-2.0 */
/* serve/connections.h - who is connected, and who has to go.
 *
 * A connection is at work from a request's head to its answer and waits otherwise. Who waits too long is ended: for the first head
 * after [serve] head_timeout, for another one after [serve] timeout, however many bytes trickle in. Who takes an answer more slowly
 * than 32 KiB a second, once [serve] timeout has passed, is ended too; time in which he has taken all there was does not count.
 * When there are more than [serve] connections, the longest waiting one of the address that has the most goes, so that half
 * requests cannot keep others out; a request is turned away (503) only when all are at work. The callbacks run on the server's
 * threads, _tick on any. */
#pragma once
#include "serve/metrics.h"

#include <microhttpd.h>

struct nx_connections;

struct nx_connections_limits {
    unsigned most;
    int64_t head, idle; /* seconds */
};

/* metrics: outlive it. */
struct nx_connections *nx_connections_new(const struct nx_connections_limits *limits, struct nx_metrics *metrics);
/* After the last daemon that notifies it. */
void nx_connections_free(struct nx_connections *connections);
/* MHD_NotifyConnectionCallback; data is the nx_connections. */
void nx_connections_notify(void *data, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code);
/* A head is complete. False: there are too many, and all are at work. */
bool nx_connections_begin(struct nx_connections *connections, struct MHD_Connection *connection);
/* Its answer goes out from now on. */
void nx_connections_answer(struct nx_connections *connections, struct MHD_Connection *connection);
/* The request is over. */
void nx_connections_end(struct nx_connections *connections, struct MHD_Connection *connection);
/* Once a second: ends those whose time is over. */
void nx_connections_tick(struct nx_connections *connections);
unsigned nx_connections_count(struct nx_connections *connections);
