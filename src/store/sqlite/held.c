/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/hold.h"
#include "store/sqlite/read.h"

#define HOLD                                                                                                                       \
    "SELECT h.key, h.stream, h.address, h.cause, h.class, h.at, h.until, h.remote, l.reason, l.diagnostic, h.seq"                  \
    " FROM holds h LEFT JOIN log l ON l.seq = h.seq WHERE "

static struct nx_hold hold_of(struct nx_db *db, sqlite3_stmt *row, struct nx_arena *arena)
{
    struct nx_hold hold = {.key = nx_address_of_key(arena, nx_db_text(row, 0)),
                           .stream = nx_arena_dup(arena, nx_db_text(row, 1)),
                           .address = nx_arena_dup(arena, nx_db_text(row, 2)),
                           .cause = nx_db_cause(db, row, 3),
                           .class_ = nx_db_class(row, 4),
                           .at = sqlite3_column_int64(row, 5),
                           .until = sqlite3_column_int64(row, 6),
                           .remote = nx_arena_dup(arena, nx_db_text(row, 7)),
                           .reason = nx_arena_dup(arena, nx_db_text(row, 8)),
                           .diagnostic = nx_arena_dup(arena, nx_db_text(row, 9)),
                           .sequence = sqlite3_column_int64(row, 10)};
    if (hold.address.n == 0)
        hold.address = hold.key;
    return hold;
}

gboolean nx_read_holds(struct nx_reader *reader, const struct nx_hold_filter *filter, struct nx_str after, nx_when now,
                       nx_hold_fn *fn, void *data, GError **error)
{
    static const char LIST[] = HOLD "(h.key, h.stream) > (?1, ?2) AND (?3 IS NULL OR h.remote = ?3) AND (?4 OR h.until > ?5)"
                                    " AND (?7 IS NULL OR h.key = ?7)"
                                    " ORDER BY h.key, h.stream LIMIT ?6";
    struct nx_sqlite_reader *own = nx_sqlite_reader(reader);
    sqlite3_stmt *list = nx_db_statement(own->db, LIST, error);
    size_t tab = nx_str_chr(filter->after, '\t');
    int got;
    if (list == NULL)
        return FALSE;
    nx_db_bind_text(list, 1, after);
    nx_db_bind_text(list, 2, nx_str_from(filter->after, tab + 1));
    nx_db_bind_opt(list, 3, filter->remote);
    nx_db_bind_opt(list, 7, filter->address);
    sqlite3_bind_int(list, 4, filter->over);
    sqlite3_bind_int64(list, 5, now);
    sqlite3_bind_int64(list, 6, filter->limit > 0 ? (sqlite3_int64)filter->limit : -1);
    while ((got = nx_db_step(own->db, list, error)) > 0) {
        nx_arena_reset(own->arena);
        const struct nx_hold hold = hold_of(own->db, list, own->arena);
        if (!fn(&hold, data)) {
            nx_db_reset(list);
            return TRUE;
        }
    }
    return got == 0;
}

gboolean nx_read_incidents(struct nx_reader *reader, const struct nx_hold_filter *filter, nx_when now, nx_incident_fn *fn,
                           void *data, GError **error)
{
    static const char LIST[] =
        "SELECT i.remote, i.opened, i.until, i.held, i.state, l.reason, i.since,"
        " (SELECT count(*) FROM holds h WHERE h.remote = i.remote AND h.until = i.until AND h.until > ?3)"
        " FROM incidents i LEFT JOIN log l ON l.seq = i.seq WHERE (?1 IS NULL OR i.remote = ?1) AND (?2 OR i.until > ?3)"
        " ORDER BY i.opened DESC, i.remote";
    struct nx_sqlite_reader *own = nx_sqlite_reader(reader);
    sqlite3_stmt *list = nx_db_statement(own->db, LIST, error);
    int got;
    if (list == NULL)
        return FALSE;
    nx_db_bind_opt(list, 1, filter->remote);
    sqlite3_bind_int(list, 2, filter->over);
    sqlite3_bind_int64(list, 3, now);
    while ((got = nx_db_step(own->db, list, error)) > 0) {
        struct nx_str state = nx_db_text(list, 4);
        uint64_t holding = (uint64_t)sqlite3_column_int64(list, 7), counted = (uint64_t)sqlite3_column_int64(list, 3);
        struct nx_incident incident = {.remote = nx_db_text(list, 0),
                                       .since = sqlite3_column_int64(list, 6),
                                       .opened = sqlite3_column_int64(list, 1),
                                       .until = sqlite3_column_int64(list, 2),
                                       .held = MAX(counted, holding), /* a replay's are not among those counted */
                                       .holding = holding,
                                       .state = state,
                                       .reason = nx_db_text(list, 5)};
        if (state.n == 0)
            incident.state = incident.until > now ? NX_STR("open") : NX_STR("over");
        if (!fn(&incident, data)) {
            nx_db_reset(list);
            return TRUE;
        }
    }
    return got == 0;
}

int nx_read_held(struct nx_reader *reader, struct nx_arena *arena, struct nx_str key, nx_when now, struct nx_hold *ret,
                 GError **error)
{
    /* The latest is picked here: an ORDER BY would build a table for each question. */
    static const char FIND[] = HOLD "h.key = ?1 AND h.until > ?2";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    int got, held = 0;
    if (find == NULL)
        return -1;
    nx_db_bind_text(find, 1, key);
    sqlite3_bind_int64(find, 2, now);
    while ((got = nx_db_step(db, find, error)) > 0)
        if (held == 0 || sqlite3_column_int64(find, 6) > ret->until) {
            *ret = hold_of(db, find, arena);
            held = 1;
        }
    return got < 0 ? -1 : held;
}
