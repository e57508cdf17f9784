/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/lmtp.h"

#include "base/error.h"
#include "ingest/lmtp_session.h"

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <grp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (64u << 10)
#define STOP_SECONDS 10

struct nx_lmtp {
    struct nx_intake *intake;
    GSocketService *service;
    char *path, *hostname;
    char **domains;
    unsigned port, sessions;
    size_t recipients, message;
    int64_t idle;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t ended;
    GHashTable *open; /* GSocket of each session */
    bool stopping;
};

struct talk { /* of one session, its thread's */
    struct nx_lmtp *lmtp;
    GSocketConnection *connection;
    struct nx_hand *hand; /* NULL: it has brought no message yet */
};

static enum nx_lmtp_verdict verdict_of(const GError *error)
{
    if (error == NULL)
        return NX_LMTP_KEPT;
    return g_error_matches(error, NX_ERROR, NX_ERROR_FULL) ? NX_LMTP_FULL : NX_LMTP_BUSY;
}

static void stored(struct nx_job *job, const struct nx_outcome *outcome)
{
    *(enum nx_lmtp_verdict *)job->data = verdict_of(outcome->error);
}

static enum nx_lmtp_verdict keep(void *data, const struct nx_lmtp_message *message)
{
    struct talk *talk = data;
    enum nx_lmtp_verdict verdict = NX_LMTP_BUSY;
    g_autofree struct nx_input *inputs = g_new0(struct nx_input, message->n);
    g_autofree struct nx_origin *origins = g_new0(struct nx_origin, message->n);
    for (size_t i = 0; i < message->n; i++) {
        origins[i] = (struct nx_origin){.source = NX_STR("lmtp"),
                                        .envelope_from = message->sender,
                                        .envelope_to = nx_str_of(message->recipients[i]),
                                        .received_at = g_get_real_time() / G_USEC_PER_SEC};
        inputs[i] = (struct nx_input){.kind = NX_INPUT_MAIL,
                                      .bytes = message->bytes,
                                      .notes = message->size > message->bytes.n ? NX_NOTE_TRUNCATED : 0,
                                      .origin = &origins[i]};
    }
    if (talk->hand == NULL)
        talk->hand = nx_hand_new(talk->lmtp->intake);
    struct nx_job job = {.inputs = inputs, .n_inputs = message->n, .done = stored, .data = &verdict};
    (void)!nx_intake_do(talk->hand, &job, NULL);
    return verdict;
}

/* GIO never lets a socket block: each of its reads would be three calls, the first in vain. */
static int make_blocking(struct nx_lmtp *lmtp, GSocket *socket)
{
    int fd = g_socket_get_fd(socket);
    const struct timeval idle = {.tv_sec = lmtp->idle};
    (void)g_unix_set_fd_nonblocking(fd, FALSE, NULL);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof idle);
    return fd;
}

