/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/logfile.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER (64u << 10)
#define HEAD 256u /* first bytes that tell files apart when an inode is used again */

struct nx_logfile {
    char *path, *cursors;
    int fd;
    struct stat about;
    guint64 offset; /* of the next line in the open file */
    char buffer[BUFFER];
    size_t start, end;
    bool cut;     /* the rest of an overlong line is skipped */
    bool rotated; /* the open file is one that was renamed: at its end the named one follows */
};

static void fail(GError **error, const char *path, const char *what)
{
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s: %s (check the file and its rights)", path, what, g_strerror(errno));
}

static int open_file(const char *path, struct stat *ret_about)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && fstat(fd, ret_about) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Checksum of up to `length` first bytes; the length really there comes back, so that a file that grew still compares. */
static char *fingerprint(int fd, gsize *length)
{
    char head[HEAD];
    ssize_t n = pread(fd, head, *length < HEAD ? *length : HEAD, 0);
    *length = n > 0 ? (gsize)n : 0;
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)head, *length);
}

static bool is_same(int fd, const struct stat *about, GKeyFile *keys, const char *group)
{
    gsize length = (gsize)g_key_file_get_uint64(keys, group, "head", NULL);
    g_autofree char *stored = g_key_file_get_string(keys, group, "checksum", NULL);
    g_autofree char *found = fingerprint(fd, &length);
    return (guint64)about->st_dev == g_key_file_get_uint64(keys, group, "device", NULL) &&
           (guint64)about->st_ino == g_key_file_get_uint64(keys, group, "inode", NULL) &&
           length == (gsize)g_key_file_get_uint64(keys, group, "head", NULL) && g_strcmp0(stored, found) == 0;
}

/* The file that the cursor speaks of, under a new name in the same directory ("mail.log.1"). */
static int find_rotated(struct nx_logfile *file, GKeyFile *keys)
{
    g_autofree char *directory = g_path_get_dirname(file->path), *name = g_path_get_basename(file->path);
    GDir *dir = g_dir_open(directory, 0, NULL);
    const char *entry;
    int fd = -1;
    while (dir != NULL && fd < 0 && (entry = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_prefix(entry, name) || strcmp(entry, name) == 0)
            continue;
        g_autofree char *path = g_build_filename(directory, entry, NULL);
        struct stat about;
        fd = open_file(path, &about);
        if (fd >= 0 && !is_same(fd, &about, keys, file->path)) {
            close(fd);
            fd = -1;
        }
        if (fd >= 0)
            file->about = about;
    }
    if (dir != NULL)
        g_dir_close(dir);
    return fd;
}

/* Where the last run stopped. */
static void resume(struct nx_logfile *file)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    if (file->cursors == NULL || !g_key_file_load_from_file(keys, file->cursors, G_KEY_FILE_NONE, NULL) ||
        !g_key_file_has_group(keys, file->path))
        return;
    guint64 offset = g_key_file_get_uint64(keys, file->path, "offset", NULL);
    if (is_same(file->fd, &file->about, keys, file->path)) {
        if (offset <= (guint64)file->about.st_size)
            file->offset = offset;
        return;
    }
    int fd = find_rotated(file, keys);
    if (fd >= 0) {
        close(file->fd);
        file->fd = fd;
        file->offset = offset;
        file->rotated = true;
    }
}

struct nx_logfile *nx_logfile_open(const char *path, const char *cursors, GError **error)
{
    g_autoptr(nx_logfile) file = g_new0(struct nx_logfile, 1);
    file->path = g_canonicalize_filename(path, NULL);
    file->cursors = g_strdup(cursors);
    file->fd = open_file(path, &file->about);
    if (file->fd < 0) {
        fail(error, path, "cannot be read");
        return NULL;
    }
    resume(file);
    return g_steal_pointer(&file);
}

void nx_logfile_close(struct nx_logfile *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0)
        close(file->fd);
    g_free(file->path);
    g_free(file->cursors);
    g_free(file);
}

