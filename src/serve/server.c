/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/inner.h"

#include "base/error.h"
#include "serve/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

static void free_context(void *data)
{
    struct nx_context *context = data;
    g_clear_pointer(&context->worker, nx_worker_free);
    g_clear_pointer(&context->setup, nx_setup_unref);
    g_clear_pointer(&context->reader, nx_reader_free);
    nx_arena_free(context->arena);
    g_free(context);
}

struct nx_context *nx_server_context(struct nx_server *server)
{
    struct nx_context *context = pthread_getspecific(server->context);
    if (context == NULL) {
        context = g_new0(struct nx_context, 1);
        context->arena = nx_arena_new();
        pthread_setspecific(server->context, context);
    }
    return context;
}

void nx_request_free(struct nx_request *request)
{
    g_clear_pointer(&request->response, MHD_destroy_response);
    g_clear_pointer(&request->body, g_byte_array_unref);
    g_clear_pointer(&request->headers, g_ptr_array_unref);
    g_clear_pointer(&request->setup, nx_setup_unref);
    g_free(request->path);
    g_free(request);
}

/* Does the path fit the route's? *ret_param is what {} stands for. */
static bool fits(const struct nx_route *route, const char *path, struct nx_str *ret_param)
{
    const char *brace = strchr(route->path, '{');
    if (brace == NULL)
        return strcmp(route->path, path) == 0;
    size_t n = (size_t)(brace - route->path);
    if (strncmp(route->path, path, n) != 0 || path[n] == '\0')
        return false;
    *ret_param = nx_str_of(path + n);
    return true;
}

/* A literal path goes before one with {}: the table's order. NULL: none, and the request has its answer. */
static const struct nx_route *find_route(struct nx_request *request, const char *method)
{
    GString *allow = g_string_new(NULL);
    const struct nx_route *found = NULL, *same_path = NULL;
    const char *wanted = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 ? MHD_HTTP_METHOD_GET : method;
    for (const struct nx_route *route = nx_routes; route->method != NULL && found == NULL; route++) {
        struct nx_str param = NX_STR_NONE;
        if (!fits(route, request->path, &param) || (same_path != NULL && strcmp(same_path->path, route->path) != 0))
            continue;
        same_path = route;
        g_string_append_printf(allow, "%s%s%s", allow->len > 0 ? ", " : "", route->method,
                               strcmp(route->method, MHD_HTTP_METHOD_GET) == 0 ? ", HEAD" : "");
        if (strcmp(route->method, wanted) == 0) {
            found = route;
            request->param = param;
        }
    }
    if (found == NULL && same_path == NULL) {
        nx_request_problem(request, MHD_HTTP_NOT_FOUND, "%s: there is nothing here (the paths are in docs/http.md)", request->path);
    } else if (found == NULL) {
        nx_request_add_header(request, MHD_HTTP_HEADER_ALLOW, allow->str);
        nx_request_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "%s does not take %s (it takes %s)", request->path, method,
                           allow->str);
    }
    g_string_free(allow, TRUE);
    return found;
}

/* Without tokens anyone on this machine may ask; a page in a browser on this machine may not, also not by a name that it made point
 * here. */
static bool from_a_page(struct nx_request *request)
{
    struct nx_str host = nx_request_header(request, MHD_HTTP_HEADER_HOST);
    if (nx_request_header(request, MHD_HTTP_HEADER_ORIGIN).n > 0)
        return true;
    struct nx_str name =
        host.n > 0 && host.p[0] == '[' ? nx_str_sub(host, 1, nx_str_chr(host, ']')) : nx_str_sub(host, 0, nx_str_chr(host, ':'));
    g_autofree char *text = g_strndup(name.p, name.n);
    return host.n > 0 && !g_hostname_is_ip_address(text) && g_ascii_strcasecmp(text, "localhost") != 0;
}

