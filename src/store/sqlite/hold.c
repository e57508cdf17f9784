/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/hold.h"

#include "base/error.h"
#include "event/remote.h"
#include "store/sqlite/pending.h"
#include "store/sqlite/rate.h"
#include "store/sqlite/schema.h"

/* ---- what the log says, applied */

gboolean nx_hold_put(struct nx_db *db, const struct nx_row *row, GError **error)
{
    static const char PUT[] = "INSERT OR REPLACE INTO holds(key, stream, address, cause, class, at, until, remote, seq)"
                              " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)";
    static const char COUNT[] = "INSERT INTO incidents(remote, until, opened, held, state, seq, since) VALUES(?1,?2,?3,1,'',?4,?3)"
                                " ON CONFLICT DO UPDATE SET held = held + 1, since = min(since, excluded.since)";
    sqlite3_stmt *put = nx_db_statement(db, PUT, error), *count = nx_db_statement(db, COUNT, error);
    if (put == NULL || count == NULL)
        return FALSE;
    nx_rare_filled(db, NX_RARE_HOLDS);
    nx_rare_filled(db, NX_RARE_INCIDENTS);
    nx_db_bind_text(put, 1, row->key);
    nx_db_bind_text(put, 2, row->scope);
    nx_db_bind_opt(put, 3, row->address);
    nx_db_bind_cause(db, put, 4, row->cause);
    nx_db_bind_class(put, 5, row->class_);
    sqlite3_bind_int64(put, 6, row->at);
    sqlite3_bind_int64(put, 7, row->until);
    nx_db_bind_text(put, 8, row->remote);
    sqlite3_bind_int64(put, 9, row->sequence);
    nx_db_bind_text(count, 1, row->remote);
    sqlite3_bind_int64(count, 2, row->until);
    sqlite3_bind_int64(count, 3, row->at);
    sqlite3_bind_int64(count, 4, row->sequence);
    return (row->key.n == 0 || nx_db_run(db, put, error)) && /* of an erased address only the count is left */
           (row->act == NX_ACT_REHOLD || nx_db_run(db, count, error));
}

gboolean nx_hold_mark(struct nx_db *db, const struct nx_row *row, GError **error)
{
    static const char MARK[] = "UPDATE incidents SET state=?1 WHERE remote=?2 AND until=?3";
    sqlite3_stmt *mark = nx_db_statement(db, MARK, error);
    if (mark == NULL)
        return FALSE;
    nx_db_bind_text(mark, 1, row->act == NX_ACT_HOLD_RELEASE ? NX_STR("released") : NX_STR("dropped"));
    nx_db_bind_text(mark, 2, row->remote);
    sqlite3_bind_int64(mark, 3, row->until);
    return nx_db_run(db, mark, error);
}

gboolean nx_hold_end(struct nx_db *db, struct nx_str key, const struct nx_str *stream, GError **error)
{
    static const char OF_STREAM[] = "DELETE FROM holds WHERE key=?1 AND stream=?2";
    static const char OF_ALL[] = "DELETE FROM holds WHERE key=?1";
    static const char OF_DOMAIN[] = "DELETE FROM holds WHERE key>=?1 AND key<substr(?1, 1, length(?1) - 1) || 'A'"; /* behind '@' */
    bool domain = key.n > 0 && key.p[key.n - 1] == '@', some;
    if (!nx_rare_has(db, NX_RARE_HOLDS, &some, error))
        return FALSE;
    if (!some)
        return TRUE;
    sqlite3_stmt *end = nx_db_statement(db, domain ? OF_DOMAIN : stream != NULL ? OF_STREAM : OF_ALL, error);
    if (end == NULL)
        return FALSE;
    nx_db_bind_text(end, 1, key);
    if (!domain && stream != NULL)
        nx_db_bind_text(end, 2, *stream);
    return nx_db_run(db, end, error);
}

gboolean nx_hold_take(struct nx_db *db, const struct nx_row *row, struct nx_row *ret, GError **error)
{
    static const char GET[] = "SELECT at, class, seq FROM holds WHERE key=?1 AND stream=?2";
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL)
        return FALSE;
    nx_db_bind_text(get, 1, row->key);
    nx_db_bind_text(get, 2, row->scope);
    int got = nx_db_step(db, get, error);
    *ret = (struct nx_row){.key = NX_STR_NONE};
    if (got <= 0)
        return got == 0;
    *ret = *row;
    ret->act = NX_ACT_EVENT;
    ret->action = NX_ACTION_SUPPRESS;
    ret->at = sqlite3_column_int64(get, 0);
    ret->class_ = nx_db_class(get, 1);
    ret->sequence = sqlite3_column_int64(get, 2); /* its trail is the report's */
    nx_db_reset(get);
    return nx_hold_end(db, row->key, &row->scope, error);
}

