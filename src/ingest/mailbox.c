/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/mailbox.h"

#include "base/error.h"
#include "ingest/mbox.h"
#include "ingest/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct nx_mailbox {
    struct nx_walk *walk; /* NULL: standard input */
    struct nx_mbox *mbox;
    char *path; /* of the file being read, or NULL */
    size_t cap;
};

struct nx_mailbox *nx_mailbox_open(const char *path, size_t cap)
{
    struct nx_mailbox *mailbox = g_new0(struct nx_mailbox, 1);
    bool standard_input = strcmp(path, "-") == 0;
    mailbox->cap = cap;
    mailbox->mbox = nx_mbox_new(standard_input ? STDIN_FILENO : -1, cap);
    if (standard_input)
        mailbox->path = g_strdup(path);
    else
        mailbox->walk = nx_walk_new(path);
    return mailbox;
}

struct nx_mailbox *nx_mailbox_of_bytes(struct nx_str bytes, size_t cap)
{
    struct nx_mailbox *mailbox = g_new0(struct nx_mailbox, 1);
    mailbox->cap = cap;
    mailbox->mbox = nx_mbox_of_bytes(bytes, cap);
    mailbox->path = g_strdup("");
    return mailbox;
}

void nx_mailbox_close(struct nx_mailbox *mailbox)
{
    nx_mbox_free(mailbox->mbox);
    g_clear_pointer(&mailbox->walk, nx_walk_free);
    g_free(mailbox->path);
    g_free(mailbox);
}

/* 1: a file is open, 0: there is none left, -1. */
static int open_next(struct nx_mailbox *mailbox, GError **error)
{
    g_autofree char *path = NULL;
    int got = mailbox->walk == NULL ? 0 : nx_walk_next(mailbox->walk, &path, error);
    if (got <= 0)
        return got;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (check its rights)", path, g_strerror(errno));
        return -1;
    }
    nx_mbox_restart(mailbox->mbox, fd);
    mailbox->path = g_steal_pointer(&path);
    return 1;
}

int nx_mailbox_next(struct nx_mailbox *mailbox, struct nx_message *ret_message, GError **error)
{
    for (;;) {
        if (mailbox->path == NULL) {
            int got = open_next(mailbox, error);
            if (got <= 0)
                return got;
        }
        int got = nx_mbox_next(mailbox->mbox, ret_message);
        if (got > 0) {
            ret_message->path = mailbox->path;
            return 1;
        }
        if (got < 0)
            g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (check the file)", mailbox->path, g_strerror(errno));
        g_clear_pointer(&mailbox->path, g_free);
        if (got < 0)
            return -1;
    }
}

uint64_t nx_mailbox_measure(const char *path)
{
    uint64_t sum = 0;
    if (strcmp(path, "-") == 0)
        return 0;
    struct nx_walk *walk = nx_walk_new(path);
    int got;
    char *file;
    while ((got = nx_walk_next(walk, &file, NULL)) != 0) {
        struct stat about;
        if (got > 0 && stat(file, &about) == 0)
            sum += (uint64_t)about.st_size;
        if (got > 0)
            g_free(file);
    }
    nx_walk_free(walk);
    return sum;
}
