/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/pack.h"

#include "base/buf.h"
#include "base/error.h"
#include "store/sqlite/tally.h"

#define DAY 86400
#define HOUR 3600
#define STEP 4096u  /* rows that are packed while nobody else writes */
#define PART 16384u /* counters of a full row; one that is not takes more */

/* What one step takes: a day, and its domains up to one; x'' is greater than every text. */
static const char FIND[] =
    "SELECT day, coalesce((SELECT domain FROM tally_names WHERE day = o.day ORDER BY domain LIMIT 1 OFFSET ?2), x'')"
    " FROM (SELECT day FROM tally_names WHERE day < ?1 ORDER BY day LIMIT 1) o";
#define TAKEN " FROM tally_names t WHERE day = ?1 AND domain <= ?2"
static const char WORDS[] = "INSERT OR IGNORE INTO tally_words(word) SELECT domain" TAKEN " UNION SELECT remote" TAKEN;
static const char SORTS[] = "INSERT OR IGNORE INTO tally_sorts(kind, cause, class, action, source, stream)"
                            " SELECT DISTINCT kind, cause, class, action, source, stream" TAKEN;
static const char ROWS[] =
    "SELECT (SELECT id FROM tally_sorts s WHERE (s.kind, s.cause, s.class, s.action, s.source, s.stream)"
    "  = (t.kind, t.cause, t.class, t.action, t.source, t.stream)),"
    " (SELECT id FROM tally_words WHERE word = t.domain), (SELECT id FROM tally_words WHERE word = t.remote),"
    " n" TAKEN;
static const char DROP[] = "DELETE FROM tally_names WHERE day = ?1 AND domain <= ?2";
static const char LAST[] = "SELECT part, n, body FROM tally_packed WHERE day = ?1 ORDER BY part DESC LIMIT 1";
static const char PUT[] = "INSERT OR REPLACE INTO tally_packed(day, part, n, body) VALUES(?1,?2,?3,?4)";

/* ---- the form */

static void put_number(struct nx_buf *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        nx_buf_addc(out, (char)(number | 0x80));
    nx_buf_addc(out, (char)number);
}

static inline bool get_number(struct nx_str *text, uint64_t *ret)
{
    const unsigned char *at = (const unsigned char *)text->p;
    uint64_t number = 0;
    if (text->n > 0 && at[0] < 0x80) { /* most are */
        *text = (struct nx_str){text->p + 1, text->n - 1};
        *ret = at[0];
        return true;
    }
    for (size_t i = 0; i < text->n && i < 10; i++) {
        number |= (uint64_t)(at[i] & 0x7f) << 7 * i;
        if (at[i] < 0x80) {
            *text = nx_str_from(*text, i + 1);
            *ret = number;
            return true;
        }
    }
    return false;
}

bool nx_pack_group(struct nx_str *body, uint32_t *ret_sort, struct nx_str *ret_entries, bool *ret_broken)
{
    uint64_t sort, size;
    if (body->n == 0)
        return false;
    *ret_broken = !get_number(body, &sort) || !get_number(body, &size) || size > body->n || sort > UINT32_MAX;
    if (*ret_broken)
        return false;
    *ret_sort = (uint32_t)sort;
    *ret_entries = nx_str_sub(*body, 0, size);
    *body = nx_str_from(*body, size);
    return true;
}

bool nx_pack_entry(struct nx_str *entries, struct nx_packed *entry, bool *ret_broken)
{
    uint64_t more, remote, n;
    if (entries->n == 0)
        return false;
    *ret_broken = !get_number(entries, &more) || !get_number(entries, &remote) || !get_number(entries, &n) ||
                  entry->domain + more > UINT32_MAX || remote > UINT32_MAX;
    if (*ret_broken)
        return false;
    entry->domain += (uint32_t)more;
    entry->remote = remote == 0 ? entry->domain : (uint32_t)remote;
    entry->n = n;
    return true;
}

static int in_order(const void *a, const void *b)
{
    const struct nx_packed *x = a, *y = b;
    if (x->sort != y->sort)
        return x->sort < y->sort ? -1 : 1;
    if (x->domain != y->domain)
        return x->domain < y->domain ? -1 : 1;
    return (x->remote > y->remote) - (x->remote < y->remote);
}

/* Sorts them, and adds up those that are alike. */
static void settle(GArray *entries)
{
    guint kept = 0;
    g_array_sort(entries, in_order);
    for (guint i = 0; i < entries->len; i++) {
        struct nx_packed *entry = &g_array_index(entries, struct nx_packed, i);
        struct nx_packed *last = kept > 0 ? &g_array_index(entries, struct nx_packed, kept - 1) : NULL;
        if (last != NULL && in_order(last, entry) == 0)
            last->n += entry->n;
        else
            g_array_index(entries, struct nx_packed, kept++) = *entry;
    }
    g_array_set_size(entries, kept);
}

