/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/read.h"

#include "base/error.h"
#include "decide/stream.h"
#include "event/json.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/forgotten.h"

struct nx_reader *nx_read_within(struct nx_db *db)
{
    struct nx_sqlite_reader *reader = g_new0(struct nx_sqlite_reader, 1);
    reader->reader.ops = &nx_sqlite_ops;
    reader->db = db;
    reader->arena = nx_arena_new();
    reader->chunk_arena = nx_arena_new();
    reader->import_arena = nx_arena_new();
    reader->borrowed = true;
    return &reader->reader;
}

struct nx_reader *nx_read_new(const char *path, GError **error)
{
    struct nx_db *db = nx_db_open(path, false, error);
    if (db == NULL)
        return NULL;
    struct nx_reader *reader = nx_read_within(db);
    nx_sqlite_reader(reader)->borrowed = false;
    return reader;
}

void nx_read_free(struct nx_reader *reader)
{
    if (!nx_sqlite_reader(reader)->borrowed)
        nx_db_close(nx_sqlite_reader(reader)->db);
    nx_arena_free(nx_sqlite_reader(reader)->arena);
    nx_arena_free(nx_sqlite_reader(reader)->chunk_arena);
    nx_arena_free(nx_sqlite_reader(reader)->import_arena);
    g_free(reader);
}

/* One text for every select of entries, so that the columns agree. */
#define ENTRY "s.key, s.stream, s.address, s.cause, s.class, s.since, s.until, s.renewals, s.manual, s.seq"
#define NONE "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL" /* as many */

static struct nx_entry entry_of(struct nx_db *db, sqlite3_stmt *row, struct nx_arena *arena)
{
    struct nx_entry entry = {.key = nx_address_of_key(arena, nx_db_text(row, 0)),
                             .stream = nx_arena_dup(arena, nx_db_text(row, 1)),
                             .address = nx_arena_dup(arena, nx_db_text(row, 2)),
                             .cause = nx_db_cause(db, row, 3),
                             .class_ = nx_db_class(row, 4),
                             .since = sqlite3_column_int64(row, 5),
                             .until = nx_db_when(row, 6),
                             .renewals = (unsigned)sqlite3_column_int(row, 7),
                             .manual = sqlite3_column_int(row, 8) != 0,
                             .sequence = sqlite3_column_int64(row, 9)};
    if (entry.address.n == 0)
        entry.address = entry.key;
    return entry;
}

struct nx_str nx_read_id(struct nx_arena *arena, sqlite3_stmt *row, int column)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = sqlite3_column_blob(row, column);
    size_t n = (size_t)sqlite3_column_bytes(row, column);
    if (n != 16) /* not made from hex */
        return nx_arena_dup(arena, (struct nx_str){(const char *)bytes, n});
    char *out = nx_arena_alloc(arena, 2 * n);
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return (struct nx_str){out, 2 * n};
}

gboolean nx_read_chunk(struct nx_sqlite_reader *reader, int64_t sequence, GError **error)
{
    if (reader->chunk_sequence == sequence)
        return TRUE;
    reader->chunk_sequence = 0;
    nx_arena_reset(reader->chunk_arena);
    if (!nx_chunk_load(reader->db, reader->chunk_arena, sequence, &reader->chunk, error))
        return FALSE;
    reader->chunk_sequence = sequence;
    return TRUE;
}

gboolean nx_read_line(struct nx_sqlite_reader *reader, int64_t sequence, struct nx_str key, const struct nx_str *stream,
                      struct nx_row *ret, GError **error)
{
    struct nx_row row;
    bool broken;
    *ret = (struct nx_row){0};
    if (!nx_read_chunk(reader, sequence, error))
        return FALSE;
    struct nx_str list = nx_chunk_seek(reader->chunk, key);
    while (nx_chunk_next(reader->db, &list, &row, &broken) && nx_str_eq(row.key, key))
        if (stream == NULL || nx_str_eq(row.scope, *stream)) {
            *ret = row;
            break;
        }
    return TRUE;
}

/* An import's list says why, where its lines differ in that. */
static gboolean add_line(struct nx_sqlite_reader *reader, struct nx_arena *arena, struct nx_str key, struct nx_entry *entry,
                         GError **error)
{
    struct nx_row line;
    if (!nx_read_line(reader, entry->sequence, key, &entry->stream, &line, error))
        return FALSE;
    entry->reason = nx_arena_dup(arena, line.reason);
    return TRUE;
}

