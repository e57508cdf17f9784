/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/apply.h"

#include "store/sqlite/hold.h"
#include "store/sqlite/pending.h"

static const char GET[] = "SELECT cause, class, since, until, renewals, manual FROM suppressions WHERE key=?1 AND stream=?2";
static const char PUT[] = "INSERT INTO suppressions(key, stream, address, cause, class, since, until, renewals, manual, seq)"
                          " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT(key, stream) DO UPDATE SET cause=excluded.cause,"
                          " class=excluded.class, since=excluded.since, until=excluded.until, renewals=excluded.renewals,"
                          " manual=excluded.manual, seq=excluded.seq";
static const char LIFT[] =
    "DELETE FROM suppressions WHERE key=?1 AND (?2='' OR stream=?2 OR (?2='" NX_STREAM_UNNAMED "' AND stream=''))";
static const char UNLIST[] = "DELETE FROM suppressions WHERE key=?1 AND stream=?2";
static const char COOL[] = "DELETE FROM suppressions WHERE key=?1 AND class='s' AND manual=0 AND until IS NOT NULL";
/* As nx_standing_is_tried. */
static const char TRY[] = "UPDATE suppressions SET until=?2 WHERE key=?1 AND class='h' AND manual=0 AND (until IS NULL OR until>?2)"
                          " AND since<?2 AND (renewals=0 OR ?2-since>31536000)";
static const char REVIVE[] = "UPDATE suppressions SET until=?2 WHERE key=?1 AND stream=?3 AND (until IS NULL OR until>?2)";
static const char ALLOW[] = "INSERT OR REPLACE INTO allowed(key, seq) VALUES(?1,?2)";
static const char FORGET[] = "INSERT OR REPLACE INTO forgotten(hash, stream, since, until, seq) VALUES(?1,?2,?3,?4,?5)";
static const char DISALLOW[] = "DELETE FROM allowed WHERE key=?1";

gboolean nx_apply_standing(struct nx_db *db, struct nx_str key, struct nx_str stream, struct nx_standing *ret, GError **error)
{
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL)
        return FALSE;
    nx_db_bind_text(get, 1, key);
    nx_db_bind_text(get, 2, stream);
    int got = nx_db_step(db, get, error);
    *ret = (struct nx_standing){.since = NX_WHEN_NONE, .until = NX_WHEN_NONE};
    if (got <= 0)
        return got == 0;
    *ret = (struct nx_standing){.present = true,
                                .cause = nx_db_cause(db, get, 0),
                                .class_ = nx_db_class(get, 1),
                                .since = sqlite3_column_int64(get, 2),
                                .until = nx_db_when(get, 3),
                                .renewals = (unsigned)sqlite3_column_int(get, 4),
                                .manual = sqlite3_column_int(get, 5) != 0};
    nx_db_reset(get);
    return TRUE;
}

static void bind_entry(struct nx_db *db, sqlite3_stmt *put, const struct nx_row *row, nx_when since, unsigned renewals)
{
    nx_db_bind_text(put, 1, row->key);
    nx_db_bind_text(put, 2, row->scope);
    nx_db_bind_opt(put, 3, row->address);
    nx_db_bind_cause(db, put, 4, row->cause);
    nx_db_bind_class(put, 5, row->class_);
    nx_db_bind_when(put, 6, since);
    nx_db_bind_when(put, 7, row->until);
    sqlite3_bind_int64(put, 8, renewals);
    sqlite3_bind_int(put, 9, row->act != NX_ACT_EVENT && row->act != NX_ACT_REJUDGE);
    sqlite3_bind_int64(put, 10, row->sequence);
}

static gboolean put(struct nx_db *db, const struct nx_row *row, GError **error)
{
    struct nx_standing old;
    if (row->standing != NULL)
        old = *row->standing;
    else if (!nx_apply_standing(db, row->key, row->scope, &old, error))
        return FALSE;
    sqlite3_stmt *put = nx_db_statement(db, PUT, error);
    if (put == NULL)
        return FALSE;
    bool goes_on = nx_standing_holds(&old, row->at) && old.cause == row->cause; /* the same reason, for longer */
    bind_entry(db, put, row, goes_on ? old.since : row->at, nx_standing_renewals(&old, row->cause, row->at));
    return nx_db_run(db, put, error) && nx_hold_end(db, row->key, &row->scope, error);
}