static bool send_all(int fd, GString *out)
{
    size_t sent = 0;
    while (sent < out->len) {
        ssize_t n = send(fd, out->str + sent, out->len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    bool all = sent == out->len;
    g_string_truncate(out, 0);
    return all;
}

/* Bytes, 0 at the end, -1 when it failed: EAGAIN after the time of silence. */
static ssize_t receive(int fd, char *buffer, size_t n)
{
    ssize_t got;
    do
        got = recv(fd, buffer, n, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

static bool is_stopping(struct nx_lmtp *lmtp)
{
    pthread_mutex_lock(&lmtp->lock);
    bool stopping = lmtp->stopping;
    pthread_mutex_unlock(&lmtp->lock);
    return stopping;
}

static void converse(struct talk *talk, int fd)
{
    struct nx_lmtp *lmtp = talk->lmtp;
    const struct nx_lmtp_options options = {.hostname = lmtp->hostname,
                                            .message = lmtp->message,
                                            .recipients = lmtp->recipients,
                                            .domains = lmtp->domains,
                                            .keep = keep,
                                            .data = talk};
    g_autofree char *buffer = g_malloc(READ_BYTES);
    GString *out = g_string_new(NULL);
    struct nx_lmtp_session *session = nx_lmtp_session_new(&options, out);
    bool more = send_all(fd, out);
    while (more) {
        ssize_t n = receive(fd, buffer, READ_BYTES);
        if (n <= 0) {
            if (n < 0 && errno == EAGAIN)
                g_string_append_printf(out, "421 4.4.2 %s you were silent for too long\r\n", lmtp->hostname);
            else if (is_stopping(lmtp))
                g_string_append_printf(out, "421 4.3.2 %s is stopping\r\n", lmtp->hostname);
            break;
        }
        more = nx_lmtp_session_feed(session, buffer, (size_t)n, out);
        if (more && is_stopping(lmtp) && !nx_lmtp_session_is_busy(session)) {
            g_string_append_printf(out, "421 4.3.2 %s is stopping\r\n", lmtp->hostname);
            more = false;
        }
        if (!send_all(fd, out))
            break;
    }
    send_all(fd, out);
    nx_lmtp_session_free(session);
    g_string_free(out, TRUE);
}

static void *run_session(void *data)
{
    struct talk *talk = data;
    struct nx_lmtp *lmtp = talk->lmtp;
    GSocket *socket = g_socket_connection_get_socket(talk->connection);
    converse(talk, make_blocking(lmtp, socket));
    g_io_stream_close(G_IO_STREAM(talk->connection), NULL, NULL);
    nx_hand_free(talk->hand);
    pthread_mutex_lock(&lmtp->lock);
    g_hash_table_remove(lmtp->open, socket);
    pthread_cond_signal(&lmtp->ended);
    pthread_mutex_unlock(&lmtp->lock);
    g_object_unref(talk->connection);
    g_free(talk);
    return NULL;
}

static bool start_session(struct talk *talk)
{
    pthread_t thread;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &detached, run_session, talk) == 0;
    pthread_attr_destroy(&detached);
    return started;
}

/* In the main loop. */
static gboolean on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
    struct nx_lmtp *lmtp = data;
    GSocket *socket = g_socket_connection_get_socket(connection);
    struct talk *talk = g_new(struct talk, 1);
    *talk = (struct talk){.lmtp = lmtp, .connection = g_object_ref(connection)};
    (void)service, (void)source;
    pthread_mutex_lock(&lmtp->lock); /* held until it stands: it ends with this lock */
    bool room = g_hash_table_size(lmtp->open) < lmtp->sessions && start_session(talk);
    if (room)
        g_hash_table_add(lmtp->open, socket);
    pthread_mutex_unlock(&lmtp->lock);
    if (room)
        return TRUE;
    g_autofree char *line = g_strdup_printf("421 4.3.2 %s has too many sessions, try again\r\n", lmtp->hostname);
    (void)!send(g_socket_get_fd(socket), line, strlen(line), MSG_NOSIGNAL); /* it does not block yet, and nothing was sent before */
    g_object_unref(connection);
    g_free(talk);
    return TRUE;
}

/* A socket that nobody listens on is left from a process that was killed. */
static gboolean clear_path(const char *path, GError **error)
{
    struct stat about;
    if (lstat(path, &about) != 0)
        return TRUE;
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocketConnection) answer =
        S_ISSOCK(about.st_mode) ? g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL) : NULL;
    if (S_ISSOCK(about.st_mode) && answer == NULL && unlink(path) == 0)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%s: %s (stop what uses it, or choose another path in [lmtp])", path,
                answer != NULL ? "another program listens there" : "it is there already and no socket of ours");
    return FALSE;
}

static gboolean give_to_group(const char *path, const char *group, GError **error)
{
    struct group *entry = *group == '\0' ? NULL : getgrnam(group);
    if (*group != '\0' && (entry == NULL || chown(path, (uid_t)-1, entry->gr_gid) != 0)) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s: the group '%s' %s (see [lmtp] group)", path, group,
                    entry == NULL ? "does not exist"
                    : errno == EPERM
                        ? "is none that this user is a member of (make it one, or let systemd open the socket: nixie-lmtp.socket)"
                        : g_strerror(errno));
        return FALSE;
    }
    if (chmod(path, 0660) != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s", path, g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

static GSocketAddress *address_of(const char *listen, GError **error)
{
    if (listen[0] == '/')
        return g_unix_socket_address_new(listen);
    const char *colon = strrchr(listen, ':');
    guint64 port = 0;
    g_autofree char *host = colon == NULL ? NULL : g_strndup(listen, (gsize)(colon - listen));
    GSocketAddress *address = colon != NULL && g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL)
                                  ? g_inet_socket_address_new_from_string(host, (guint)port)
                                  : NULL;
    if (address == NULL)
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "'%s' is neither a path nor address:port (see [lmtp] listen)", listen);
    else if (!g_inet_address_get_is_loopback(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)))) {
        g_set_error(error, NX_ERROR, NX_ERROR_DENIED,
                    "%s: LMTP knows no passwords and is served on loopback and UNIX sockets alone (see [lmtp] listen)", listen);
        g_clear_object(&address);
    }
    return address;
}

