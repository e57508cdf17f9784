/* SPDX-License-Identifier: Apache-2.0 */
/* export/stream.h - files in and out: plain, gzip or zstd, and outputs that appear whole or not at all.
 *
 * In: what it is shows in its first bytes (RFC 1952, RFC 8878), whatever the name says; several frames one after another are one
 * text. Out: by the ending .gz or .zst; a named file is written beside, synced and renamed at _finish; "-" or NULL is standard
 * output. One thread at a time. Errors: IO, FULL, LIMIT, SYNTAX (damaged or cut short), with the name. */
#pragma once
#include "base/str.h"

#include <glib.h>

enum nx_coding { NX_CODING_NONE, NX_CODING_GZIP, NX_CODING_ZSTD };

struct nx_source;
struct nx_source *nx_source_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From where the file stands, which stays open. most: bytes of text, beyond them LIMIT; 0: no bound. */
struct nx_source *nx_source_open_file(int fd, const char *name, guint64 most, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_source_close(struct nx_source *source);
/* Up to n bytes; 0 at the end, -1 error. */
gssize nx_source_read(struct nx_source *source, char *bytes, size_t n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For progress: bytes taken from the file, and its size (0: not known). */
guint64 nx_source_taken(const struct nx_source *source);
guint64 nx_source_size(const struct nx_source *source);
const char *nx_source_name(const struct nx_source *source);

struct nx_sink;
/* A device or a pipe is there: it is written into and never replaced. */
bool nx_sink_is_special(const char *path);
struct nx_sink *nx_sink_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Into an open file, which stays open and is not synced. */
struct nx_sink *nx_sink_open_file(int fd, const char *name, enum nx_coding coding);
gboolean nx_sink_write(struct nx_sink *sink, struct nx_str bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes what is left and gives the file its name. _free without it leaves nothing behind. */
gboolean nx_sink_finish(struct nx_sink *sink, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_sink_free(struct nx_sink *sink);

typedef struct nx_source nx_source; /* for g_autoptr only */
typedef struct nx_sink nx_sink;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_source, nx_source_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_sink, nx_sink_free)