/* 1: bytes came, 0: the end, -1. */
static int fill(struct nx_logfile *file, GError **error)
{
    if (file->start > 0) {
        memmove(file->buffer, file->buffer + file->start, file->end - file->start);
        file->end -= file->start;
        file->start = 0;
    }
    ssize_t n = pread(file->fd, file->buffer + file->end, BUFFER - file->end, (off_t)(file->offset + file->end));
    if (n < 0) {
        fail(error, file->path, "cannot be read");
        return -1;
    }
    file->end += (size_t)n;
    return n > 0;
}

/* At the end of the open file: was it renamed, or truncated? 1: go on reading. */
static int follow(struct nx_logfile *file, GError **error)
{
    struct stat now;
    if (!file->rotated && fstat(file->fd, &now) == 0 && (guint64)now.st_size < file->offset) { /* truncated in place */
        file->offset = file->start = file->end = 0;
        return 1;
    }
    if (stat(file->path, &now) != 0)
        return errno == ENOENT ? 0 : (fail(error, file->path, "cannot be read"), -1); /* between rename and creation */
    if (now.st_ino == file->about.st_ino && now.st_dev == file->about.st_dev)
        return 0;
    int fd = open_file(file->path, &now);
    if (fd < 0)
        return 0;
    close(file->fd);
    file->fd = fd;
    file->about = now;
    file->offset = file->start = file->end = 0;
    file->rotated = false;
    return 1;
}

int nx_logfile_next(struct nx_logfile *file, struct nx_str *ret_line, GError **error)
{
    for (;;) {
        size_t n = file->end - file->start;
        const char *at = file->buffer + file->start, *lf = n == 0 ? NULL : memchr(at, '\n', n);
        if (lf != NULL || n == BUFFER) {
            size_t length = lf == NULL ? n : (size_t)(lf - at);
            bool skip = file->cut;
            file->cut = lf == NULL;
            file->start += length + (lf != NULL);
            file->offset += length + (lf != NULL);
            if (skip)
                continue;
            *ret_line = (struct nx_str){at, length};
            while (ret_line->n > 0 && ret_line->p[ret_line->n - 1] == '\r')
                ret_line->n--;
            return 1;
        }
        int got = fill(file, error);
        if (got == 0)
            got = follow(file, error);
        if (got <= 0)
            return got;
    }
}

gboolean nx_logfile_mark(struct nx_logfile *file, GError **error)
{
    if (file->cursors == NULL)
        return TRUE;
    g_autoptr(GKeyFile) keys = g_key_file_new();
    (void)g_key_file_load_from_file(keys, file->cursors, G_KEY_FILE_NONE, NULL); /* other logs stand there too */
    gsize head = HEAD;
    g_autofree char *checksum = fingerprint(file->fd, &head);
    g_key_file_set_uint64(keys, file->path, "device", (guint64)file->about.st_dev);
    g_key_file_set_uint64(keys, file->path, "inode", (guint64)file->about.st_ino);
    g_key_file_set_uint64(keys, file->path, "offset", file->offset);
    g_key_file_set_uint64(keys, file->path, "head", head);
    g_key_file_set_string(keys, file->path, "checksum", checksum);
    gsize length;
    g_autofree char *text = g_key_file_to_data(keys, &length, NULL);
    GError *why = NULL;
    if (g_file_set_contents_full(file->cursors, text, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                 0600, &why))
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_IO,
                "%s (the place in %s was not kept: the next run reads its last lines again, and counts them once)", why->message,
                file->path);
    g_error_free(why);
    return FALSE;
}

size_t nx_logfile_unfinished(const struct nx_logfile *file)
{
    return file->end - file->start;
}

void nx_logfile_progress(const struct nx_logfile *file, guint64 *ret_read, guint64 *ret_size)
{
    *ret_read = file->offset;
    *ret_size = (guint64)file->about.st_size;
}
