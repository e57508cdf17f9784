/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/forgotten.h"

#include "base/error.h"
#include "store/mention.h"
#include "store/sqlite/apply.h"
#include "store/sqlite/pending.h"

static const char ANY[] = "SELECT EXISTS(SELECT 1 FROM forgotten)";
static const char FIND[] = "SELECT since, until, seq, stream FROM forgotten WHERE hash=?1";
static const char ROWS[] =
    "SELECT seq FROM forgotten WHERE hash=?1 AND (?2='' OR stream=?2 OR (?2='" NX_STREAM_UNNAMED "' AND stream=''))";
static const char ROW[] = "SELECT seq FROM forgotten WHERE hash=?1 AND stream=?2";
static const char LIFT[] = "DELETE FROM forgotten WHERE seq=?1";
static const char BLANK[] = "UPDATE log SET body=NULL WHERE seq=?1 AND act='forget'";
static const char ID[] = "SELECT value FROM meta WHERE name='erasure_key'";
static const char SET_ID[] = "INSERT OR REPLACE INTO meta(name, value) VALUES('erasure_key', ?1)";
static const char STAMP[] = "INSERT OR REPLACE INTO meta(name, value) VALUES('forgotten', random())";
static const char APPEND[] = "INSERT INTO log(seq, act, at, made, counts, action, scope, until, reason, actor, source, body)"
                             " VALUES((SELECT coalesce(max(seq), 0) + 1 FROM log),'forget',?1,?1,0,'done',?2,?3,?4,?5,?6,?7)";

static gboolean any(struct nx_db *db, bool *ret, GError **error)
{
    sqlite3_stmt *ask = nx_db_statement(db, ANY, error);
    if (ask == NULL || nx_db_step(db, ask, error) < 0)
        return FALSE;
    *ret = sqlite3_column_int(ask, 0) != 0;
    nx_db_reset(ask);
    return TRUE;
}

/* The id of the secret that the database was written with; NULL: none yet. Freed by the caller. */
static gboolean wanted_id(struct nx_db *db, char **ret, GError **error)
{
    sqlite3_stmt *get = nx_db_statement(db, ID, error);
    int got = get == NULL ? -1 : nx_db_step(db, get, error);
    *ret = got > 0 ? g_strdup((const char *)sqlite3_column_text(get, 0)) : NULL;
    if (got > 0)
        nx_db_reset(get);
    return got >= 0;
}

static char *key_path(struct nx_db *db)
{
    return g_strconcat(db->path, ".key", NULL);
}

/* Loads the secret that the database wants. */
static gboolean load(struct nx_db *db, const char *wanted, GError **error)
{
    g_autofree char *path = key_path(db);
    if (db->hasher != NULL && strcmp(nx_pseudonym_id(db->secret), wanted) == 0)
        return TRUE;
    g_autoptr(GError) cannot = NULL;
    g_autoptr(nx_pseudonym) secret = nx_pseudonym_load(path, &cannot);
    if (secret == NULL || strcmp(nx_pseudonym_id(secret), wanted) != 0) {
        g_set_error(
            error, NX_ERROR, NX_ERROR_CONFIG,
            "%s; without it erased addresses are not known again, so nothing is answered and nothing taken (put back the copy "
            "of %s that belongs to this database, or give the erased up: nixie db lose-erased)",
            secret == NULL ? cannot->message : "the key of erased addresses is that of another database", path);
        return FALSE;
    }
    g_clear_pointer(&db->hasher, nx_pseudonym_hasher_free);
    g_clear_pointer(&db->secret, nx_pseudonym_free);
    db->secret = g_steal_pointer(&secret);
    db->hasher = nx_pseudonym_hasher_new(db->secret);
    return TRUE;
}

