/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/forget.h"

#include "base/error.h"
#include "store/sqlite/erase.h"
#include "store/sqlite/forgotten.h"
#include "store/sqlite/raw.h"
#include "store/sqlite/sent.h"
#include "store/sqlite/shrink.h"

#define STEP 2000u /* rows that are looked through while nobody else writes */

static const char STANDING[] = "SELECT stream, until FROM suppressions WHERE key=?1 AND (until IS NULL OR until > ?2)";
static const char ALLOWED[] = "SELECT 1 FROM allowed WHERE key=?1";

struct held { /* an entry that goes on by its hash */
    struct nx_str stream;
    nx_when until;
};

static gboolean is_allowed(struct nx_db *db, struct nx_str key, bool *ret, GError **error)
{
    sqlite3_stmt *allowed = nx_db_statement(db, ALLOWED, error);
    if (allowed == NULL)
        return FALSE;
    nx_db_bind_text(allowed, 1, key);
    return nx_db_exists(db, allowed, ret, error);
}

static gboolean entries_of(struct nx_db *db, struct nx_arena *arena, struct nx_str key, nx_when now, GArray *ret, GError **error)
{
    sqlite3_stmt *standing = nx_db_statement(db, STANDING, error);
    int got = -1;
    if (standing == NULL)
        return FALSE;
    nx_db_bind_text(standing, 1, key);
    sqlite3_bind_int64(standing, 2, now);
    while ((got = nx_db_step(db, standing, error)) > 0) {
        const struct held held = {nx_arena_dup(arena, nx_db_text(standing, 0)), nx_db_when(standing, 1)};
        g_array_append_val(ret, held);
    }
    return got == 0;
}

static gboolean forget_one(struct nx_backend *backend, const struct nx_forget *forget, const struct nx_address *address,
                           nx_when now, GPtrArray *spellings, struct nx_erased *ret, GError **error)
{
    struct nx_db *db = backend->db;
    const struct nx_forgotten_act act = {.reason = forget->reason, .actor = forget->actor, .source = NX_STR("forget"), .now = now};
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) held = g_array_new(FALSE, FALSE, sizeof(struct held));
    struct nx_forgotten forgotten;
    unsigned char hash[NX_PSEUDONYM];
    bool allowed;
    *ret = (struct nx_erased){0};
    if (!nx_forgotten_find(db, backend->policy.streams, arena, address->key, NX_STR_NONE, now, &forgotten, error) ||
        !is_allowed(db, address->key, &allowed, error) || (!allowed && !entries_of(db, arena, address->key, now, held, error)))
        return FALSE;
    ret->before = forgotten.known;
    ret->listed = held->len > 0;
    if (forget->suppress) {
        const struct held all = {NX_STR_NONE, NX_WHEN_NONE};
        bool is_so =
            nx_standing_holds(&forgotten.standing, now) && forgotten.standing.until == NX_WHEN_NONE && forgotten.stream.n == 0;
        g_array_set_size(held, 0);
        if (!is_so)
            g_array_append_val(held, all);
    }
    ret->kept = held->len > 0 || forgotten.known;
    if (held->len > 0 && !nx_forgotten_hash(db, address->key, hash, error))
        return FALSE;
    g_ptr_array_add(spellings, g_strndup(address->folded.p, address->folded.n));
    if (!nx_erase_key(backend, address->key, ret, spellings, error) || !nx_sent_forget(db, address->key, error))
        return FALSE;
    for (guint i = 0; i < held->len; i++) {
        const struct held *one = &g_array_index(held, struct held, i);
        if (!nx_forgotten_keep(db, hash, one->stream, one->until, &act, error))
            return FALSE;
    }
    bool something = ret->events + ret->acts + ret->lines > 0;
    return held->len > 0 || !something || nx_forgotten_keep(db, NULL, NX_STR_NONE, NX_WHEN_NONE, &act, error);
}

gboolean nx_forget(struct nx_backend *backend, const struct nx_forget *forget, const struct nx_address *addresses, nx_when now,
                   struct nx_erased *ret, size_t *ret_messages, GError **error)
{
    g_autoptr(GPtrArray) spellings = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < forget->n; i++)
        if (!forget_one(backend, forget, &addresses[i], now, spellings, &ret[i], error))
            return FALSE;
    g_autofree struct nx_str *forms = g_new(struct nx_str, spellings->len + 1);
    for (guint i = 0; i < spellings->len; i++)
        forms[i] = nx_str_of(spellings->pdata[i]);
    return nx_raw_forget(backend, forms, spellings->len, ret_messages, error) && nx_db_exec(backend->db, NX_DB_RENEW, error);
}

gboolean nx_forget_mentions(struct nx_backend *backend, const struct nx_address *addresses, size_t n,
                            const struct nx_fold_rules *rules, int64_t *after, size_t *rows, GError **error)
{
    g_autoptr(nx_erase_keys) keys = nx_erase_keys_new(addresses, n, rules);
    return nx_erase_mentions(backend, keys, after, STEP, rows, error);
}

gboolean nx_forget_lose(struct nx_backend *backend, nx_when now, uint64_t *ret, GError **error)
{
    static const char COUNT[] = "SELECT count(DISTINCT hash) FROM forgotten";
    static const char LOSE[] = "DELETE FROM forgotten; UPDATE log SET body=NULL WHERE act='forget';"
                               "DELETE FROM meta WHERE name='erasure_key';"
                               "INSERT OR REPLACE INTO meta(name, value) VALUES('forgotten', random())";
    const struct nx_forgotten_act act = {.reason = NX_STR("their key is lost"), .source = NX_STR("forget"), .now = now};
    struct nx_db *db = backend->db;
    g_autoptr(GError) gone = NULL;
    if (nx_forgotten_secret(db, &gone) != NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_EXISTS, "%s.key: the key of erased addresses is there and fits, nothing is lost",
                    db->path);
        return FALSE;
    }
    sqlite3_stmt *count = nx_db_statement(db, COUNT, error);
    if (count == NULL || nx_db_step(db, count, error) < 0)
        return FALSE;
    *ret = (uint64_t)sqlite3_column_int64(count, 0);
    nx_db_reset(count);
    return *ret == 0 || (nx_db_exec(db, LOSE, error) && nx_forgotten_keep(db, NULL, NX_STR_NONE, NX_WHEN_NONE, &act, error));
}

gboolean nx_forget_wipe(struct nx_backend *backend, GError **error)
{
    return nx_shrink_log(backend->db, "its bytes stay until it ends (all is erased; run the same again to be rid of the bytes)",
                         error);
}