static struct nx_str write_body(struct nx_arena *arena, const GArray *entries)
{
    struct nx_buf out, group;
    nx_buf_init(&out, arena, SIZE_MAX / 2);
    for (guint i = 0; i < entries->len;) {
        uint32_t sort = g_array_index(entries, struct nx_packed, i).sort, before = 0;
        nx_buf_init(&group, arena, SIZE_MAX / 2);
        for (; i < entries->len; i++) {
            const struct nx_packed *entry = &g_array_index(entries, struct nx_packed, i);
            if (entry->sort != sort)
                break;
            put_number(&group, entry->domain - before);
            put_number(&group, entry->remote == entry->domain ? 0 : entry->remote);
            put_number(&group, entry->n);
            before = entry->domain;
        }
        put_number(&out, sort);
        put_number(&out, group.n);
        nx_buf_add(&out, nx_buf_str(&group));
    }
    return nx_buf_str(&out);
}

gboolean nx_pack_damaged(struct nx_db *db, int64_t day, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: the counters of %.*s are damaged (put back a copy)", db->path,
                NX_FMT(nx_str_sub(nx_when_format(arena, day * DAY), 0, 10)));
    return FALSE;
}

static bool read_body(struct nx_str body, GArray *ret)
{
    struct nx_str group;
    uint32_t sort;
    bool broken = false;
    while (!broken && nx_pack_group(&body, &sort, &group, &broken)) {
        struct nx_packed entry = {.sort = sort};
        while (nx_pack_entry(&group, &entry, &broken))
            g_array_append_val(ret, entry);
    }
    return !broken;
}

/* ---- rows become entries */

struct step {
    int64_t day, part;   /* the part that they go into */
    sqlite3_value *upto; /* domain */
};

/* 1 there is something to pack, 0 nothing, -1 error. */
static int find_step(struct nx_db *db, int64_t before, struct step *ret, GError **error)
{
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    if (find == NULL)
        return -1;
    sqlite3_bind_int64(find, 1, before);
    sqlite3_bind_int64(find, 2, STEP - 1);
    int got = nx_db_step(db, find, error);
    if (got <= 0)
        return got;
    *ret = (struct step){.day = sqlite3_column_int64(find, 0), .upto = sqlite3_value_dup(sqlite3_column_value(find, 1))};
    nx_db_reset(find);
    return 1;
}

static sqlite3_stmt *taking(struct nx_db *db, const char *sql, const struct step *step, GError **error)
{
    sqlite3_stmt *statement = nx_db_statement(db, sql, error);
    if (statement == NULL)
        return NULL;
    sqlite3_bind_int64(statement, 1, step->day);
    sqlite3_bind_value(statement, 2, step->upto);
    return statement;
}

static gboolean take(struct nx_db *db, const char *sql, const struct step *step, GError **error)
{
    sqlite3_stmt *statement = taking(db, sql, step, error);
    return statement != NULL && nx_db_run(db, statement, error);
}

static gboolean read_rows(struct nx_db *db, const struct step *step, GArray *ret, GError **error)
{
    sqlite3_stmt *rows = taking(db, ROWS, step, error);
    int got = -1;
    while (rows != NULL && (got = nx_db_step(db, rows, error)) > 0) {
        const struct nx_packed entry = {.sort = (uint32_t)sqlite3_column_int64(rows, 0),
                                        .domain = (uint32_t)sqlite3_column_int64(rows, 1),
                                        .remote = (uint32_t)sqlite3_column_int64(rows, 2),
                                        .n = (uint64_t)sqlite3_column_int64(rows, 3)};
        g_array_append_val(ret, entry);
    }
    return got == 0;
}

/* The day's last part takes more unless it is full. */
static gboolean read_part(struct nx_db *db, struct step *step, GArray *ret, GError **error)
{
    sqlite3_stmt *last = nx_db_statement(db, LAST, error);
    if (last == NULL)
        return FALSE;
    sqlite3_bind_int64(last, 1, step->day);
    int got = nx_db_step(db, last, error);
    if (got <= 0)
        return got == 0;
    bool full = sqlite3_column_int64(last, 1) >= PART, good = true;
    step->part = sqlite3_column_int64(last, 0) + full;
    if (!full)
        good = read_body((struct nx_str){sqlite3_column_blob(last, 2), (size_t)sqlite3_column_bytes(last, 2)}, ret);
    nx_db_reset(last);
    return good || nx_pack_damaged(db, step->day, error);
}

