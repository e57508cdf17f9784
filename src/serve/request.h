/* SPDX-License-Identifier: Apache-2.0 */
/* serve/request.h - one HTTP request as its handler sees it, and the ways to answer.
 *
 * A handler runs once the whole body is there (within the route's cap) and gives exactly one answer:
 * nx_request_json/_text/_problem/_fail/_stream/_empty, or it calls nx_request_wait and answers later from any thread, ending with
 * nx_request_wake. Slices of the request live until it has been answered; what the handler makes in nx_request_arena lives until it
 * returns (answers copy). Source: RFC 9110, RFC 9457. Handlers run on the server's threads. */
#pragma once
#include "store/lookup.h"
#include "base/buf.h"
#include "serve/service.h"
#include "serve/token.h"

struct nx_request;

/* How large a body may be: a setting each */
enum nx_body {
    NX_BODY_NONE,    /* any body is refused */
    NX_BODY_SMALL,   /* settings and the like: [serve] json_size */
    NX_BODY_MESSAGE, /* mail: [serve] body_size */
    NX_BODY_LIST,    /* a mailing list, kept in a file: [serve] list_size */
    NX_BODY_WEBHOOK, /* [serve] webhook_size */
};

struct nx_route {
    const char *method;
    const char *path; /* "/v1/suppressions/{address}": a segment in {} takes all up to what follows it, decoded */
    enum nx_role role;
    enum nx_body body;
    void (*fn)(struct nx_request *request);
    const char *summary;
};

/* ---- reading */
struct nx_service *nx_request_service(struct nx_request *request);
const struct nx_setup *nx_request_setup(struct nx_request *request); /* the same from start to end of a request */
const struct nx_route *nx_request_route(struct nx_request *request);
struct nx_arena *nx_request_arena(struct nx_request *request);
struct nx_str nx_request_param(struct nx_request *request);                    /* what {} stood for */
struct nx_str nx_request_header(struct nx_request *request, const char *name); /* n == 0: absent */
struct nx_str nx_request_query(struct nx_request *request, const char *name);
/* All query arguments as one text, to tell two questions apart; freed with g_free. */
char *nx_request_query_text(struct nx_request *request);
/* Does If-None-Match name this entity tag (RFC 9110 13.1.2)? */
bool nx_request_has_tag(struct nx_request *request, const char *tag);
/* ?stream= &domain= &cause= &class= &since= &cursor= &limit= &expired= of a listing; false: the problem is answered. */
bool nx_request_filter(struct nx_request *request, struct nx_filter *ret_filter);
/* Calls fn for each header in order. */
typedef void nx_pair_fn(struct nx_str name, struct nx_str value, void *data);
void nx_request_headers(struct nx_request *request, nx_pair_fn *fn, void *data);
struct nx_str nx_request_body(struct nx_request *request); /* empty for NX_BODY_LIST */
/* NX_BODY_LIST: the body as an open file, the request's; -1 with errno: it could not be kept. */
int nx_request_body_file(struct nx_request *request);
/* A new file without a name; -1 with errno. */
int nx_request_temporary(struct nx_request *request);
/* Content-Type without parameters, in lower case; empty: none. */
struct nx_str nx_request_media_type(struct nx_request *request);
/* The one of `offered` (NULL-terminated) that Accept asks for, by quality, the first where it does not matter; NULL: none will do.
 */
const char *nx_request_accepts(struct nx_request *request, const char *const *offered);
/* The same by Accept-Encoding; NULL: send it as it is. */
const char *nx_request_accepts_coding(struct nx_request *request, const char *const *offered);
struct nx_str nx_request_stream_name(struct nx_request *request); /* of the token, else of ?stream= */
struct nx_str nx_request_actor(struct nx_request *request);       /* who asks: the token's name, or "http" */
/* This thread's reader of the store; NULL: the error has been answered. */
struct nx_reader *nx_request_reader(struct nx_request *request);
/* This thread's lookup table, with all that is committed by now; NULL: the problem is answered. For questions by the thousand:
 * making the table of a large store takes seconds. */
struct nx_lookup *nx_request_lookup(struct nx_request *request);
/* This thread's worker on the setup's engine, reset. */
struct nx_worker *nx_request_worker(struct nx_request *request);
nx_when nx_request_now(struct nx_request *request);

/* ---- answering */
/* Before the answer; name and value are copied. */
void nx_request_add_header(struct nx_request *request, const char *name, const char *value);
void nx_request_answer(struct nx_request *request, unsigned status, const char *media_type, struct nx_str body);
static inline void nx_request_json(struct nx_request *request, unsigned status, struct nx_str body)
{
    nx_request_answer(request, status, "application/json", body);
}
/* Takes the open file, all of it. */
void nx_request_file(struct nx_request *request, unsigned status, const char *media_type, int fd);
void nx_request_empty(struct nx_request *request, unsigned status);
/* A problem document (RFC 9457); the title is the status's own. */
void nx_request_problem(struct nx_request *request, unsigned status, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The problem that an error of ours is: 503 with Retry-After where trying again helps, 400, 404, 409, 422, 500. */
void nx_request_fail(struct nx_request *request, const GError *error);
/* Acts of the store are answered by what was done in their transaction: fn writes the answer (nx_said), which is given again, and
 * nothing done again, when the request comes again under its Idempotency-Key. */
void nx_request_once(struct nx_request *request, struct nx_once *ret, nx_once_fn *fn, void *data);
/* Answers, and frees what is the once's: with what it says, or with the error (422: the key came with another request). */
void nx_request_done(struct nx_request *request, struct nx_once *once, const GError *error);
/* The same key as a claim; token n == 0: there is none. Lives as long as the request. */
struct nx_claim nx_request_claim(struct nx_request *request);
void nx_said(GString *answer, unsigned status, struct nx_str body);
void nx_said_problem(GString *answer, unsigned status, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Pieces of the body as they are made: fn appends the next one to out and returns 1, 0 with the last one, -1 to break off (the
 * client sees a cut answer). Runs on a server's thread while the request lives; nx_request_arena (reset for each piece) and _reader
 * may be used in it. done is called at the end, also when the client goes away. */
typedef int nx_stream_fn(struct nx_request *request, void *data, GString *out);
void nx_request_stream(struct nx_request *request, unsigned status, const char *media_type, nx_stream_fn *fn, void *data,
                       GDestroyNotify done);

/* Runs the handler on a thread for acts: the server's few threads answer questions while the database lets nobody write. */
typedef void nx_apart_fn(struct nx_request *request);
void nx_request_apart(struct nx_request *request, nx_apart_fn *fn);

/* The answer comes later, from another thread: call before handing the request over; nx_request_wake ends it after the answer was
 * given. */
void nx_request_wait(struct nx_request *request);
void nx_request_wake(struct nx_request *request);
