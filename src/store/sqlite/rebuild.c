/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/write.h"

#include "base/error.h"
#include "store/sqlite/apply.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/pack.h"
#include "store/sqlite/read.h"
#include "store/sqlite/schema.h"

/* A temporary table comes before one of the same name in the file, so nx_apply writes there while these exist. SQLite prepares
 * every statement anew when they come and go. */
static const char TABLES[] =
    "CREATE TEMP TABLE suppressions(key TEXT NOT NULL, stream TEXT NOT NULL, address TEXT, cause INTEGER NOT NULL, class TEXT NOT "
    "NULL,"
    " since INTEGER NOT NULL, until INTEGER, renewals INTEGER NOT NULL, manual INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(key, stream)) WITHOUT ROWID;"
    "CREATE TEMP TABLE allowed(key TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TEMP TABLE holds(key TEXT NOT NULL, stream TEXT NOT NULL, address TEXT, cause INTEGER NOT NULL, class TEXT NOT NULL,"
    " at INTEGER NOT NULL, until INTEGER NOT NULL, remote TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(key, stream)) WITHOUT "
    "ROWID;"
    "CREATE TEMP TABLE incidents(remote TEXT NOT NULL, until INTEGER NOT NULL, opened INTEGER NOT NULL, held INTEGER NOT NULL,"
    " state TEXT NOT NULL, seq INTEGER NOT NULL, since INTEGER NOT NULL, PRIMARY KEY(remote, until)) WITHOUT ROWID;"
    "CREATE TEMP TABLE forgotten(hash BLOB NOT NULL, stream TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER, seq INTEGER NOT "
    "NULL, PRIMARY KEY(hash, stream)) WITHOUT ROWID;";
static const char SWAP[] = "DELETE FROM main.suppressions; INSERT INTO main.suppressions SELECT * FROM temp.suppressions;"
                           "DELETE FROM main.allowed; INSERT INTO main.allowed SELECT * FROM temp.allowed;"
                           "DELETE FROM main.holds; INSERT INTO main.holds SELECT * FROM temp.holds;"
                           "DELETE FROM main.incidents; INSERT INTO main.incidents SELECT * FROM temp.incidents;"
                           "DELETE FROM main.forgotten; INSERT INTO main.forgotten SELECT * FROM temp.forgotten;"
                           "INSERT OR REPLACE INTO main.meta(name, value) VALUES('forgotten', random());" NX_DB_RENEW;
static const char END[] = "DROP TABLE temp.suppressions; DROP TABLE temp.allowed; DROP TABLE temp.holds;"
                          " DROP TABLE temp.incidents; DROP TABLE temp.forgotten; COMMIT";
static const char LOG[] = "SELECT seq, act, action, key, address, scope, cause, class, at, until, coalesce(holder, remote),"
                          " CASE act WHEN 'forget' THEN body END" NX_OF_LOG_CHANGES "ORDER BY seq";
static const char COUNT[] = "SELECT count(*) FROM temp.suppressions";
/* Rows of the new that the old has not alike, and rows of the old that the new has not at all. */
static const char DIFFERENT[] =
    "SELECT (SELECT count(*) FROM temp.suppressions n LEFT JOIN main.suppressions o ON o.key=n.key AND o.stream=n.stream"
    "  WHERE (o.address, o.cause, o.class, o.since, o.until, o.renewals, o.manual, o.seq)"
    "  IS NOT (n.address, n.cause, n.class, n.since, n.until, n.renewals, n.manual, n.seq))"
    " + (SELECT count(*) FROM main.suppressions o WHERE NOT EXISTS"
    "  (SELECT 1 FROM temp.suppressions n WHERE n.key=o.key AND n.stream=o.stream))"
    " + (SELECT count(*) FROM (SELECT * FROM main.allowed EXCEPT SELECT * FROM temp.allowed))"
    " + (SELECT count(*) FROM (SELECT * FROM temp.allowed EXCEPT SELECT * FROM main.allowed))"
    " + (SELECT count(*) FROM (SELECT * FROM main.holds EXCEPT SELECT * FROM temp.holds))"
    " + (SELECT count(*) FROM (SELECT * FROM temp.holds EXCEPT SELECT * FROM main.holds))"
    " + (SELECT count(*) FROM (SELECT * FROM main.incidents EXCEPT SELECT * FROM temp.incidents))"
    " + (SELECT count(*) FROM (SELECT * FROM temp.incidents EXCEPT SELECT * FROM main.incidents))"
    " + (SELECT count(*) FROM (SELECT * FROM main.forgotten EXCEPT SELECT * FROM temp.forgotten))"
    " + (SELECT count(*) FROM (SELECT * FROM temp.forgotten EXCEPT SELECT * FROM main.forgotten))";

static enum nx_act act_of(struct nx_str name)
{
    for (int i = 0; i < NX_ACT_COUNT; i++)
        if (nx_str_eq(name, nx_str_of(nx_act_name((enum nx_act)i))))
            return (enum nx_act)i;
    return NX_ACT_EVENT;
}

