/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/tally.h"

#include "store/sqlite/read.h"

#define DAY 86400
#define PART_MAX 512u /* of a value that is counted by */

static bool is_set(nx_when when)
{
    return when != NX_WHEN_NONE && when != 0;
}

/* A dimension's value in words. */
static struct nx_str word_of(struct nx_db *db, struct nx_arena *arena, sqlite3_stmt *row, int column, enum nx_tally by)
{
    switch (by) {
    case NX_TALLY_DAY:
        return nx_str_sub(nx_when_format(arena, sqlite3_column_int64(row, column) * DAY), 0, 10);
    case NX_TALLY_CAUSE:
        return nx_str_of(nx_cause_name(nx_db_cause(db, row, column)));
    case NX_TALLY_CLASS:
        return nx_str_of(nx_class_name(nx_db_class(row, column)));
    case NX_TALLY_KIND:
    case NX_TALLY_ACTION:
    case NX_TALLY_SOURCE:
    case NX_TALLY_STREAM:
    case NX_TALLY_DOMAIN:
    case NX_TALLY_REMOTE:
        break;
    }
    return nx_db_text(row, column);
}

static void bind_counted(struct nx_db *db, sqlite3_stmt *add, const struct nx_counted *event)
{
    sqlite3_bind_int64(add, 1, event->at / DAY);
    nx_db_bind_text(add, 2, event->kind);
    nx_db_bind_cause(db, add, 3, event->cause);
    nx_db_bind_class(add, 4, event->class_);
    nx_db_bind_text(add, 5, event->action);
    nx_db_bind_text(add, 6, event->source);
    nx_db_bind_text(add, 7, event->stream);
}

gboolean nx_tally_add(struct nx_db *db, const struct nx_counted *event, GError **error)
{
    static const char ADD[] = "INSERT INTO tally(day, kind, cause, class, action, source, stream, n) VALUES(?1,?2,?3,?4,?5,?6,?7,1)"
                              " ON CONFLICT DO UPDATE SET n = n + 1";
    static const char ADD_NAMES[] = "INSERT INTO tally_names(day, kind, cause, class, action, source, stream, domain, remote, n)"
                                    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,1) ON CONFLICT DO UPDATE SET n = n + 1";
    sqlite3_stmt *add = nx_db_statement(db, ADD, error), *names = nx_db_statement(db, ADD_NAMES, error);
    if (add == NULL || names == NULL)
        return FALSE;
    bind_counted(db, add, event);
    bind_counted(db, names, event);
    nx_db_bind_text(names, 8, event->domain);
    nx_db_bind_text(names, 9, event->remote);
    return nx_db_run(db, add, error) && nx_db_run(db, names, error);
}

static bool is_name(enum nx_tally by)
{
    return by == NX_TALLY_DOMAIN || by == NX_TALLY_REMOTE;
}

/* The question as SQL; places are those of bind_filter. */
static char *sql_of(enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter)
{
    bool names = is_name(by) || is_name(then) || filter->domain.n > 0 || filter->remote.n > 0;
    GString *sql = g_string_new("SELECT ");
    g_string_append_printf(sql, "%s, %s, n FROM %s WHERE day >= ?1 AND day < ?2", nx_tally_name(by), nx_tally_name(then),
                           names ? "tally_names" : "tally");
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
    if (filter->domain.n > 0)
        g_string_append(sql, " AND domain = ?9");
    if (filter->remote.n > 0)
        g_string_append(sql, " AND remote = ?10");
    return g_string_free(sql, FALSE);
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

struct group {
    struct nx_str first, second;
    uint64_t n;
};

struct sums {           /* added up here: SQLite would sort every row to group them, which takes six times as long */
    GHashTable *by_key; /* the columns as they stand, parted by a line end, to struct group */
    GPtrArray *groups;
    struct nx_arena *arena; /* texts of the groups */
    enum nx_tally by, then;
};

static struct group *group_of(struct nx_db *db, sqlite3_stmt *row, struct sums *sums)
{
    char key[2 * PART_MAX + 2];
    size_t n = 0;
    for (int column = 0; column <= (sums->then != sums->by); column++) {
        struct nx_str part = nx_str_sub(nx_db_text(row, column), 0, PART_MAX);
        if (part.n > 0)
            memcpy(key + n, part.p, part.n);
        n += part.n;
        key[n++] = '\n';
    }
    key[n - 1] = '\0';
    struct group *group = g_hash_table_lookup(sums->by_key, key);
    if (group != NULL)
        return group;
    group = g_new0(struct group, 1);
    group->first = nx_arena_dup(sums->arena, word_of(db, sums->arena, row, 0, sums->by));
    group->second = nx_arena_dup(sums->arena, word_of(db, sums->arena, row, 1, sums->then));
    g_hash_table_insert(sums->by_key, g_strdup(key), group);
    g_ptr_array_add(sums->groups, group);
    return group;
}

static int most_first(const void *a, const void *b)
{
    const struct group *x = *(const struct group *const *)a, *y = *(const struct group *const *)b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    int order = nx_str_cmp(x->first, y->first);
    return order != 0 ? order : nx_str_cmp(x->second, y->second);
}

static int days_in_order(const void *a, const void *b)
{
    const struct group *x = *(const struct group *const *)a, *y = *(const struct group *const *)b;
    int order = nx_str_cmp(x->first, y->first);
    return order != 0 ? order : most_first(a, b);
}

gboolean nx_read_tally(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                       nx_tally_fn *fn, void *data, GError **error)
{
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    g_autofree char *sql = sql_of(by, then, filter);
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &rows, NULL), got = 0;
    if (code != SQLITE_OK)
        return nx_db_fail(db, code, error);
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GPtrArray) groups = g_ptr_array_new();
    g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    struct sums sums = {.by_key = by_key, .groups = groups, .arena = arena, .by = by, .then = then};
    bind_filter(db, rows, filter);
    while ((got = nx_db_step(db, rows, error)) > 0)
        group_of(db, rows, &sums)->n += (uint64_t)sqlite3_column_int64(rows, 2);
    sqlite3_finalize(rows);
    if (got < 0)
        return FALSE;
    g_ptr_array_sort(groups, by == NX_TALLY_DAY ? days_in_order : most_first);
    for (guint i = 0; i < groups->len && (filter->limit == 0 || i < filter->limit); i++) {
        const struct group *group = groups->pdata[i];
        if (!fn(group->first, group->second, group->n, data))
            break;
    }
    return TRUE;
}
