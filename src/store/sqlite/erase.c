/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/erase.h"

#include "base/error.h"
#include "event/json.h"
#include "store/mention.h"
#include "store/sqlite/chunk.h"

static const char EVENTS[] = "SELECT seq FROM log WHERE key=?1 AND act='event'";
static const char EVENT[] = "SELECT body, address FROM log WHERE seq=?1";
static const char BLANK[] =
    "UPDATE log SET key=NULL, address=NULL, counts=0,"
    /* a hold counts for its incident */
    " action=CASE action WHEN 'hold' THEN action ELSE 'none' END, scope=NULL, until=CASE action WHEN 'hold' THEN until END,"
    " remote=CASE action WHEN 'hold' THEN remote END, reason='erased', actor=NULL,"
    " diagnostic=NULL, body=?2, trimmed=1 WHERE seq=?1";
static const char HELD[] = "SELECT seq FROM log WHERE key=?1 AND act='hold'";
static const char UNEXPLAINED[] = "DELETE FROM unexplained WHERE seq IN (SELECT seq FROM log WHERE key=?1)";
static const char ACTS[] = "DELETE FROM log WHERE key=?1 AND act<>'event'";
static const char HOLD_ROWS[] = "SELECT seq FROM log WHERE key=?1 AND action='hold'";
static const char ROWS[] = "DELETE FROM log WHERE key=?1";
static const char ENTRIES[] = "DELETE FROM suppressions WHERE key=?1";
static const char HOLDS[] = "DELETE FROM holds WHERE key=?1";
static const char ALLOWED[] = "DELETE FROM allowed WHERE key=?1";
static const char CHUNKS[] = "SELECT seq FROM chunks WHERE lo<=?1 AND hi>=?1";
static const char SET_CHUNK[] = "UPDATE chunks SET lo=?2, hi=?3, n=?4, body=?5 WHERE seq=?1";
static const char DROP_CHUNK[] = "DELETE FROM chunks WHERE seq=?1";
static const char DROP_ROW[] = "DELETE FROM log WHERE seq=?1";
static const char WALK[] = "SELECT seq, reason, actor, diagnostic, body, act FROM log WHERE seq>?1 ORDER BY seq LIMIT ?2";
static const char SET_ROW[] = "UPDATE log SET reason=?2, actor=?3, diagnostic=?4, body=?5 WHERE seq=?1";

static gboolean with_key(struct nx_db *db, const char *sql, struct nx_str key, size_t *count, GError **error)
{
    if (!nx_db_run_text(db, sql, key, error))
        return FALSE;
    if (count != NULL)
        *count += (size_t)sqlite3_changes(db->sqlite);
    return TRUE;
}

static gboolean sequences_of(struct nx_db *db, const char *sql, struct nx_str key, GArray *ret, GError **error)
{
    sqlite3_stmt *rows = nx_db_statement(db, sql, error);
    int got = -1;
    if (rows == NULL)
        return FALSE;
    nx_db_bind_text(rows, 1, key);
    while ((got = nx_db_step(db, rows, error)) > 0) {
        int64_t sequence = sqlite3_column_int64(rows, 0);
        g_array_append_val(ret, sequence);
    }
    return got == 0;
}

struct nx_str nx_erase_body(struct nx_backend *backend, struct nx_str body, struct nx_str recipient)
{
    struct nx_str json;
    struct nx_event event;
    struct nx_buf out;
    if (!nx_zip_unpack(backend->db->zip, backend->scratch, body, &json) ||
        !nx_event_from_json(backend->scratch, json, &event, NULL))
        event = (struct nx_event){.origin.received_at = NX_WHEN_NONE};
    const struct nx_report *report = &event.report;
    const struct nx_event left = {.origin = {.received_at = event.origin.received_at},
                                  .report = {.kind = report->kind,
                                             .recipient = recipient,
                                             .reply = report->reply,
                                             .stage = report->stage,
                                             .format = report->format,
                                             .arrival_at = NX_WHEN_NONE,
                                             .last_attempt_at = NX_WHEN_NONE,
                                             .retry_until = NX_WHEN_NONE,
                                             .verified = report->verified,
                                             .notes = report->notes},
                                  .verdict = {.class_ = event.verdict.class_,
                                              .cause = event.verdict.cause,
                                              .ruleset = event.verdict.ruleset,
                                              .notes = event.verdict.notes}};
    nx_buf_init(&out, backend->scratch, 1u << 20);
    nx_event_to_record(&out, &left);
    return nx_zip_pack(backend->db->zip, backend->scratch, nx_buf_str(&out));
}