/* ---- an event comes in */

struct incident {
    bool open, released;
    nx_when opened, since, until;
};

static gboolean find_incident(struct nx_backend *backend, struct nx_str remote, nx_when at, struct incident *ret, GError **error)
{
    static const char FIND[] = "SELECT opened, until, state, since FROM incidents WHERE remote=?1 AND until>?2 ORDER BY until";
    bool some;
    int got;
    *ret = (struct incident){.open = false};
    if (!nx_rare_has(backend->db, NX_RARE_INCIDENTS, &some, error))
        return FALSE;
    if (!some)
        return TRUE;
    sqlite3_stmt *find = nx_db_statement(backend->db, FIND, error);
    if (find == NULL)
        return FALSE;
    nx_db_bind_text(find, 1, remote);
    sqlite3_bind_int64(find, 2, at);
    while ((got = nx_db_step(backend->db, find, error)) > 0) {
        nx_when since = sqlite3_column_int64(find, 3);
        /* of before; or the clock ran ahead then */
        if (nx_breaker_since(nx_breaker_hours(&backend->policy.breaker, 0), since) > at)
            continue;
        *ret = (struct incident){.open = true,
                                 .released = nx_str_eq(nx_db_text(find, 2), NX_STR("released")),
                                 .opened = sqlite3_column_int64(find, 0),
                                 .until = sqlite3_column_int64(find, 1)};
        nx_db_reset(find);
        return TRUE;
    }
    return got == 0;
}

static gboolean is_held(struct nx_db *db, struct nx_str key, struct nx_str stream, nx_when until, bool *ret, GError **error)
{
    static const char FIND[] = "SELECT 1 FROM holds WHERE key=?1 AND stream=?2 AND until=?3";
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    if (find == NULL)
        return FALSE;
    nx_db_bind_text(find, 1, key);
    nx_db_bind_text(find, 2, stream);
    sqlite3_bind_int64(find, 3, until);
    return nx_db_exists(db, find, ret, error);
}

gboolean nx_hold_join(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                      struct nx_str name, nx_when at, struct nx_decision *decision, enum nx_joined *ret, GError **error)
{
    struct incident incident;
    bool held = false;
    *ret = NX_JOINED_NONE;
    if (!find_incident(backend, name, at, &incident, error) ||
        (incident.open && !is_held(backend->db, key, nx_policy_stream(&backend->policy, event), incident.until, &held, error)))
        return FALSE;
    if (held) {
        *ret = NX_JOINED_BEFORE;
        *decision = (struct nx_decision){
            .made = true, .action = NX_ACTION_NONE, .reason = NX_STR("held back already, in this incident"), .until = NX_WHEN_NONE};
    } else if (incident.open && incident.released) {
        *ret = NX_JOINED_RELEASED;
    } else if (incident.open) {
        *ret = NX_JOINED_HELD;
        struct nx_str words = nx_reporter_is(name) ? nx_reporter_words(arena, name) : name;
        decision->reason =
            nx_arena_printf(arena, "held back: an incident %s %.*s since %.*s (%.*s)", nx_reporter_is(name) ? "of" : "at",
                            NX_FMT(words), NX_FMT(nx_when_format(arena, incident.opened)), NX_FMT(decision->reason));
        decision->action = NX_ACTION_HOLD;
        decision->until = incident.until;
    }
    return TRUE;
}

void nx_hold_open(const struct nx_backend *backend, struct nx_arena *arena, struct nx_str why, nx_when at,
                  struct nx_decision *decision)
{
    decision->reason = nx_arena_printf(arena, "held back: %.*s (%.*s)", NX_FMT(why), NX_FMT(decision->reason));
    decision->action = NX_ACTION_HOLD;
    decision->until = at + backend->policy.breaker.hold;
}

