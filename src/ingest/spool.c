/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/spool.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64u << 10)
#define SIZE_DIGITS 20 /* digits: the size is known last, and written into its place */

struct nx_spool {
    char *directory;
    int tmp, new, bad; /* directory descriptors */
    int lock;          /* -1: not held */
};

static gboolean failed(const struct nx_spool *spool, const char *what, GError **error)
{
    int why = errno;
    bool full = why == ENOSPC || why == EDQUOT || why == EFBIG;
    g_set_error(error, NX_ERROR, full ? NX_ERROR_FULL : NX_ERROR_IO, "%s/%s: %s (%s)", spool->directory, what, g_strerror(why),
                full ? "make room on that disk" : "check the spool's rights and disk");
    return FALSE;
}

/* Of what is to be kept, not of the spool. */
static bool unreadable(GError **error)
{
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "the message cannot be read: %s (%s)", g_strerror(errno),
                errno == EBADF ? "standard input is closed, or not open for reading: the mail server is to write the message there"
                               : "the mail server is to write the message to standard input");
    return false;
}

static int open_directory(struct nx_spool *spool, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(spool->directory, name, NULL);
    int fd = g_mkdir_with_parents(path, 0700) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        failed(spool, name, error);
    return fd;
}

struct nx_spool *nx_spool_open(const char *directory, GError **error)
{
    g_autoptr(nx_spool) spool = g_new0(struct nx_spool, 1);
    spool->tmp = spool->new = spool->bad = spool->lock = -1;
    spool->directory = g_strdup(directory);
    if ((spool->tmp = open_directory(spool, "tmp", error)) < 0 || (spool->new = open_directory(spool, "new", error)) < 0 ||
        (spool->bad = open_directory(spool, "bad", error)) < 0)
        return NULL;
    return g_steal_pointer(&spool);
}

void nx_spool_close(struct nx_spool *spool)
{
    const int fds[] = {spool->tmp, spool->new, spool->bad, spool->lock};
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    g_free(spool->directory);
    g_free(spool);
}