static enum nx_action action_of(struct nx_str name)
{
    return nx_str_eq(name, NX_STR("clear"))  ? NX_ACTION_CLEAR
           : nx_str_eq(name, NX_STR("hold")) ? NX_ACTION_HOLD
                                             : NX_ACTION_SUPPRESS; /* what was done by hand too */
}

static gboolean replay_import(struct nx_db *db, struct nx_arena *arena, int64_t sequence, GError **error)
{
    struct nx_str list;
    struct nx_row row;
    bool broken = false;
    nx_arena_reset(arena);
    if (!nx_chunk_load(db, arena, sequence, &list, error))
        return FALSE;
    while (nx_chunk_next(db, &list, &row, &broken)) {
        row.sequence = sequence;
        if (!nx_apply(db, &row, error))
            return FALSE;
    }
    if (broken)
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: the list of import %lld is damaged (put back a copy)", db->path,
                    (long long)sequence);
    return !broken;
}

static gboolean replay(struct nx_db *db, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    sqlite3_stmt *log = nx_db_statement(db, LOG, error);
    int got;
    if (log == NULL)
        return FALSE;
    while ((got = nx_db_step(db, log, error)) > 0) {
        enum nx_act act = act_of(nx_db_text(log, 1));
        const struct nx_row row = {.sequence = sqlite3_column_int64(log, 0),
                                   .act = act,
                                   .action = action_of(nx_db_text(log, 2)),
                                   .key = nx_db_text(log, 3),
                                   .address = nx_db_text(log, 4),
                                   .scope = nx_db_text(log, 5),
                                   .cause = nx_db_cause(db, log, 6),
                                   .class_ = nx_db_class(log, 7),
                                   .at = sqlite3_column_int64(log, 8),
                                   .until = nx_db_when(log, 9),
                                   .remote = nx_db_text(log, 10),
                                   .hash = {sqlite3_column_blob(log, 11), (size_t)sqlite3_column_bytes(log, 11)}};
        if (act == NX_ACT_IMPORT ? !replay_import(db, arena, row.sequence, error) : !nx_apply(db, &row, error)) {
            nx_db_reset(log);
            return FALSE;
        }
    }
    return got == 0;
}

static gboolean get_count(struct nx_db *db, const char *sql, size_t *ret, GError **error)
{
    sqlite3_stmt *count = nx_db_statement(db, sql, error);
    if (count == NULL || nx_db_step(db, count, error) <= 0)
        return FALSE;
    *ret = (size_t)sqlite3_column_int64(count, 0);
    nx_db_reset(count);
    return TRUE;
}

/* begin: how the transaction does; swap: what differs is put right. */
static gboolean derive(struct nx_db *db, const char *begin, bool swap, struct nx_rebuilt *ret, GError **error)
{
    struct nx_rebuilt rebuilt;
    if (nx_db_exec(db, begin, error) && nx_db_exec(db, TABLES, error) && replay(db, error) &&
        get_count(db, COUNT, &rebuilt.entries, error) && get_count(db, DIFFERENT, &rebuilt.changed, error) &&
        (!swap || rebuilt.changed == 0 || nx_db_exec(db, SWAP, error)) && nx_db_exec(db, END, error)) {
        *ret = rebuilt;
        return TRUE;
    }
    (void)!nx_db_exec(db, "ROLLBACK", NULL); /* takes the temporary tables with it */
    return FALSE;
}

gboolean nx_write_rebuild(struct nx_backend *backend, struct nx_rebuilt *ret, GError **error)
{
    return derive(backend->db, "BEGIN IMMEDIATE", true, ret, error);
}

static gboolean is_whole(struct nx_db *db, GError **error)
{
    static const char INTEGRITY[] = "PRAGMA integrity_check(1)";
    sqlite3_stmt *check = nx_db_statement(db, INTEGRITY, error);
    if (check == NULL || nx_db_step(db, check, error) < 0)
        return FALSE;
    g_autofree char *found = g_strdup((const char *)sqlite3_column_text(check, 0));
    nx_db_reset(check);
    if (g_strcmp0(found, "ok") == 0)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: damaged: %s (put back a copy)", db->path, found);
    return FALSE;
}

/* The connection itself cannot write the file; temporary tables are no part of it. */
gboolean nx_read_check(struct nx_reader *reader, GError **error)
{
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    struct nx_rebuilt rebuilt = {0};
    if (!is_whole(db, error) || !nx_pack_check(db, error) || !nx_db_exec(db, "PRAGMA query_only=0", error))
        return FALSE;
    gboolean derived = derive(db, "BEGIN", false, &rebuilt, error);
    (void)!nx_db_exec(db, "PRAGMA query_only=1", NULL);
    if (derived && rebuilt.changed > 0)
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: %zu entries do not follow from the log (run: nixie db rebuild)",
                    db->path, rebuilt.changed);
    return derived && rebuilt.changed == 0;
}
