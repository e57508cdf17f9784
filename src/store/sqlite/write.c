/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/write.h"

#include "base/error.h"
#include "decide/stream.h"
#include "event/json.h"
#include "event/remote.h"
#include "store/sqlite/apply.h"
#include "store/sqlite/clock.h"
#include "store/sqlite/erase.h"
#include "store/sqlite/forgotten.h"
#include "store/sqlite/domain.h"
#include "store/sqlite/hold.h"
#include "store/sqlite/pack.h"
#include "store/sqlite/rate.h"
#include "store/sqlite/raw.h"
#include "store/sqlite/tally.h"

#define DAY 86400

static const char FIND[] = "SELECT action, reason, until FROM log WHERE id=?1";
static const char ALLOWED[] = "SELECT 1 FROM allowed WHERE key=?1 UNION ALL SELECT 1 FROM allowed WHERE key=?2";
/* Is the key, or the domain ?2, on the allow list; when was it cleared last; does any row of it count? */
static const char PAST[] =
    "SELECT EXISTS(SELECT 1 FROM allowed WHERE key=?1) OR EXISTS(SELECT 1 FROM allowed WHERE key=?2),"
    " (SELECT max(at) FROM log WHERE key=?1 AND counts=2), EXISTS(SELECT 1 FROM log WHERE key=?1 AND counts=1)";
static const char COUNTED[] = "SELECT at, stream FROM log WHERE key=?1 AND counts=1 AND at>?2 AND at<=?3 AND cause=?4 ORDER BY at";
static const char ANY_COUNT[] = "SELECT 1 FROM log WHERE key=?1 AND counts=1 AND at>?2 LIMIT 1";
static const char COOLING[] = "SELECT stream FROM suppressions WHERE key=?1"
                              " ORDER BY class='s' AND manual=0 AND until IS NOT NULL DESC LIMIT 1";
static const char LIVING[] = "SELECT stream FROM suppressions WHERE key=?1"
                             " ORDER BY class='h' AND manual=0 DESC, class='s' AND manual=0 AND until IS NOT NULL DESC LIMIT 1";
static const char LISTED[] =
    "SELECT 1 FROM suppressions WHERE key=?1 AND (?2='' OR stream=?2 OR (?2='" NX_STREAM_UNNAMED "' AND stream=''))";
static const char APPEND[] = "INSERT INTO log(id, act, at, made, key, stream, address, kind, cause, class, counts, action, scope, "
                             "until, reason, actor, source, status, rule, diagnostic, body, remote, holder) "
                             "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23)";

struct nx_str nx_write_id(struct nx_arena *arena, struct nx_str id)
{
    char *out = nx_arena_alloc(arena, id.n / 2 + 1);
    for (size_t i = 0; i < id.n; i++) {
        int digit = g_ascii_xdigit_value(id.p[i]);
        if (digit < 0 || id.n % 2 != 0)
            return id;
        out[i / 2] = (char)((unsigned char)out[i / 2] << 4 | digit);
    }
    return (struct nx_str){out, id.n / 2};
}

/* 1 and *ret: it was kept before; 0 it was not; -1 error. */
static int find_event(struct nx_db *db, struct nx_arena *arena, struct nx_str id, struct nx_stored *ret, GError **error)
{
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    if (find == NULL || id.n == 0)
        return find == NULL ? -1 : 0;
    sqlite3_bind_blob64(find, 1, id.p, id.n, SQLITE_STATIC);
    int got = nx_db_step(db, find, error);
    if (got <= 0)
        return got;
    *ret = (struct nx_stored){.duplicate = true, .decision = {.made = true}};
    (void)nx_action_parse(nx_db_text(find, 0), &ret->decision.action);
    ret->decision.reason = nx_arena_dup(arena, nx_db_text(find, 1));
    ret->decision.until = nx_db_when(find, 2);
    nx_db_reset(find);
    return 1;
}

static struct nx_str domain_key(struct nx_arena *arena, struct nx_str key)
{
    return nx_arena_dup(arena, nx_str_sub(key, 0, nx_str_chr(key, '@') + 1));
}

