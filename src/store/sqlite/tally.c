/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/tally.h"

#include "store/sqlite/read.h"

#define DAY 86400

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
        break;
    }
    return nx_db_text(row, column);
}

gboolean nx_read_tally(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                       nx_tally_fn *fn, void *data, GError **error)
{
    struct nx_sqlite_reader *own = nx_sqlite_reader(reader);
    struct nx_db *db = own->db;
    const char *first = nx_tally_name(by), *second = nx_tally_name(then);
    g_autofree char *sql =
        g_strdup_printf("SELECT %s, %s, sum(n) FROM tally WHERE day >= ?1 AND day < ?2 AND (?3 IS NULL OR kind = ?3)"
                        " AND (?4 IS NULL OR domain = ?4) AND (?5 IS NULL OR stream = ?5) GROUP BY 1, 2 ORDER BY %s LIMIT ?6",
                        first, second, by == NX_TALLY_DAY ? "1, 3 DESC, 2" : "3 DESC, 1, 2");
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &rows, NULL), got = 0;
    if (code != SQLITE_OK)
        return nx_db_fail(db, code, error);
    sqlite3_bind_int64(rows, 1, is_set(filter->since) ? filter->since / DAY : INT64_MIN);
    sqlite3_bind_int64(rows, 2, is_set(filter->before) ? filter->before / DAY : INT64_MAX);
    nx_db_bind_opt(rows, 3, filter->kind == NX_KIND_OTHER ? NX_STR_NONE : nx_str_of(nx_kind_name(filter->kind)));
    nx_db_bind_opt(rows, 4, filter->domain);
    nx_db_bind_opt(rows, 5, filter->stream);
    sqlite3_bind_int64(rows, 6, filter->limit > 0 ? (sqlite3_int64)filter->limit : -1);
    while ((got = nx_db_step(db, rows, error)) > 0) {
        nx_arena_reset(own->arena);
        if (!fn(word_of(db, own->arena, rows, 0, by), word_of(db, own->arena, rows, 1, then),
                (uint64_t)sqlite3_column_int64(rows, 2), data))
            break;
    }
    sqlite3_finalize(rows);
    return got >= 0;
}
