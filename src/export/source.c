/* SPDX-License-Identifier: Apache-2.0 */
#include "export/stream.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define ROOM (256u * 1024)

struct nx_source {
    char *name;
    int fd;
    enum nx_coding form;
    unsigned char *in;
    size_t at, n;                     /* what is read and not yet used */
    bool ended, between;              /* the file is at its end; no frame is open */
    guint64 taken, size, given, most; /* bytes of the file; of the text, and its bound */
    z_stream gzip;
    ZSTD_DStream *zstd;
};

static bool fail(struct nx_source *source, enum nx_error code, const char *why, GError **error)
{
    g_set_error(error, NX_ERROR, (gint)code, "%s: %s", source->name, why);
    return false;
}

static bool fill(struct nx_source *source, GError **error)
{
    if (source->at < source->n || source->ended)
        return true;
    ssize_t got;
    do
        got = read(source->fd, source->in, ROOM);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail(source, NX_ERROR_IO, g_strerror(errno), error);
    source->ended = got == 0;
    source->taken += (guint64)got;
    source->at = 0;
    source->n = (size_t)got;
    return true;
}

static bool recognise(struct nx_source *source, GError **error)
{
    if (!fill(source, error))
        return false;
    source->between = true;
    if (source->n >= 2 && source->in[0] == 0x1f && source->in[1] == 0x8b) {
        source->form = NX_CODING_GZIP;
        g_assert(inflateInit2(&source->gzip, 15 + 16) == Z_OK);
    } else if (source->n >= 4 && memcmp(source->in, "\x28\xb5\x2f\xfd", 4) == 0) {
        source->form = NX_CODING_ZSTD;
        source->zstd = ZSTD_createDStream();
    }
    return true;
}

/* Takes the descriptor, which may be none. */
static struct nx_source *open_source(int fd, const char *name, guint64 most, GError **error)
{
    g_autoptr(nx_source) source = g_new0(struct nx_source, 1);
    struct stat info;
    source->name = g_strdup(name);
    source->in = g_malloc(ROOM);
    source->fd = fd;
    source->most = most;
    if (source->fd < 0 || fstat(source->fd, &info) != 0) {
        g_set_error(error, NX_ERROR, errno == ENOENT ? NX_ERROR_NOT_FOUND : NX_ERROR_IO,
                    "%s: cannot be read: %s (check the path and its rights)", source->name, g_strerror(errno));
        return NULL;
    }
    if (S_ISDIR(info.st_mode)) {
        fail(source, NX_ERROR_IO, "is a directory (name a file)", error);
        return NULL;
    }
    source->size = S_ISREG(info.st_mode) ? (guint64)info.st_size : 0;
    posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return recognise(source, error) ? g_steal_pointer(&source) : NULL;
}

struct nx_source *nx_source_open(const char *path, GError **error)
{
    bool standard = strcmp(path, "-") == 0;
    return open_source(standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC), standard ? "standard input" : path, 0,
                       error);
}

struct nx_source *nx_source_open_file(int fd, const char *name, guint64 most, GError **error)
{
    return open_source(dup(fd), name, most, error);
}

void nx_source_close(struct nx_source *source)
{
    if (source == NULL)
        return;
    if (source->form == NX_CODING_GZIP)
        inflateEnd(&source->gzip);
    ZSTD_freeDStream(source->zstd);
    if (source->fd >= 0)
        close(source->fd);
    g_free(source->in);
    g_free(source->name);
    g_free(source);
}

static bool expand_gzip(struct nx_source *source, char *bytes, size_t room, size_t *made, GError **error)
{
    z_stream *z = &source->gzip;
    if (source->between && inflateReset(z) != Z_OK)
        return fail(source, NX_ERROR_SYNTAX, "gzip: out of order", error);
    z->next_in = source->in + source->at;
    z->avail_in = (uInt)(source->n - source->at);
    z->next_out = (Bytef *)bytes;
    z->avail_out = (uInt)MIN(room, 1u << 30);
    uInt before = z->avail_out;
    int got = inflate(z, Z_NO_FLUSH);
    if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
        return fail(source, NX_ERROR_SYNTAX, "damaged: it begins as gzip, but cannot be expanded", error);
    source->at = source->n - z->avail_in;
    source->between = got == Z_STREAM_END;
    *made = before - z->avail_out;
    return true;
}

static bool expand_zstd(struct nx_source *source, char *bytes, size_t room, size_t *made, GError **error)
{
    ZSTD_inBuffer in = {source->in, source->n, source->at};
    ZSTD_outBuffer out = {bytes, room, 0};
    size_t got = ZSTD_decompressStream(source->zstd, &out, &in);
    if (ZSTD_isError(got))
        return fail(source, NX_ERROR_SYNTAX, "damaged: it begins as zstd, but cannot be expanded", error);
    source->at = in.pos;
    source->between = got == 0;
    *made = out.pos;
    return true;
}

static gssize read_text(struct nx_source *source, char *bytes, size_t n, GError **error)
{
    for (;;) {
        size_t made = 0;
        if (source->form == NX_CODING_NONE && source->at == source->n && !source->ended && n >= ROOM) { /* straight into place */
            ssize_t got;
            do
                got = read(source->fd, bytes, n);
            while (got < 0 && errno == EINTR);
            if (got < 0)
                fail(source, NX_ERROR_IO, g_strerror(errno), error);
            source->ended = got == 0;
            source->taken += got > 0 ? (guint64)got : 0;
            return got;
        }
        if (!fill(source, error))
            return -1;
        if (source->at == source->n) {
            if (source->form == NX_CODING_NONE || source->between)
                return 0;
            fail(source, NX_ERROR_SYNTAX, "cut short: the compressed text does not end", error);
            return -1;
        }
        if (source->form == NX_CODING_NONE) {
            made = MIN(n, source->n - source->at);
            memcpy(bytes, source->in + source->at, made);
            source->at += made;
        } else if (source->form == NX_CODING_GZIP ? !expand_gzip(source, bytes, n, &made, error)
                                                  : !expand_zstd(source, bytes, n, &made, error)) {
            return -1;
        }
        if (made > 0)
            return (gssize)made;
    }
}

gssize nx_source_read(struct nx_source *source, char *bytes, size_t n, GError **error)
{
    gssize got = read_text(source, bytes, n, error);
    source->given += got > 0 ? (guint64)got : 0;
    if (source->most == 0 || source->given <= source->most)
        return got;
    fail(source, NX_ERROR_LIMIT, "expanded it is larger than what is taken", error);
    return -1;
}

guint64 nx_source_taken(const struct nx_source *source)
{
    return source->taken;
}

guint64 nx_source_size(const struct nx_source *source)
{
    return source->size;
}

const char *nx_source_name(const struct nx_source *source)
{
    return source->name;
}
