/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/watch.h"

#include "base/error.h"
#include "ingest/drain.h"
#include "ingest/maildir.h"
#include "serve/log.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#define AGAIN_MS 5000    /* after something had to stay */
#define LOOK_MS 60000    /* in any case: inotify can lose events */
#define LOCK_WAIT_MS 200 /* until a pipe has drained */

struct nx_watch {
    struct nx_service *service;
    struct nx_spool *spool;
    char **maildirs;
    int notify, stop;
    pthread_t thread;
};

static void say_drained(const char *room, const char *path, size_t n_messages, size_t n_duplicates)
{
    g_autofree char *messages = g_strdup_printf("%zu", n_messages), *duplicates = g_strdup_printf("%zu", n_duplicates);
    if (n_messages > 0)
        nx_log(NX_LOG_INFO, room, "drained", "path", path, "messages", messages, "duplicates", duplicates, NULL);
}

/* True: something had to stay. */
static bool drain_maildirs(struct nx_watch *watch)
{
    g_autoptr(nx_setup) setup = nx_service_setup(watch->service);
    bool stayed = false;
    for (char **path = watch->maildirs; *path != NULL; path++) {
        g_autoptr(GError) error = NULL;
        struct nx_maildir_drained drained;
        if (!nx_maildir_drain(*path, watch->service->intake, setup->config->limits.message, &drained, &error)) {
            nx_log(NX_LOG_WARN, "maildir", "messages stay in the Maildir", "path", *path, "why", error->message, NULL);
            stayed = true;
        }
        say_drained("maildir", *path, drained.messages, drained.duplicates);
    }
    return stayed;
}

/* True: something had to stay. */
static bool drain_spool(struct nx_watch *watch)
{
    g_autoptr(nx_setup) setup = nx_service_setup(watch->service);
    g_autoptr(GError) error = NULL;
    struct nx_drained drained;
    bool stayed = !nx_spool_drain(watch->spool, watch->service->intake, setup->config->limits.message, &drained, &error);
    say_drained("spool", nx_spool_directory(watch->spool), drained.messages, drained.duplicates);
    if (stayed)
        nx_log(NX_LOG_WARN, "spool", drained.set_aside > 0 ? "file set aside" : "messages stay in the spool", "why",
               error == NULL ? NULL : error->message, NULL);
    return stayed;
}

/* Gives the lock back. A pipe that wrote while it was held relies on one more look. */
static void leave_spool(struct nx_watch *watch)
{
    bool left = true;
    while (left) {
        nx_spool_unlock(watch->spool);
        g_autoptr(GPtrArray) names = nx_spool_list(watch->spool, 1, NULL);
        left = names != NULL && names->len > 0 && nx_spool_lock(watch->spool) && !drain_spool(watch);
    }
    nx_spool_unlock(watch->spool);
}

static void *run(void *data)
{
    struct nx_watch *watch = data;
    bool locked = false;
    for (;;) {
        int wait;
        if (!locked)
            locked = nx_spool_lock(watch->spool);
        bool stayed = drain_maildirs(watch);
        stayed |= locked && drain_spool(watch);
        wait = !locked ? LOCK_WAIT_MS : stayed ? AGAIN_MS : LOOK_MS;
        struct pollfd fds[] = {{.fd = watch->stop, .events = POLLIN}, {.fd = watch->notify, .events = POLLIN}};
        if (poll(fds, G_N_ELEMENTS(fds), wait) < 0 && errno != EINTR)
            break;
        if (fds[0].revents != 0)
            break;
        char events[4096];
        while (read(watch->notify, events, sizeof events) > 0)
            ;
    }
    if (locked)
        leave_spool(watch);
    return NULL;
}

static gboolean watch_maildirs(struct nx_watch *watch, GError **error)
{
    for (char **maildir = watch->maildirs; *maildir != NULL; maildir++) {
        g_autofree char *path = g_build_filename(*maildir, "new", NULL);
        if (inotify_add_watch(watch->notify, path, IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
            g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s: %s (see [watch] maildirs: a Maildir has new/ and cur/)", path,
                        g_strerror(errno));
            return FALSE;
        }
    }
    return TRUE;
}

struct nx_watch *nx_watch_new(struct nx_service *service, struct nx_spool *spool, GError **error)
{
    struct nx_watch *watch = g_new0(struct nx_watch, 1);
    g_autofree char *path = g_build_filename(nx_spool_directory(spool), "new", NULL);
    *watch = (struct nx_watch){.service = service,
                               .spool = spool,
                               .maildirs = g_strdupv(service->setup->config->watch_maildirs),
                               .notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
                               .stop = eventfd(0, EFD_CLOEXEC)};
    if (!watch_maildirs(watch, error)) {
        nx_watch_free(watch);
        return NULL;
    }
    if (watch->notify < 0 || watch->stop < 0 || inotify_add_watch(watch->notify, path, IN_MOVED_TO) < 0 ||
        pthread_create(&watch->thread, NULL, run, watch) != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: cannot be watched: %s (check fs.inotify limits)", path, g_strerror(errno));
        watch->thread = 0;
        nx_watch_free(watch);
        return NULL;
    }
    return watch;
}

void nx_watch_free(struct nx_watch *watch)
{
    if (watch->thread != 0) {
        eventfd_write(watch->stop, 1);
        pthread_join(watch->thread, NULL);
    }
    close(watch->notify);
    close(watch->stop);
    nx_spool_close(watch->spool);
    g_strfreev(watch->maildirs);
    g_free(watch);
}