const char *nx_spool_directory(const struct nx_spool *spool)
{
    return spool->directory;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static void add_line(GString *head, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    g_string_append_printf(head, "%s ", name);
    for (const char *p = value; *p != '\0'; p++)
        g_string_append_c(head, (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p);
    g_string_append_c(head, '\n');
}

/* The lines before the message; the size's digits are its last before the blank line. */
static char *make_head(const struct nx_envelope *envelope, size_t *ret_n)
{
    GString *head = g_string_new("nixie-spool 1\n");
    g_autofree char *when = g_strdup_printf("%" G_GINT64_FORMAT, envelope->received_at);
    add_line(head, "source", envelope->source);
    add_line(head, "from", envelope->from);
    add_line(head, "to", envelope->to);
    add_line(head, "queue-id", envelope->queue_id);
    add_line(head, "received", when);
    g_string_append_printf(head, "size %0*d\n\n", SIZE_DIGITS, 0);
    *ret_n = head->len;
    return g_string_free(head, FALSE);
}

/* Copies in to out: at most cap bytes, without a leading "From " line; *ret_size is what there was. */
static bool copy(const struct nx_spool *spool, int in, int out, size_t cap, unsigned long long *ret_size, GError **error)
{
    g_autofree char *buffer = g_malloc(CHUNK);
    size_t held = 0, kept = 0;
    bool at_start = true;
    unsigned long long size = 0;
    for (;;) {
        ssize_t n = read(in, buffer + held, CHUNK - held);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return unreadable(error);
        held += (size_t)n;
        size_t skip = 0;
        if (at_start) {
            const char *end = memchr(buffer, '\n', held);
            if (end == NULL && n > 0 && held < CHUNK)
                continue;
            at_start = false;
            if (end != NULL && held >= 5 && memcmp(buffer, "From ", 5) == 0)
                skip = (size_t)(end - buffer) + 1;
        }
        size_t take = MIN(held - skip, cap - kept);
        if (!write_all(out, buffer + skip, take))
            return failed(spool, "tmp", error);
        kept += take;
        size += held - skip;
        held = 0;
        if (n == 0) {
            *ret_size = size;
            return true;
        }
    }
}

static bool fill(const struct nx_spool *spool, int in, int out, size_t cap, const struct nx_envelope *envelope, GError **error)
{
    size_t n;
    unsigned long long size = 0;
    g_autofree char *head = make_head(envelope, &n);
    if (!write_all(out, head, n))
        return failed(spool, "tmp", error);
    if (!copy(spool, in, out, cap, &size, error))
        return false;
    char digits[SIZE_DIGITS + 1];
    g_snprintf(digits, sizeof digits, "%0*llu", SIZE_DIGITS, size);
    return (pwrite(out, digits, SIZE_DIGITS, (off_t)(n - SIZE_DIGITS - 2)) == SIZE_DIGITS && fsync(out) == 0) ||
           failed(spool, "tmp", error);
}

char *nx_spool_keep(struct nx_spool *spool, int fd, size_t cap, const struct nx_envelope *envelope, GError **error)
{
    char name[80];
    g_snprintf(name, sizeof name, "%016" G_GINT64_MODIFIER "x.%d.%08x.msg", g_get_real_time(), (int)getpid(), g_random_int());
    int out = openat(spool->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) {
        failed(spool, "tmp", error);
        return NULL;
    }
    gboolean kept = fill(spool, fd, out, cap, envelope, error) &&
                    (renameat(spool->tmp, name, spool->new, name) == 0 || failed(spool, "tmp", error));
    close(out);
    if (!kept) {
        unlinkat(spool->tmp, name, 0);
        return NULL;
    }
    /* Past this point the file is complete: should the directory's fsync fail, the sender repeats and the event's id tells. */
    return fsync(spool->new) == 0 || failed(spool, "new", error) ? g_strdup(name) : NULL;
}

bool nx_spool_holds(struct nx_spool *spool, const char *name)
{
    return faccessat(spool->new, name, F_OK, 0) == 0 || errno != ENOENT;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *nx_spool_list(struct nx_spool *spool, guint most, GError **error)
{
    g_autofree char *path = g_build_filename(spool->directory, "new", NULL);
    g_autoptr(GError) cannot = NULL;
    g_autoptr(GDir) directory = g_dir_open(path, 0, &cannot);
    if (directory == NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (check the spool's rights)", path, cannot->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(directory)) != NULL)
        if (g_str_has_suffix(name, ".msg"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_text);
    if (names->len > most)
        g_ptr_array_set_size(names, (gint)most);
    return names;
}

/* Takes the head's lines off *text; false where it is none. */
static bool read_head(struct nx_str *text, struct nx_spooled *spooled)
{
    struct nx_str line;
    if (!nx_str_next_line(text, &line) || !nx_str_eq(line, NX_STR("nixie-spool 1")))
        return false;
    unsigned long long received = 0;
    bool sized = false;
    while (nx_str_next_line(text, &line)) {
        if (line.n == 0) {
            spooled->received_at = (nx_when)received;
            return sized;
        }
        size_t blank = nx_str_chr(line, ' ');
        struct nx_str key = nx_str_sub(line, 0, blank), value = nx_str_from(line, blank + 1);
        if (nx_str_eq(key, NX_STR("source")))
            spooled->source = value;
        else if (nx_str_eq(key, NX_STR("from")))
            spooled->from = value;
        else if (nx_str_eq(key, NX_STR("to")))
            spooled->to = value;
        else if (nx_str_eq(key, NX_STR("queue-id")))
            spooled->queue_id = value;
        else if (nx_str_eq(key, NX_STR("size")))
            sized = nx_str_to_u64(value, &spooled->size);
        else if (nx_str_eq(key, NX_STR("received")) && !nx_str_to_u64(value, &received))
            return false;
    }
    return false;
}

gboolean nx_spool_read(struct nx_spool *spool, const char *name, struct nx_spooled *ret, GError **error)
{
    g_autofree char *path = g_build_filename(spool->directory, "new", name, NULL);
    g_autoptr(GError) cannot = NULL;
    struct nx_spooled spooled = {0};
    gsize n;
    if (!g_file_get_contents(path, &spooled.text, &n, &cannot)) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (check the spool's rights)", path, cannot->message);
        return FALSE;
    }
    struct nx_str rest = {spooled.text, n};
    if (!read_head(&rest, &spooled)) {
        g_set_error(error, NX_ERROR, NX_ERROR_SYNTAX,
                    "%s: this is no spool file (look at it; its message is what follows the first blank line)", path);
        g_free(spooled.text);
        return FALSE;
    }
    spooled.bytes = rest;
    *ret = spooled;
    return TRUE;
}

gboolean nx_spool_remove(struct nx_spool *spool, const char *name, GError **error)
{
    return unlinkat(spool->new, name, 0) == 0 || errno == ENOENT || failed(spool, name, error);
}

void nx_spool_tidy(struct nx_spool *spool)
{
    g_autofree char *path = g_build_filename(spool->directory, "tmp", NULL);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        struct stat about;
        if (fstatat(spool->tmp, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
            about.st_mtime < g_get_real_time() / G_USEC_PER_SEC - 86400)
            unlinkat(spool->tmp, name, 0);
    }
}

gboolean nx_spool_set_aside(struct nx_spool *spool, const char *name, GError **error)
{
    return renameat(spool->new, name, spool->bad, name) == 0 || failed(spool, name, error);
}

gboolean nx_spool_lock(struct nx_spool *spool)
{
    g_autofree char *path = g_build_filename(spool->directory, "drain.lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return FALSE;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return FALSE;
    }
    spool->lock = fd;
    return TRUE;
}

void nx_spool_unlock(struct nx_spool *spool)
{
    if (spool->lock >= 0)
        close(spool->lock);
    spool->lock = -1;
}
