/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/read.h - the readers' half of the back-end. Inner; promises: store/store.h. */
#pragma once
#include "store/ops.h"
#include "store/sqlite/apply.h"

struct nx_sqlite_reader { /* the last list that was looked into stays: neighbours come from the same */
    struct nx_reader reader;
    struct nx_db *db;
    bool borrowed;          /* the connection */
    struct nx_arena *arena; /* of one entry or line that is handed out */
    struct nx_arena *chunk_arena;
    struct nx_str chunk;
    int64_t chunk_sequence; /* 0: none */
    struct nx_arena *import_arena;
    struct nx_str import_reason, import_actor, import_source; /* of the import's row met last in a list */
    int64_t import_sequence;                                  /* 0: none; only within one list, so of one moment */
    bool import_mixed;
    const uint64_t *wal_index; /* the connection's own mapping; NULL: not looked for yet */
};
static inline struct nx_sqlite_reader *nx_sqlite_reader(struct nx_reader *reader)
{
    return (struct nx_sqlite_reader *)reader;
}

/* The event id in a column, as hex. */
struct nx_str nx_read_id(struct nx_arena *arena, sqlite3_stmt *row, int column);
/* reader->chunk is the list of this import's row, until another one is read. */
gboolean nx_read_chunk(struct nx_sqlite_reader *reader, int64_t sequence, GError **error);
/* Its line for one key (stream NULL: of any), in the reader's hands; ret->key.n == 0 when there is none. */
gboolean nx_read_line(struct nx_sqlite_reader *reader, int64_t sequence, struct nx_str key, const struct nx_str *stream,
                      struct nx_row *ret, GError **error);
struct nx_reader *nx_read_new(const char *path, GError **error);
/* On a connection of somebody else, who outlives it. */
struct nx_reader *nx_read_within(struct nx_db *db);
void nx_read_free(struct nx_reader *reader);
int nx_read_lookup(struct nx_reader *reader, struct nx_arena *arena, const struct nx_address *address, struct nx_str stream,
                   nx_when now, struct nx_entry *ret_entry, bool *ret_allowed, GError **error);
gboolean nx_read_list(struct nx_reader *reader, const struct nx_filter *filter, nx_when now, nx_entry_fn *fn, void *data,
                      GError **error);
gboolean nx_read_log(struct nx_reader *reader, const struct nx_log_filter *filter, struct nx_str key, nx_logged_fn *fn, void *data,
                     GError **error);
int nx_read_mark(struct nx_reader *reader, struct nx_str name, int64_t *ret, GError **error);
/* rebuild.c */
gboolean nx_read_check(struct nx_reader *reader, GError **error);
gboolean nx_read_position(struct nx_reader *reader, int64_t *ret, GError **error);
