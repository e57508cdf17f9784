/* SPDX-License-Identifier: Apache-2.0 */
/* serve/server.h - the HTTP server: connections, limits, routes. Handlers: serve/request.h; the table: serve/routes.c.
 *
 * A pool of threads with epoll, each with its own arena and reader. A request's body is collected up to its route's cap; a wrong
 * method gets 405 with Allow, an unknown path 404, a large body 413, a slow one 408: always a problem document. Start and stop from
 * one thread. */
#pragma once
#include "serve/request.h"

struct nx_server;

/* The routes; ends with a NULL method. */
extern const struct nx_route nx_routes[];

/* listener: a listening socket (taken), or -1 for listen: "127.0.0.1:8725", "[::1]:8725", "*:8725"; port 0 takes a free one.
 * Errors: CONFIG (not an address, no certificate), BUSY (in use), DENIED (beyond loopback without tokens), IO. */
struct nx_server *nx_server_new(struct nx_service *service, int listener, const char *listen,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes over the certificate of a setup that is about to be in force: new connections get it, old ones are finished. FALSE: all is
 * as before. */
gboolean nx_server_reload(struct nx_server *server, const struct nx_setup *setup, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* No new connections; requests at work are finished. */
void nx_server_free(struct nx_server *server);
/* Once a second: ends connections whose time is over. */
void nx_server_tick(struct nx_server *server);
unsigned nx_server_port(const struct nx_server *server);

typedef struct nx_server nx_server; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_server, nx_server_free)