static gboolean read_counts(struct nx_backend *backend, const struct nx_policy_cause *rule, struct nx_str key, struct nx_str scope,
                            enum nx_cause cause, nx_when at, nx_when cleared, struct nx_history *history, GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *counted = nx_db_statement(db, COUNTED, error);
    if (counted == NULL)
        return FALSE;
    int64_t window = nx_policy_window(rule);
    nx_when from = at - window - 1;
    if (cleared != NX_WHEN_NONE && cleared > from)
        from = cleared;
    if (history->standing.present && !nx_standing_holds(&history->standing, at) && history->standing.since > from)
        from = history->standing.since; /* what made the last entry does not make the next */
    nx_db_bind_text(counted, 1, key);
    sqlite3_bind_int64(counted, 2, from);
    sqlite3_bind_int64(counted, 3, at + window);
    nx_db_bind_cause(db, counted, 4, cause);
    int64_t today = at / DAY, last_day = INT64_MIN;
    int got;
    while ((got = nx_db_step(db, counted, error)) > 0) {
        nx_when when = sqlite3_column_int64(counted, 0);
        if (!nx_streams_covers(backend->policy.streams, scope, nx_db_text(counted, 1)))
            continue;
        if (when / DAY == today) {
            history->counted_today = true;
            continue;
        }
        if (history->first == NX_WHEN_NONE)
            history->first = when;
        history->last = when;
        history->count += when / DAY != last_day;
        last_day = when / DAY;
    }
    return got == 0;
}

/* The entry that matters for what clears: which of several is in the query. */
static gboolean read_cooling(struct nx_db *db, const char *sql, struct nx_str key, struct nx_standing *ret, GError **error)
{
    sqlite3_stmt *cooling = nx_db_statement(db, sql, error);
    if (cooling == NULL)
        return FALSE;
    nx_db_bind_text(cooling, 1, key);
    int got = nx_db_step(db, cooling, error);
    if (got <= 0)
        return got == 0;
    gboolean good = nx_apply_standing(db, key, nx_db_text(cooling, 0), ret, error);
    nx_db_reset(cooling);
    return good;
}

static gboolean read_history(struct nx_backend *backend, const struct nx_event *event, struct nx_str key, nx_when at,
                             struct nx_history *ret, GError **error)
{
    struct nx_db *db = backend->db;
    const struct nx_policy_cause *rule = nx_policy_of(&backend->policy, event);
    struct nx_str scope = nx_policy_stream(&backend->policy, event);
    sqlite3_stmt *past = nx_db_statement(db, PAST, error), *any = nx_db_statement(db, ANY_COUNT, error);
    if (past == NULL || any == NULL)
        return FALSE;
    *ret = (struct nx_history){.first = NX_WHEN_NONE, .last = NX_WHEN_NONE};
    nx_db_bind_text(past, 1, key);
    nx_db_bind_text(past, 2, domain_key(backend->scratch, key));
    if (nx_db_step(db, past, error) < 0)
        return FALSE;
    ret->allowed = sqlite3_column_int(past, 0) != 0;
    nx_when when = nx_db_when(past, 1);
    bool counted = sqlite3_column_int(past, 2) != 0, life = nx_policy_is_life(event);
    nx_db_reset(past);
    if (event->report.kind != NX_KIND_DELIVERED && !life)
        return nx_apply_standing(db, key, scope, &ret->standing, error) &&
               (!counted || read_counts(backend, rule, key, scope, nx_policy_cause(event), at, when, ret, error));
    nx_db_bind_text(any, 1, key);
    sqlite3_bind_int64(any, 2, when == NX_WHEN_NONE ? INT64_MIN : when);
    return nx_db_exists(db, any, &ret->soft_counts, error) && nx_hold_exists(db, key, at, &ret->held, error) &&
           read_cooling(db, life ? LIVING : COOLING, key, &ret->standing, error);
}

/* The event without what stands in columns of its own, as JSON. */
static struct nx_str write_event(struct nx_backend *backend, const struct nx_event *event)
{
    struct nx_event rest = *event;
    struct nx_buf json;
    rest.id = rest.origin.source = rest.report.status = rest.report.diagnostic = rest.verdict.rule = NX_STR_NONE;
    rest.decision.made = false;
    nx_buf_init(&json, backend->scratch, 16u << 20);
    nx_event_to_record(&json, &rest);
    return nx_buf_str(&json);
}

