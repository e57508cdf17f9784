/* SPDX-License-Identifier: Apache-2.0 */
/* First a look at the clock (store/sqlite/clock.h). Then three
 * walks. Over the log: events that decided nothing go, and details of others. Over the keys of the log, then over those of the
 * entries: an address goes whole when nothing of it is in force, nor within the memory of renewals, and every row is old. So a row
 * that made, moved or lifted an entry never goes alone, and what the log is replayed to stays the same. */
#include "store/sqlite/retain.h"

#include "base/error.h"
#include "decide/decide.h"
#include "store/sqlite/clock.h"
#include "store/sqlite/erase.h"
#include "store/sqlite/forgotten.h"
#include "store/sqlite/sent.h"

#define STEP 1000            /* rows or keys that are looked at while nobody else writes */
#define MEMORY (365 * 86400) /* a cause that comes back within it doubles its time: nx_standing_renewals */

enum { LOOK_AT_CLOCK, WALK_LOG, WALK_KEYS, WALK_ENTRIES, WALK_HASHES, WALK_SENT, DONE };

static const char ROWS[] = "SELECT seq, key, action, max(at, made), cause, counts, trimmed, act, seq=(SELECT max(seq) FROM log)"
                           " FROM log WHERE seq>?1 ORDER BY seq LIMIT ?2";
static const char IN_FORCE[] = "SELECT 1 FROM suppressions WHERE key=?1 AND (until IS NULL OR until>?2)"
                               " UNION ALL SELECT 1 FROM holds WHERE key=?1 AND until>?2"
                               " UNION ALL SELECT 1 FROM allowed WHERE key=?1";
static const char DROP[] = "DELETE FROM log WHERE seq=?1";
static const char BODY[] = "SELECT body, address, key FROM log WHERE seq=?1";
static const char TRIM[] = "UPDATE log SET diagnostic=NULL, body=?2, trimmed=1 WHERE seq=?1";
static const char NO_MESSAGE[] = "DELETE FROM raw WHERE id = (SELECT raw FROM unexplained WHERE seq=?1)";
static const char NO_TRIAGE[] = "DELETE FROM unexplained WHERE seq=?1";
static const char KEYS[] = "SELECT key, max(at) FROM log WHERE key>?1 GROUP BY key ORDER BY key LIMIT ?2";
static const char ENTRIES[] = "SELECT key, until FROM suppressions WHERE key>?1 ORDER BY key LIMIT ?2";
static const char OF_KEY[] = "SELECT max(at, made), cause, seq=(SELECT max(seq) FROM log) FROM log WHERE key=?1";
static const char DEAD[] = "DELETE FROM alive WHERE at<?1";
static const char HASHES[] = "SELECT hash, stream FROM forgotten WHERE until<=?1 LIMIT ?2";

static gboolean look_at_clock(struct nx_backend *backend, const struct nx_retention *retention, nx_when now, bool dry,
                              struct nx_retain_cursor *cursor, GError **error)
{
    struct nx_db *db = backend->db;
    g_autoptr(nx_arena) arena = nx_arena_new();
    nx_when leap = NX_WHEN_NONE;
    if (!retention->believe_clock && !nx_clock_judge(db, now, &leap, error))
        return FALSE;
    if (leap != NX_WHEN_NONE) {
        g_set_error(
            error, NX_ERROR, NX_ERROR_DENIED,
            "%s: it is %.*s by the clock, and for more than %d days after %.*s nothing was written; perhaps the clock is ahead, "
            "and all of it looks old, so nothing is dropped (put it right; or, when it is: nixie db retain --believe-clock)",
            db->path, NX_FMT(nx_when_format(arena, now)), NX_CLOCK_LEAP / 86400, NX_FMT(nx_when_format(arena, leap)));
        return FALSE;
    }
    cursor->walk++;
    return dry || nx_clock_believe(backend, now, error);
}

static int64_t keep_of(const struct nx_retention *retention, enum nx_cause cause)
{
    return retention->causes[cause] > 0 ? retention->causes[cause] : retention->events;
}