gboolean nx_hold_judge(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                       struct nx_str remote, nx_when at, nx_when now, struct nx_decision *decision, struct nx_held_by *ret,
                       GError **error)
{
    bool hard = nx_policy_may_hold(event, decision);
    enum nx_joined joined;
    *ret = (struct nx_held_by){.surge = {.judged = false}};
    if (!nx_source_judge(backend, arena, event, key, at, now, decision, ret, error))
        return FALSE;
    if (!hard)
        return nx_rate_add(backend, remote, at, now, 0, event->report.kind == NX_KIND_DELIVERED, error);
    if (decision->action != NX_ACTION_SUPPRESS) /* it is not believed that the remote said so */
        return TRUE;
    if (!backend->policy.breaker.enabled || remote.n == 0)
        return nx_rate_add(backend, remote, at, now, 1, 0, error);
    if (!nx_hold_join(backend, arena, event, key, remote, at, decision, &joined, error) ||
        (joined != NX_JOINED_BEFORE && !nx_rate_add(backend, remote, at, now, 1, 0, error)))
        return FALSE;
    if (joined == NX_JOINED_HELD)
        ret->name = remote;
    if (joined != NX_JOINED_NONE)
        return TRUE;
    if (!nx_rate_judge(backend, remote, at, &ret->surge, error))
        return FALSE;
    if (nx_surge_is_incident(&ret->surge)) {
        ret->name = remote;
        nx_hold_open(backend, arena, nx_surge_reason(arena, remote, &ret->surge, at), at, decision);
    }
    return TRUE;
}

/* ---- an incident takes in what went through before it was seen */

struct earlier {
    struct nx_str key, stream, address, diagnostic, reason;
    enum nx_cause cause;
    nx_when at;
    int64_t sequence;
};

/* Was this row's event one of those that the incident is of? */
static gboolean is_of(struct nx_backend *backend, struct nx_arena *arena, sqlite3_stmt *row, struct nx_str name, nx_when at,
                      bool *ret, GError **error)
{
    struct nx_str body = {sqlite3_column_blob(row, 13), (size_t)sqlite3_column_bytes(row, 13)};
    *ret = nx_str_eq(nx_db_text(row, 2), NX_STR("event")) && nx_str_eq(nx_db_text(row, 3), NX_STR("suppress")) &&
           nx_db_text(row, 6).n > 0;
    if (*ret && nx_reporter_is(name))
        return nx_source_brought(backend, arena, name, body, nx_db_text(row, 14), at, ret, error);
    *ret = *ret && nx_db_class(row, 4) == NX_CLASS_HARD && nx_str_eq(nx_db_text(row, 5), name);
    return TRUE;
}

/* Events of the window that it suppressed by, the latest first; no more than it had hits. Rows are in the order of writing,
 * and nothing counts for later than it was written. */
static gboolean find_earlier(struct nx_backend *backend, const struct nx_surge *surge, const struct nx_row *opening,
                             struct nx_arena *arena, GArray *ret, GError **error)
{
    static const char FIND[] =
        "SELECT made, at, act, action, class, remote, key, scope, address, diagnostic, reason, cause, seq, body,"
        " source" NX_OF_LOG_CHANGES "AND seq<?1 ORDER BY seq DESC";
    struct nx_db *db = backend->db;
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    nx_when since = nx_breaker_since(surge->hours, opening->at);
    int got = -1;
    bool of;
    if (find == NULL)
        return FALSE;
    sqlite3_bind_int64(find, 1, opening->sequence);
    while (ret->len + 1 < surge->hits && (got = nx_db_step(db, find, error)) > 0 && sqlite3_column_int64(find, 0) >= since) {
        nx_when at = sqlite3_column_int64(find, 1);
        if (!is_of(backend, arena, find, opening->remote, opening->at, &of, error)) {
            nx_db_reset(find);
            return FALSE;
        }
        if (at < since || !of)
            continue;
        const struct earlier earlier = {.key = nx_arena_dup(arena, nx_db_text(find, 6)),
                                        .stream = nx_arena_dup(arena, nx_db_text(find, 7)),
                                        .address = nx_arena_dup(arena, nx_db_text(find, 8)),
                                        .diagnostic = nx_arena_dup(arena, nx_db_text(find, 9)),
                                        .reason = nx_arena_dup(arena, nx_db_text(find, 10)),
                                        .cause = nx_db_cause(db, find, 11),
                                        .at = at,
                                        .sequence = sqlite3_column_int64(find, 12)};
        g_array_append_val(ret, earlier);
    }
    if (got > 0)
        nx_db_reset(find);
    return got >= 0 || ret->len + 1 >= surge->hits;
}

