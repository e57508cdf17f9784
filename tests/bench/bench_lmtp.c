/* SPDX-License-Identifier: Apache-2.0 */
/* bench_lmtp SOCKET SESSIONS SECONDS: sessions that send one report after the other, each about another address; messages a second
 * and the slowest percentiles of the answer to the final dot. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

struct session {
    const char *path;
    unsigned number, seconds;
    GArray *microseconds; /* gint64 */
    bool failed;
};

static bool expect(int fd, unsigned lines)
{
    char buffer[4096];
    while (lines > 0) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n <= 0 || (buffer[0] != '2' && buffer[0] != '3'))
            return false;
        for (ssize_t i = 0; i < n; i++)
            lines -= buffer[i] == '\n' && lines > 0;
    }
    return true;
}

static bool say(int fd, const char *text)
{
    size_t n = strlen(text);
    return write(fd, text, n) == (ssize_t)n;
}

static bool send_one(int fd, const struct session *session, unsigned i)
{
    g_autofree char *text = g_strdup_printf(
        "From: MAILER-DAEMON@mx.example.org\r\nTo: bounces@example.com\r\nSubject: Undelivered Mail Returned to "
        "Sender\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nYour message could not be "
        "delivered.\r\n\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; "
        "s%ux%ut%" G_GINT64_FORMAT "@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User "
                                   "unknown\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        "From: news@example.com\r\nMessage-ID: <%u.%u.%" G_GINT64_FORMAT "@example.com>\r\n\r\nHello\r\n--b--\r\n.\r\n",
        session->number, i, g_get_real_time(), session->number, i, g_get_real_time());
    gint64 began = g_get_monotonic_time();
    if (!say(fd, "MAIL FROM:<>\r\nRCPT TO:<bounces@example.com>\r\nDATA\r\n") || !expect(fd, 3) || !say(fd, text) || !expect(fd, 1))
        return false;
    gint64 took = g_get_monotonic_time() - began;
    g_array_append_val(session->microseconds, took);
    return true;
}

static void *run(void *data)
{
    struct session *session = data;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, session->path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    gint64 end = g_get_monotonic_time() + session->seconds * G_USEC_PER_SEC;
    session->failed = connect(fd, (struct sockaddr *)&address, sizeof address) != 0 || !expect(fd, 1) ||
                      !say(fd, "LHLO bench\r\n") || !expect(fd, 8);
    for (unsigned i = 0; !session->failed && g_get_monotonic_time() < end; i++)
        session->failed = !send_one(fd, session, i);
    close(fd);
    return NULL;
}

static gint by_value(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: bench_lmtp SOCKET SESSIONS SECONDS\n", stderr);
        return 64;
    }
    unsigned n = (unsigned)g_ascii_strtoull(argv[2], NULL, 10), seconds = (unsigned)g_ascii_strtoull(argv[3], NULL, 10);
    g_autofree struct session *sessions = g_new0(struct session, n);
    g_autofree pthread_t *threads = g_new0(pthread_t, n);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(gint64));
    bool failed = false;
    for (unsigned i = 0; i < n; i++) {
        sessions[i] = (struct session){
            .path = argv[1], .number = i, .seconds = seconds, .microseconds = g_array_new(FALSE, FALSE, sizeof(gint64))};
        pthread_create(&threads[i], NULL, run, &sessions[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        g_array_append_vals(all, sessions[i].microseconds->data, sessions[i].microseconds->len);
        g_array_unref(sessions[i].microseconds);
        failed |= sessions[i].failed;
    }
    g_array_sort(all, by_value);
    if (all->len > 0)
        printf("%u messages in %u s over %u sessions: %u a second; p50 %.2f ms, p99 %.2f ms%s\n", all->len, seconds, n,
               all->len / seconds, (double)g_array_index(all, gint64, all->len / 2) / 1000,
               (double)g_array_index(all, gint64, all->len - 1 - all->len / 100) / 1000, failed ? "; a session broke off" : "");
    g_array_unref(all);
    return failed;
}