static int64_t shortest(const struct nx_retention *retention)
{
    int64_t least = retention->events;
    for (int i = 0; i < NX_CAUSE_COUNT; i++)
        if (retention->causes[i] > 0 && retention->causes[i] < least)
            least = retention->causes[i];
    return least;
}

static bool is_past(int64_t keep, nx_when age, nx_when now)
{
    return keep > 0 && age < now - keep;
}

/* Does anything of this key hold at `since`, or later? */
static gboolean is_in_force(struct nx_db *db, struct nx_str key, nx_when since, bool *ret, GError **error)
{
    sqlite3_stmt *ask = nx_db_statement(db, IN_FORCE, error);
    if (ask == NULL)
        return FALSE;
    nx_db_bind_text(ask, 1, key);
    sqlite3_bind_int64(ask, 2, since);
    return nx_db_exists(db, ask, ret, error);
}

static gboolean trim(struct nx_backend *backend, int64_t sequence, GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *get = nx_db_statement(db, BODY, error), *set = nx_db_statement(db, TRIM, error);
    if (get == NULL || set == NULL)
        return FALSE;
    sqlite3_bind_int64(get, 1, sequence);
    if (nx_db_step(db, get, error) <= 0)
        return FALSE;
    nx_arena_reset(backend->scratch);
    struct nx_str body = {sqlite3_column_blob(get, 0), (size_t)sqlite3_column_bytes(get, 0)}, name = nx_db_text(get, 1),
                  key = nx_db_text(get, 2);
    if (name.n == 0 && key.n > 0)
        name = nx_address_of_key(backend->scratch, key);
    struct nx_str left = nx_erase_body(backend, body, name);
    nx_db_reset(get);
    sqlite3_bind_int64(set, 1, sequence);
    sqlite3_bind_blob64(set, 2, left.p, left.n, SQLITE_STATIC);
    return nx_db_run(db, set, error) && nx_db_run_number(db, NO_MESSAGE, sequence, error) &&
           nx_db_run_number(db, NO_TRIAGE, sequence, error);
}

struct row {
    int64_t sequence;
    bool drop;
};

/* What is to become of one row of the log: ret->sequence 0: nothing. */
static gboolean judge(struct nx_db *db, sqlite3_stmt *rows, const struct nx_retention *retention, nx_when now, struct row *ret,
                      GError **error)
{
    struct nx_str key = nx_db_text(rows, 1), action = nx_db_text(rows, 2);
    nx_when age = sqlite3_column_int64(rows, 3);
    bool counts = sqlite3_column_int(rows, 5) != 0, trimmed = sqlite3_column_int(rows, 6) != 0, in_force = false;
    bool decided = nx_str_eq(action, NX_STR("suppress")) || nx_str_eq(action, NX_STR("clear")) || nx_str_eq(action, NX_STR("hold"));
    bool last = sqlite3_column_int(rows, 8) != 0; /* stays: sequences are not given twice */
    bool drop = !decided && !last && is_past(keep_of(retention, nx_db_cause(db, rows, 4)), age, now);
    *ret = (struct row){0};
    if (!nx_str_eq(nx_db_text(rows, 7), NX_STR("event")) || (!drop && (trimmed || !is_past(retention->details, age, now))))
        return TRUE;
    if (key.n > 0 && (counts || decided) && !is_in_force(db, key, now - (drop ? MEMORY : 0), &in_force, error))
        return FALSE;
    if (!in_force)
        *ret = (struct row){.sequence = sqlite3_column_int64(rows, 0), .drop = drop};
    return TRUE;
}

