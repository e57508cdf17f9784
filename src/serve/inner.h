/* SPDX-License-Identifier: Apache-2.0 */
/* serve/inner.h - what request.c, answer.c and server.c know of a request and nobody else does. Room-internal. */
#pragma once
#include "serve/server.h"

#include <microhttpd.h>

struct nx_server {
    struct nx_service *service;
    struct MHD_Daemon *daemon;
    pthread_key_t context; /* struct nx_context of a thread */
    unsigned port;
    bool loopback; /* listens there alone */
};

struct nx_context { /* of one thread of the server */
    struct nx_arena *arena;
    struct nx_reader *reader;
    struct nx_worker *worker;
    struct nx_setup *setup; /* that the worker was made for */
};

struct nx_request {
    struct nx_server *server;
    struct MHD_Connection *connection;
    const struct nx_route *route;
    struct nx_setup *setup;
    struct nx_str param; /* points into `path` */
    char *path;
    GByteArray *body;
    size_t cap;                    /* of the body */
    bool too_large;                /* the rest is swallowed */
    gint64 started;                /* monotonic, microseconds */
    struct MHD_Response *response; /* the answer, once it is there */
    unsigned status;
    GPtrArray *headers; /* name, value, name, value ... for the answer */
    bool waiting;
};

struct nx_context *nx_server_context(struct nx_server *server);
/* Hands the answer to the library. */
enum MHD_Result nx_request_queue(struct nx_request *request);
void nx_request_free(struct nx_request *request);
