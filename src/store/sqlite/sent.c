/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/sent.h"

#include "base/siphash.h"
#include "store/sqlite/clock.h"
#include "store/sqlite/forgotten.h"
#include "store/sqlite/pending.h"
#include "store/sqlite/read.h"

#define QUEUE (5 * 86400) /* so long a report may take (RFC 5321 4.5.4.1) */
#define STEP 5000         /* rows that one sweep looks at */

static const char ADD[] = "INSERT OR IGNORE INTO sent(id, who, key, stream, made) VALUES(?1,?2,?3,?4,?5)";
static const char OLDEST[] = "SELECT min(n), max(n), (SELECT made FROM sent ORDER BY n LIMIT 1) FROM sent";
static const char OLD[] =
    "DELETE FROM sent WHERE n IN (SELECT n FROM (SELECT n, made FROM sent ORDER BY n LIMIT ?2) WHERE made<?1)";
static const char MANY[] = "DELETE FROM sent WHERE n<=?1";
static const char NAMED[] = "SELECT key, stream FROM sent WHERE id=?1 AND who=?2 AND key=?3";
static const char ANY[] = "SELECT key, stream FROM sent WHERE id=?1 LIMIT 2";
static const char OF_KEY[] = "SELECT stream, made FROM sent WHERE who=?1 AND key=?2 ORDER BY n";
static const char FORGET[] = "DELETE FROM sent WHERE who=?1 AND key=?2";

/* 64 bits of SHA-256: ten million rows meet a stranger's Message-ID once in 10^12 questions. */
static int64_t hash_of(struct nx_str message_id)
{
    guint8 digest[32];
    gsize n = sizeof digest;
    int64_t hash;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)message_id.p, (gssize)message_id.n);
    g_checksum_get_digest(sum, digest, &n);
    memcpy(&hash, digest, sizeof hash);
    return GINT64_FROM_LE(hash);
}

/* 47 bits, which SQLite keeps in six bytes: of ten million recipients some are alike, so the key is compared as well. */
static int64_t who_of(struct nx_str key)
{
    return (int64_t)(nx_siphash((struct nx_sip_key){0}, key) >> 17);
}

static void who(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    const char *key = (const char *)sqlite3_value_text(values[0]);
    sqlite3_result_int64(context, who_of((struct nx_str){key, (size_t)sqlite3_value_bytes(values[0])}));
}

gboolean nx_sent_functions(struct nx_db *db, GError **error)
{
    int code = sqlite3_create_function_v2(db->sqlite, "nx_who", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, who, NULL, NULL, NULL);
    return code == SQLITE_OK || nx_db_fail(db, code, error);
}

static void bind_who(sqlite3_stmt *statement, int at, struct nx_str key)
{
    sqlite3_bind_int64(statement, at, who_of(key));
    nx_db_bind_text(statement, at + 1, key);
}

gboolean nx_sent_add(struct nx_backend *backend, const struct nx_sent *sent, struct nx_str key, nx_when now,
                     struct nx_recorded *ret, GError **error)
{
    struct nx_db *db = backend->db;
    struct nx_forgotten forgotten;
    nx_arena_reset(backend->scratch);
    sqlite3_stmt *add = nx_db_statement(db, ADD, error);
    if (add == NULL || !nx_forgotten_find(db, backend->policy.streams, backend->scratch, key, NX_STR_NONE, now, &forgotten, error))
        return FALSE;
    if (forgotten.known) { /* erased: not written again */
        ret->erased++;
        return TRUE;
    }
    sqlite3_bind_int64(add, 1, hash_of(sent->message_id));
    bind_who(add, 2, key);
    nx_db_bind_opt(add, 4, sent->stream);
    sqlite3_bind_int64(add, 5, now);
    nx_rare_filled(db, NX_RARE_SENT);
    if (!nx_db_run(db, add, error))
        return FALSE;
    bool new = sqlite3_changes(db->sqlite) > 0;
    ret->kept += new;
    ret->known += !new;
    return TRUE;
}