static gboolean open_own(struct nx_lmtp *lmtp, const struct nx_lmtp_settings *settings, GError **error)
{
    g_autoptr(GError) cannot = NULL;
    g_autoptr(GSocketAddress) address = address_of(settings->listen, error), effective = NULL;
    bool is_path = settings->listen[0] == '/';
    if (address == NULL || (is_path && !clear_path(settings->listen, error)))
        return FALSE;
    mode_t before = umask(0177); /* nobody may connect before the group is set */
    gboolean open = g_socket_listener_add_address(G_SOCKET_LISTENER(lmtp->service), address, G_SOCKET_TYPE_STREAM,
                                                  G_SOCKET_PROTOCOL_DEFAULT, NULL, &effective, &cannot);
    umask(before);
    if (!open) {
        bool busy = g_error_matches(cannot, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
        g_set_error(error, NX_ERROR, busy ? NX_ERROR_BUSY : NX_ERROR_IO, "%s: %s (see [lmtp] listen)", settings->listen,
                    cannot->message);
        return FALSE;
    }
    if (is_path) {
        lmtp->path = g_strdup(settings->listen);
        return give_to_group(lmtp->path, settings->group, error);
    }
    lmtp->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(effective));
    return TRUE;
}

static gboolean open_given(struct nx_lmtp *lmtp, int listener, GError **error)
{
    g_autoptr(GError) cannot = NULL;
    g_autoptr(GSocket) socket = g_socket_new_from_fd(listener, &cannot);
    if (socket != NULL && g_socket_listener_add_socket(G_SOCKET_LISTENER(lmtp->service), socket, NULL, &cannot))
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "the socket given for LMTP: %s", cannot->message);
    return FALSE;
}

struct nx_lmtp *nx_lmtp_new(struct nx_intake *intake, const struct nx_lmtp_settings *settings, GError **error)
{
    g_autoptr(nx_lmtp) lmtp = g_new0(struct nx_lmtp, 1);
    *lmtp = (struct nx_lmtp){.intake = intake,
                             .hostname = g_strdup(settings->hostname),
                             .domains = g_strdupv((char **)(uintptr_t)settings->domains),
                             .sessions = settings->sessions,
                             .recipients = settings->recipients,
                             .message = settings->message,
                             .idle = settings->idle,
                             .open = g_hash_table_new(NULL, NULL),
                             .service = g_socket_service_new()};
    pthread_mutex_init(&lmtp->lock, NULL);
    pthread_cond_init(&lmtp->ended, NULL);
    g_socket_listener_set_backlog(G_SOCKET_LISTENER(lmtp->service), 512);
    g_signal_connect(lmtp->service, "incoming", G_CALLBACK(on_incoming), lmtp);
    if (settings->listener >= 0 ? !open_given(lmtp, settings->listener, error) : !open_own(lmtp, settings, error))
        return NULL;
    g_socket_service_start(lmtp->service);
    return g_steal_pointer(&lmtp);
}

/* Ends the wait of sessions that have nothing under way; the others may go on until the deadline. False: some still do. */
static bool end_sessions(struct nx_lmtp *lmtp)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_SECONDS;
    pthread_mutex_lock(&lmtp->lock);
    lmtp->stopping = true;
    GHashTableIter iter;
    gpointer socket;
    g_hash_table_iter_init(&iter, lmtp->open);
    while (g_hash_table_iter_next(&iter, &socket, NULL)) /* what has arrived is still read, then comes the end */
        g_socket_shutdown(socket, TRUE, FALSE, NULL);
    int wait = 0;
    while (g_hash_table_size(lmtp->open) > 0 && wait == 0)
        wait = pthread_cond_timedwait(&lmtp->ended, &lmtp->lock, &deadline);
    bool all = g_hash_table_size(lmtp->open) == 0;
    pthread_mutex_unlock(&lmtp->lock);
    return all;
}

void nx_lmtp_free(struct nx_lmtp *lmtp)
{
    g_socket_service_stop(lmtp->service);
    g_socket_listener_close(G_SOCKET_LISTENER(lmtp->service));
    bool over = end_sessions(lmtp);
    if (lmtp->path != NULL)
        unlink(lmtp->path);
    if (!over) /* they still use it, and the process is about to end */
        return;
    g_object_unref(lmtp->service);
    g_hash_table_unref(lmtp->open);
    pthread_cond_destroy(&lmtp->ended);
    pthread_mutex_destroy(&lmtp->lock);
    g_strfreev(lmtp->domains);
    g_free(lmtp->hostname);
    g_free(lmtp->path);
    g_free(lmtp);
}

unsigned nx_lmtp_port(const struct nx_lmtp *lmtp)
{
    return lmtp->port;
}