static gboolean walk_log(struct nx_backend *backend, const struct nx_retention *retention, nx_when now, bool dry,
                         struct nx_retain_cursor *cursor, struct nx_retained *ret, GError **error)
{
    struct nx_db *db = backend->db;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct row));
    sqlite3_stmt *rows = nx_db_statement(db, ROWS, error);
    int got = -1, n = 0;
    if (rows == NULL)
        return FALSE;
    sqlite3_bind_int64(rows, 1, cursor->sequence);
    sqlite3_bind_int(rows, 2, STEP);
    while ((got = nx_db_step(db, rows, error)) > 0) {
        struct row row;
        cursor->sequence = sqlite3_column_int64(rows, 0);
        n++;
        if (!judge(db, rows, retention, now, &row, error)) {
            nx_db_reset(rows);
            return FALSE;
        }
        if (row.sequence > 0)
            g_array_append_val(found, row);
    }
    for (guint i = 0; got == 0 && i < found->len; i++) {
        const struct row *row = &g_array_index(found, struct row, i);
        *(row->drop ? &ret->events : &ret->details) += 1;
        if (!dry && !(row->drop ? nx_db_run_number(db, DROP, row->sequence, error) : trim(backend, row->sequence, error)))
            return FALSE;
    }
    if (n < STEP)
        cursor->walk = WALK_KEYS;
    return got == 0;
}

/* Is every row of the key past its time, and none the last of the log? */
static gboolean is_old(struct nx_db *db, struct nx_str key, const struct nx_retention *retention, nx_when now, bool *ret,
                       GError **error)
{
    sqlite3_stmt *rows = nx_db_statement(db, OF_KEY, error);
    int got = -1;
    if (rows == NULL)
        return FALSE;
    nx_db_bind_text(rows, 1, key);
    *ret = true;
    while (*ret && (got = nx_db_step(db, rows, error)) > 0)
        *ret = is_past(keep_of(retention, nx_db_cause(db, rows, 1)), sqlite3_column_int64(rows, 0), now) &&
               sqlite3_column_int(rows, 2) == 0;
    nx_db_reset(rows);
    return !*ret || got == 0;
}

static gboolean drop_keys(struct nx_backend *backend, const GPtrArray *keys, const struct nx_retention *retention, nx_when now,
                          bool dry, struct nx_retained *ret, GError **error)
{
    for (guint i = 0; i < keys->len; i++) {
        struct nx_str key = nx_str_of(keys->pdata[i]);
        struct nx_erased counts = {0};
        bool in_force, old = false;
        if (!is_in_force(backend->db, key, now - MEMORY, &in_force, error) ||
            (!in_force && !is_old(backend->db, key, retention, now, &old, error)))
            return FALSE;
        if (!old)
            continue;
        ret->addresses++;
        if (!dry && !nx_erase_rows(backend, key, &counts, error))
            return FALSE;
        ret->events += counts.events;
    }
    return TRUE;
}

/* Candidates by a look at the index alone: column 1 is the newest moment of the row, NULL: never over. */
static gboolean walk_keys(struct nx_backend *backend, const char *sql, int64_t least, const struct nx_retention *retention,
                          nx_when now, bool dry, struct nx_retain_cursor *cursor, struct nx_retained *ret, GError **error)
{
    struct nx_db *db = backend->db;
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *last = NULL;
    sqlite3_stmt *rows = retention->events > 0 ? nx_db_statement(db, sql, error) : NULL;
    int got = -1, n = 0;
    if (retention->events == 0) { /* acts stay for ever, and so do those whom they name */
        cursor->walk++;
        return TRUE;
    }
    if (rows == NULL)
        return FALSE;
    nx_db_bind_text(rows, 1, cursor->key != NULL ? nx_str_of(cursor->key) : NX_STR_NONE);
    sqlite3_bind_int(rows, 2, STEP);
    while ((got = nx_db_step(db, rows, error)) > 0) {
        n++;
        struct nx_str key = nx_db_text(rows, 0);
        g_free(last);
        last = g_strndup(key.p, key.n);
        bool domain = key.n > 0 && key.p[key.n - 1] == '@'; /* nobody's, and what was decided about it is remembered */
        if (!domain && nx_db_when(rows, 1) != NX_WHEN_NONE && sqlite3_column_int64(rows, 1) < now - least)
            g_ptr_array_add(keys, g_strdup(last));
    }
    if (got < 0 || !drop_keys(backend, keys, retention, now, dry, ret, error))
        return FALSE;
    g_free(cursor->key);
    cursor->key = n < STEP ? NULL : g_steal_pointer(&last);
    cursor->walk += n < STEP;
    return TRUE;
}

