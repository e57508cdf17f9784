/* SPDX-License-Identifier: Apache-2.0 */
/* What the library calls for each request: find the route, admit the asker, collect the body, run the handler, hand over its
 * answer. */
#include "serve/inner.h"

#include "decide/stream.h"
#include "serve/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#define SWALLOW (16u << 20)  /* bytes past a cap that are read to no end */
#define WEBHOOKS_AT_ONCE 32u /* bodies of the largest size */

void nx_request_free(struct nx_request *request)
{
    g_clear_pointer(&request->response, MHD_destroy_response);
    g_clear_pointer(&request->body, g_byte_array_unref);
    request->server->service->webhook_bytes -= request->reserved;
    g_clear_pointer(&request->headers, g_ptr_array_unref);
    if (request->file >= 0)
        close(request->file);
    nx_keys_leave(request->server->keys, request->key);
    g_clear_pointer(&request->setup, nx_setup_unref);
    g_free(request->path);
    g_free(request);
}

/* Does the path fit the route's? *ret_param is what {} stands for. */
static bool fits(const struct nx_route *route, const char *path, struct nx_str *ret_param)
{
    const char *its = route->path;
    while (*its != '\0' && *its != '{' && *its == *path) {
        its++;
        path++;
    }
    if (*its != '{')
        return *its == '\0' && *path == '\0';
    const char *tail = strchr(its, '}') + 1;
    size_t behind = strlen(tail), length = strlen(path);
    if (length <= behind || strcmp(path + length - behind, tail) != 0)
        return false;
    *ret_param = (struct nx_str){path, length - behind};
    return true;
}

/* The routes of one path stand together. */
static void refuse_method(struct nx_request *request, const struct nx_route *first, const char *method)
{
    g_autoptr(GString) allow = g_string_new(NULL);
    for (const struct nx_route *route = first; route->method != NULL && strcmp(route->path, first->path) == 0; route++)
        g_string_append_printf(allow, "%s%s%s", allow->len > 0 ? ", " : "", route->method,
                               strcmp(route->method, MHD_HTTP_METHOD_GET) == 0 ? ", HEAD" : "");
    nx_request_add_header(request, MHD_HTTP_HEADER_ALLOW, allow->str);
    nx_request_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "%s does not take %s (it takes %s)", request->path, method,
                       allow->str);
}

/* A literal path goes before one with {}: the table's order. NULL: none, and the request has its answer. */
static const struct nx_route *find_route(struct nx_request *request, const char *method)
{
    const struct nx_route *same_path = NULL;
    const char *wanted = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 ? MHD_HTTP_METHOD_GET : method;
    for (const struct nx_route *route = nx_routes; route->method != NULL; route++) {
        struct nx_str param = NX_STR_NONE;
        if ((same_path != NULL && strcmp(same_path->path, route->path) != 0) || !fits(route, request->path, &param))
            continue;
        if (same_path == NULL)
            same_path = route;
        if (strcmp(route->method, wanted) != 0)
            continue;
        request->param = param;
        return route;
    }
    if (same_path != NULL)
        refuse_method(request, same_path, method);
    else
        nx_request_problem(request, MHD_HTTP_NOT_FOUND, "%s: there is nothing here (the paths are in docs/http.md)", request->path);
    return NULL;
}

/* Without tokens anyone on this machine may ask; a page in a browser on this machine may not, also not by a name that it made point
 * here. Our own page may: its origin is the host that it asks. */
static bool from_another_page(struct nx_request *request)
{
    struct nx_str host = nx_request_header(request, MHD_HTTP_HEADER_HOST),
                  origin = nx_request_header(request, MHD_HTTP_HEADER_ORIGIN);
    if (origin.n > 0 && !nx_str_eq(nx_str_from(origin, nx_str_chr(origin, '/') + strlen("//")), host))
        return true;
    struct nx_str name =
        host.n > 0 && host.p[0] == '[' ? nx_str_sub(host, 1, nx_str_chr(host, ']')) : nx_str_sub(host, 0, nx_str_chr(host, ':'));
    g_autofree char *text = g_strndup(name.p, name.n);
    return host.n > 0 && !g_hostname_is_ip_address(text) && g_ascii_strcasecmp(text, "localhost") != 0;
}

