/* SPDX-License-Identifier: Apache-2.0 */
/* The log as it is read: events, acts, and the lines of imports. */
#include "store/sqlite/read.h"

#include "base/error.h"
#include "event/json.h"
#include "store/sqlite/chunk.h"
#include "store/sqlite/forgotten.h"

/* Columns of LINE */
enum {
    L_SEQ,
    L_ID,
    L_ACT,
    L_AT,
    L_MADE,
    L_KEY,
    L_STREAM,
    L_ADDRESS,
    L_CAUSE,
    L_ACTION,
    L_SCOPE,
    L_UNTIL,
    L_REASON,
    L_ACTOR,
    L_SOURCE,
    L_STATUS,
    L_RULE,
    L_DIAGNOSTIC,
    L_BODY,
    L_REMOTE
};
#define LINE                                                                                                                       \
    "SELECT seq, id, act, at, made, key, stream, address, cause, action, scope, until, reason, actor, source, status, rule, "      \
    "diagnostic, body, remote FROM log WHERE "

static gboolean read_event(struct nx_db *db, sqlite3_stmt *row, struct nx_arena *arena, struct nx_event *ret, GError **error)
{
    struct nx_str json;
    struct nx_str body = {sqlite3_column_blob(row, L_BODY), (size_t)sqlite3_column_bytes(row, L_BODY)};
    if (!nx_zip_unpack(db->zip, arena, body, &json) || !nx_event_from_json(arena, json, ret, NULL)) {
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: event %lld of the log cannot be read (put back a copy)", db->path,
                    (long long)sqlite3_column_int64(row, L_SEQ));
        return FALSE;
    }
    ret->id = nx_read_id(arena, row, L_ID);
    ret->origin.source = nx_arena_dup(arena, nx_db_text(row, L_SOURCE));
    ret->report.status = nx_arena_dup(arena, nx_db_text(row, L_STATUS));
    ret->report.diagnostic = nx_arena_dup(arena, nx_db_text(row, L_DIAGNOSTIC));
    ret->verdict.rule = nx_arena_dup(arena, nx_db_text(row, L_RULE));
    ret->decision = (struct nx_decision){
        .made = true, .until = nx_db_when(row, L_UNTIL), .reason = nx_arena_dup(arena, nx_db_text(row, L_REASON))};
    (void)nx_action_parse(nx_db_text(row, L_ACTION), &ret->decision.action);
    return TRUE;
}

/* The lines of an import, in the reader's arena. */
static gboolean add_lines(struct nx_sqlite_reader *reader, struct nx_logged *line, GError **error)
{
    struct nx_row row;
    bool broken;
    size_t n = 0;
    reader->chunk_sequence = 0; /* an erasure may have changed it */
    if (!nx_read_chunk(reader, line->sequence, error))
        return FALSE;
    for (struct nx_str list = reader->chunk; nx_chunk_next(reader->db, &list, &row, &broken);)
        n++;
    struct nx_logged *lines = nx_arena_array(reader->arena, n, sizeof *lines);
    struct nx_str list = reader->chunk;
    for (size_t i = 0; i < n && nx_chunk_next(reader->db, &list, &row, &broken); i++)
        lines[i] = (struct nx_logged){.act = NX_ACT_IMPORT,
                                      .address = row.address.n > 0 ? row.address : nx_address_of_key(reader->arena, row.key),
                                      .stream = row.scope,
                                      .cause = row.cause,
                                      .at = row.at,
                                      .until = row.until,
                                      .reason = row.reason};
    line->lines = lines;
    line->n_lines = n;
    return TRUE;
}

