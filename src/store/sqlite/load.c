/* SPDX-License-Identifier: Apache-2.0 */
/* Imports: many entries a statement, many a log row. */
#include "store/sqlite/apply.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/clock.h"
#include "store/sqlite/forgotten.h"
#include "store/sqlite/write.h"

static const char NEXT[] = "SELECT coalesce(max(seq), 0) + 1 FROM log";
static const char PUT_NEW[] =
    "INSERT OR IGNORE INTO suppressions(key, stream, address, cause, class, since, until, renewals, manual, seq)"
    " SELECT key, stream, address, cause, class, since, until, 0, 1, ?1 FROM nx_feed";
static const char KNOWN[] = "SELECT f.place, s.cause, s.since, s.until FROM nx_feed f CROSS JOIN suppressions s"
                            " ON s.key=f.key AND s.stream=f.stream WHERE s.seq<>?1";
static const char APPEND[] = "INSERT INTO log(seq, act, at, made, kind, cause, class, action, reason, actor, source)"
                             " VALUES(?1,'import',?2,?2,?3,?4,?5,'done',?6,?7,?8)";
static const char APPEND_CHUNK[] = "INSERT INTO chunks(seq, lo, hi, n, body) VALUES(?1,?2,?3,?4,?5)";

static const char ANY_HELD[] = "SELECT EXISTS(SELECT 1 FROM holds)";
static const char END_HOLDS[] = "DELETE FROM holds WHERE (key, stream) IN (SELECT f.key, f.stream FROM nx_feed f CROSS JOIN"
                                " suppressions s ON s.key=f.key AND s.stream=f.stream WHERE s.seq=?1)";

enum fate { NEW, STANDS, GIVES_WAY };

/* Which of the changes meet an entry that was there before, and whether it gives way. */
static gboolean weigh_known(struct nx_backend *backend, const struct nx_change *const *changes, size_t n, nx_when now,
                            int64_t sequence, unsigned char *fates, GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *known = nx_db_statement(db, KNOWN, error);
    int got;
    if (known == NULL)
        return FALSE;
    sqlite3_bind_int64(known, 1, sequence);
    while ((got = nx_db_step(db, known, error)) > 0) {
        size_t place = (size_t)sqlite3_column_int64(known, 0);
        const struct nx_standing standing = {.present = true,
                                             .cause = nx_db_cause(db, known, 1),
                                             .since = sqlite3_column_int64(known, 2),
                                             .until = nx_db_when(known, 3)};
        g_assert(place < n);
        fates[place] = nx_standing_gives_way(&standing, changes[place]->cause, changes[place]->until, now) ? GIVES_WAY : STANDS;
    }
    return got == 0;
}

/* What was held back of an address that is on the list now. */
static gboolean end_holds(struct nx_db *db, int64_t sequence, GError **error)
{
    sqlite3_stmt *any = nx_db_statement(db, ANY_HELD, error), *end = nx_db_statement(db, END_HOLDS, error);
    if (any == NULL || end == NULL || nx_db_step(db, any, error) < 0)
        return FALSE;
    bool held = sqlite3_column_int(any, 0) != 0;
    nx_db_reset(any);
    if (!held)
        return TRUE;
    sqlite3_bind_int64(end, 1, sequence);
    return nx_db_run(db, end, error);
}

static gboolean replace(struct nx_db *db, const struct nx_change *change, int64_t sequence, GError **error)
{
    const struct nx_row row = {.sequence = sequence,
                               .act = NX_ACT_IMPORT,
                               .action = NX_ACTION_SUPPRESS,
                               .key = change->key,
                               .address = change->address,
                               .scope = change->stream,
                               .cause = change->cause,
                               .class_ = nx_cause_facts(change->cause)->class_,
                               .at = change->since,
                               .until = change->until};
    return nx_apply(db, &row, error);
}

static gboolean apply_all(struct nx_backend *backend, const struct nx_change *const *changes, size_t n, nx_when now,
                          int64_t sequence, unsigned char *fates, GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *put = nx_db_statement(db, PUT_NEW, error);
    if (put == NULL)
        return FALSE;
    nx_feed_set(backend->feed, changes, n);
    sqlite3_bind_int64(put, 1, sequence);
    gboolean good = nx_db_run(db, put, error) &&
                    ((size_t)sqlite3_changes(db->sqlite) == n || weigh_known(backend, changes, n, now, sequence, fates, error)) &&
                    end_holds(db, sequence, error);
    nx_feed_set(backend->feed, NULL, 0);
    for (size_t i = 0; i < n && good; i++)
        good = fates[i] != GIVES_WAY || replace(db, changes[i], sequence, error);
    return good;
}

