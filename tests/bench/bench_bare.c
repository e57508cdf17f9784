/* SPDX-License-Identifier: Apache-2.0 */
/* bench_bare SOCKET FILE: the yardstick of serve.sh, what the same machine does at most with the same libraries and nothing of
 * Nixie.
 *
 * HTTP on loopback by libmicrohttpd with the daemon's flags, threads and limits: GET copies one constant answer; POST takes a
 * message. LMTP on SOCKET, a thread a session, the dialogue of bench_lmtp alone. Of either a message is read by one of as many
 * threads as the daemon has (construct it, visit and decode its parts), then appended to FILE with all that wait by then, made
 * durable by one fdatasync, and answered. Prints the line " listening port=N" and runs until it is killed. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/uio.h>
#include <unistd.h>

#include <gmime/gmime.h>
#include <microhttpd.h>

#define HEAD_BYTES (16u << 10) /* as the daemon's */
#define GROUP_MAX 1024u
#define READ_BYTES (64u << 10)

/* As long as the daemon's answer about an imported address. */
static const char entry[] =
    "{\"address\":\"user0@d0.example.net\",\"stream\":null,\"cause\":null,\"class\":null,\"since\":\"2026-01-31T12:00:00Z\","
    "\"until\":null,\"status\":null,\"diagnostic\":null,\"rule\":null,\"reason\":null,\"source\":\"import\","
    "\"actor\":\"nixie import\",\"event_id\":null,\"renewals\":0,\"manual\":true}\n";

struct mail {
    GByteArray *bytes;
    void (*kept)(struct mail *mail); /* durable; the mail is the caller's again */
    void *data;
};

static GThreadPool *parsers;
static GAsyncQueue *parsed;

static void visit(GMimeObject *parent, GMimeObject *part, gpointer sink)
{
    (void)parent;
    GMimeDataWrapper *content = GMIME_IS_PART(part) ? g_mime_part_get_content(GMIME_PART(part)) : NULL;
    if (content != NULL)
        g_mime_data_wrapper_write_to_stream(content, sink);
}

static void parse(void *data, void *user)
{
    struct mail *mail = data;
    (void)user;
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(mail->bytes), *sink = g_mime_stream_mem_new();
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    if (message != NULL) {
        g_mime_message_foreach(message, visit, sink);
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    g_object_unref(sink);
    g_async_queue_push(parsed, mail);
}

static void *write_all(void *data)
{
    int fd = *(int *)data;
    struct mail *group[GROUP_MAX];
    for (;;) {
        size_t n = 0;
        for (struct mail *mail = g_async_queue_pop(parsed); mail != NULL;
             mail = n < GROUP_MAX ? g_async_queue_try_pop(parsed) : NULL) {
            if (write(fd, mail->bytes->data, mail->bytes->len) != (ssize_t)mail->bytes->len)
                g_error("the file cannot be written");
            group[n++] = mail;
        }
        if (fdatasync(fd) != 0)
            g_error("the file cannot be synced");
        for (size_t i = 0; i < n; i++)
            group[i]->kept(group[i]);
    }
    return NULL;
}

/* ---- HTTP */

static enum MHD_Result give(struct MHD_Connection *connection, const char *text, size_t n)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(n, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

static void resume(struct mail *mail)
{
    mail->kept = NULL;
    MHD_resume_connection(mail->data);
}

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct mail *mail = *state;
    (void)data, (void)url, (void)version;
    if (mail == NULL) {
        mail = g_new(struct mail, 1);
        *mail = (struct mail){g_byte_array_new(), resume, connection};
        *state = mail;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        g_byte_array_append(mail->bytes, (const guint8 *)upload, (guint)*upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return give(connection, entry, sizeof entry - 1);
    if (mail->kept == NULL)
        return give(connection, "{}\n", 3);
    MHD_suspend_connection(connection);
    g_thread_pool_push(parsers, mail, NULL);
    return MHD_YES;
}

static void completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    struct mail *mail = *state;
    (void)data, (void)connection, (void)code;
    if (mail == NULL)
        return;
    g_byte_array_unref(mail->bytes);
    g_free(mail);
}

static unsigned serve_http(void)
{
    struct sockaddr_in bound = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &bound,
        MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEAD_BYTES, MHD_OPTION_THREAD_POOL_SIZE, g_get_num_processors(), MHD_OPTION_END);
    if (daemon == NULL)
        g_error("the server does not start");
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* ---- LMTP */

struct session {
    int fd;
    pthread_mutex_t lock;
    pthread_cond_t kept;
    bool waits;
};

static void wake(struct mail *mail)
{
    struct session *session = mail->data;
    pthread_mutex_lock(&session->lock);
    session->waits = false;
    pthread_cond_signal(&session->kept);
    pthread_mutex_unlock(&session->lock);
}

static void keep(struct session *session, GByteArray *bytes)
{
    struct mail mail = {bytes, wake, session};
    session->waits = true;
    g_thread_pool_push(parsers, &mail, NULL);
    pthread_mutex_lock(&session->lock);
    while (session->waits)
        pthread_cond_wait(&session->kept, &session->lock);
    pthread_mutex_unlock(&session->lock);
}

static bool say(int fd, const char *text)
{
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static void *converse(void *data)
{
    struct session session = {.fd = GPOINTER_TO_INT(data)};
    static char greeting[] = "250-bare\r\n250-a\r\n250-b\r\n250-c\r\n250-d\r\n250-e\r\n250-f\r\n250 SIZE\r\n";
    g_autofree char *buffer = g_malloc(READ_BYTES);
    GByteArray *bytes = g_byte_array_new();
    bool in_data = false, more = say(session.fd, "220 bare\r\n");
    pthread_mutex_init(&session.lock, NULL);
    pthread_cond_init(&session.kept, NULL);
    while (more) {
        ssize_t n = read(session.fd, buffer, READ_BYTES);
        if (n <= 0)
            break;
        g_byte_array_append(bytes, (const guint8 *)buffer, (guint)n);
        if (!in_data && bytes->data[0] == 'L') {
            more = say(session.fd, greeting);
        } else if (!in_data) { /* MAIL, RCPT and DATA come at once */
            in_data = true;
            more = say(session.fd, "250 ok\r\n250 ok\r\n354 go on\r\n");
        } else if (bytes->len < 5 || memcmp(bytes->data + bytes->len - 5, "\r\n.\r\n", 5) != 0) {
            continue;
        } else {
            in_data = false;
            keep(&session, bytes);
            more = say(session.fd, "250 kept\r\n");
        }
        g_byte_array_set_size(bytes, 0);
    }
    g_byte_array_unref(bytes);
    pthread_cond_destroy(&session.kept);
    pthread_mutex_destroy(&session.lock);
    close(session.fd);
    return NULL;
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0)
        g_error("%s cannot be listened on", path);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: bench_bare SOCKET FILE\n", stderr);
        return 64;
    }
    int listener = open_socket(argv[1]), fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0600);
    pthread_t thread;
    g_mime_init();
    parsed = g_async_queue_new();
    parsers = g_thread_pool_new(parse, NULL, (gint)g_get_num_processors() + 1, TRUE, NULL);
    if (fd < 0 || pthread_create(&thread, NULL, write_all, &fd) != 0)
        g_error("%s cannot be written", argv[2]);
    printf(" listening port=%u\n", serve_http());
    fflush(stdout);
    for (;;) {
        int session = accept(listener, NULL, NULL);
        if (session >= 0 && pthread_create(&thread, NULL, converse, GINT_TO_POINTER(session)) == 0)
            pthread_detach(thread);
    }
}
