/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/tally.h"

#include "base/buf.h"
#include "store/sqlite/pack.h"
#include "store/sqlite/pending.h"
#include "store/sqlite/read.h"
#include "store/sqlite/sum.h"

#define DAY 86400

static bool is_set(nx_when when)
{
    return when != NX_WHEN_NONE && when != 0;
}

struct counter { /* of the open transaction */
    struct nx_counted event;
    int64_t n;
};

static void add_key(struct nx_buf *key, struct nx_str word)
{
    uint32_t n = (uint32_t)word.n;
    nx_buf_add(key, (struct nx_str){(const char *)&n, sizeof n});
    nx_buf_add(key, word);
}

static void count(struct nx_slots *slots, struct nx_str key, const struct nx_counted *event, bool names)
{
    bool new;
    struct counter *counter = nx_slots_get(slots, key, sizeof *counter, &new);
    if (new)
        counter->event = (struct nx_counted){.at = event->at,
                                             .kind = nx_arena_dup(slots->arena, event->kind),
                                             .action = nx_arena_dup(slots->arena, event->action),
                                             .source = nx_arena_dup(slots->arena, event->source),
                                             .stream = nx_arena_dup(slots->arena, event->stream),
                                             .domain = names ? nx_arena_dup(slots->arena, event->domain) : NX_STR_NONE,
                                             .remote = names ? nx_arena_dup(slots->arena, event->remote) : NX_STR_NONE,
                                             .cause = event->cause,
                                             .class_ = event->class_};
    counter->n++;
}

void nx_tally_add(struct nx_db *db, struct nx_arena *arena, const struct nx_counted *event)
{
    const int64_t numbers[] = {event->at / DAY, (int64_t)event->cause, (int64_t)event->class_};
    struct nx_buf key;
    nx_buf_init(&key, arena, SIZE_MAX / 2);
    nx_buf_add(&key, (struct nx_str){(const char *)numbers, sizeof numbers});
    add_key(&key, event->kind);
    add_key(&key, event->action);
    add_key(&key, event->source);
    add_key(&key, event->stream);
    count(&db->pending->tally, nx_buf_str(&key), event, false);
    add_key(&key, event->domain);
    add_key(&key, event->remote);
    count(&db->pending->names, nx_buf_str(&key), event, true);
}

static gboolean write_counter(struct nx_db *db, sqlite3_stmt *add, const struct counter *counter, bool names, GError **error)
{
    const struct nx_counted *event = &counter->event;
    sqlite3_bind_int64(add, 1, event->at / DAY);
    nx_db_bind_text(add, 2, event->kind);
    nx_db_bind_cause(db, add, 3, event->cause);
    nx_db_bind_class(add, 4, event->class_);
    nx_db_bind_text(add, 5, event->action);
    nx_db_bind_text(add, 6, event->source);
    nx_db_bind_text(add, 7, event->stream);
    sqlite3_bind_int64(add, 8, counter->n);
    if (names) {
        nx_db_bind_text(add, 9, event->domain);
        nx_db_bind_text(add, 10, event->remote);
    }
    return nx_db_run(db, add, error);
}

gboolean nx_tally_write(struct nx_db *db, GError **error)
{
    static const char ADD[] = "INSERT INTO tally(day, kind, cause, class, action, source, stream, n)"
                              " VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT DO UPDATE SET n = n + ?8";
    static const char ADD_NAMES[] = "INSERT INTO tally_names(day, kind, cause, class, action, source, stream, n, domain, remote)"
                                    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT DO UPDATE SET n = n + ?8";
    if (db->pending == NULL || db->pending->tally.all->len == 0)
        return TRUE;
    struct nx_slots *slots[] = {&db->pending->tally, &db->pending->names};
    for (size_t i = 0; i < G_N_ELEMENTS(slots); i++) {
        sqlite3_stmt *add = nx_db_statement(db, i == 0 ? ADD : ADD_NAMES, error);
        for (guint k = 0; k < slots[i]->all->len; k++)
            if (add == NULL || !write_counter(db, add, slots[i]->all->pdata[k], i > 0, error))
                return FALSE;
        nx_slots_clear(slots[i]);
    }
    return TRUE;
}

/* ---- a question. Sums are by codes, of which each axis has its own: a day is its own, a name the id of its word; what has no such
 * gets one here. */

#define OWN 0x80000000u /* from here on: codes of this question */

struct axis {
    enum nx_tally by;
    GHashTable *codes; /* char * to code */
    GPtrArray *words;  /* of codes from OWN on */
};

struct question {
    struct nx_db *db;
    const struct nx_tally_filter *filter;
    struct axis axes[2];
    bool twice; /* both axes are one */
    struct nx_sums sums;
};