static void keep_import(struct nx_sqlite_reader *reader, const struct nx_entry *entry, bool mixed)
{
    nx_arena_reset(reader->import_arena);
    reader->import_reason = nx_arena_dup(reader->import_arena, entry->reason);
    reader->import_actor = nx_arena_dup(reader->import_arena, entry->actor);
    reader->import_source = nx_arena_dup(reader->import_arena, entry->source);
    reader->import_sequence = entry->sequence;
    reader->import_mixed = mixed;
}

/* What only the log knows of an entry. */
static gboolean add_origin(struct nx_sqlite_reader *reader, struct nx_arena *arena, struct nx_str key, struct nx_entry *entry,
                           GError **error)
{
    static const char GET[] =
        "SELECT id, act='import', kind='mixed', reason, actor, source, status, rule, diagnostic FROM log WHERE seq=?1";
    struct nx_db *db = reader->db;
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL)
        return FALSE;
    sqlite3_bind_int64(get, 1, entry->sequence);
    int got = nx_db_step(db, get, error);
    if (got <= 0)
        return got == 0;
    entry->event_id = nx_read_id(arena, get, 0);
    entry->reason = nx_arena_dup(arena, nx_db_text(get, 3));
    entry->actor = nx_arena_dup(arena, nx_db_text(get, 4));
    entry->source = nx_arena_dup(arena, nx_db_text(get, 5));
    entry->status = nx_arena_dup(arena, nx_db_text(get, 6));
    entry->rule = nx_arena_dup(arena, nx_db_text(get, 7));
    entry->diagnostic = nx_arena_dup(arena, nx_db_text(get, 8));
    bool import = sqlite3_column_int(get, 1) != 0, mixed = import && sqlite3_column_int(get, 2) != 0;
    nx_db_reset(get);
    if (import)
        keep_import(reader, entry, mixed);
    return !mixed || add_line(reader, arena, key, entry, error);
}

/* The same within a list, where neighbours mostly come from one row. */
static gboolean add_listed_origin(struct nx_sqlite_reader *reader, struct nx_str key, struct nx_entry *entry, GError **error)
{
    if (reader->import_sequence != entry->sequence)
        return add_origin(reader, reader->arena, key, entry, error);
    entry->reason = reader->import_reason;
    entry->actor = reader->import_actor;
    entry->source = reader->import_source;
    return !reader->import_mixed || add_line(reader, reader->arena, key, entry, error);
}

/* The name under which entries for all bulk streams answer for this one, or nothing. */
static struct nx_str bulk_of(const struct nx_reader *reader, struct nx_str stream)
{
    return nx_streams_is_transactional(reader->streams, stream) ? NX_STR_NONE : NX_STR(NX_STREAM_BULK);
}

static struct nx_str domain_of(struct nx_str key)
{
    return nx_str_sub(key, 0, nx_str_chr(key, '@') + 1);
}

/* Of two entries the one that says more: that of the address before that of its domain, then the one that holds longer. */
static bool is_better(const struct nx_entry *new, const struct nx_entry *old)
{
    bool new_domain = new->key.p[0] == '@', old_domain = old->key.p[0] == '@';
    if (new_domain != old_domain)
        return old_domain;
    const struct nx_standing standing = {.present = true, .cause = old->cause, .since = old->since, .until = old->until};
    return nx_standing_gives_way(&standing, new->cause, new->until, old->since);
}

/* 1 it stays suppressed by its hash, 0 it does not, -1 error. */
static int find_erased(const struct nx_reader *reader, struct nx_db *db, struct nx_arena *arena, const struct nx_address *address,
                       struct nx_str stream, nx_when now, struct nx_entry *ret, GError **error)
{
    struct nx_forgotten forgotten;
    if (!nx_forgotten_find(db, reader->streams, arena, address->key, stream, now, &forgotten, error))
        return -1;
    if (!nx_standing_holds(&forgotten.standing, now))
        return 0;
    *ret = (struct nx_entry){.address = address->folded,
                             .key = address->folded,
                             .stream = forgotten.stream,
                             .since = forgotten.standing.since,
                             .until = forgotten.standing.until,
                             .source = NX_STR("forget"),
                             .reason = NX_STR("erased: a keyed hash is kept, so that it stays suppressed"),
                             .sequence = forgotten.sequence,
                             .manual = true,
                             .erased = true};
    return 1;
}