static gboolean append(struct nx_backend *backend, const struct nx_change *change, bool mixed, nx_when now, int64_t sequence,
                       GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *insert = nx_db_statement(db, APPEND, error);
    if (insert == NULL)
        return FALSE;
    sqlite3_bind_int64(insert, 1, sequence);
    nx_db_bind_when(insert, 2, now);
    nx_db_bind_opt(insert, 3, mixed ? NX_STR("mixed") : NX_STR_NONE);
    nx_db_bind_cause(db, insert, 4, NX_CAUSE_NONE);
    nx_db_bind_class(insert, 5, NX_CLASS_NONE);
    nx_db_bind_opt(insert, 6, mixed ? NX_STR_NONE : change->reason);
    nx_db_bind_opt(insert, 7, change->actor);
    nx_db_bind_opt(insert, 8, change->source);
    return nx_db_run(db, insert, error);
}

/* Up to NX_CHUNK_LINES changes as one log row. */
static gboolean import_chunk(struct nx_backend *backend, const struct nx_change *const *changes, size_t n, nx_when now,
                             size_t *changed, GError **error)
{
    struct nx_db *db = backend->db;
    unsigned char fates[NX_CHUNK_LINES] = {0};
    struct nx_str lo = NX_STR_NONE, hi = NX_STR_NONE;
    struct nx_buf list;
    size_t lines = 0;
    bool mixed = false;
    nx_arena_reset(backend->scratch);
    nx_buf_init(&list, backend->scratch, SIZE_MAX / 2);
    sqlite3_stmt *next = nx_db_statement(db, NEXT, error);
    if (next == NULL || nx_db_step(db, next, error) < 0)
        return FALSE;
    int64_t sequence = sqlite3_column_int64(next, 0);
    nx_db_reset(next);
    if (!apply_all(backend, changes, n, now, sequence, fates, error))
        return FALSE;
    for (size_t i = 1; i < n && !mixed; i++)
        mixed = !nx_str_eq(changes[i]->reason, changes[0]->reason);
    for (size_t i = 0; i < n; i++) {
        if (fates[i] == STANDS)
            continue;
        nx_chunk_add(db, &list, changes[i], mixed);
        lo = lines++ == 0 ? changes[i]->key : lo;
        hi = changes[i]->key;
    }
    if (lines == 0)
        return TRUE;
    sqlite3_stmt *insert = nx_db_statement(db, APPEND_CHUNK, error);
    if (insert == NULL || !append(backend, changes[0], mixed, now, sequence, error))
        return FALSE;
    struct nx_str packed = nx_zip_pack_list(db->zip, backend->scratch, nx_buf_str(&list));
    sqlite3_bind_int64(insert, 1, sequence);
    nx_db_bind_text(insert, 2, lo);
    nx_db_bind_text(insert, 3, hi);
    sqlite3_bind_int64(insert, 4, (sqlite3_int64)lines);
    sqlite3_bind_blob64(insert, 5, packed.p, packed.n, SQLITE_STATIC);
    *changed += lines;
    return nx_db_run(db, insert, error);
}

/* What is not about somebody who was erased; that is done on the spot. */
static gboolean pass_erased(struct nx_backend *backend, const struct nx_change *const *changes, size_t n, nx_when now,
                            GPtrArray *left, size_t *changed, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        struct nx_forgotten forgotten;
        struct nx_change bare = *changes[i]; /* a line's reason may hold anything */
        bool more = false;
        bare.reason = NX_STR_NONE;
        if (!nx_forgotten_find(backend->db, backend->policy.streams, backend->scratch, bare.key, bare.stream, now, &forgotten,
                               error) ||
            (forgotten.known && !nx_write_act(backend, &bare, now, &more, &forgotten.known, error)))
            return FALSE;
        *changed += more;
        if (!forgotten.known)
            g_ptr_array_add(left, (gpointer)(guintptr)changes[i]);
    }
    return TRUE;
}

gboolean nx_write_import(struct nx_backend *backend, const struct nx_change *const *changes, size_t n, nx_when now,
                         size_t *ret_changed, size_t *ret_erased, GError **error)
{
    struct nx_forgotten anybody;
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    *ret_changed = *ret_erased = 0;
    if (!nx_clock_look(backend, now, error) ||
        !nx_forgotten_find(backend->db, backend->policy.streams, backend->scratch, NX_STR_NONE, NX_STR_NONE, now, &anybody,
                           error) ||
        (anybody.some && !pass_erased(backend, changes, n, now, left, ret_changed, error)))
        return FALSE;
    if (anybody.some) {
        *ret_erased = n - left->len;
        changes = (const struct nx_change *const *)(void *)left->pdata;
        n = left->len;
    }
    for (size_t from = 0; from < n; from += NX_CHUNK_LINES)
        if (!import_chunk(backend, changes + from, MIN(n - from, NX_CHUNK_LINES), now, ret_changed, error))
            return FALSE;
    return TRUE;
}