static bool is_name(enum nx_tally by)
{
    return by == NX_TALLY_DOMAIN || by == NX_TALLY_REMOTE;
}

/* The id of a word, 0 when it is none; false: error. */
static gboolean id_of(struct nx_db *db, struct nx_str word, uint32_t *ret, GError **error)
{
    static const char GET[] = "SELECT id FROM tally_words WHERE word = ?1";
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL)
        return FALSE;
    nx_db_bind_text(get, 1, word);
    int got = nx_db_step(db, get, error);
    *ret = got > 0 ? (uint32_t)sqlite3_column_int64(get, 0) : 0;
    nx_db_reset(get);
    return got >= 0;
}

static gboolean code_of(struct question *question, struct axis *axis, struct nx_str word, uint32_t *ret, GError **error)
{
    g_autofree char *name = g_strndup(word.p, word.n);
    gpointer known;
    if (g_hash_table_lookup_extended(axis->codes, name, NULL, &known)) {
        *ret = GPOINTER_TO_UINT(known);
        return TRUE;
    }
    *ret = 0;
    if (is_name(axis->by) && !id_of(question->db, word, ret, error))
        return FALSE;
    if (*ret == 0) {
        *ret = OWN + axis->words->len;
        g_ptr_array_add(axis->words, name);
    }
    g_hash_table_insert(axis->codes, g_strdup(name), GUINT_TO_POINTER(*ret));
    if (*ret >= OWN)
        (void)g_steal_pointer(&name);
    return TRUE;
}

/* What a row says on an axis. */
static gboolean code_at(struct question *question, struct axis *axis, sqlite3_stmt *row, int column, uint32_t *ret, GError **error)
{
    struct nx_str word = nx_db_text(row, column);
    if (axis->by == NX_TALLY_DAY) {
        *ret = (uint32_t)sqlite3_column_int64(row, column);
        return TRUE;
    }
    if (axis->by == NX_TALLY_CAUSE)
        word = nx_str_of(nx_cause_name(nx_db_cause(question->db, row, column)));
    else if (axis->by == NX_TALLY_CLASS)
        word = nx_str_of(nx_class_name(nx_db_class(row, column)));
    return code_of(question, axis, word, ret, error);
}

static gboolean word_at(struct question *question, const struct axis *axis, uint32_t code, struct nx_arena *arena,
                        struct nx_str *ret, GError **error)
{
    static const char GET[] = "SELECT word FROM tally_words WHERE id = ?1";
    if (axis->by == NX_TALLY_DAY) {
        *ret = nx_str_sub(nx_when_format(arena, (int64_t)(int32_t)code * DAY), 0, 10);
        return TRUE;
    }
    if (code >= OWN) {
        *ret = nx_str_of(axis->words->pdata[code - OWN]);
        return TRUE;
    }
    sqlite3_stmt *get = nx_db_statement(question->db, GET, error);
    if (get == NULL)
        return FALSE;
    sqlite3_bind_int64(get, 1, code);
    if (nx_db_step(question->db, get, error) < 0)
        return FALSE;
    *ret = nx_arena_dup(arena, nx_db_text(get, 0));
    nx_db_reset(get);
    return TRUE;
}

/* Conditions on a table of counters, or on that of sorts; places are those of bind_filter. */
static void add_conditions(GString *sql, const struct nx_tally_filter *filter)
{
    if (filter->kind != NX_KIND_OTHER)
        g_string_append(sql, " AND kind = ?3");
    if (filter->cause != NX_CAUSE_NONE)
        g_string_append(sql, " AND cause = ?4");
    if (filter->class_ != NX_CLASS_NONE)
        g_string_append(sql, " AND class = ?5");
    if (filter->action.n > 0)
        g_string_append(sql, " AND action = ?6");
    if (filter->source.n > 0)
        g_string_append(sql, " AND source = ?7");
    if (filter->stream.n > 0)
        g_string_append(sql, " AND stream = ?8");
}

static void bind_filter(struct nx_db *db, sqlite3_stmt *rows, const struct nx_tally_filter *filter)
{
    sqlite3_bind_int64(rows, 1, is_set(filter->since) ? filter->since / DAY : INT64_MIN);
    sqlite3_bind_int64(rows, 2, is_set(filter->before) ? filter->before / DAY : INT64_MAX);
    nx_db_bind_text(rows, 3, nx_str_of(nx_kind_name(filter->kind)));
    nx_db_bind_cause(db, rows, 4, filter->cause);
    nx_db_bind_class(rows, 5, filter->class_);
    nx_db_bind_text(rows, 6, filter->action);
    nx_db_bind_text(rows, 7, filter->source);
    nx_db_bind_text(rows, 8, filter->stream);
    nx_db_bind_text(rows, 9, filter->domain);
    nx_db_bind_text(rows, 10, filter->remote);
}