gboolean nx_hold_take_in(struct nx_backend *backend, const struct nx_surge *surge, const struct nx_row *opening, nx_when now,
                         GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct earlier));
    struct nx_str remote = nx_arena_dup(arena, opening->remote), opened = nx_when_format(arena, opening->at);
    struct nx_str words =
        nx_reporter_is(remote) ? nx_reporter_words(arena, remote) : nx_arena_printf(arena, "at %.*s,", NX_FMT(remote));
    if (!find_earlier(backend, surge, opening, arena, all, error))
        return FALSE;
    for (guint i = all->len; i > 0; i--) {
        const struct earlier *earlier = &g_array_index(all, struct earlier, i - 1);
        bool changed, erased;
        const struct nx_change change = {
            .act = NX_ACT_HOLD,
            .key = earlier->key,
            .address = earlier->address,
            .stream = earlier->stream,
            .cause = earlier->cause,
            .since = earlier->at,
            .until = opening->until,
            .reason = nx_arena_printf(arena, "held back: an incident %s%.*s seen at %.*s (%.*s)",
                                      nx_reporter_is(remote) ? "of " : "", NX_FMT(words), NX_FMT(opened), NX_FMT(earlier->reason)),
            .actor = NX_STR("nixie"),
            .remote = remote,
            .diagnostic = earlier->diagnostic,
            .planned = true, /* only while the entry is still the report's, and nothing protects the address */
            .sequence = earlier->sequence};
        if (!nx_write_act(backend, &change, now, &changed, &erased, error))
            return FALSE;
    }
    return TRUE;
}

gboolean nx_hold_exists(struct nx_db *db, struct nx_str key, nx_when at, bool *ret, GError **error)
{
    static const char FIND[] = "SELECT 1 FROM holds WHERE key=?1 AND at<=?2 AND until>?2";
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    if (find == NULL)
        return FALSE;
    nx_db_bind_text(find, 1, key);
    sqlite3_bind_int64(find, 2, at);
    return nx_db_exists(db, find, ret, error);
}

/* ---- a person settles it */

struct held {
    struct nx_str key, stream, address, remote;
    enum nx_cause cause;
    nx_when at, until;
};

#define HELD "SELECT key, stream, address, remote, cause, at, until FROM holds WHERE "
static const char HELD_BY_REMOTE[] = HELD "remote=?1 AND until>?2 ORDER BY key, stream";
static const char HELD_BY_KEY[] = HELD "key=?1 ORDER BY until DESC, stream";

static gboolean read_held(struct nx_db *db, const char *sql, struct nx_str name, nx_when now, struct nx_arena *arena, GArray *ret,
                          GError **error)
{
    sqlite3_stmt *get = nx_db_statement(db, sql, error);
    int got;
    if (get == NULL)
        return FALSE;
    nx_db_bind_text(get, 1, name);
    if (sql == HELD_BY_REMOTE)
        sqlite3_bind_int64(get, 2, now);
    while ((got = nx_db_step(db, get, error)) > 0) {
        const struct held held = {.key = nx_arena_dup(arena, nx_db_text(get, 0)),
                                  .stream = nx_arena_dup(arena, nx_db_text(get, 1)),
                                  .address = nx_arena_dup(arena, nx_db_text(get, 2)),
                                  .remote = nx_arena_dup(arena, nx_db_text(get, 3)),
                                  .cause = nx_db_cause(db, get, 4),
                                  .at = sqlite3_column_int64(get, 5),
                                  .until = sqlite3_column_int64(get, 6)};
        g_array_append_val(ret, held);
    }
    return got == 0;
}

gboolean nx_hold_disprove(struct nx_db *db, struct nx_str key, nx_when at, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct held));
    bool good = read_held(db, HELD_BY_KEY, key, at, arena, all, error);
    for (guint i = 0; i < all->len && good; i++) {
        const struct held *held = &g_array_index(all, struct held, i);
        good = held->until <= at || nx_rate_take_back(db, held->remote, held->at, error);
    }
    return good;
}

/* What is held of one address; NOT_FOUND where that is nothing, or nothing any more. */
static gboolean read_one(struct nx_db *db, struct nx_str key, struct nx_str address, nx_when now, struct nx_arena *arena,
                         GArray *all, GError **error)
{
    guint from = all->len;
    if (!read_held(db, HELD_BY_KEY, key, now, arena, all, error))
        return FALSE;
    if (all->len == from) {
        g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND, "%.*s: is not held back", NX_FMT(nx_str_sub(address, 0, 100)));
        return FALSE;
    }
    nx_when latest = g_array_index(all, struct held, from).until;
    for (guint i = all->len; i > from; i--)
        if (g_array_index(all, struct held, i - 1).until <= now)
            g_array_remove_index(all, i - 1);
    if (all->len > from)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND,
                "%.*s: is held back no longer, that lapsed at %.*s; the next report decides (or: nixie suppress)",
                NX_FMT(nx_str_sub(address, 0, 100)), NX_FMT(nx_when_format(arena, latest)));
    return FALSE;
}

