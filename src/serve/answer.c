/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/inner.h"

#include "base/error.h"
#include "event/json.h"

#include <sys/stat.h>

#define PROBLEM "application/problem+json"
#define PIECE (64u << 10) /* of a streamed answer */

void nx_request_add_header(struct nx_request *request, const char *name, const char *value)
{
    if (request->headers == NULL)
        request->headers = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(request->headers, g_strdup(name));
    g_ptr_array_add(request->headers, g_strdup(value));
}

static void give(struct nx_request *request, unsigned status, const char *media_type, struct MHD_Response *response)
{
    g_assert(request->response == NULL); /* one answer a request */
    request->response = response;
    request->status = status;
    if (media_type != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_type);
    for (guint i = 0; request->headers != NULL && i < request->headers->len; i += 2)
        MHD_add_response_header(response, request->headers->pdata[i], request->headers->pdata[i + 1]);
}

void nx_request_answer(struct nx_request *request, unsigned status, const char *media_type, struct nx_str body)
{
    /* The library copies; its interface only forgot to say const. */
    give(request, status, media_type, MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY));
}

void nx_request_file(struct nx_request *request, unsigned status, const char *media_type, int fd)
{
    struct stat about;
    uint64_t size = fstat(fd, &about) == 0 ? (uint64_t)about.st_size : 0;
    give(request, status, media_type, MHD_create_response_from_fd64(size, fd));
}