static size_t cap_of(const struct nx_request *request)
{
    const struct nx_config *config = request->setup->config;
    switch (request->route->body) {
    case NX_BODY_NONE:
        return 0;
    case NX_BODY_SMALL:
        return config->serve_json_size;
    case NX_BODY_MESSAGE:
        return config->serve_body_size;
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

/* The head is there; an answer given here goes out before any body is read. */
static void begin(struct nx_request *request, const char *method)
{
    request->route = find_route(request, method);
    if (request->route == NULL)
        return;
    if (from_a_page(request)) {
        nx_request_problem(
            request, MHD_HTTP_FORBIDDEN,
            "without tokens only programs on this machine are served, no pages of other sites (see docs/security.md)");
        return;
    }
    request->cap = cap_of(request);
    struct nx_str length = nx_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    unsigned long long n;
    if (nx_str_to_u64(length, &n) && n > request->cap)
        refuse_size(request);
    else if (request->cap > 0)
        request->body = length.n > 0 ? g_byte_array_sized_new((guint)n) : g_byte_array_new();
}

/* False: the client has had its time. */
static bool take_body(struct nx_request *request, const char *data, size_t n)
{
    gint64 elapsed = g_get_monotonic_time() - request->started;
    if (elapsed > request->setup->config->serve_timeout * G_USEC_PER_SEC)
        return false;
    if (request->body == NULL || request->body->len + n > request->cap) {
        request->too_large = true;
        if (request->body != NULL)
            g_byte_array_set_size(request->body, 0);
    } else if (!request->too_large) {
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
    request->route->fn(request);
}

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url, const char *method,
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
                                       .setup = nx_service_setup(server->service),
                                       .started = g_get_monotonic_time()};
        *state = request;
        begin(request, method);
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

static void completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    struct nx_request *request = *state;
    (void)data, (void)connection, (void)code;
    if (request == NULL)
        return;
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
static size_t unescape(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data, (void)connection;
    return strstr(text, "%00") != NULL ? strlen(text) : MHD_http_unescape(text);
}

static void say(void *data, const char *format, va_list list)
{
    (void)data;
    g_autofree char *text = g_strstrip(g_strdup_vprintf(format, list));
    nx_log(NX_LOG_DEBUG, "http", text, NULL);
}

static int open_listener(const char *listen_on, bool *ret_loopback, unsigned *ret_port, GError **error)
{
    const char *colon = strrchr(listen_on, ':');
    g_autofree char *host = colon == NULL ? NULL : g_strndup(listen_on, (gsize)(colon - listen_on));
    size_t n = host == NULL ? 0 : strlen(host);
    if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        memmove(host, host + 1, n - 1);
    }
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *address;
    if (host == NULL || getaddrinfo(strcmp(host, "*") == 0 ? NULL : host, colon + 1, &hints, &address) != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "'%s' is no address to listen on (write it as 127.0.0.1:8725 or [::1]:8725)",
                    listen_on);
        return -1;
    }
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    int on = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool open = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 1024) == 0 &&
                getsockname(fd, (struct sockaddr *)&bound, &size) == 0;
    freeaddrinfo(address);
    if (!open) {
        int why = errno;
        g_set_error(error, NX_ERROR, why == EADDRINUSE ? NX_ERROR_BUSY : NX_ERROR_IO, "%s: %s (%s)", listen_on, g_strerror(why),
                    why == EADDRINUSE ? "another program listens there; stop it or choose another port with --listen"
                                      : "choose another address with --listen");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&bound;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&bound;
    bool is_v4 = bound.ss_family == AF_INET;
    *ret_loopback = is_v4 ? ntohl(v4->sin_addr.s_addr) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    *ret_port = ntohs(is_v4 ? v4->sin_port : v6->sin6_port);
    return fd;
}

struct nx_server *nx_server_new(struct nx_service *service, const char *listen_on, GError **error)
{
    g_autofree struct nx_server *server = g_new0(struct nx_server, 1);
    int fd = open_listener(listen_on, &server->loopback, &server->port, error);
    if (fd < 0)
        return NULL;
    if (!server->loopback) {
        close(fd);
        g_set_error(error, NX_ERROR, NX_ERROR_DENIED, "%s: without tokens only loopback is served (listen on 127.0.0.1 or ::1)",
                    listen_on);
        return NULL;
    }
    const struct nx_config *config = service->setup->config;
    unsigned threads = config->serve_threads > 0 ? config->serve_threads : g_get_num_processors();
    server->service = service;
    pthread_key_create(&server->context, free_context);
    server->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                                      answer, server, MHD_OPTION_EXTERNAL_LOGGER, say, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
                                      MHD_OPTION_NOTIFY_COMPLETED, completed, server, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
                                      MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)config->serve_timeout, MHD_OPTION_CONNECTION_LIMIT,
                                      config->serve_connections, MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_END);
    if (server->daemon == NULL) {
        close(fd);
        pthread_key_delete(server->context);
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: the server does not start: %s (check limits of memory and open files)",
                    listen_on, g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&server);
}

void nx_server_free(struct nx_server *server)
{
    MHD_socket listener = MHD_quiesce_daemon(server->daemon);
    nx_intake_wait(server->service->intake); /* those who wait for a commit get their answer */
    MHD_stop_daemon(server->daemon);
    if (listener != MHD_INVALID_SOCKET)
        close(listener);
    pthread_key_delete(server->context);
    g_free(server);
}

unsigned nx_server_port(const struct nx_server *server)
{
    return server->port;
}