gboolean nx_forgotten_hash(struct nx_db *db, struct nx_str key, unsigned char ret[NX_PSEUDONYM], GError **error)
{
    g_autofree char *path = key_path(db), *wanted = NULL;
    if (!wanted_id(db, &wanted, error))
        return FALSE;
    if (wanted == NULL) {
        g_autoptr(nx_pseudonym) secret = nx_pseudonym_make(path, db->path, error) ? nx_pseudonym_load(path, error) : NULL;
        sqlite3_stmt *set = secret == NULL ? NULL : nx_db_statement(db, SET_ID, error);
        if (set == NULL)
            return FALSE;
        wanted = g_strdup(nx_pseudonym_id(secret));
        nx_db_bind_text(set, 1, nx_str_of(wanted));
        if (!nx_db_run(db, set, error))
            return FALSE;
    }
    if (!load(db, wanted, error))
        return FALSE;
    nx_pseudonym_hash(db->hasher, key, ret);
    return TRUE;
}

const struct nx_pseudonym *nx_forgotten_secret(struct nx_db *db, GError **error)
{
    bool some;
    g_autofree char *wanted = NULL;
    if (!any(db, &some, error) || !some || !wanted_id(db, &wanted, error) || !load(db, wanted != NULL ? wanted : "", error))
        return NULL;
    return db->secret;
}

static gboolean find_rows(struct nx_db *db, const struct nx_streams *streams, struct nx_arena *arena, struct nx_str stream,
                          nx_when at, struct nx_forgotten *ret, GError **error)
{
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    int got = -1;
    if (find == NULL)
        return FALSE;
    sqlite3_bind_blob(find, 1, ret->hash, NX_PSEUDONYM, SQLITE_STATIC);
    while ((got = nx_db_step(db, find, error)) > 0) {
        const struct nx_standing standing = {
            .present = true, .since = sqlite3_column_int64(find, 0), .until = nx_db_when(find, 1), .manual = true};
        ret->known = true;
        if (!nx_streams_covers(streams, nx_db_text(find, 3), stream) ||
            !nx_standing_gives_way(&ret->standing, NX_CAUSE_NONE, standing.until, at))
            continue;
        ret->standing = standing;
        ret->sequence = sqlite3_column_int64(find, 2);
        ret->stream = nx_arena_dup(arena, nx_db_text(find, 3));
    }
    return got == 0;
}

static gboolean exists(struct nx_db *db, const unsigned char *hash, bool *ret, GError **error)
{
    sqlite3_stmt *rows = nx_db_statement(db, ROWS, error);
    if (rows == NULL)
        return FALSE;
    sqlite3_bind_blob(rows, 1, hash, NX_PSEUDONYM, SQLITE_STATIC);
    nx_db_bind_text(rows, 2, NX_STR_NONE);
    int got = nx_db_step(db, rows, error);
    if (got > 0)
        nx_db_reset(rows);
    *ret = got > 0;
    return got >= 0;
}

gboolean nx_forgotten_find(struct nx_db *db, const struct nx_streams *streams, struct nx_arena *arena, struct nx_str key,
                           struct nx_str stream, nx_when at, struct nx_forgotten *ret, GError **error)
{
    *ret = (struct nx_forgotten){.standing = {.since = NX_WHEN_NONE, .until = NX_WHEN_NONE}};
    if (!nx_rare_has(db, NX_RARE_FORGOTTEN, &ret->some, error) || (ret->some && !any(db, &ret->some, error)))
        return FALSE;
    return !ret->some || key.n == 0 ||
           (nx_forgotten_hash(db, key, ret->hash, error) && find_rows(db, streams, arena, stream, at, ret, error));
}

bool nx_forgotten_covers(const struct nx_forgotten *forgotten, nx_when until, nx_when at)
{
    const struct nx_standing *standing = &forgotten->standing;
    return nx_standing_holds(standing, at) &&
           (standing->until == NX_WHEN_NONE || (until != NX_WHEN_NONE && until <= standing->until));
}

static gboolean run(struct nx_db *db, const char *sql, int64_t sequence, GError **error)
{
    sqlite3_stmt *statement = nx_db_statement(db, sql, error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, sequence);
    return nx_db_run(db, statement, error);
}

static gboolean stamp(struct nx_db *db, GError **error)
{
    sqlite3_stmt *set = nx_db_statement(db, STAMP, error);
    return set != NULL && nx_db_run(db, set, error);
}