static gboolean blank_event(struct nx_backend *backend, int64_t sequence, GPtrArray *spellings, GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *event = nx_db_statement(db, EVENT, error), *blank = nx_db_statement(db, BLANK, error);
    if (event == NULL || blank == NULL)
        return FALSE;
    sqlite3_bind_int64(event, 1, sequence);
    if (nx_db_step(db, event, error) <= 0)
        return FALSE;
    struct nx_str body = {sqlite3_column_blob(event, 0), (size_t)sqlite3_column_bytes(event, 0)}, address = nx_db_text(event, 1);
    if (spellings != NULL && address.n > 0)
        g_ptr_array_add(spellings, g_strndup(address.p, address.n));
    nx_arena_reset(backend->scratch);
    struct nx_str left = body.n > 0 ? nx_erase_body(backend, body, NX_STR_NONE) : NX_STR_NONE; /* an act has none */
    nx_db_reset(event);
    sqlite3_bind_int64(blank, 1, sequence);
    sqlite3_bind_null(blank, 2);
    if (left.n > 0)
        sqlite3_bind_blob64(blank, 2, left.p, left.n, SQLITE_STATIC);
    return nx_db_run(db, blank, error);
}

static gboolean blank_events(struct nx_backend *backend, const char *sql, struct nx_str key, size_t *count, GPtrArray *spellings,
                             GError **error)
{
    g_autoptr(GArray) sequences = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!sequences_of(backend->db, sql, key, sequences, error))
        return FALSE;
    for (guint i = 0; i < sequences->len; i++)
        if (!blank_event(backend, g_array_index(sequences, int64_t, i), spellings, error))
            return FALSE;
    *count += sequences->len;
    return TRUE;
}

/* The list without the key's lines; with none left the import's row goes too. */
static gboolean erase_line(struct nx_backend *backend, int64_t sequence, struct nx_str key, size_t *lines, GError **error)
{
    struct nx_db *db = backend->db;
    struct nx_str list, lo = NX_STR_NONE, hi = NX_STR_NONE;
    struct nx_buf out;
    struct nx_row row;
    bool broken = false;
    size_t n = 0, removed = 0;
    nx_arena_reset(backend->scratch);
    if (!nx_chunk_load(db, backend->scratch, sequence, &list, error))
        return FALSE;
    nx_buf_init(&out, backend->scratch, SIZE_MAX / 2);
    for (struct nx_str line = list; nx_chunk_next(db, &list, &row, &broken); line = list) {
        if (nx_str_eq(row.key, key)) {
            removed++;
            continue;
        }
        nx_buf_add(&out, nx_str_sub(line, 0, line.n - list.n));
        lo = n++ == 0 ? row.key : lo;
        hi = row.key;
    }
    if (broken) {
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: the list of import %lld is damaged (put back a copy)", db->path,
                    (long long)sequence);
        return FALSE;
    }
    *lines += removed;
    if (removed == 0)
        return TRUE;
    if (n == 0)
        return nx_db_run_number(db, DROP_CHUNK, sequence, error) && nx_db_run_number(db, DROP_ROW, sequence, error);
    sqlite3_stmt *set = nx_db_statement(db, SET_CHUNK, error);
    if (set == NULL)
        return FALSE;
    struct nx_str packed = nx_zip_pack_list(db->zip, backend->scratch, nx_buf_str(&out));
    sqlite3_bind_int64(set, 1, sequence);
    nx_db_bind_text(set, 2, lo);
    nx_db_bind_text(set, 3, hi);
    sqlite3_bind_int64(set, 4, (sqlite3_int64)n);
    sqlite3_bind_blob64(set, 5, packed.p, packed.n, SQLITE_STATIC);
    return nx_db_run(db, set, error);
}

