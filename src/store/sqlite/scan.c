/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/scan.h"

#include "base/error.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/forgotten.h"
#include "store/sqlite/read.h"
#include "store/sqlite/schema.h"

#define WAL_INDEX_REGION 32768 /* bytes; the first one begins with the head */

gboolean nx_scan_hold(struct nx_reader *reader, GError **error)
{
    /* This reader goes through all of the file once: mapped, it would count as the process's memory beside the table. */
    return nx_db_exec(nx_sqlite_reader(reader)->db, "PRAGMA mmap_size=0; BEGIN", error);
}

void nx_scan_let_go(struct nx_reader *reader)
{
    (void)!nx_db_exec(nx_sqlite_reader(reader)->db, "COMMIT", NULL); /* only reads: cannot matter */
}

gboolean nx_scan_about(struct nx_reader *reader, struct nx_table_about *ret, GError **error)
{
    static const char GET[] = "SELECT (SELECT coalesce(max(seq), 0) FROM log), (SELECT value FROM meta WHERE name='uuid')";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL || nx_db_step(db, get, error) < 0)
        return FALSE;
    struct nx_str uuid = nx_db_text(get, 1);
    *ret = (struct nx_table_about){.position = sqlite3_column_int64(get, 0)};
    for (size_t i = 0; i + 1 < uuid.n && i / 2 < NX_TABLE_ID; i += 2)
        ret->database[i / 2] = (char)(g_ascii_xdigit_value(uuid.p[i]) << 4 | g_ascii_xdigit_value(uuid.p[i + 1]));
    nx_db_reset(get);
    return TRUE;
}

gboolean nx_scan_count(struct nx_reader *reader, uint64_t *ret, GError **error)
{
    static const char COUNT[] = "SELECT count(*) FROM suppressions";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *count = nx_db_statement(db, COUNT, error);
    if (count == NULL || nx_db_step(db, count, error) < 0)
        return FALSE;
    *ret = (uint64_t)sqlite3_column_int64(count, 0);
    nx_db_reset(count);
    return TRUE;
}

/* Columns: key, stream, cause, since, until, class; for the allow list the key alone. */
static gboolean hand_out(struct nx_db *db, sqlite3_stmt *rows, bool allowed, nx_scanned_fn *fn, void *data, GError **error)
{
    int got;
    while ((got = nx_db_step(db, rows, error)) > 0) {
        struct nx_table_record record = {
            .key = nx_db_text(rows, 0), .since = NX_WHEN_NONE, .until = NX_WHEN_NONE, .allowed = allowed};
        if (!allowed) {
            record.stream = nx_db_text(rows, 1);
            record.cause = nx_db_cause(db, rows, 2);
            record.since = sqlite3_column_int64(rows, 3);
            record.until = nx_db_when(rows, 4);
            record.class_ = nx_db_class(rows, 5);
        }
        fn(&record, data);
    }
    return got == 0;
}

gboolean nx_scan_all(struct nx_reader *reader, struct nx_str key, nx_scanned_fn *fn, void *data, GError **error)
{
    static const char ENTRIES[] = "SELECT key, stream, cause, since, until, class FROM suppressions ORDER BY key, stream";
    static const char ENTRY[] = "SELECT key, stream, cause, since, until, class FROM suppressions WHERE key=?1 ORDER BY stream";
    static const char ALLOWED[] = "SELECT key FROM allowed ORDER BY key";
    static const char ALLOW[] = "SELECT key FROM allowed WHERE key=?1";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *entries = nx_db_statement(db, key.n > 0 ? ENTRY : ENTRIES, error);
    sqlite3_stmt *allowed = nx_db_statement(db, key.n > 0 ? ALLOW : ALLOWED, error);
    if (entries == NULL || allowed == NULL)
        return FALSE;
    if (key.n > 0) {
        nx_db_bind_text(entries, 1, key);
        nx_db_bind_text(allowed, 1, key);
    }
    return hand_out(db, entries, false, fn, data, error) && hand_out(db, allowed, true, fn, data, error);
}

gboolean nx_scan_keys(struct nx_reader *reader, struct nx_str after, unsigned most, nx_changed_fn *fn, void *data, GError **error)
{
    static const char KEYS[] = "SELECT key FROM suppressions WHERE key > ?1 UNION ALL SELECT key FROM allowed WHERE key > ?1"
                               " UNION ALL SELECT key FROM holds WHERE key > ?1 ORDER BY key LIMIT ?2";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *keys = nx_db_statement(db, KEYS, error);
    int got;
    if (keys == NULL)
        return FALSE;
    nx_db_bind_text(keys, 1, after);
    sqlite3_bind_int64(keys, 2, most);
    while ((got = nx_db_step(db, keys, error)) > 0)
        fn(nx_db_text(keys, 0), data);
    return got == 0;
}

/* Where this connection has the WAL-index mapped, by the interface that the library itself reads it with; it stays there until the
 * connection is closed. NULL: the database is not in WAL mode. */
static const uint64_t *map_wal_index(struct nx_db *db)
{
    static const char MODE[] = "PRAGMA journal_mode";
    sqlite3_stmt *mode = nx_db_statement(db, MODE, NULL);
    sqlite3_file *file = NULL;
    void volatile *region = NULL;
    if (mode == NULL || nx_db_step(db, mode, NULL) <= 0)
        return NULL;
    bool wal = nx_str_eq(nx_db_text(mode, 0), NX_STR("wal"));
    nx_db_reset(mode);
    if (!wal || sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file->pMethods->iVersion < 2 || file->pMethods->xShmMap == NULL ||
        file->pMethods->xShmMap(file, 0, WAL_INDEX_REGION, 0, &region) != SQLITE_OK)
        return NULL;
    return (const uint64_t *)(uintptr_t)region;
}