static gboolean act(struct nx_backend *backend, const struct nx_settle *settle, const struct held *held, nx_when now,
                    GError **error)
{
    struct nx_standing standing;
    bool changed, erased;
    struct nx_change change = {.act = settle->release ? NX_ACT_HOLD_RELEASE : NX_ACT_HOLD_DROP,
                               .key = held->key,
                               .address = held->address,
                               .stream = held->stream,
                               .cause = held->cause,
                               .since = now,
                               .until = NX_WHEN_NONE,
                               .reason = settle->reason,
                               .actor = settle->actor,
                               .source = settle->source,
                               .remote = held->remote};
    if (settle->release) {
        if (!nx_apply_standing(backend->db, held->key, held->stream, &standing, error))
            return FALSE;
        change.until = nx_policy_until(&backend->policy.causes[held->cause], &standing, held->cause, held->at);
    }
    return nx_write_act(backend, &change, now, &changed, &erased, error);
}

/* The incidents of a remote: released ones hold no more, and what dropped ones counted was nothing. */
static gboolean mark_incidents(struct nx_backend *backend, const struct nx_settle *settle, nx_when now, size_t *ret_n,
                               GError **error)
{
    static const char FIND[] = "SELECT until, since FROM incidents WHERE remote=?1 AND until>?2 AND state NOT IN ('released', ?3)";
    sqlite3_stmt *find = nx_db_statement(backend->db, FIND, error);
    g_autoptr(GArray) incidents = g_array_new(FALSE, FALSE, sizeof(struct incident));
    int got;
    if (find == NULL)
        return FALSE;
    nx_db_bind_text(find, 1, settle->remote);
    sqlite3_bind_int64(find, 2, now);
    nx_db_bind_text(find, 3, settle->release ? NX_STR("released") : NX_STR("dropped"));
    while ((got = nx_db_step(backend->db, find, error)) > 0) {
        const struct incident incident = {.until = sqlite3_column_int64(find, 0), .since = sqlite3_column_int64(find, 1)};
        g_array_append_val(incidents, incident);
    }
    for (guint i = 0; i < incidents->len && got == 0; i++) {
        const struct incident *incident = &g_array_index(incidents, struct incident, i);
        bool changed, erased;
        const struct nx_change change = {.act = settle->release ? NX_ACT_HOLD_RELEASE : NX_ACT_HOLD_DROP,
                                         .since = now,
                                         .until = incident->until,
                                         .reason = settle->reason,
                                         .actor = settle->actor,
                                         .source = settle->source,
                                         .remote = settle->remote};
        if ((!settle->release && !nx_rate_wipe(backend->db, settle->remote, incident->since, now, error)) ||
            !nx_write_act(backend, &change, now, &changed, &erased, error))
            return FALSE;
    }
    *ret_n = incidents->len;
    return got == 0;
}

gboolean nx_hold_settle(struct nx_backend *backend, const struct nx_settle *settle, const struct nx_str *keys, nx_when now,
                        size_t *ret_settled, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct held));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL); /* one named twice is one */
    size_t incidents = 0;
    bool good = settle->remote.n == 0 || read_held(backend->db, HELD_BY_REMOTE, settle->remote, now, arena, all, error);
    for (size_t i = 0; i < settle->n && good; i++)
        good = !g_hash_table_add(seen, g_strndup(keys[i].p, keys[i].n)) ||
               read_one(backend->db, keys[i], settle->addresses[i], now, arena, all, error);
    for (guint i = 0; i < all->len && good; i++)
        good = act(backend, settle, &g_array_index(all, struct held, i), now, error);
    if (good && settle->remote.n > 0)
        good = mark_incidents(backend, settle, now, &incidents, error);
    if (!good)
        return FALSE;
    if (all->len + incidents == 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND,
                    "%.*s: nothing of it is held back (see: nixie holds; what has lapsed: nixie holds --over)",
                    NX_FMT(nx_str_sub(settle->remote, 0, 100)));
        return FALSE;
    }
    if (backend->breaker.limits != NULL)
        g_hash_table_remove_all(backend->breaker.limits);
    *ret_settled = all->len;
    return TRUE;
}