/* Who asks, and may he? False: the problem is answered. RFC 6750. */
static bool admit(struct nx_request *request)
{
    struct nx_str given = nx_request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    bool bearer = nx_str_istarts(given, NX_STR("Bearer "));
    if (bearer)
        request->token = nx_tokens_find(request->setup->tokens, nx_str_trim(nx_str_from(given, strlen("Bearer "))));
    if (request->route->role == NX_ROLE_ANYONE)
        return true;
    if (request->setup->open) {
        if (!from_another_page(request))
            return true;
        nx_request_problem(
            request, MHD_HTTP_FORBIDDEN,
            "without tokens only programs on this machine are served, no pages of other sites (see docs/security.md)");
    } else if (request->token == NULL) {
        nx_request_add_header(request, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                              bearer ? "Bearer realm=\"nixie\", error=\"invalid_token\"" : "Bearer realm=\"nixie\"");
        nx_request_problem(request, MHD_HTTP_UNAUTHORIZED,
                           bearer ? "this token is not known (it may have been revoked)"
                                  : "a token is needed: Authorization: Bearer nx_...");
    } else if (!nx_token_may(request->token, request->route->role)) {
        nx_request_problem(request, MHD_HTTP_FORBIDDEN, "the token '%s' lacks the role %s", request->token->name,
                           nx_role_name(request->route->role));
    } else {
        return true;
    }
    return false;
}

/* A stream that none can be called would be an entry which nobody can ask for. */
static bool names_a_stream(struct nx_request *request)
{
    struct nx_str stream = nx_request_query(request, "stream");
    if (stream.n == 0 || nx_stream_is_scope(stream))
        return true;
    nx_request_problem(request, MHD_HTTP_BAD_REQUEST, "stream=%.*s is no name of a stream (" NX_STREAM_NAMES ")",
                       NX_FMT(nx_str_sub(stream, 0, 100)));
    return false;
}

static size_t cap_of(const struct nx_request *request)
{
    const struct nx_config *config = request->setup->config;
    switch (request->route->body) {
    case NX_BODY_NONE:
        return 0;
    case NX_BODY_SMALL:
        return config->serve_json_size;
    case NX_BODY_LIST:
        return config->serve_list_size;
    case NX_BODY_MESSAGE:
        return config->serve_body_size;
    case NX_BODY_WEBHOOK:
        return config->serve_webhook_size;
    }
    g_assert_not_reached();
}

static void refuse_size(struct nx_request *request)
{
    if (request->cap == 0)
        nx_request_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "%s %s takes no body", request->route->method,
                           request->route->path);
    else
        nx_request_problem(request, MHD_HTTP_CONTENT_TOO_LARGE,
                           "the body is larger than %zu bytes (send less at once, or raise the limit in [serve])", request->cap);
}

static int open_file(struct nx_request *request)
{
    int fd = nx_request_temporary(request);
    request->file_error = fd < 0 ? errno : 0;
    return fd;
}

