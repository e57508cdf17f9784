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

struct nx_sink {
    char *name, *path, *temporary; /* path NULL: an open file or standard output; temporary NULL: not to be renamed */
    int fd;
    enum nx_coding form;
    unsigned char *out;
    size_t n; /* plain: gathered and not yet written */
    z_stream gzip;
    ZSTD_CStream *zstd;
};

static gboolean put(struct nx_sink *sink, const void *bytes, size_t n, GError **error)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t done = write(sink->fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            g_set_error(error, NX_ERROR, errno == ENOSPC || errno == EFBIG || errno == EDQUOT ? NX_ERROR_FULL : NX_ERROR_IO,
                        "%s: cannot be written: %s (%s)", sink->name, g_strerror(errno),
                        sink->temporary != NULL ? "nothing was left behind" : "what was written is not complete");
            return FALSE;
        }
        at += done;
        n -= (size_t)done;
    }
    return TRUE;
}

struct nx_sink *nx_sink_open_file(int fd, const char *name, enum nx_coding coding)
{
    struct nx_sink *sink = g_new0(struct nx_sink, 1);
    sink->name = g_strdup(name);
    sink->out = g_malloc(ROOM);
    sink->fd = fd;
    sink->form = coding;
    if (coding == NX_CODING_GZIP)
        g_assert(deflateInit2(&sink->gzip, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    else if (coding == NX_CODING_ZSTD)
        sink->zstd = ZSTD_createCStream();
    return sink;
}

bool nx_sink_is_special(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

struct nx_sink *nx_sink_open(const char *path, GError **error)
{
    if (path == NULL || strcmp(path, "-") == 0)
        return nx_sink_open_file(STDOUT_FILENO, "standard output", NX_CODING_NONE);
    bool special = nx_sink_is_special(path);
    g_autofree char *temporary = special ? NULL : g_strdup_printf("%s.%ld.part", path, (long)getpid());
    int fd = special ? open(path, O_WRONLY | O_CLOEXEC) : open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: cannot be made: %s (give another path)", path, g_strerror(errno));
        return NULL;
    }
    struct nx_sink *sink = nx_sink_open_file(fd, path,
                                             g_str_has_suffix(path, ".gz")    ? NX_CODING_GZIP
                                             : g_str_has_suffix(path, ".zst") ? NX_CODING_ZSTD
                                                                              : NX_CODING_NONE);
    sink->path = g_strdup(path);
    sink->temporary = g_steal_pointer(&temporary);
    return sink;
}

static gboolean put_gzip(struct nx_sink *sink, struct nx_str bytes, bool last, GError **error)
{
    z_stream *z = &sink->gzip;
    z->next_in = (Bytef *)(guintptr)bytes.p; /* zlib only reads it */
    z->avail_in = (uInt)bytes.n;
    do {
        z->next_out = sink->out;
        z->avail_out = ROOM;
        (void)deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
        if (!put(sink, sink->out, ROOM - z->avail_out, error))
            return FALSE;
    } while (z->avail_out == 0);
    return TRUE;
}

static gboolean put_zstd(struct nx_sink *sink, struct nx_str bytes, bool last, GError **error)
{
    ZSTD_inBuffer in = {bytes.p, bytes.n, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {sink->out, ROOM, 0};
        left = ZSTD_compressStream2(sink->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        g_assert(!ZSTD_isError(left));
        if (!put(sink, sink->out, out.pos, error))
            return FALSE;
    } while (last ? left > 0 : in.pos < in.size);
    return TRUE;
}

gboolean nx_sink_write(struct nx_sink *sink, struct nx_str bytes, GError **error)
{
    for (size_t from = 0; sink->form != NX_CODING_NONE && from < bytes.n; from += 1u << 30) {
        struct nx_str piece = nx_str_sub(bytes, from, from + (1u << 30));
        if (sink->form == NX_CODING_GZIP ? !put_gzip(sink, piece, false, error) : !put_zstd(sink, piece, false, error))
            return FALSE;
    }
    if (sink->form != NX_CODING_NONE)
        return TRUE;
    if (sink->n + bytes.n > ROOM) {
        if (!put(sink, sink->out, sink->n, error))
            return FALSE;
        sink->n = 0;
    }
    if (bytes.n > ROOM)
        return put(sink, bytes.p, bytes.n, error);
    if (bytes.n > 0)
        memcpy(sink->out + sink->n, bytes.p, bytes.n);
    sink->n += bytes.n;
    return TRUE;
}

gboolean nx_sink_finish(struct nx_sink *sink, GError **error)
{
    if (!(sink->form == NX_CODING_GZIP   ? put_gzip(sink, NX_STR_NONE, true, error)
          : sink->form == NX_CODING_ZSTD ? put_zstd(sink, NX_STR_NONE, true, error)
                                         : put(sink, sink->out, sink->n, error)))
        return FALSE;
    sink->n = 0;
    if (sink->temporary == NULL)
        return TRUE;
    if (fsync(sink->fd) != 0 || rename(sink->temporary, sink->path) != 0) {
        g_set_error(error, NX_ERROR, errno == ENOSPC ? NX_ERROR_FULL : NX_ERROR_IO,
                    "%s: cannot be written: %s (nothing was left behind)", sink->name, g_strerror(errno));
        return FALSE;
    }
    g_clear_pointer(&sink->temporary, g_free);
    return TRUE;
}

void nx_sink_free(struct nx_sink *sink)
{
    if (sink == NULL)
        return;
    if (sink->form == NX_CODING_GZIP)
        deflateEnd(&sink->gzip);
    ZSTD_freeCStream(sink->zstd);
    if (sink->path != NULL && sink->fd >= 0)
        close(sink->fd);
    if (sink->temporary != NULL)
        unlink(sink->temporary);
    g_free(sink->temporary);
    g_free(sink->path);
    g_free(sink->name);
    g_free(sink->out);
    g_free(sink);
}