static gboolean with_key(struct nx_db *db, const char *sql, const struct nx_row *row, GError **error)
{
    sqlite3_stmt *statement = nx_db_statement(db, sql, error);
    if (statement == NULL)
        return FALSE;
    nx_db_bind_text(statement, 1, row->key);
    if (sql == LIFT || sql == UNLIST)
        nx_db_bind_text(statement, 2, row->scope);
    else if (sql == TRY || sql == REVIVE)
        nx_db_bind_when(statement, 2, row->until);
    else if (sql == ALLOW)
        sqlite3_bind_int64(statement, 2, row->sequence);
    if (sql == REVIVE)
        nx_db_bind_text(statement, 3, row->scope);
    return nx_db_run(db, statement, error);
}

/* What was held back is put on the list after all, unless something stronger is there by now. */
static gboolean release_hold(struct nx_db *db, const struct nx_row *row, GError **error)
{
    struct nx_row entry;
    struct nx_standing standing;
    if (!nx_hold_take(db, row, &entry, error) || entry.key.n == 0)
        return entry.key.n == 0;
    return nx_apply_standing(db, row->key, row->scope, &standing, error) &&
           (!nx_standing_gives_way(&standing, entry.cause, entry.until, row->at) || put(db, &entry, error));
}

/* Those of the streams that are released. */
static gboolean release_holds(struct nx_db *db, const struct nx_row *row, GError **error)
{
    const struct nx_str stream = nx_str_eq(row->scope, NX_STR(NX_STREAM_UNNAMED)) ? NX_STR_NONE : row->scope;
    return nx_hold_end(db, row->key, row->scope.n == 0 ? NULL : &stream, error);
}

static gboolean forget(struct nx_db *db, const struct nx_row *row, GError **error)
{
    sqlite3_stmt *put = nx_db_statement(db, FORGET, error);
    if (put == NULL || row->hash.n == 0)
        return put != NULL;
    nx_rare_filled(db, NX_RARE_FORGOTTEN);
    sqlite3_bind_blob64(put, 1, row->hash.p, row->hash.n, SQLITE_STATIC);
    nx_db_bind_text(put, 2, row->scope);
    nx_db_bind_when(put, 3, row->at);
    nx_db_bind_when(put, 4, row->until);
    sqlite3_bind_int64(put, 5, row->sequence);
    return nx_db_run(db, put, error);
}

gboolean nx_apply(struct nx_db *db, const struct nx_row *row, GError **error)
{
    if (row->action == NX_ACTION_CLEAR)
        return with_key(db, COOL, row, error) && (row->until == NX_WHEN_NONE || with_key(db, TRY, row, error)) &&
               nx_hold_end(db, row->key, NULL, error);
    if (row->action == NX_ACTION_HOLD)
        return (row->act != NX_ACT_HOLD || with_key(db, UNLIST, row, error)) && nx_hold_put(db, row, error);
    if (row->action != NX_ACTION_SUPPRESS)
        return TRUE;
    switch (row->act) {
    case NX_ACT_EVENT:
    case NX_ACT_REJUDGE:
    case NX_ACT_DOMAIN:
    case NX_ACT_SUPPRESS:
    case NX_ACT_IMPORT:
        return put(db, row, error);
    case NX_ACT_RELEASE:
        return with_key(db, LIFT, row, error) && release_holds(db, row, error);
    case NX_ACT_REHOLD:
        return nx_hold_put(db, row, error);
    case NX_ACT_REVIVE:
        return with_key(db, REVIVE, row, error);
    case NX_ACT_ALLOW:
        return with_key(db, ALLOW, row, error) && nx_hold_end(db, row->key, NULL, error);
    case NX_ACT_HOLD_RELEASE:
        return row->key.n > 0 ? release_hold(db, row, error) : nx_hold_mark(db, row, error);
    case NX_ACT_HOLD_DROP:
        return row->key.n > 0 ? nx_hold_end(db, row->key, &row->scope, error) : nx_hold_mark(db, row, error);
    case NX_ACT_DISMISS: /* what is proposed no more was nowhere */
    case NX_ACT_HOLD:    /* its action is HOLD */
        return TRUE;
    case NX_ACT_DISALLOW:
        return with_key(db, DISALLOW, row, error);
    case NX_ACT_FORGET:
        return forget(db, row, error);
    }
    return TRUE;
}