struct appended { /* a log row; absent texts are NULL */
    struct nx_str id, act, key, stream, address, kind, action, scope, reason, actor, source, status, rule, diagnostic, body, remote,
        holder;
    nx_when at, made, until;
    enum nx_cause cause;
    enum nx_class class_;
    int counts;
    const struct nx_standing *standing; /* of (key, scope), where it is known */
};

static gboolean append(struct nx_db *db, const struct appended *row, int64_t *ret_sequence, GError **error)
{
    sqlite3_stmt *insert = nx_db_statement(db, APPEND, error);
    if (insert == NULL)
        return FALSE;
    const struct nx_str texts[] = {
        [2] = row->act,     [5] = row->key,    [6] = row->stream,     [7] = row->address, [8] = row->kind,
        [12] = row->action, [13] = row->scope, [15] = row->reason,    [16] = row->actor,  [17] = row->source,
        [18] = row->status, [19] = row->rule,  [20] = row->diagnostic};
    for (int i = 1; i < (int)G_N_ELEMENTS(texts); i++)
        nx_db_bind_opt(insert, i, texts[i]);
    if (row->id.n > 0)
        sqlite3_bind_blob64(insert, 1, row->id.p, row->id.n, SQLITE_STATIC);
    nx_db_bind_when(insert, 3, row->at);
    nx_db_bind_when(insert, 4, row->made);
    nx_db_bind_cause(db, insert, 9, row->cause);
    nx_db_bind_class(insert, 10, row->class_);
    sqlite3_bind_int(insert, 11, row->counts);
    nx_db_bind_when(insert, 14, row->until);
    sqlite3_bind_null(insert, 21);
    if (row->body.n > 0)
        sqlite3_bind_blob64(insert, 21, row->body.p, row->body.n, SQLITE_STATIC);
    nx_db_bind_opt(insert, 22, row->remote);
    nx_db_bind_opt(insert, 23, row->holder);
    if (!nx_db_run(db, insert, error))
        return FALSE;
    *ret_sequence = sqlite3_last_insert_rowid(db->sqlite); /* SQLite gives the highest and one */
    return TRUE;
}

static void count_event(struct nx_backend *backend, const struct appended *row)
{
    const struct nx_counted counted = {.at = row->at,
                                       .kind = row->kind,
                                       .action = row->action,
                                       .source = row->source,
                                       .stream = row->stream,
                                       .domain = nx_str_sub(row->key, 0, nx_str_chr(row->key, '@')),
                                       .remote = row->remote,
                                       .cause = row->cause,
                                       .class_ = row->class_};
    nx_tally_add(backend->db, backend->scratch, &counted);
}

/* About somebody who was erased: kept without them. What it asks for beyond what the hash holds is asked of the hash. */
static gboolean add_erased(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct appended *row,
                           const struct nx_forgotten *forgotten, struct nx_stored *ret, GError **error)
{
    struct nx_db *db = backend->db;
    const struct nx_history history = {.standing = forgotten->standing};
    const struct nx_forgotten_act act = {.reason = NX_STR("a report asked for more"), .source = row->source, .now = row->made};
    struct nx_decision decision;
    int64_t sequence;
    nx_decide(&backend->policy, &history, event, row->at, arena, &decision);
    bool more = decision.action == NX_ACTION_SUPPRESS && !nx_forgotten_covers(forgotten, decision.until, row->at);
    bool holds = nx_standing_holds(&forgotten->standing, row->at);
    row->action = nx_str_of(nx_action_name(NX_ACTION_NONE));
    row->reason = more ? NX_STR("erased: suppressed by its hash") : holds ? NX_STR("erased: stays suppressed") : NX_STR("erased");
    row->body = nx_erase_body(backend, row->body, NX_STR_NONE);
    row->diagnostic = NX_STR_NONE;
    *ret = (struct nx_stored){.decision = {.made = true, .until = NX_WHEN_NONE, .reason = row->reason}};
    count_event(backend, row);
    return append(db, row, &sequence, error) &&
           (!more ||
            nx_forgotten_keep(db, forgotten->hash, nx_policy_stream(&backend->policy, event), decision.until, &act, error));
}