static gboolean write_part(struct nx_db *db, struct nx_arena *arena, const struct step *step, const GArray *entries, GError **error)
{
    sqlite3_stmt *put = nx_db_statement(db, PUT, error);
    if (put == NULL)
        return FALSE;
    struct nx_str body = write_body(arena, entries);
    sqlite3_bind_int64(put, 1, step->day);
    sqlite3_bind_int64(put, 2, step->part);
    sqlite3_bind_int64(put, 3, entries->len);
    sqlite3_bind_blob64(put, 4, body.p, body.n, SQLITE_STATIC);
    return nx_db_run(db, put, error);
}

/* One step; *ret_done: there was nothing to do. */
static gboolean pack(struct nx_db *db, int64_t before, bool *ret_done, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(struct nx_packed));
    struct step step;
    int got = find_step(db, before, &step, error);
    *ret_done = got == 0;
    if (got <= 0)
        return got == 0;
    gboolean good = take(db, WORDS, &step, error) && take(db, SORTS, &step, error) && read_rows(db, &step, entries, error) &&
                    take(db, DROP, &step, error) && read_part(db, &step, entries, error);
    sqlite3_value_free(step.upto);
    if (!good)
        return FALSE;
    settle(entries);
    return write_part(db, arena, &step, entries, error);
}

gboolean nx_pack_sweep(struct nx_backend *backend, nx_when now, GError **error)
{
    bool done;
    if (now < backend->pack_due && backend->pack_due - now <= HOUR) /* else the clock was set back */
        return TRUE;
    if (!nx_tally_write(backend->db, error) || !pack(backend->db, now / DAY - 1, &done, error))
        return FALSE;
    backend->pack_due = now + (done ? HOUR : 1);
    return TRUE;
}

gboolean nx_pack_all(struct nx_db *db, GError **error)
{
    static const char LATEST[] = "SELECT max(day) - 1 FROM tally_names";
    sqlite3_stmt *latest = nx_db_statement(db, LATEST, error);
    bool done = false;
    if (latest == NULL || nx_db_step(db, latest, error) < 0)
        return FALSE;
    int64_t before = sqlite3_column_int64(latest, 0);
    nx_db_reset(latest);
    while (!done)
        if (!pack(db, before, &done, error))
            return FALSE;
    return TRUE;
}

/* ---- are they right? */

static gboolean add_packed(struct nx_db *db, GHashTable *days, GError **error)
{
    static const char ALL[] = "SELECT day, n, body FROM tally_packed";
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(struct nx_packed));
    sqlite3_stmt *all = nx_db_statement(db, ALL, error);
    int got = -1;
    while (all != NULL && (got = nx_db_step(db, all, error)) > 0) {
        int64_t day = sqlite3_column_int64(all, 0), *sum = g_hash_table_lookup(days, &day);
        g_array_set_size(entries, 0);
        if (sum == NULL ||
            !read_body((struct nx_str){sqlite3_column_blob(all, 2), (size_t)sqlite3_column_bytes(all, 2)}, entries) ||
            entries->len != sqlite3_column_int64(all, 1)) {
            nx_db_reset(all);
            return nx_pack_damaged(db, day, error);
        }
        for (guint i = 0; i < entries->len; i++)
            *sum -= (int64_t)g_array_index(entries, struct nx_packed, i).n;
    }
    return got == 0;
}

gboolean nx_pack_check(struct nx_db *db, GError **error)
{
    static const char DAYS[] = "SELECT day, sum(n) - coalesce((SELECT sum(n) FROM tally_names WHERE day = o.day), 0) FROM tally o"
                               " GROUP BY day";
    g_autoptr(GHashTable) days = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    sqlite3_stmt *all = nx_db_statement(db, DAYS, error);
    int got = -1;
    while (all != NULL && (got = nx_db_step(db, all, error)) > 0) {
        const int64_t pair[] = {sqlite3_column_int64(all, 0), sqlite3_column_int64(all, 1)};
        g_hash_table_insert(days, g_memdup2(&pair[0], sizeof pair[0]), g_memdup2(&pair[1], sizeof pair[1]));
    }
    if (got < 0 || !add_packed(db, days, error))
        return FALSE;
    GHashTableIter iter;
    gpointer day, rest;
    g_hash_table_iter_init(&iter, days);
    while (g_hash_table_iter_next(&iter, &day, &rest))
        if (*(const int64_t *)rest != 0)
            return nx_pack_damaged(db, *(const int64_t *)day, error);
    return TRUE;
}