/* Takes the rows out of the table, and the hash out of their log rows. */
static gboolean drop(struct nx_db *db, const char *sql, const unsigned char *hash, struct nx_str stream, bool *ret, GError **error)
{
    g_autoptr(GArray) sequences = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *rows = nx_db_statement(db, sql, error);
    int got = -1;
    if (rows == NULL)
        return FALSE;
    sqlite3_bind_blob(rows, 1, hash, NX_PSEUDONYM, SQLITE_STATIC);
    nx_db_bind_text(rows, 2, stream);
    while ((got = nx_db_step(db, rows, error)) > 0) {
        int64_t sequence = sqlite3_column_int64(rows, 0);
        g_array_append_val(sequences, sequence);
    }
    for (guint i = 0; got == 0 && i < sequences->len; i++)
        if (!run(db, LIFT, g_array_index(sequences, int64_t, i), error) ||
            !run(db, BLANK, g_array_index(sequences, int64_t, i), error))
            return FALSE;
    *ret = sequences->len > 0;
    return got == 0 && (sequences->len == 0 || stamp(db, error));
}

gboolean nx_forgotten_keep(struct nx_db *db, const unsigned char *hash, struct nx_str stream, nx_when until,
                           const struct nx_forgotten_act *act, GError **error)
{
    bool before;
    sqlite3_stmt *append = nx_db_statement(db, APPEND, error);
    if (append == NULL || (hash != NULL && !drop(db, ROW, hash, stream, &before, error)))
        return FALSE;
    nx_db_bind_when(append, 1, act->now);
    nx_db_bind_opt(append, 2, stream);
    nx_db_bind_when(append, 3, until);
    nx_db_bind_opt(append, 4, act->reason);
    nx_db_bind_opt(append, 5, act->actor);
    nx_db_bind_opt(append, 6, act->source);
    sqlite3_bind_null(append, 7);
    if (hash != NULL)
        sqlite3_bind_blob(append, 7, hash, NX_PSEUDONYM, SQLITE_STATIC);
    if (!nx_db_run(db, append, error))
        return FALSE;
    const struct nx_row row = {.sequence = sqlite3_last_insert_rowid(db->sqlite),
                               .act = NX_ACT_FORGET,
                               .action = NX_ACTION_SUPPRESS,
                               .scope = stream,
                               .at = act->now,
                               .until = until,
                               .hash = {(const char *)hash, hash != NULL ? NX_PSEUDONYM : 0}};
    return nx_apply(db, &row, error) && stamp(db, error);
}

gboolean nx_forgotten_lift(struct nx_db *db, const unsigned char hash[NX_PSEUDONYM], struct nx_str stream, bool *ret,
                           GError **error)
{
    return drop(db, ROWS, hash, stream, ret, error);
}

struct judge {
    struct nx_db *db;
    struct nx_arena *arena;
    GError *error;
};

static bool is_forgotten(void *data, struct nx_str text)
{
    struct judge *judge = data;
    struct nx_address address;
    unsigned char hash[NX_PSEUDONYM];
    bool known = false;
    if (judge->error != NULL || !nx_address_fold(judge->arena, text, NULL, &address, NULL))
        return false;
    nx_pseudonym_hash(judge->db->hasher, address.key, hash);
    return exists(judge->db, hash, &known, &judge->error) && known;
}

gboolean nx_forgotten_scrub(struct nx_db *db, struct nx_arena *arena, struct nx_str text, struct nx_str *ret, GError **error)
{
    struct judge judge = {.db = db, .arena = arena};
    GError *wrong = NULL;
    *ret = text;
    if (nx_forgotten_secret(db, &wrong) == NULL) {
        if (wrong != NULL)
            g_propagate_error(error, wrong);
        return wrong == NULL;
    }
    struct nx_str clean = nx_mention_scrub(arena, text, NULL, is_forgotten, &judge, NULL);
    if (judge.error != NULL) {
        g_propagate_error(error, judge.error);
        return FALSE;
    }
    *ret = clean;
    return TRUE;
}