void nx_request_empty(struct nx_request *request, unsigned status)
{
    give(request, status, NULL, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

static G_GNUC_PRINTF(3, 0) struct nx_str problem_of(struct nx_arena *arena, unsigned status, const char *format, va_list list)
{
    const char digits[] = {(char)('0' + status / 100 % 10), (char)('0' + status / 10 % 10), (char)('0' + status % 10)};
    g_autofree char *detail = g_strdup_vprintf(format, list);
    struct nx_buf body;
    nx_buf_init(&body, arena, 64u << 10);
    nx_buf_add(&body, NX_STR("{\"type\":\"about:blank\",\"title\":\""));
    nx_buf_add(&body, nx_str_of(MHD_get_reason_phrase_for(status)));
    nx_buf_add(&body, NX_STR("\",\"status\":"));
    nx_buf_add(&body, (struct nx_str){digits, sizeof digits});
    nx_buf_add(&body, NX_STR(",\"detail\":"));
    nx_json_string(&body, nx_str_of(detail));
    nx_buf_add(&body, NX_STR("}\n"));
    return nx_buf_str(&body);
}

void nx_request_problem(struct nx_request *request, unsigned status, const char *format, ...)
{
    /* Also called from other threads, so not in the server thread's arena. */
    g_autoptr(nx_arena) arena = nx_arena_new();
    va_list list;
    va_start(list, format);
    struct nx_str body = problem_of(arena, status, format, list);
    va_end(list);
    nx_request_answer(request, status, PROBLEM, body);
}

void nx_said(GString *answer, unsigned status, struct nx_str body)
{
    g_string_printf(answer, "%u\n%.*s", status, NX_FMT(body));
}

void nx_said_problem(GString *answer, unsigned status, const char *format, ...)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    va_list list;
    va_start(list, format);
    struct nx_str body = problem_of(arena, status, format, list);
    va_end(list);
    nx_said(answer, status, body);
}

struct nx_claim nx_request_claim(struct nx_request *request)
{
    const struct nx_key *key = request->key;
    if (key == NULL)
        return (struct nx_claim){.token = NX_STR_NONE};
    return (struct nx_claim){.token = {(const char *)key->token, sizeof key->token},
                             .digest = {(const char *)key->digest, sizeof key->digest}};
}

void nx_request_once(struct nx_request *request, struct nx_once *ret, nx_once_fn *fn, void *data)
{
    *ret = (struct nx_once){.claim = nx_request_claim(request), .fn = fn, .data = data, .answer = g_string_new(NULL)};
}

void nx_request_done(struct nx_request *request, struct nx_once *once, const GError *error)
{
    struct nx_str text = {once->answer->str, once->answer->len}, body = nx_str_from(text, nx_str_chr(text, '\n') + 1);
    unsigned long long status = 0;
    if (once->claim.token.n > 0 && g_error_matches(error, NX_ERROR, NX_ERROR_DENIED))
        nx_request_problem(request, 422, "this Idempotency-Key came with another request before (use a new one for each)");
    else if (error != NULL)
        nx_request_fail(request, error);
    else if (!nx_str_to_u64(nx_str_sub(text, 0, nx_str_chr(text, '\n')), &status))
        nx_request_problem(request, 500, "the answer kept under this Idempotency-Key cannot be read");
    else if (body.n == 0)
        nx_request_empty(request, (unsigned)status);
    else
        nx_request_answer(request, (unsigned)status, status < 400 ? "application/json" : PROBLEM, body);
    g_string_free(g_steal_pointer(&once->answer), TRUE);
}

void nx_request_fail(struct nx_request *request, const GError *error)
{
    unsigned status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    if (error->domain == NX_ERROR)
        switch ((enum nx_error)error->code) {
        case NX_ERROR_BUSY:
        case NX_ERROR_FULL:
        case NX_ERROR_READ_ONLY:
        case NX_ERROR_IO:
            status = MHD_HTTP_SERVICE_UNAVAILABLE;
            nx_request_add_header(request, MHD_HTTP_HEADER_RETRY_AFTER, error->code == NX_ERROR_BUSY ? "1" : "60");
            break;
        case NX_ERROR_NOT_FOUND:
            status = MHD_HTTP_NOT_FOUND;
            break;
        case NX_ERROR_EXISTS:
            status = MHD_HTTP_CONFLICT;
            break;
        case NX_ERROR_USAGE:
        case NX_ERROR_SYNTAX:
            status = MHD_HTTP_BAD_REQUEST;
            break;
        case NX_ERROR_LIMIT:
            status = MHD_HTTP_CONTENT_TOO_LARGE;
            break;
        case NX_ERROR_DENIED:
            status = MHD_HTTP_FORBIDDEN;
            break;
        case NX_ERROR_CONFIG:
        case NX_ERROR_CORRUPT:
            break;
        }
    nx_request_problem(request, status, "%s", error->message);
}

struct stream {
    struct nx_request *request;
    nx_stream_fn *fn;
    void *data;
    GDestroyNotify done;
    GString *pending; /* made and not yet sent, from `sent` on */
    size_t sent;
    bool ended;
};

static ssize_t next_piece(void *data, uint64_t position, char *buffer, size_t n)
{
    struct stream *stream = data;
    (void)position;
    while (stream->sent == stream->pending->len) {
        if (stream->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        g_string_truncate(stream->pending, 0);
        stream->sent = 0;
        nx_arena_reset(nx_request_arena(stream->request));
        int more = stream->fn(stream->request, stream->data, stream->pending);
        if (more < 0)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        stream->ended = more == 0;
    }
    n = MIN(n, stream->pending->len - stream->sent);
    memcpy(buffer, stream->pending->str + stream->sent, n);
    stream->sent += n;
    return (ssize_t)n;
}

static void end_stream(void *data)
{
    struct stream *stream = data;
    stream->done(stream->data);
    g_string_free(stream->pending, TRUE);
    g_free(stream);
}

void nx_request_stream(struct nx_request *request, unsigned status, const char *media_type, nx_stream_fn *fn, void *data,
                       GDestroyNotify done)
{
    struct stream *stream = g_new(struct stream, 1);
    *stream = (struct stream){.request = request, .fn = fn, .data = data, .done = done, .pending = g_string_sized_new(PIECE)};
    give(request, status, media_type, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, next_piece, stream, end_stream));
}

enum MHD_Result nx_request_queue(struct nx_request *request)
{
    nx_connections_answer(request->server->connections, request->connection);
    nx_keys_leave(request->server->keys, g_steal_pointer(&request->key)); /* who has the answer may repeat at once */
    enum MHD_Result queued = MHD_queue_response(request->connection, request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return queued;
}