gboolean nx_erase_lines(struct nx_backend *backend, struct nx_str key, size_t *lines, GError **error)
{
    g_autoptr(GArray) sequences = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!sequences_of(backend->db, CHUNKS, key, sequences, error))
        return FALSE;
    for (guint i = 0; i < sequences->len; i++)
        if (!erase_line(backend, g_array_index(sequences, int64_t, i), key, lines, error))
            return FALSE;
    return TRUE;
}

gboolean nx_erase_key(struct nx_backend *backend, struct nx_str key, struct nx_erased *counts, GPtrArray *spellings, GError **error)
{
    struct nx_db *db = backend->db;
    return with_key(db, UNEXPLAINED, key, NULL, error) && blank_events(backend, EVENTS, key, &counts->events, spellings, error) &&
           blank_events(backend, HELD, key, &counts->acts, NULL, error) && with_key(db, ACTS, key, &counts->acts, error) &&
           nx_erase_lines(backend, key, &counts->lines, error) && with_key(db, ENTRIES, key, NULL, error) &&
           with_key(db, HOLDS, key, NULL, error) && with_key(db, ALLOWED, key, NULL, error);
}

gboolean nx_erase_rows(struct nx_backend *backend, struct nx_str key, struct nx_erased *counts, GError **error)
{
    struct nx_db *db = backend->db;
    return blank_events(backend, HOLD_ROWS, key, &counts->events, NULL, error) && with_key(db, ROWS, key, &counts->events, error) &&
           nx_erase_lines(backend, key, &counts->lines, error) && with_key(db, ENTRIES, key, NULL, error) &&
           with_key(db, HOLDS, key, NULL, error) && with_key(db, ALLOWED, key, NULL, error);
}

/* ---- in rows of others */

struct nx_erase_keys {
    struct nx_arena *each; /* of one row */
    const struct nx_fold_rules *rules;
    GHashTable *keys, *domains; /* char *, domains as A-labels */
};

struct nx_erase_keys *nx_erase_keys_new(const struct nx_address *addresses, size_t n, const struct nx_fold_rules *rules)
{
    struct nx_erase_keys *keys = g_new0(struct nx_erase_keys, 1);
    keys->each = nx_arena_new();
    keys->rules = rules;
    keys->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    keys->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < n; i++) {
        g_hash_table_add(keys->keys, g_strndup(addresses[i].key.p, addresses[i].key.n));
        g_hash_table_add(keys->domains, g_strndup(addresses[i].domain.p, addresses[i].domain.n));
    }
    return keys;
}

void nx_erase_keys_free(struct nx_erase_keys *keys)
{
    if (keys == NULL)
        return;
    g_hash_table_unref(keys->keys);
    g_hash_table_unref(keys->domains);
    nx_arena_free(keys->each);
    g_free(keys);
}

static bool may_be_ours(void *data, struct nx_str text)
{
    const struct nx_erase_keys *keys = data;
    char domain[256];
    if (text.n >= sizeof domain)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] >= 0x80)
            return true;
        domain[i] = g_ascii_tolower(text.p[i]);
    }
    domain[text.n] = '\0';
    return g_hash_table_contains(keys->domains, domain);
}

static bool is_ours(void *data, struct nx_str text)
{
    const struct nx_erase_keys *keys = data;
    struct nx_address address;
    char key[NX_ADDRESS_MAX + 2];
    if (!nx_address_fold(keys->each, text, keys->rules, &address, NULL) || address.key.n >= sizeof key)
        return false;
    memcpy(key, address.key.p, address.key.n);
    key[address.key.n] = '\0';
    return g_hash_table_contains(keys->keys, key);
}