int nx_read_lookup(struct nx_reader *reader, struct nx_arena *arena, const struct nx_address *address, struct nx_str stream,
                   nx_when now, struct nx_entry *ret_entry, bool *ret_allowed, GError **error)
{
    /* All of it in one statement: beginning and ending a transaction costs as much as looking. Keys are equal to one value each and
     * streams are compared here: an IN, which SQLite also makes of an OR, would build a table for each question. */
    static const char FIND[] = "SELECT " NONE " FROM allowed WHERE key=?1 UNION ALL SELECT " NONE " FROM allowed WHERE key=?2"
                               " UNION ALL SELECT " ENTRY " FROM suppressions s WHERE s.key=?1"
                               " UNION ALL SELECT " ENTRY " FROM suppressions s WHERE s.key=?2"
                               /* last: is anybody erased at all? */
                               " UNION ALL SELECT NULL, 'erased', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
                               " WHERE EXISTS(SELECT 1 FROM forgotten)";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    struct nx_entry best = {0};
    int got, listed = 0;
    bool good = true, erased = false;
    if (find == NULL)
        return -1;
    nx_db_bind_text(find, 1, address->key);
    nx_db_bind_text(find, 2, domain_of(address->key));
    while (good && (got = nx_db_step(db, find, error)) > 0) {
        if (sqlite3_column_type(find, 0) == SQLITE_NULL) {
            erased = sqlite3_column_type(find, 1) != SQLITE_NULL;
            *ret_allowed = !erased;
            if (erased)
                continue;
            break;
        }
        struct nx_str its = nx_db_text(find, 1);
        nx_when until = nx_db_when(find, 6);
        if (!nx_streams_covers(reader->streams, its, stream) || (until != NX_WHEN_NONE && until <= now))
            continue;
        struct nx_entry entry = entry_of(db, find, arena);
        if (listed > 0 && !is_better(&entry, &best))
            continue;
        good = add_origin(nx_sqlite_reader(reader), arena, nx_db_text(find, 0), &entry, error);
        best = entry;
        listed = 1;
    }
    nx_db_reset(find);
    if (!good || got < 0)
        return -1;
    if (listed > 0)
        *ret_entry = best;
    return listed > 0 ? 1 : erased ? find_erased(reader, db, arena, address, stream, now, ret_entry, error) : 0;
}

/* The condition of a filter, as SQL with numbered places that bind_filter fills. */
static char *where_of(const struct nx_filter *filter, bool any_allowed)
{
    GString *sql = g_string_new("SELECT " ENTRY " FROM suppressions s WHERE 1");
    if (filter->after.n > 0)
        g_string_append(sql, filter->once ? " AND s.key > ?1" : " AND (s.key, s.stream) > (?1, ?2)");
    if (filter->address.n > 0)
        g_string_append(sql, " AND s.key IN (?14, ?15)");
    if (filter->domain.n > 0)
        g_string_append(sql, " AND s.key >= ?3 AND s.key < ?4");
    if (filter->stream.n > 0)
        g_string_append(sql, " AND s.stream IN ('', ?5, ?13)");
    if (filter->cause != NX_CAUSE_NONE)
        g_string_append(sql, " AND s.cause = ?6");
    if (filter->class_ != NX_CLASS_NONE)
        g_string_append(sql, " AND s.class = ?7");
    if (filter->since != NX_WHEN_NONE && filter->since != 0)
        g_string_append(sql, " AND s.since >= ?8");
    if (filter->remote.n > 0)
        g_string_append(sql, " AND (SELECT l.remote FROM log l WHERE l.seq = s.seq) = ?12");
    if (filter->before != NX_WHEN_NONE && filter->before != 0)
        g_string_append(sql, " AND s.since < ?9");
    if (!filter->expired) {
        g_string_append(sql, " AND (s.until IS NULL OR s.until > ?10)");
        if (any_allowed)
            g_string_append(
                sql, " AND NOT EXISTS (SELECT 1 FROM allowed a WHERE a.key IN (s.key, substr(s.key, 1, instr(s.key, '@'))))");
    }
    g_string_append(sql, filter->once ? " GROUP BY s.key ORDER BY s.key LIMIT ?11" : " ORDER BY s.key, s.stream LIMIT ?11");
    return g_string_free(sql, FALSE);
}

