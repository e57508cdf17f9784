/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/inner.h"

#include "base/error.h"
#include "serve/log.h"
#include "serve/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACTS_AT_ONCE 32        /* that wait for the writer; more wait for these */
#define HEAD_BYTES (16u << 10) /* a request's head has to fit; the library clears it for each request */
#define RESERVED_FILES 64u     /* for the database, the log, the spool, what threads need */

static void free_context(void *data)
{
    struct nx_context *context = data;
    g_clear_pointer(&context->worker, nx_worker_free);
    g_clear_pointer(&context->setup, nx_setup_unref);
    g_clear_pointer(&context->reader, nx_reader_free);
    g_clear_pointer(&context->lookup, nx_lookup_free);
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

void nx_server_leave(struct nx_server *server)
{
    struct nx_context *context = pthread_getspecific(server->context);
    if (context != NULL)
        free_context(context);
    pthread_setspecific(server->context, NULL);
}

static int open_listener(const char *listen_on, GError **error)
{
    const char *colon = strrchr(listen_on, ':');
    g_autofree char *host = colon == NULL ? NULL : g_strndup(listen_on, (gsize)(colon - listen_on));
    size_t n = host == NULL ? 0 : strlen(host);
    if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        memmove(host, host + 1, n - 1);
    }
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *address;
    unsigned long long port; /* getaddrinfo takes 99999 for 34463 */
    if (host == NULL || !nx_str_to_u64(nx_str_of(colon + 1), &port) || port > UINT16_MAX ||
        getaddrinfo(strcmp(host, "*") == 0 ? NULL : host, colon + 1, &hints, &address) != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "'%s' is no address to listen on (write it as 127.0.0.1:8725 or [::1]:8725)",
                    listen_on);
        return -1;
    }
    int on = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool open = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 1024) == 0;
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
    return fd;
}

/* Where the listener is bound. A socket that is not of the internet (socket activation) is this machine's. */
static void look_at(struct nx_server *server)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    getsockname(server->listener, (struct sockaddr *)&bound, &size);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&bound;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&bound;
    server->loopback = bound.ss_family == AF_UNIX || (bound.ss_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == 127) ||
                       (bound.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr));
    server->port = bound.ss_family == AF_INET ? ntohs(v4->sin_port) : bound.ss_family == AF_INET6 ? ntohs(v6->sin6_port) : 0;
}

/* The library's limit: past ours there is room for those who are just being ended, so that it never stops accepting. */
static unsigned with_margin(unsigned connections)
{
    return connections + MAX(connections / 4, 32u);
}

/* As many as are set, but never so many that files run out: then not even the log or the database could be opened. */
static unsigned connections(const struct nx_config *config)
{
    struct rlimit files;
    unsigned wanted = MAX(config->serve_connections, 1u);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    const struct rlimit all = {files.rlim_max, files.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &all) == 0)
        files = all;
    rlim_t reserve = RESERVED_FILES + config->lmtp_sessions;
    rlim_t most = files.rlim_cur > 2 * reserve ? files.rlim_cur - reserve : files.rlim_cur / 4 + 1;
    if (with_margin(wanted) <= most)
        return wanted;
    most = most > 64 ? most * 3 / 4 : MAX(most / 2, 1u);
    g_autofree char *text = g_strdup_printf("%u", (unsigned)most);
    nx_log(NX_LOG_WARN, "serve", "fewer connections than are set: open files are limited (raise LimitNOFILE or ulimit -n)",
           "connections", text, NULL);
    return (unsigned)most;
}

/* A daemon on the listener with this certificate (NULL: no TLS); NULL: the error says why. */
static struct MHD_Daemon *start(struct nx_server *server, const struct nx_config *config, char *certificate, char *key,
                                GError **error)
{
    unsigned threads = config->serve_threads > 0 ? config->serve_threads : g_get_num_processors();
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, certificate}, {MHD_OPTION_HTTPS_MEM_KEY, 0, key}, {MHD_OPTION_END, 0, NULL}};
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (certificate != NULL ? MHD_USE_TLS : 0);
    int own = dup(server->listener); /* the library closes what it is given */
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, nx_dispatch_answer, server, MHD_OPTION_EXTERNAL_LOGGER, nx_dispatch_say, NULL,
        MHD_OPTION_LISTEN_SOCKET, own, MHD_OPTION_NOTIFY_COMPLETED, nx_dispatch_completed, server, MHD_OPTION_UNESCAPE_CALLBACK,
        nx_dispatch_unescape, NULL, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)config->serve_timeout, MHD_OPTION_CONNECTION_LIMIT,
        with_margin(server->most), MHD_OPTION_NOTIFY_CONNECTION, nx_connections_notify, server->connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES, MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_ARRAY,
        certificate != NULL ? tls : &tls[2], MHD_OPTION_END);
    if (daemon != NULL)
        return daemon;
    if (certificate != NULL)
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s, %s: no certificate with its key (check both PEM files)",
                    config->tls_certificate, config->tls_key);
    else
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "the server does not start: %s (check limits of memory and open files)",
                    g_strerror(errno));
    close(own);
    return NULL;
}

