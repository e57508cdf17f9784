/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/logfile.h - a log file read line by line, over restarts and rotation.
 *
 * The place reached is kept in a cursor file (GKeyFile, one group a path: device, inode, offset, checksum of the first bytes),
 * written anew as a whole and synced. A rotated file is found again by its inode beside its old name and read to its end before the
 * new one; one that was truncated in place starts over. A last line without its end is left for the next time. Errors: IO with path
 * and reason. One thread. */
#pragma once
#include "base/str.h"

#include <glib.h>

struct nx_logfile;

/* cursors: the cursor file, or NULL to start at the beginning and keep nothing. */
struct nx_logfile *nx_logfile_open(const char *path, const char *cursors, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_logfile_close(struct nx_logfile *file);
/* 1: a line, without its end, valid until the next call; 0: there is no more now; -1. Lines over 64 KiB come cut. */
int nx_logfile_next(struct nx_logfile *file, struct nx_str *ret_line, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All lines given so far are kept: remembers the place. */
gboolean nx_logfile_mark(struct nx_logfile *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes of an unfinished last line, waiting for their end. */
size_t nx_logfile_unfinished(const struct nx_logfile *file);
/* Bytes read so far, of how many. */
void nx_logfile_progress(const struct nx_logfile *file, guint64 *ret_read, guint64 *ret_size);

typedef struct nx_logfile nx_logfile; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_logfile, nx_logfile_close)