/* One row: *ret_changed when something was taken out and written. */
static gboolean scrub_row(struct nx_backend *backend, struct nx_erase_keys *keys, sqlite3_stmt *row, bool *ret_changed,
                          GError **error)
{
    struct nx_db *db = backend->db;
    struct nx_str body = {sqlite3_column_blob(row, 4), (size_t)sqlite3_column_bytes(row, 4)}, json;
    struct nx_str texts[3];
    size_t n = 0, found;
    bool event = nx_str_eq(nx_db_text(row, 5), NX_STR("event"));
    nx_arena_reset(keys->each);
    for (int i = 0; i < 3; i++) {
        texts[i] = nx_mention_scrub(keys->each, nx_db_text(row, i + 1), may_be_ours, is_ours, keys, &found);
        n += found;
    }
    if (event && nx_zip_unpack(db->zip, keys->each, body, &json)) {
        json = nx_mention_scrub(keys->each, json, may_be_ours, is_ours, keys, &found);
        body = found > 0 ? nx_zip_pack(db->zip, keys->each, json) : body;
        n += found;
    }
    *ret_changed = n > 0;
    if (n == 0)
        return TRUE;
    sqlite3_stmt *set = nx_db_statement(db, SET_ROW, error);
    if (set == NULL)
        return FALSE;
    sqlite3_bind_int64(set, 1, sqlite3_column_int64(row, 0));
    for (int i = 0; i < 3; i++)
        nx_db_bind_opt(set, i + 2, texts[i]);
    sqlite3_bind_null(set, 5);
    if (body.n > 0)
        sqlite3_bind_blob64(set, 5, body.p, body.n, SQLITE_TRANSIENT);
    return nx_db_run(db, set, error);
}

/* Answers that are kept for repeats, all of them at once: there is a bound. */
static gboolean scrub_answers(struct nx_db *db, struct nx_erase_keys *keys, GError **error)
{
    static const char ANSWERS[] = "SELECT id, answer FROM answers WHERE instr(answer, '@')>0";
    static const char SET[] = "UPDATE answers SET answer=?2 WHERE id=?1";
    sqlite3_stmt *walk = nx_db_statement(db, ANSWERS, error), *set = nx_db_statement(db, SET, error);
    int got = -1;
    while (walk != NULL && set != NULL && (got = nx_db_step(db, walk, error)) > 0) {
        size_t found;
        nx_arena_reset(keys->each);
        struct nx_str answer = nx_mention_scrub(keys->each, nx_db_text(walk, 1), may_be_ours, is_ours, keys, &found);
        if (found == 0)
            continue;
        sqlite3_bind_int64(set, 1, sqlite3_column_int64(walk, 0));
        nx_db_bind_text(set, 2, answer);
        if (!nx_db_run(db, set, error)) {
            nx_db_reset(walk);
            return FALSE;
        }
    }
    return got == 0;
}

gboolean nx_erase_mentions(struct nx_backend *backend, struct nx_erase_keys *keys, int64_t *after, unsigned most, size_t *rows,
                           GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *walk = nx_db_statement(db, WALK, error);
    unsigned n = 0;
    int got = -1;
    if (walk == NULL || (*after == 0 && !scrub_answers(db, keys, error)))
        return FALSE;
    sqlite3_bind_int64(walk, 1, *after);
    sqlite3_bind_int64(walk, 2, most);
    while ((got = nx_db_step(db, walk, error)) > 0) {
        bool changed;
        n++;
        *after = sqlite3_column_int64(walk, 0);
        if (!scrub_row(backend, keys, walk, &changed, error)) {
            nx_db_reset(walk);
            return FALSE;
        }
        *rows += changed;
    }
    if (n < most)
        *after = 0;
    bool over = got == 0 && *after == 0;
    return got == 0 && (!over || *rows == 0 || nx_db_exec(db, NX_DB_RENEW, error)); /* who keeps answers looks again */
}