/* May a setup be served on this socket at all? */
static gboolean allows(const struct nx_server *server, const struct nx_setup *setup, GError **error)
{
    if (server->loopback || !setup->open)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_DENIED,
                "%s: without tokens only loopback is served (make one with `nixie token create`, or listen on 127.0.0.1)",
                setup->config->serve_listen);
    return FALSE;
}

static gboolean read_file(const char *path, char **ret, GError **error)
{
    g_autoptr(GError) cannot = NULL;
    if (g_file_get_contents(path, ret, NULL, &cannot))
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "'%s': %s (see [tls]: a certificate needs its key, both PEM)", path,
                cannot->message);
    return FALSE;
}

static gboolean read_tls(const struct nx_config *config, char **ret_certificate, char **ret_key, GError **error)
{
    if (*config->tls_certificate == '\0' && *config->tls_key == '\0')
        return TRUE;
    return read_file(config->tls_certificate, ret_certificate, error) && read_file(config->tls_key, ret_key, error) &&
           nx_tls_check(*ret_certificate, *ret_key, config->tls_certificate, config->tls_key, error);
}

struct nx_server *nx_server_new(struct nx_service *service, int listener, const char *listen_on, GError **error)
{
    g_autoptr(nx_server) server = g_new0(struct nx_server, 1);
    const struct nx_config *config = service->setup->config;
    size_t rows = 1;
    server->service = service;
    server->most = connections(config);
    const struct nx_connections_limits limits = {server->most, config->serve_head_timeout, config->serve_timeout};
    server->keys = nx_keys_new();
    server->acts = g_thread_pool_new(nx_request_act, NULL, ACTS_AT_ONCE, FALSE, NULL);
    server->connections = nx_connections_new(&limits, service->metrics);
    for (const struct nx_route *route = nx_routes; route->method != NULL; route++)
        rows++;
    server->counters = g_malloc0_n(rows * NX_STATUSES, sizeof *server->counters);
    pthread_key_create(&server->context, free_context);
    server->listener = listener >= 0 ? listener : open_listener(listen_on, error);
    if (server->listener < 0)
        return NULL;
    look_at(server);
    if (!allows(server, service->setup, error) || !read_tls(config, &server->certificate, &server->key, error))
        return NULL;
    server->daemon = start(server, config, server->certificate, server->key, error);
    return server->daemon == NULL ? NULL : g_steal_pointer(&server);
}

/* Ends a daemon that was quiesced. Its own copy of the listener is closed last: its threads take it out of their sets in their
 * own time, and the library gives up on a number that is gone. */
static void end(struct MHD_Daemon *daemon, MHD_socket own)
{
    if (daemon == NULL)
        return;
    MHD_stop_daemon(daemon);
    if (own != MHD_INVALID_SOCKET)
        close(own);
}

gboolean nx_server_reload(struct nx_server *server, const struct nx_setup *setup, GError **error)
{
    g_autofree char *certificate = NULL, *key = NULL;
    if (!allows(server, setup, error) || !read_tls(setup->config, &certificate, &key, error))
        return FALSE;
    if (g_strcmp0(certificate, server->certificate) == 0 && g_strcmp0(key, server->key) == 0)
        return TRUE;
    struct MHD_Daemon *daemon = start(server, setup->config, certificate, key, error);
    if (daemon == NULL)
        return FALSE;
    end(server->former, server->former_listener);                 /* of a reload before; its time is over */
    server->former_listener = MHD_quiesce_daemon(server->daemon); /* no new connections; the listener stays open for others */
    server->former = server->daemon;
    server->daemon = daemon;
    g_free(server->certificate);
    g_free(server->key);
    server->certificate = g_steal_pointer(&certificate);
    server->key = g_steal_pointer(&key);
    return TRUE;
}

void nx_server_free(struct nx_server *server)
{
    if (server->daemon != NULL) {
        MHD_socket own = MHD_quiesce_daemon(server->daemon);
        nx_intake_wait(server->service->intake); /* those who wait for a commit get their answer */
        while (server->service->storing > 0)
            g_usleep(1000);
        end(server->former, server->former_listener);
        end(server->daemon, own);
    }
    if (server->listener >= 0)
        close(server->listener);
    g_thread_pool_free(server->acts, FALSE, TRUE);
    pthread_key_delete(server->context);
    nx_connections_free(server->connections);
    nx_keys_free(server->keys);
    g_free(server->counters);
    g_free(server->certificate);
    g_free(server->key);
    g_free(server);
}

void nx_server_tick(struct nx_server *server)
{
    nx_connections_tick(server->connections);
    nx_metrics_set(server->service->metrics, NX_METRIC_CONNECTIONS, "", nx_connections_count(server->connections));
}

unsigned nx_server_port(const struct nx_server *server)
{
    return server->port;
}