static void write_file(struct nx_request *request, const char *data, size_t n)
{
    request->file_size += n;
    request->too_large |= request->file_size > request->cap;
    while (n > 0 && request->file_error == 0 && !request->too_large) {
        ssize_t done = write(request->file, data, n);
        if (done < 0 && errno != EINTR)
            request->file_error = errno;
        data += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
}

/* Strangers may post to webhooks, and their bodies are held until the signature is looked at: all of them together have a bound.
 * False: the answer is given. */
static bool reserve(struct nx_request *request, size_t n)
{
    struct nx_service *service = request->server->service;
    request->reserved = n;
    service->webhook_bytes += n;
    if (service->webhook_bytes <= WEBHOOKS_AT_ONCE * request->cap)
        return true;
    nx_request_add_header(request, MHD_HTTP_HEADER_RETRY_AFTER, "5");
    nx_request_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many webhooks are on their way in (send it again in a moment)");
    return false;
}

/* The head is there; an answer given here goes out before any body is read. */
static void begin(struct nx_request *request, const char *method)
{
    request->route = find_route(request, method);
    if (request->route == NULL)
        return;
    if (!admit(request) || !names_a_stream(request))
        return;
    request->cap = cap_of(request);
    struct nx_str length = nx_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    unsigned long long n = 0;
    bool over = nx_str_to_u64(length, &n) && n > request->cap;
    /* Whoever is still sending when the connection is closed may never see the answer: what is only a little too much is read
     * first. */
    bool waits = nx_request_header(request, MHD_HTTP_HEADER_EXPECT).n > 0;
    if (request->route->body == NX_BODY_WEBHOOK && !reserve(request, length.n > 0 ? (size_t)MIN(n, request->cap) : request->cap))
        return;
    if (over && (waits || n - request->cap > SWALLOW))
        refuse_size(request);
    else if (over)
        request->too_large = true;
    else if (request->route->body == NX_BODY_LIST)
        request->file = open_file(request);
    else if (request->cap > 0)
        request->body = length.n > 0 ? g_byte_array_sized_new((guint)MIN(n, 1u << 20)) : g_byte_array_new();
}

static void turn_away(struct nx_request *request)
{
    nx_request_add_header(request, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    nx_request_add_header(request, MHD_HTTP_HEADER_CONNECTION, "close");
    nx_request_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "all connections are at work (send it again in a moment)");
}

/* False: the client has had its time. */
static bool take_body(struct nx_request *request, const char *data, size_t n)
{
    gint64 elapsed = g_get_monotonic_time() - request->started;
    /* A large body may take longer than a small one, but not to come by the byte: 64 KiB a second are the least. */
    int64_t allowed = request->setup->config->serve_timeout + (int64_t)(request->file_size >> 16);
    if (elapsed > allowed * G_USEC_PER_SEC)
        return false;
    if (request->too_large)
        return true;
    if (request->route->body == NX_BODY_LIST) {
        write_file(request, data, n);
    } else if (request->body == NULL || request->body->len + n > request->cap) {
        request->too_large = true;
        if (request->body != NULL)
            g_byte_array_set_size(request->body, 0);
    } else {
        g_byte_array_append(request->body, (const guint8 *)data, (guint)n);
    }
    return true;
}

static void run(struct nx_request *request)
{
    if (request->too_large) {
        refuse_size(request);
        return;
    }
    nx_arena_reset(nx_request_arena(request));
    bool write = request->route->role != NX_ROLE_READ && request->route->role != NX_ROLE_ANYONE &&
                 strcmp(request->route->method, MHD_HTTP_METHOD_GET) != 0;
    if (!write || nx_keys_take(request->server->keys, request, &request->key))
        request->route->fn(request);
}

enum MHD_Result nx_dispatch_answer(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct nx_server *server = data;
    struct nx_request *request = *state;
    (void)version;
    if (request == NULL) {
        request = g_new0(struct nx_request, 1);
        *request = (struct nx_request){.server = server,
                                       .connection = connection,
                                       .path = g_strdup(url),
                                       .file = -1,
                                       .setup = nx_service_setup(server->service),
                                       .started = g_get_monotonic_time()};
        *state = request;
        if (nx_connections_begin(server->connections, connection))
            begin(request, method);
        else
            turn_away(request);
        return request->response != NULL ? nx_request_queue(request) : MHD_YES;
    }
    if (*upload_size > 0) {
        bool in_time = take_body(request, upload, *upload_size);
        *upload_size = 0;
        return in_time ? MHD_YES : MHD_NO;
    }
    if (!request->waiting) {
        run(request);
        if (request->waiting)
            return MHD_YES;
    }
    if (request->response == NULL) {
        if (!request->waiting)
            nx_request_problem(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "%s gave no answer (a defect)", request->path);
        else
            return MHD_YES;
    }
    return nx_request_queue(request);
}

/* The series of a route and a status is looked for once. Status 0: the client went away. */
static struct nx_counter *series_of(struct nx_server *server, const struct nx_route *route, unsigned status)
{
    size_t row = route == NULL ? 0 : (size_t)(route - nx_routes) + 1;
    _Atomic(struct nx_counter *) *slot = &server->counters[row * NX_STATUSES + status % NX_STATUSES];
    struct nx_counter *counter = atomic_load_explicit(slot, memory_order_acquire);
    char labels[160];
    if (counter != NULL)
        return counter;
    g_snprintf(labels, sizeof labels, "route=\"%s\",method=\"%s\",status=\"%u\"", route == NULL ? "none" : route->path,
               route == NULL ? "none" : route->method, status);
    counter = nx_metrics_counter(server->service->metrics, NX_METRIC_REQUESTS, labels);
    atomic_store_explicit(slot, counter, memory_order_release);
    return counter;
}

static void count(struct nx_request *request, enum MHD_RequestTerminationCode code)
{
    unsigned status = code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? request->status : 0;
    nx_counter_add(series_of(request->server, request->route, status), 1);
    nx_metrics_observe(request->server->service->metrics, NX_METRIC_REQUEST, g_get_monotonic_time() - request->started);
}

void nx_dispatch_completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    struct nx_request *request = *state;
    (void)data;
    if (request == NULL)
        return;
    nx_connections_end(request->server->connections, connection);
    count(request, code);
    if (nx_log_wants(NX_LOG_DEBUG)) {
        g_autofree char *took = g_strdup_printf("%" G_GINT64_FORMAT, (g_get_monotonic_time() - request->started) / 1000);
        g_autofree char *status = g_strdup_printf("%u", request->status);
        nx_log(NX_LOG_DEBUG, "http", "request", "route", request->route == NULL ? "-" : request->route->path, "status", status,
               "ms", took, NULL);
    }
    nx_request_free(request);
    *state = NULL;
}

/* %00 stays as it is written: what comes after it must not be lost. */
size_t nx_dispatch_unescape(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data, (void)connection;
    return strstr(text, "%00") != NULL ? strlen(text) : MHD_http_unescape(text);
}

void nx_dispatch_say(void *data, const char *format, va_list list)
{
    (void)data;
    g_autofree char *text = g_strstrip(g_strdup_vprintf(format, list));
    nx_log(NX_LOG_DEBUG, "http", text, NULL);
}