gboolean nx_sent_sweep(struct nx_backend *backend, const struct nx_sent_limits *limits, nx_when now, bool *ret_more, GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *oldest = nx_db_statement(db, OLDEST, error), *old = nx_db_statement(db, OLD, error);
    sqlite3_stmt *many = nx_db_statement(db, MANY, error);
    *ret_more = false;
    if (oldest == NULL || old == NULL || many == NULL || !nx_clock_look(backend, now, error) || nx_db_step(db, oldest, error) < 0)
        return FALSE;
    int64_t first = sqlite3_column_int64(oldest, 0), last = sqlite3_column_int64(oldest, 1), most = (int64_t)limits->size;
    bool some = sqlite3_column_type(oldest, 0) != SQLITE_NULL;
    bool aged = some && sqlite3_column_int64(oldest, 2) < now - limits->age;
    nx_db_reset(oldest);
    if (some && last - first >= most) {
        sqlite3_bind_int64(many, 1, MIN(last - most, first + STEP));
        *ret_more = last - most > first + STEP;
        if (!nx_db_run(db, many, error))
            return FALSE;
    }
    if (!aged || !nx_clock_is_believed(backend))
        return TRUE;
    sqlite3_bind_int64(old, 1, now - limits->age);
    sqlite3_bind_int(old, 2, STEP);
    if (!nx_db_run(db, old, error))
        return FALSE;
    *ret_more = *ret_more || sqlite3_changes(db->sqlite) == STEP;
    return TRUE;
}

static int find(struct nx_db *db, struct nx_arena *arena, const char *sql, int64_t id, struct nx_str key, struct nx_sent_found *ret,
                bool *ret_named, GError **error)
{
    sqlite3_stmt *rows = nx_db_statement(db, sql, error);
    int got, n = 0;
    if (rows == NULL)
        return -1;
    sqlite3_bind_int64(rows, 1, id);
    if (sql == NAMED)
        bind_who(rows, 2, key);
    while ((got = nx_db_step(db, rows, error)) > 0) {
        n++;
        if (*ret_named)
            continue;
        *ret_named = nx_str_eq(nx_db_text(rows, 0), key);
        ret->recipient = nx_address_of_key(arena, nx_db_text(rows, 0));
        ret->stream = nx_arena_dup(arena, nx_db_text(rows, 1));
    }
    return got < 0 ? -1 : n;
}

int nx_sent_find(struct nx_backend *backend, struct nx_arena *arena, struct nx_str message_id, struct nx_str key,
                 struct nx_sent_found *ret, bool *ret_named, GError **error)
{
    bool some;
    *ret_named = false;
    if (!nx_rare_has(backend->db, NX_RARE_SENT, &some, error))
        return -1;
    if (!some)
        return 0;
    int64_t id = hash_of(message_id);
    int n = find(backend->db, arena, ANY, id, key, ret, ret_named, error);
    if (n < 2 || *ret_named || key.n == 0)
        return n;
    return find(backend->db, arena, NAMED, id, key, ret, ret_named, error) < 0 ? -1 : n; /* one of many */
}

gboolean nx_sent_may_be(struct nx_db *db, struct nx_str key, nx_when at, bool *ret, GError **error)
{
    static const char FIND[] = "SELECT EXISTS(SELECT 1 FROM sent WHERE who=?1 AND key=?2)"
                               " OR coalesce((SELECT made FROM sent ORDER BY n LIMIT 1) > ?3, 1)";
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    if (find == NULL)
        return FALSE;
    bind_who(find, 1, key);
    sqlite3_bind_int64(find, 3, at - QUEUE);
    if (nx_db_step(db, find, error) < 0)
        return FALSE;
    *ret = sqlite3_column_int(find, 0) != 0;
    nx_db_reset(find);
    return TRUE;
}

gboolean nx_sent_read_all(struct nx_reader *reader, struct nx_str key, nx_sent_fn *fn, void *data, GError **error)
{
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *of_key = nx_db_statement(db, OF_KEY, error);
    int got = -1;
    if (of_key == NULL)
        return FALSE;
    bind_who(of_key, 1, key);
    while ((got = nx_db_step(db, of_key, error)) > 0)
        fn(nx_db_text(of_key, 0), nx_db_when(of_key, 1), data);
    return got == 0;
}

gboolean nx_sent_forget(struct nx_db *db, struct nx_str key, GError **error)
{
    sqlite3_stmt *forget = nx_db_statement(db, FORGET, error);
    if (forget == NULL)
        return FALSE;
    bind_who(forget, 1, key);
    return nx_db_run(db, forget, error);
}