/* About somebody who was erased the row is kept without them (*ret_done); what is about another may name one of them. *ret_clean:
 * json without the names of the erased, json itself where there are none. */
static gboolean keep_erased_out(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                                struct nx_str json, struct appended *row, struct nx_str *ret_clean, bool *ret_done,
                                struct nx_stored *ret, GError **error)
{
    struct nx_db *db = backend->db;
    struct nx_forgotten forgotten;
    *ret_clean = json;
    *ret_done = false;
    if (!nx_forgotten_find(db, backend->policy.streams, backend->scratch, key, nx_policy_stream(&backend->policy, event), row->at,
                           &forgotten, error))
        return FALSE;
    if (forgotten.known) {
        *ret_done = true;
        return add_erased(backend, arena, event, row, &forgotten, ret, error);
    }
    if (!forgotten.some)
        return TRUE;
    if (!nx_forgotten_scrub(db, backend->scratch, json, ret_clean, error) ||
        !nx_forgotten_scrub(db, backend->scratch, row->diagnostic, &row->diagnostic, error))
        return FALSE;
    row->body = ret_clean->p != json.p ? nx_zip_pack(db->zip, backend->scratch, *ret_clean) : row->body;
    return TRUE;
}

/* What the policy says, and what holds it back; the row takes what came of it. why: the recipient is no address, and so nobody's.
 */
static gboolean decide(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event,
                       const struct nx_address *address, const char *why, struct appended *row, struct nx_held_by *ret_by,
                       struct nx_decision *ret, GError **error)
{
    const struct nx_policy *policy = &backend->policy;
    struct nx_event judged = *event;
    struct nx_history history = {0};
    if (address->key.n == 0)
        judged.report.recipient = NX_STR_NONE;
    else if (!read_history(backend, event, address->key, row->at, &history, error))
        return FALSE;
    nx_decide(policy, &history, &judged, row->at, arena, ret);
    if (why != NULL)
        ret->reason = nx_arena_printf(arena, "the recipient is no address: %s", why);
    struct nx_str domain = nx_str_sub(address->key, 0, nx_str_chr(address->key, '@'));
    row->remote = nx_remote_name(backend->hosts, backend->scratch, event->verdict.provider, event->report.remote_mta, domain);
    if (!nx_hold_judge(backend, arena, event, address->key, row->remote, row->at, row->made, ret, ret_by, error) ||
        (history.held && !nx_hold_disprove(backend->db, address->key, row->at, error)))
        return FALSE;
    bool suppresses = ret->action == NX_ACTION_SUPPRESS;
    bool counts = (suppresses || ret->action == NX_ACTION_COUNT) && !history.counted_today && nx_policy_counts(policy, event);
    struct nx_str recipient = nx_str_trim(event->report.recipient);
    row->key = address->key;
    row->address = nx_str_eq(recipient, address->folded) ? NX_STR_NONE : recipient;
    row->counts = ret->action == NX_ACTION_CLEAR ? 2 : counts;
    row->action = nx_str_of(nx_action_name(ret->action));
    row->scope = suppresses || ret->action == NX_ACTION_HOLD ? nx_policy_stream(policy, event) : NX_STR_NONE;
    row->until = ret->until;
    row->reason = ret->reason;
    if (suppresses && event->report.kind != NX_KIND_DELIVERED && !nx_policy_is_life(event) && address->key.n > 0) {
        struct nx_standing *standing = nx_arena_alloc(backend->scratch, sizeof *standing);
        *standing = history.standing;
        row->standing = standing;
    }
    row->holder = nx_str_eq(ret_by->name, row->remote) ? NX_STR_NONE : ret_by->name;
    return TRUE;
}