/* A hash whose term is over knows nobody for any purpose. */
static gboolean walk_hashes(struct nx_backend *backend, nx_when now, bool dry, struct nx_retain_cursor *cursor,
                            struct nx_retained *ret, GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *rows = nx_db_statement(db, HASHES, error);
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GPtrArray) hashes = g_ptr_array_new(), streams = g_ptr_array_new_with_free_func(g_free);
    int got = -1;
    if (rows == NULL)
        return FALSE;
    sqlite3_bind_int64(rows, 1, now);
    sqlite3_bind_int(rows, 2, STEP);
    while ((got = nx_db_step(db, rows, error)) > 0) {
        struct nx_str hash = {sqlite3_column_blob(rows, 0), (size_t)sqlite3_column_bytes(rows, 0)}, stream = nx_db_text(rows, 1);
        g_ptr_array_add(hashes, (gpointer)(guintptr)nx_arena_dup(arena, hash).p);
        g_ptr_array_add(streams, stream.n > 0 ? g_strndup(stream.p, stream.n) : g_strdup(NX_STREAM_UNNAMED));
    }
    for (guint i = 0; got == 0 && i < hashes->len; i++) {
        bool lifted;
        ret->hashes++;
        if (!dry && !nx_forgotten_lift(db, hashes->pdata[i], nx_str_of(streams->pdata[i]), &lifted, error))
            return FALSE;
    }
    cursor->walk += dry || hashes->len < STEP;
    return got == 0;
}

static gboolean walk_sent(struct nx_backend *backend, const struct nx_retention *retention, nx_when now, bool dry,
                          struct nx_retain_cursor *cursor, GError **error)
{
    bool more = false;
    gboolean good = dry || nx_sent_sweep(backend, &retention->sent, now, &more, error);
    cursor->walk += !more;
    return good;
}

static gboolean step(struct nx_backend *backend, const struct nx_retention *retention, nx_when now, bool dry,
                     struct nx_retain_cursor *cursor, struct nx_retained *ret, GError **error)
{
    switch (cursor->walk) {
    case LOOK_AT_CLOCK:
        return look_at_clock(backend, retention, now, dry, cursor, error);
    case WALK_LOG:
        return walk_log(backend, retention, now, dry, cursor, ret, error);
    case WALK_KEYS:
        return walk_keys(backend, KEYS, shortest(retention), retention, now, dry, cursor, ret, error);
    case WALK_ENTRIES:
        return walk_keys(backend, ENTRIES, MEMORY, retention, now, dry, cursor, ret, error);
    case WALK_HASHES:
        return walk_hashes(backend, now, dry, cursor, ret, error);
    case WALK_SENT:
        return walk_sent(backend, retention, now, dry, cursor, error);
    default:
        cursor->done = true;
        if (!dry && retention->events > 0 && !nx_db_run_number(backend->db, DEAD, now - MEMORY, error))
            return FALSE;
        return dry || ret->addresses == 0 || nx_db_exec(backend->db, NX_DB_RENEW, error);
    }
}

gboolean nx_retain_step(struct nx_backend *backend, const struct nx_retention *retention, nx_when now, bool dry,
                        struct nx_retain_cursor *cursor, struct nx_retained *ret, GError **error)
{
    struct nx_retained so_far = *ret;
    if (!nx_db_exec(backend->db, "BEGIN IMMEDIATE", error))
        return FALSE;
    if (step(backend, retention, now, dry, cursor, &so_far, error) && nx_db_exec(backend->db, "COMMIT", error)) {
        *ret = so_far;
        return TRUE;
    }
    (void)!nx_db_exec(backend->db, "ROLLBACK", NULL);
    return FALSE;
}