static sqlite3_stmt *ask(struct question *question, const char *sql, GError **error)
{
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(question->db->sqlite, sql, -1, &rows, NULL);
    if (code != SQLITE_OK) {
        (void)!nx_db_fail(question->db, code, error);
        return NULL;
    }
    bind_filter(question->db, rows, question->filter);
    return rows;
}

/* Counters that stand in rows: all without names, and those with names of the last days. */
static gboolean sum_rows(struct question *question, bool names, GError **error)
{
    const struct nx_tally_filter *filter = question->filter;
    g_autoptr(GString) sql = g_string_new("SELECT ");
    g_string_append_printf(sql, "%s, %s, n FROM %s WHERE day >= ?1 AND day < ?2", nx_tally_name(question->axes[0].by),
                           nx_tally_name(question->axes[1].by), names ? "tally_names" : "tally");
    add_conditions(sql, filter);
    if (filter->domain.n > 0)
        g_string_append(sql, " AND domain = ?9");
    if (filter->remote.n > 0)
        g_string_append(sql, " AND remote = ?10");
    sqlite3_stmt *rows = ask(question, sql->str, error);
    int got = -1;
    while (rows != NULL && (got = nx_db_step(question->db, rows, error)) > 0) {
        uint32_t codes[2] = {0};
        if (!code_at(question, &question->axes[0], rows, 0, &codes[0], error) ||
            (!question->twice && !code_at(question, &question->axes[1], rows, 1, &codes[1], error))) {
            got = -1;
            break;
        }
        nx_sums_add(&question->sums, codes[0], codes[1], (uint64_t)sqlite3_column_int64(rows, 2));
    }
    sqlite3_finalize(rows);
    return got == 0;
}

struct sort { /* of packed counters */
    bool asked;
    uint32_t codes[2]; /* on the axes that it knows */
};

/* struct sort by id. */
static gboolean read_sorts(struct question *question, GArray *ret, GError **error)
{
    g_autoptr(GString) sql = g_string_new("SELECT id");
    for (int i = 0; i < 2; i++) {
        enum nx_tally by = question->axes[i].by;
        g_string_append_printf(sql, ", %s", is_name(by) || by == NX_TALLY_DAY ? "NULL" : nx_tally_name(by));
    }
    g_string_append(sql, " FROM tally_sorts WHERE 1");
    add_conditions(sql, question->filter);
    sqlite3_stmt *rows = ask(question, sql->str, error);
    int got = -1;
    while (rows != NULL && (got = nx_db_step(question->db, rows, error)) > 0) {
        guint id = (guint)sqlite3_column_int64(rows, 0);
        struct sort sort = {.asked = true};
        for (int i = 0; i < 2 && got > 0; i++)
            if (sqlite3_column_type(rows, i + 1) != SQLITE_NULL &&
                !code_at(question, &question->axes[i], rows, i + 1, &sort.codes[i], error))
                got = -1;
        if (got < 0)
            break;
        if (id >= ret->len)
            g_array_set_size(ret, id + 1);
        g_array_index(ret, struct sort, id) = sort;
    }
    sqlite3_finalize(rows);
    return got == 0;
}

static uint32_t code_in(const struct question *question, int axis, int64_t day, const struct sort *sort,
                        const struct nx_packed *entry)
{
    enum nx_tally by = question->axes[axis].by;
    return by == NX_TALLY_DAY      ? (uint32_t)day
           : by == NX_TALLY_DOMAIN ? entry->domain
           : by == NX_TALLY_REMOTE ? entry->remote
                                   : sort->codes[axis];
}

struct wanted { /* ids of the filter's names; 0: all */
    uint32_t domain, remote;
};

static bool sum_part(struct question *question, int64_t day, struct nx_str body, const GArray *sorts, const struct wanted *wanted)
{
    struct nx_str group;
    uint32_t id;
    bool broken = false;
    while (nx_pack_group(&body, &id, &group, &broken)) {
        struct nx_packed entry = {.sort = id};
        const struct sort *sort = id < sorts->len ? &g_array_index(sorts, struct sort, id) : NULL;
        if (sort == NULL || !sort->asked)
            continue;
        while (nx_pack_entry(&group, &entry, &broken)) {
            if ((wanted->domain > 0 && entry.domain != wanted->domain) || (wanted->remote > 0 && entry.remote != wanted->remote))
                continue;
            nx_sums_add(&question->sums, code_in(question, 0, day, sort, &entry),
                        question->twice ? 0 : code_in(question, 1, day, sort, &entry), entry.n);
        }
        if (broken)
            return false;
    }
    return !broken;
}

