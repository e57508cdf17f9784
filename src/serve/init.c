/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/init.h"

#include <glib.h>
#include <stdint.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_INHERITED 3 /* SD_LISTEN_FDS_START */

void nx_notify(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof to.sun_path)
        return;
    g_autofree char *text = strcmp(state, "RELOADING=1") == 0
                                ? g_strdup_printf("%s\nMONOTONIC_USEC=%" G_GINT64_FORMAT, state, g_get_monotonic_time())
                                : g_strdup(state);
    memcpy(to.sun_path, path, strlen(path));
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    ssize_t ignored = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
    (void)ignored;
    close(fd);
}

static uint64_t number_of(const char *name)
{
    const char *text = g_getenv(name);
    guint64 value = 0;
    return text != NULL && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &value, NULL) ? value : 0;
}

unsigned nx_notify_interval(void)
{
    const char *pid = g_getenv("WATCHDOG_PID");
    if (pid != NULL && number_of("WATCHDOG_PID") != (uint64_t)getpid())
        return 0;
    return (unsigned)MIN(number_of("WATCHDOG_USEC") / 2000, G_MAXINT);
}

void nx_sockets_inherited(struct nx_sockets *ret)
{
    *ret = (struct nx_sockets){-1, -1};
    uint64_t n = number_of("LISTEN_FDS");
    if (n == 0 || n > 16 || number_of("LISTEN_PID") != (uint64_t)getpid())
        return;
    const char *text = g_getenv("LISTEN_FDNAMES");
    g_auto(GStrv) names = g_strsplit(text == NULL ? "" : text, ":", -1);
    for (uint64_t i = 0; i < n; i++) {
        int fd = FIRST_INHERITED + (int)i;
        const char *name = i < g_strv_length(names) ? names[i] : "";
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        if (strcmp(name, "lmtp") == 0)
            ret->lmtp = fd;
        else if (strcmp(name, "http") == 0 || n == 1)
            ret->http = fd;
    }
}