/* The row into the log, and what follows from it: entry, counts, what is kept for triage, domains, incidents. */
static gboolean settle(struct nx_backend *backend, const struct nx_event *event, const struct appended *row, bool raw,
                       const struct nx_held_by *by, enum nx_action action, GError **error)
{
    struct nx_db *db = backend->db;
    struct nx_row change = {.act = NX_ACT_EVENT,
                            .action = action,
                            .key = row->key,
                            .address = row->address,
                            .scope = row->scope,
                            .cause = row->cause,
                            .class_ = row->class_,
                            .at = row->at,
                            .until = row->until,
                            .remote = by->name,
                            .standing = row->standing};
    count_event(backend, row);
    if (!append(db, row, &change.sequence, error) || !nx_apply(db, &change, error) ||
        (raw && !nx_raw_keep(backend, event, change.sequence, row->made, error)) || !nx_raw_sweep(backend, row->made, error) ||
        !nx_pack_sweep(backend, row->made, error))
        return FALSE;
    if (nx_policy_is_life(event))
        return nx_domain_revive(backend, event, &change, row->made, error);
    return nx_domain_weigh(backend, &change, row->made, error) &&
           (!nx_surge_is_incident(&by->surge) || nx_hold_take_in(backend, &by->surge, &change, row->made, error));
}

gboolean nx_write_add(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event,
                      const struct nx_address *address, const char *why, nx_when now, struct nx_stored *ret, GError **error)
{
    struct nx_db *db = backend->db;
    nx_arena_reset(backend->scratch);
    struct nx_str id = nx_write_id(backend->scratch, event->id);
    int found = nx_clock_look(backend, now, error) ? find_event(db, arena, id, ret, error) : -1;
    if (found != 0)
        return found > 0;
    /* A clock that runs ahead must not hold an address longer than it should. */
    nx_when at = event->origin.received_at == NX_WHEN_NONE || event->origin.received_at > now ? now : event->origin.received_at;
    struct nx_str json = write_event(backend, event), clean;
    struct appended row = {.id = id,
                           .act = NX_STR("event"),
                           .at = at,
                           .made = now,
                           .stream = nx_event_stream(event),
                           .kind = nx_str_of(nx_kind_name(event->report.kind)),
                           .cause = nx_policy_cause(event),
                           .class_ = event->verdict.class_,
                           .until = NX_WHEN_NONE,
                           .source = event->origin.source,
                           .status = event->report.status,
                           .rule = event->verdict.rule,
                           .diagnostic = event->report.diagnostic,
                           .body = nx_zip_pack(db->zip, backend->scratch, json)};
    struct nx_decision decision;
    struct nx_held_by by;
    bool done;
    if (!keep_erased_out(backend, arena, event, address->key, json, &row, &clean, &done, ret, error))
        return FALSE;
    if (done)
        return TRUE;
    if (!decide(backend, arena, event, address, why, &row, &by, &decision, error))
        return FALSE;
    bool raw = nx_event_is_unexplained(event) && clean.p == json.p; /* no message that names somebody erased */
    if (!settle(backend, event, &row, raw, &by, decision.action, error))
        return FALSE;
    *ret = (struct nx_stored){.decision = decision};
    return TRUE;
}

/* Nothing has happened to the entry, or the hold, since it was looked at, and nothing protects the address. */
static gboolean as_planned(struct nx_db *db, const struct nx_change *change, bool *ret, GError **error)
{
#define PROTECTED " EXISTS(SELECT 1 FROM allowed WHERE key IN (?1, substr(?1, 1, instr(?1, '@'))))"
    static const char ENTRY[] = "SELECT coalesce((SELECT seq FROM suppressions WHERE key=?1 AND stream=?2), 0)," PROTECTED;
    static const char HOLD[] = "SELECT coalesce((SELECT seq FROM holds WHERE key=?1 AND stream=?2), 0)," PROTECTED;
    bool hold = change->act == NX_ACT_HOLD_DROP || change->act == NX_ACT_REHOLD;
    bool takes_off = change->act == NX_ACT_HOLD_DROP || change->act == NX_ACT_RELEASE;
    sqlite3_stmt *get = nx_db_statement(db, hold ? HOLD : ENTRY, error);
    if (get == NULL)
        return FALSE;
    nx_db_bind_text(get, 1, change->key);
    nx_db_bind_text(get, 2, nx_str_eq(change->stream, NX_STR(NX_STREAM_UNNAMED)) ? NX_STR_NONE : change->stream);
    if (nx_db_step(db, get, error) < 0)
        return FALSE;
    *ret = sqlite3_column_int64(get, 0) == change->sequence && (takes_off || sqlite3_column_int(get, 1) == 0);
    nx_db_reset(get);
    return TRUE;
}