static gboolean sum_packed(struct question *question, GError **error)
{
    static const char PARTS[] = "SELECT day, body FROM tally_packed WHERE day >= ?1 AND day < ?2";
    const struct nx_tally_filter *filter = question->filter;
    struct nx_db *db = question->db;
    g_autoptr(GArray) sorts = g_array_new(FALSE, TRUE, sizeof(struct sort));
    struct wanted wanted;
    if (!read_sorts(question, sorts, error) || !id_of(db, filter->domain, &wanted.domain, error) ||
        !id_of(db, filter->remote, &wanted.remote, error))
        return FALSE;
    if ((filter->domain.n > 0 && wanted.domain == 0) || (filter->remote.n > 0 && wanted.remote == 0)) /* no such was packed */
        return TRUE;
    wanted = (struct wanted){filter->domain.n > 0 ? wanted.domain : 0, filter->remote.n > 0 ? wanted.remote : 0};
    sqlite3_stmt *parts = ask(question, PARTS, error);
    int got = -1;
    while (parts != NULL && (got = nx_db_step(db, parts, error)) > 0) {
        struct nx_str body = {sqlite3_column_blob(parts, 1), (size_t)sqlite3_column_bytes(parts, 1)};
        int64_t day = sqlite3_column_int64(parts, 0);
        if (!sum_part(question, day, body, sorts, &wanted)) {
            got = nx_pack_damaged(db, day, error) ? 0 : -1;
            break;
        }
    }
    sqlite3_finalize(parts);
    return got == 0;
}

struct group {
    struct nx_str first, second;
    uint64_t n;
};

static int most_first(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    int order = nx_str_cmp(x->first, y->first);
    return order != 0 ? order : nx_str_cmp(x->second, y->second);
}

static int days_in_order(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    int order = nx_str_cmp(x->first, y->first);
    return order != 0 ? order : most_first(a, b);
}

/* The sums in words, in order. */
static gboolean name_groups(struct question *question, struct nx_arena *arena, GArray *ret, GError **error)
{
    bool days = question->axes[0].by == NX_TALLY_DAY;
    nx_sums_gather(&question->sums);
    if (!days)
        nx_sums_keep(&question->sums, question->filter->limit);
    for (size_t i = 0; i < question->sums.used; i++) {
        const struct nx_sum *sum = &question->sums.places[i];
        struct group group = {.n = sum->n};
        if (!word_at(question, &question->axes[0], sum->first, arena, &group.first, error) ||
            (!question->twice && !word_at(question, &question->axes[1], sum->second, arena, &group.second, error)))
            return FALSE;
        if (question->twice)
            group.second = group.first;
        g_array_append_val(ret, group);
    }
    g_array_sort(ret, days ? days_in_order : most_first);
    return TRUE;
}

static gboolean answer(struct question *question, struct nx_arena *arena, GArray *ret, GError **error)
{
    const struct nx_tally_filter *filter = question->filter;
    struct nx_db *db = question->db;
    bool names = is_name(question->axes[0].by) || is_name(question->axes[1].by) || filter->domain.n > 0 || filter->remote.n > 0;
    if (!nx_tally_write(db, error))
        return FALSE;
    bool own = sqlite3_get_autocommit(db->sqlite) != 0; /* one moment: a row that is packed meanwhile is in one place */
    if (own && !nx_db_exec(db, "BEGIN", error))
        return FALSE;
    gboolean good =
        sum_rows(question, names, error) && (!names || sum_packed(question, error)) && name_groups(question, arena, ret, error);
    if (own)
        (void)!nx_db_exec(db, "COMMIT", NULL); /* only reads: cannot matter */
    return good;
}

gboolean nx_read_tally(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                       nx_tally_fn *fn, void *data, GError **error)
{
    struct question question = {
        .db = nx_sqlite_reader(reader)->db, .filter = filter, .axes = {{.by = by}, {.by = then}}, .twice = by == then};
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(struct group));
    for (int i = 0; i < 2; i++) {
        question.axes[i].codes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        question.axes[i].words = g_ptr_array_new_with_free_func(g_free);
    }
    gboolean good = answer(&question, arena, groups, error);
    for (guint i = 0; good && i < groups->len && (filter->limit == 0 || i < filter->limit); i++) {
        const struct group *group = &g_array_index(groups, struct group, i);
        if (!fn(group->first, group->second, group->n, data))
            break;
    }
    for (int i = 0; i < 2; i++) {
        g_hash_table_unref(question.axes[i].codes);
        g_ptr_array_unref(question.axes[i].words);
    }
    nx_sums_clear(&question.sums);
    return good;
}
