/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/feed.h"

enum { F_PLACE, F_KEY, F_STREAM, F_ADDRESS, F_CAUSE, F_CLASS, F_SINCE, F_UNTIL };

struct nx_feed {
    const struct nx_db *db;
    const struct nx_change *const *changes;
    size_t n;
};

struct feed_table {
    sqlite3_vtab table;
    const struct nx_feed *feed;
};

struct feed_cursor {
    sqlite3_vtab_cursor cursor;
    size_t at;
};

static int connect_feed(sqlite3 *sqlite, void *data, int argc, const char *const *argv, sqlite3_vtab **ret, char **error)
{
    struct feed_table *table = sqlite3_malloc(sizeof *table);
    (void)argc;
    (void)argv;
    (void)error;
    if (table == NULL)
        return SQLITE_NOMEM;
    *table = (struct feed_table){.feed = data};
    *ret = &table->table;
    return sqlite3_declare_vtab(sqlite, "CREATE TABLE nx_feed(place, key, stream, address, cause, class, since, until)");
}

static int disconnect_feed(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

static int plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    info->estimatedRows = (sqlite3_int64)((struct feed_table *)table)->feed->n;
    info->estimatedCost = (double)info->estimatedRows;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
    struct feed_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    (void)table;
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *cursor = (struct feed_cursor){0};
    *ret = &cursor->cursor;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int first(sqlite3_vtab_cursor *cursor, int number, const char *text, int argc, sqlite3_value **argv)
{
    (void)number;
    (void)text;
    (void)argc;
    (void)argv;
    ((struct feed_cursor *)cursor)->at = 0;
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *cursor)
{
    ((struct feed_cursor *)cursor)->at++;
    return SQLITE_OK;
}

static const struct nx_feed *feed_of(const sqlite3_vtab_cursor *cursor)
{
    return ((const struct feed_table *)cursor->pVtab)->feed;
}

static int at_end(sqlite3_vtab_cursor *cursor)
{
    return ((struct feed_cursor *)cursor)->at >= feed_of(cursor)->n;
}

static void give_text(sqlite3_context *context, struct nx_str text)
{
    sqlite3_result_text64(context, text.n > 0 ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

static int column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int number)
{
    const struct nx_feed *feed = feed_of(cursor);
    size_t at = ((struct feed_cursor *)cursor)->at;
    const struct nx_change *change = feed->changes[at];
    switch (number) {
    case F_PLACE:
        sqlite3_result_int64(context, (sqlite3_int64)at);
        break;
    case F_KEY:
        give_text(context, change->key);
        break;
    case F_STREAM:
        give_text(context, change->stream);
        break;
    case F_ADDRESS:
        if (change->address.n > 0) /* else NULL, which is what a column is if nothing is said */
            give_text(context, change->address);
        break;
    case F_CAUSE:
        sqlite3_result_int(context, feed->db->cause_ids[change->cause]);
        break;
    case F_CLASS:
        sqlite3_result_text(context, nx_class_name(nx_cause_facts(change->cause)->class_), 1, SQLITE_STATIC);
        break;
    case F_SINCE:
        sqlite3_result_int64(context, change->since);
        break;
    case F_UNTIL:
        if (change->until != NX_WHEN_NONE)
            sqlite3_result_int64(context, change->until);
        break;
    default:
        break;
    }
    return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)((struct feed_cursor *)cursor)->at;
    return SQLITE_OK;
}

/* No xCreate: the table is there by its name alone, in no schema. */
static const sqlite3_module module = {.xConnect = connect_feed,
                                      .xDisconnect = disconnect_feed,
                                      .xBestIndex = plan,
                                      .xOpen = open_cursor,
                                      .xClose = close_cursor,
                                      .xFilter = first,
                                      .xNext = next,
                                      .xEof = at_end,
                                      .xColumn = column,
                                      .xRowid = row_id};

struct nx_feed *nx_feed_new(struct nx_db *db, GError **error)
{
    struct nx_feed *feed = g_new0(struct nx_feed, 1);
    feed->db = db;
    int code = sqlite3_create_module_v2(db->sqlite, "nx_feed", &module, feed, g_free);
    if (code == SQLITE_OK)
        return feed;
    nx_db_fail(db, code, error);
    return NULL;
}

void nx_feed_set(struct nx_feed *feed, const struct nx_change *const *changes, size_t n)
{
    feed->changes = changes;
    feed->n = n;
}