static gboolean bind_filter(const struct nx_reader *reader, struct nx_db *db, sqlite3_stmt *list, const struct nx_filter *filter,
                            struct nx_arena *arena, nx_when now, GError **error)
{
    struct nx_address address;
    if (filter->after.n > 0) {
        size_t tab = nx_str_chr(filter->after, '\t');
        struct nx_str last = nx_str_sub(filter->after, 0, tab);
        if (tab == filter->after.n || !nx_address_fold(arena, last, NULL, &address, NULL)) {
            g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%.*s' is no cursor (take the one that the last page gave)",
                        NX_FMT(nx_str_sub(filter->after, 0, 100)));
            return FALSE;
        }
        nx_db_bind_text(list, 1, address.key);
        if (!filter->once)
            nx_db_bind_text(list, 2, nx_str_from(filter->after, tab + 1));
    }
    if (filter->domain.n > 0) {
        struct nx_str name = filter->domain.p[0] == '@' ? nx_str_from(filter->domain, 1) : filter->domain;
        const char *why;
        if (!nx_address_fold(arena, nx_arena_printf(arena, "@%.*s", NX_FMT(name)), NULL, &address, &why)) {
            g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%.*s' is no domain: %s", NX_FMT(name), why);
            return FALSE;
        }
        nx_db_bind_text(list, 3, address.key); /* "example.net@" up to the byte behind "@" */
        nx_db_bind_text(list, 4, nx_arena_printf(arena, "%.*sA", NX_FMT(address.domain)));
    }
    nx_db_bind_text(list, 5, filter->stream);
    if (filter->stream.n > 0)
        nx_db_bind_text(list, 13, bulk_of(reader, filter->stream));
    nx_db_bind_cause(db, list, 6, filter->cause);
    nx_db_bind_class(list, 7, filter->class_);
    sqlite3_bind_int64(list, 8, filter->since);
    sqlite3_bind_int64(list, 9, filter->before);
    sqlite3_bind_int64(list, 10, now);
    nx_db_bind_text(list, 12, filter->remote);
    nx_db_bind_text(list, 14, filter->address);
    nx_db_bind_text(list, 15, domain_of(filter->address));
    sqlite3_bind_int64(list, 11, filter->limit > 0 ? (sqlite3_int64)filter->limit : -1);
    return TRUE;
}

gboolean nx_read_list(struct nx_reader *reader, const struct nx_filter *filter, nx_when now, nx_entry_fn *fn, void *data,
                      GError **error)
{
    static const char ANY[] = "SELECT EXISTS(SELECT 1 FROM allowed)";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    g_autoptr(nx_arena) bound = nx_arena_new();
    sqlite3_stmt *any = nx_db_statement(db, ANY, error), *list = NULL;
    if (any == NULL || nx_db_step(db, any, error) < 0)
        return FALSE;
    g_autofree char *sql = where_of(filter, sqlite3_column_int(any, 0) != 0);
    nx_db_reset(any);
    int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &list, NULL), got = 0;
    if (code != SQLITE_OK)
        return nx_db_fail(db, code, error);
    struct nx_sqlite_reader *own = nx_sqlite_reader(reader);
    bool good = bind_filter(reader, db, list, filter, bound, now, error);
    own->import_sequence = 0; /* a row of the log may have changed since: erasing does that */
    while (good && (got = nx_db_step(db, list, error)) > 0) {
        nx_arena_reset(own->arena);
        struct nx_entry entry = entry_of(db, list, own->arena);
        good = filter->brief || add_listed_origin(own, nx_db_text(list, 0), &entry, error);
        if (good && !fn(&entry, data))
            break;
    }
    sqlite3_finalize(list);
    return good && got >= 0;
}

gboolean nx_read_position(struct nx_reader *reader, int64_t *ret, GError **error)
{
    static const char LAST[] = "SELECT coalesce(max(seq), 0) FROM log";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *last = nx_db_statement(db, LAST, error);
    if (last == NULL || nx_db_step(db, last, error) < 0)
        return FALSE;
    *ret = sqlite3_column_int64(last, 0);
    nx_db_reset(last);
    return TRUE;
}

int nx_read_mark(struct nx_reader *reader, struct nx_str name, int64_t *ret, GError **error)
{
    static const char GET[] = "SELECT value FROM marks WHERE name=?1";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL)
        return -1;
    nx_db_bind_text(get, 1, name);
    int got = nx_db_step(db, get, error);
    if (got > 0) {
        *ret = sqlite3_column_int64(get, 0);
        nx_db_reset(get);
    }
    return got;
}