/* Would the act change anything? */
static gboolean has_effect(struct nx_db *db, const struct nx_change *change, nx_when now, bool *ret, GError **error)
{
    struct nx_standing standing;
    sqlite3_stmt *ask;
    if (change->planned && !as_planned(db, change, ret, error))
        return FALSE;
    if (change->planned && !*ret)
        return TRUE;
    switch (change->act) {
    case NX_ACT_EVENT:
    case NX_ACT_REJUDGE:
    case NX_ACT_SUPPRESS:
    case NX_ACT_DOMAIN:
    case NX_ACT_IMPORT:
    case NX_ACT_FORGET:
        if (!nx_apply_standing(db, change->key, change->stream, &standing, error))
            return FALSE;
        *ret = nx_standing_gives_way(&standing, change->cause, change->until, now);
        return TRUE;
    case NX_ACT_RELEASE:
        ask = nx_db_statement(db, LISTED, error);
        if (ask == NULL)
            return FALSE;
        nx_db_bind_text(ask, 1, change->key);
        nx_db_bind_text(ask, 2, change->stream);
        return nx_db_exists(db, ask, ret, error);
    case NX_ACT_ALLOW:
    case NX_ACT_DISALLOW:
        ask = nx_db_statement(db, ALLOWED, error);
        if (ask == NULL)
            return FALSE;
        nx_db_bind_text(ask, 1, change->key);
        nx_db_bind_text(ask, 2, change->key);
        if (!nx_db_exists(db, ask, ret, error))
            return FALSE;
        *ret = *ret == (change->act == NX_ACT_DISALLOW);
        return TRUE;
    case NX_ACT_DISMISS:
        if (!nx_domain_is_refused(db, change->key, ret, error))
            return FALSE;
        *ret = !*ret;
        return TRUE;
    case NX_ACT_HOLD:
    case NX_ACT_HOLD_RELEASE: /* hold.c has looked, or it is as planned */
    case NX_ACT_HOLD_DROP:
    case NX_ACT_REHOLD:
    case NX_ACT_REVIVE: /* domain.c has looked */
        *ret = true;
        return TRUE;
    }
    return TRUE;
}

/* An act on somebody who was erased: the hash takes it, and the address stays out. */
static gboolean act_on_erased(struct nx_backend *backend, const struct nx_change *change, const struct nx_forgotten *forgotten,
                              nx_when now, bool *ret_changed, GError **error)
{
    struct nx_db *db = backend->db;
    struct nx_forgotten_act act = {.actor = change->actor, .source = change->source, .now = now};
    struct appended row = {.act = nx_str_of(nx_act_name(change->act)),
                           .at = now,
                           .made = now,
                           .action = NX_STR("done"),
                           .scope = change->stream,
                           .until = NX_WHEN_NONE,
                           .actor = change->actor,
                           .source = change->source};
    int64_t sequence;
    *ret_changed = false;
    if (change->planned) /* erased since then: no events are left that it could follow from */
        return TRUE;
    if (!nx_forgotten_scrub(db, backend->scratch, change->reason, &act.reason, error))
        return FALSE;
    row.reason = act.reason;
    switch (change->act) {
    case NX_ACT_SUPPRESS:
    case NX_ACT_IMPORT:
        *ret_changed = !nx_forgotten_covers(forgotten, change->until, now);
        return !*ret_changed || nx_forgotten_keep(db, forgotten->hash, change->stream, change->until, &act, error);
    case NX_ACT_RELEASE:
        return nx_forgotten_lift(db, forgotten->hash, change->stream, ret_changed, error) &&
               (!*ret_changed || append(db, &row, &sequence, error));
    case NX_ACT_ALLOW:
        g_set_error(error, NX_ERROR, NX_ERROR_EXISTS,
                    "this address was erased and stays suppressed by its hash (if its owner wishes to come back: nixie release, "
                    "which lifts that; then allow)");
        return FALSE;
    case NX_ACT_DISALLOW:
    case NX_ACT_DOMAIN:
    case NX_ACT_DISMISS:
    case NX_ACT_EVENT:
    case NX_ACT_FORGET:
    case NX_ACT_REJUDGE:
    case NX_ACT_HOLD:
    case NX_ACT_HOLD_RELEASE:
    case NX_ACT_HOLD_DROP:
    case NX_ACT_REHOLD:
    case NX_ACT_REVIVE:
        break;
    }
    return TRUE;
}