/* The head of the WAL-index (https://sqlite.org/walformat.html): by it the library sees whether its own cache is still good. */
bool nx_scan_moment(struct nx_reader *reader, struct nx_moment *ret)
{
    struct nx_sqlite_reader *own = nx_sqlite_reader(reader);
    if (own->wal_index == NULL)
        own->wal_index = map_wal_index(own->db);
    for (size_t i = 0; own->wal_index != NULL && i < G_N_ELEMENTS(ret->words); i++)
        ret->words[i] = __atomic_load_n(&own->wal_index[i], __ATOMIC_ACQUIRE);
    return own->wal_index != NULL;
}

static gboolean chunk_keys(struct nx_db *db, struct nx_arena *arena, int64_t sequence, nx_changed_fn *fn, void *data,
                           GError **error)
{
    struct nx_str list;
    struct nx_row row;
    bool broken;
    nx_arena_reset(arena);
    if (!nx_chunk_load(db, arena, sequence, &list, error))
        return FALSE;
    while (nx_chunk_next(db, &list, &row, &broken))
        fn(row.key, data);
    return TRUE;
}

gboolean nx_scan_changed(struct nx_reader *reader, int64_t after, uint64_t most, nx_changed_fn *fn, void *data, bool *ret_many,
                         GError **error)
{
    static const char COUNT[] = "SELECT (SELECT count(*)" NX_OF_LOG_CHANGES "AND seq > ?1)"
                                " + (SELECT coalesce(sum(n), 0) FROM chunks WHERE seq > ?1)";
    static const char ROWS[] = "SELECT seq, key" NX_OF_LOG_CHANGES "AND seq > ?1"
                               " AND (key IS NOT NULL OR act = 'import') ORDER BY seq"; /* hashes have a stamp of their own */
    struct nx_sqlite_reader *own = nx_sqlite_reader(reader);
    struct nx_db *db = own->db;
    sqlite3_stmt *count = nx_db_statement(db, COUNT, error), *rows = nx_db_statement(db, ROWS, error);
    if (count == NULL || rows == NULL)
        return FALSE;
    sqlite3_bind_int64(count, 1, after);
    if (nx_db_step(db, count, error) < 0)
        return FALSE;
    *ret_many = (uint64_t)sqlite3_column_int64(count, 0) > most;
    nx_db_reset(count);
    if (*ret_many)
        return TRUE;
    int got;
    sqlite3_bind_int64(rows, 1, after);
    while ((got = nx_db_step(db, rows, error)) > 0) {
        if (sqlite3_column_type(rows, 1) != SQLITE_NULL) {
            fn(nx_db_text(rows, 1), data);
        } else if (!chunk_keys(db, own->arena, sqlite3_column_int64(rows, 0), fn, data, error)) {
            nx_db_reset(rows);
            return FALSE;
        }
    }
    return got == 0;
}

gboolean nx_scan_erased(struct nx_reader *reader, nx_when now, uint64_t *ret, GError **error)
{
    static const char COUNT[] = "SELECT count(DISTINCT hash) FROM forgotten WHERE until IS NULL OR until > ?1";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *count = nx_db_statement(db, COUNT, error);
    if (count == NULL)
        return FALSE;
    sqlite3_bind_int64(count, 1, now);
    if (nx_db_step(db, count, error) < 0)
        return FALSE;
    *ret = (uint64_t)sqlite3_column_int64(count, 0);
    nx_db_reset(count);
    return TRUE;
}

gboolean nx_scan_forgotten_stamp(struct nx_reader *reader, int64_t *ret_stamp, GError **error)
{
    static const char GET[] = "SELECT value FROM meta WHERE name='forgotten'";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    int got = get == NULL ? -1 : nx_db_step(db, get, error);
    if (got < 0)
        return FALSE;
    *ret_stamp = got > 0 ? sqlite3_column_int64(get, 0) : 0;
    nx_db_reset(get);
    return TRUE;
}

gboolean nx_scan_forgotten(struct nx_reader *reader, nx_hashed_fn *fn, void *data, const struct nx_pseudonym **ret_secret,
                           GError **error)
{
    static const char ALL[] = "SELECT hash, stream, since, until FROM forgotten ORDER BY hash, stream";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *all = nx_db_statement(db, ALL, error);
    GError *wrong = NULL;
    int got = -1;
    *ret_secret = all == NULL ? NULL : nx_forgotten_secret(db, &wrong);
    if (wrong != NULL)
        g_propagate_error(error, wrong);
    if (all == NULL || wrong != NULL)
        return FALSE;
    while ((got = nx_db_step(db, all, error)) > 0) {
        struct nx_hashed row = {.stream = nx_db_text(all, 1), .since = sqlite3_column_int64(all, 2), .until = nx_db_when(all, 3)};
        memcpy(row.hash, sqlite3_column_blob(all, 0), MIN((size_t)sqlite3_column_bytes(all, 0), NX_PSEUDONYM));
        fn(&row, data);
    }
    return got == 0;
}
