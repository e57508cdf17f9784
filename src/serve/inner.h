/* SPDX-License-Identifier: Apache-2.0 */
/* serve/inner.h - what request.c, answer.c, dispatch.c and server.c know of a request and nobody else does. Room-internal. */
#pragma once
#include "serve/connections.h"
#include "serve/key.h"
#include "serve/server.h"
#include "store/lookup.h"

#include <microhttpd.h>

#define NX_STATUSES 600u

struct nx_server {
    struct nx_service *service;
    _Atomic(struct nx_counter *) *counters; /* of each route (the first row: of none) and status, once it has occurred */
    struct MHD_Daemon *daemon;
    struct MHD_Daemon *former;  /* before a new certificate; finishes what it has */
    MHD_socket former_listener; /* its own, while there is one */
    struct nx_connections *connections;
    struct nx_keys *keys;
    GThreadPool *acts; /* of requests, whose `apart` is run */
    int listener;
    char *certificate, *key; /* texts in use, or NULL: no TLS */
    pthread_key_t context;   /* struct nx_context of a thread */
    unsigned port, most;     /* connections */
    bool loopback;           /* listens there alone */
};

struct nx_context { /* of one thread of the server */
    struct nx_arena *arena;
    struct nx_reader *reader;
    struct nx_lookup *lookup; /* made at the first large question */
    struct nx_worker *worker;
    struct nx_setup *setup; /* that the worker was made for */
};

struct nx_request {
    struct nx_server *server;
    struct MHD_Connection *connection;
    const struct nx_route *route;
    struct nx_setup *setup;
    const struct nx_token *token; /* of the setup; NULL: none was presented */
    struct nx_str param;          /* points into `path` */
    char *path;
    GByteArray *body;
    int file;       /* NX_BODY_LIST: the body, or -1 */
    int file_error; /* errno of what went wrong with it */
    unsigned long long file_size;
    size_t reserved;               /* of service->webhook_bytes */
    size_t cap;                    /* of the body */
    bool too_large;                /* the rest is swallowed */
    gint64 started;                /* monotonic, microseconds */
    struct MHD_Response *response; /* the answer, once it is there */
    unsigned status;
    GPtrArray *headers; /* name, value, name, value ... for the answer */
    bool waiting;
    void (*_Atomic apart)(struct nx_request *request); /* stored last before the request is handed over: carries the rest with it */
    struct nx_key *key;                                /* NULL: it has none */
};

struct nx_context *nx_server_context(struct nx_server *server);
/* This thread is not the server's any more. */
void nx_server_leave(struct nx_server *server);
/* What the library calls (dispatch.c). */
enum MHD_Result nx_dispatch_answer(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **state);
void nx_dispatch_completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);
size_t nx_dispatch_unescape(void *data, struct MHD_Connection *connection, char *text);
void nx_dispatch_say(void *data, const char *format, va_list list) G_GNUC_PRINTF(2, 0);
/* Hands the answer to the library. */
enum MHD_Result nx_request_queue(struct nx_request *request);
void nx_request_free(struct nx_request *request);
/* GFunc of the pool of acts. */
void nx_request_act(void *data, void *user);