/* 1 handed out and more wanted, 0 enough, -1 error, 2 passed over. */
static int hand_out(struct nx_sqlite_reader *reader, sqlite3_stmt *row, struct nx_str key, bool lines, nx_logged_fn *fn, void *data,
                    GError **error)
{
    struct nx_db *db = reader->db;
    struct nx_event event;
    struct nx_row found;
    nx_arena_reset(reader->arena);
    struct nx_str act = nx_db_text(row, L_ACT), address = nx_db_text(row, L_ADDRESS), own = nx_db_text(row, L_KEY);
    struct nx_logged line = {.sequence = sqlite3_column_int64(row, L_SEQ),
                             .at = sqlite3_column_int64(row, L_AT),
                             .made = sqlite3_column_int64(row, L_MADE),
                             .stream = nx_db_text(row, L_SCOPE),
                             .reason = nx_db_text(row, L_REASON),
                             .actor = nx_db_text(row, L_ACTOR),
                             .source = nx_db_text(row, L_SOURCE),
                             .remote = nx_db_text(row, L_REMOTE),
                             .cause = nx_db_cause(db, row, L_CAUSE),
                             .until = nx_db_when(row, L_UNTIL)};
    for (int i = 0; i < NX_ACT_COUNT; i++)
        if (nx_str_eq(act, nx_str_of(nx_act_name((enum nx_act)i))))
            line.act = (enum nx_act)i;
    line.address = address.n > 0 || own.n == 0 ? address : nx_address_of_key(reader->arena, own);
    if (line.act == NX_ACT_EVENT) {
        if (!read_event(db, row, reader->arena, &event, error))
            return -1;
        line.event = &event;
        line.stream = nx_db_text(row, L_STREAM);
    } else if (line.act == NX_ACT_IMPORT && key.n > 0) {
        if (!nx_read_line(reader, line.sequence, key, NULL, &found, error))
            return -1;
        if (found.key.n == 0)
            return 2;
        line.address = found.address.n > 0 ? found.address : nx_address_of_key(reader->arena, key);
        line.stream = found.scope;
        line.cause = found.cause;
        line.at = found.at;
        line.until = found.until;
        if (found.reason.n > 0)
            line.reason = found.reason;
    } else if (line.act == NX_ACT_IMPORT && lines && !add_lines(reader, &line, error)) {
        return -1;
    }
    return fn(&line, data);
}

gboolean nx_read_log(struct nx_reader *reader, const struct nx_log_filter *filter, struct nx_str key, nx_logged_fn *fn, void *data,
                     GError **error)
{
    static const char OF_ALL[] =
        LINE "seq > ?1 AND made >= ?2 AND (?3 IS NULL OR kind = ?3) AND (?4 = 0 OR cause = ?4) ORDER BY seq";
    static const char OF_ONE[] =
        LINE "seq > ?1 AND made >= ?2 AND (?3 IS NULL OR kind = ?3) AND (?4 = 0 OR cause = ?4)"
             " AND seq IN (SELECT seq FROM log WHERE key = ?5 UNION SELECT seq FROM chunks WHERE lo <= ?5 AND hi >= ?5"
             " UNION SELECT seq FROM forgotten WHERE hash = ?6) ORDER BY seq";
    static const char UNEXPLAINED[] =
        LINE "seq > ?1 AND made >= ?2 AND (?3 IS NULL OR kind = ?3) AND (?4 = 0 OR cause = ?4)"
             " AND seq IN (SELECT seq FROM unexplained WHERE seq > ?1) AND (?5 IS NULL OR key = ?5) ORDER BY seq";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *list = nx_db_statement(db, filter->unexplained ? UNEXPLAINED : key.n > 0 ? OF_ONE : OF_ALL, error);
    size_t given = 0;
    int got;
    if (list == NULL)
        return FALSE;
    sqlite3_bind_int64(list, 1, filter->after);
    sqlite3_bind_int64(list, 2, filter->since == NX_WHEN_NONE || filter->since == 0 ? INT64_MIN : filter->since);
    nx_db_bind_opt(list, 3, filter->kind == NX_KIND_OTHER ? NX_STR_NONE : nx_str_of(nx_kind_name(filter->kind)));
    nx_db_bind_cause(db, list, 4, filter->cause);
    if (key.n > 0 || filter->unexplained)
        nx_db_bind_opt(list, 5, key);
    struct nx_forgotten forgotten = {0};
    if (key.n > 0 && !filter->unexplained) {
        if (!nx_forgotten_find(db, reader->streams, nx_sqlite_reader(reader)->arena, key, NX_STR_NONE, NX_WHEN_NONE, &forgotten,
                               error))
            return FALSE;
        sqlite3_bind_null(list, 6);
        if (forgotten.known)
            sqlite3_bind_blob(list, 6, forgotten.hash, NX_PSEUDONYM, SQLITE_STATIC);
    }
    while ((got = nx_db_step(db, list, error)) > 0) {
        int more = hand_out(nx_sqlite_reader(reader), list, key, filter->lines, fn, data, error);
        given += more != 2;
        if (more <= 0 || (filter->limit > 0 && given >= filter->limit)) {
            nx_db_reset(list);
            return more >= 0;
        }
    }
    return got == 0;
}