/* What it takes off was no hit of the breaker's; what it holds back is one, of the hour of its report. */
static gboolean settle_rates(struct nx_backend *backend, const struct nx_change *change, nx_when now, GError **error)
{
    if (change->act == NX_ACT_RELEASE)
        return nx_rate_take_back_entries(backend, change->key, change->stream, error) &&
               nx_rate_take_back_holds(backend, change->key, change->stream, error);
    if (change->key.n == 0 || (change->act != NX_ACT_HOLD_DROP && change->act != NX_ACT_REHOLD))
        return TRUE;
    struct nx_str stream = change->stream.n > 0 ? change->stream : NX_STR(NX_STREAM_UNNAMED);
    return nx_rate_take_back_holds(backend, change->key, stream, error) &&
           (change->act == NX_ACT_HOLD_DROP || nx_rate_add(backend, change->remote, change->since, now, 1, 0, error));
}

gboolean nx_write_act(struct nx_backend *backend, const struct nx_change *change, nx_when now, bool *ret_changed, bool *ret_erased,
                      GError **error)
{
    struct nx_db *db = backend->db;
    struct nx_forgotten forgotten;
    nx_arena_reset(backend->scratch);
    if (!nx_clock_look(backend, now, error) ||
        !nx_forgotten_find(db, backend->policy.streams, backend->scratch, change->key, change->stream, now, &forgotten, error))
        return FALSE;
    *ret_erased = forgotten.known;
    if (forgotten.known)
        return act_on_erased(backend, change, &forgotten, now, ret_changed, error);
    if (!has_effect(db, change, now, ret_changed, error))
        return FALSE;
    if (!*ret_changed)
        return TRUE;
    struct nx_str reason = change->reason; /* which may name somebody else */
    if (forgotten.some && !nx_forgotten_scrub(db, backend->scratch, reason, &reason, error))
        return FALSE;
    if (!settle_rates(backend, change, now, error))
        return FALSE;
    bool judged = change->act == NX_ACT_REJUDGE || change->act == NX_ACT_REHOLD;
    enum nx_class class_ = judged ? change->class_ : nx_cause_facts(change->cause)->class_;
    const struct appended row = {.act = nx_str_of(nx_act_name(change->act)),
                                 .at = change->since,
                                 .made = now,
                                 .key = change->key,
                                 .address = change->address,
                                 .cause = change->cause,
                                 .class_ = class_,
                                 .counts = change->act == NX_ACT_RELEASE ? 2 : 0, /* who is let go starts anew */
                                 .action = change->act == NX_ACT_HOLD ? NX_STR("hold") : NX_STR("done"),
                                 .scope = change->stream,
                                 .until = change->until,
                                 .reason = reason,
                                 .actor = change->actor,
                                 .source = change->source,
                                 .diagnostic = change->diagnostic,
                                 .remote = change->remote};
    struct nx_row effect = {.act = change->act,
                            .action = change->act == NX_ACT_HOLD ? NX_ACTION_HOLD : NX_ACTION_SUPPRESS,
                            .key = change->key,
                            .address = change->address,
                            .scope = change->stream,
                            .cause = change->cause,
                            .class_ = class_,
                            .at = change->since,
                            .until = change->until,
                            .remote = change->remote};
    return append(db, &row, &effect.sequence, error) && nx_apply(db, &effect, error);
}
