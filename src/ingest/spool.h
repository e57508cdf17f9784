/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/spool.h - messages kept on disk until they are in the store; one file a message.
 *
 * DIR/tmp (being written), DIR/new (durable), DIR/bad (set aside: no spool file). A file is a few "name value" lines, a blank line
 * and the message. Kept means: written, fsynced, renamed, directory fsynced. Writers need no lock; one drainer holds
 * DIR/drain.lock. Bytes and paths that are handed out are freed by the caller. Errors: IO, FULL, and BUSY for the lock. Any thread.
 */
#pragma once
#include "base/str.h"
#include "base/when.h"

#include <glib.h>

struct nx_spool;

struct nx_envelope {
    const char *source;               /* "pipe" */
    const char *from, *to, *queue_id; /* NULL or empty: not known; control characters are replaced */
    nx_when received_at;
};

/* Makes the directories (mode 0700) where they are missing. */
struct nx_spool *nx_spool_open(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_spool_close(struct nx_spool *spool);
const char *nx_spool_directory(const struct nx_spool *spool);

/* Reads the descriptor to its end and keeps it: the first `cap` bytes, the rest is counted. A leading "From " line is left out.
 * Returns the file's name. */
char *nx_spool_keep(struct nx_spool *spool, int fd, size_t cap, const struct nx_envelope *envelope,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* False: it was drained or set aside, by whomever. */
bool nx_spool_holds(struct nx_spool *spool, const char *name);

struct nx_spooled {
    char *text; /* the whole file; owns the slices below */
    struct nx_str source, from, to, queue_id, bytes;
    nx_when received_at;
    unsigned long long size; /* of the message before it was cut */
};
/* Names of the files in new/, oldest first, at most `most` of them. */
GPtrArray *nx_spool_list(struct nx_spool *spool, guint most, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NX_ERROR_SYNTAX: it is no spool file. */
gboolean nx_spool_read(struct nx_spool *spool, const char *name, struct nx_spooled *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its events are in the store. */
gboolean nx_spool_remove(struct nx_spool *spool, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what writers that were killed left in tmp/ more than a day ago. */
void nx_spool_tidy(struct nx_spool *spool);
/* Moves it to bad/, where a person has to look. */
gboolean nx_spool_set_aside(struct nx_spool *spool, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Becomes the one drainer; false: there is one. Held until nx_spool_unlock or the process ends. */
gboolean nx_spool_lock(struct nx_spool *spool);
void nx_spool_unlock(struct nx_spool *spool);

typedef struct nx_spool nx_spool; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_spool, nx_spool_close)
