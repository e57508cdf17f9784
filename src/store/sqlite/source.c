/* SPDX-License-Identifier: Apache-2.0 */
/* Reports that nobody vouches for: is it of a source that brings far more of them than it did, or about whom nobody wrote to? */
#include "event/json.h"
#include "event/remote.h"
#include "store/sqlite/hold.h"
#include "store/sqlite/rate.h"
#include "store/sqlite/sent.h"

/* *ret_done: there is no more to ask. */
static gboolean join(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                     struct nx_str name, nx_when at, struct nx_decision *decision, struct nx_held_by *ret,
                     enum nx_joined *ret_joined, GError **error)
{
    if (!nx_hold_join(backend, arena, event, key, name, at, decision, ret_joined, error))
        return FALSE;
    if (*ret_joined == NX_JOINED_HELD)
        ret->name = name;
    return TRUE;
}

static gboolean judge_unsent(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                             nx_when at, nx_when now, struct nx_decision *decision, struct nx_held_by *ret, GError **error)
{
    static const char WHY[] = "nobody vouches for this report, and the ledger has nothing sent to this address";
    struct nx_str name = NX_STR(NX_SOURCE_UNSENT);
    bool sent = (event->report.notes & (NX_NOTE_SENT | NX_NOTE_LEDGER_RECIPIENT)) != 0;
    enum nx_joined joined;
    if (!sent && !nx_sent_may_be(backend->db, key, at, &sent, error))
        return FALSE;
    if (sent)
        return TRUE;
    if (!join(backend, arena, event, key, name, at, decision, ret, &joined, error))
        return FALSE;
    if (joined == NX_JOINED_NONE) {
        ret->name = name;
        nx_hold_open(backend, arena, NX_STR(WHY), at, decision);
    }
    return joined == NX_JOINED_BEFORE || joined == NX_JOINED_RELEASED || nx_rate_add_source(backend, name, false, at, now, error);
}

/* By the name it gives, and with all whose name was never met before: names cost nothing. */
static gboolean judge_source(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                             nx_when at, nx_when now, struct nx_decision *decision, struct nx_held_by *ret, GError **error)
{
    const struct nx_str names[] = {nx_reporter_name(backend->hosts, arena, event), NX_STR(NX_SOURCE_NEW)};
    enum nx_joined joined[2] = {NX_JOINED_NONE, NX_JOINED_NONE};
    bool known;
    if (!nx_rate_is_known(backend, names[0], at, &known, error))
        return FALSE;
    size_t n = known ? 1 : 2;
    for (size_t i = 0; i < n && decision->action == NX_ACTION_SUPPRESS; i++)
        if (!join(backend, arena, event, key, names[i], at, decision, ret, &joined[i], error))
            return FALSE;
    if (joined[0] == NX_JOINED_BEFORE || joined[1] == NX_JOINED_BEFORE)
        return TRUE;
    if (!nx_rate_add_source(backend, names[0], !known, at, now, error))
        return FALSE;
    for (size_t i = 0; i < n && decision->action == NX_ACTION_SUPPRESS; i++) {
        struct nx_surge surge;
        if (joined[i] == NX_JOINED_RELEASED)
            continue;
        if (!nx_rate_judge(backend, names[i], at, &surge, error))
            return FALSE;
        if (nx_surge_is_incident(&surge)) {
            *ret = (struct nx_held_by){.name = names[i], .surge = surge};
            nx_hold_open(backend, arena, nx_surge_reason(arena, nx_reporter_words(arena, names[i]), &surge, at), at, decision);
        }
    }
    return TRUE;
}

gboolean nx_source_judge(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                         nx_when at, nx_when now, struct nx_decision *decision, struct nx_held_by *ret, GError **error)
{
    const struct nx_breaker *policy = &backend->policy.breaker;
    if (!policy->enabled || !nx_reporter_is_unvouched(event) || decision->action != NX_ACTION_SUPPRESS)
        return TRUE;
    if (policy->unsent && !judge_unsent(backend, arena, event, key, at, now, decision, ret, error))
        return FALSE;
    return decision->action != NX_ACTION_SUPPRESS || !policy->sources ||
           judge_source(backend, arena, event, key, at, now, decision, ret, error);
}

gboolean nx_source_brought(struct nx_backend *backend, struct nx_arena *arena, struct nx_str name, struct nx_str body,
                           struct nx_str origin, nx_when at, bool *ret, GError **error)
{
    struct nx_event event;
    struct nx_str json;
    bool known = false;
    *ret = false;
    if (!nx_zip_unpack(backend->db->zip, arena, body, &json) || !nx_event_from_json(arena, json, &event, NULL) ||
        !nx_reporter_is_unvouched(&event)) /* what cannot be read (any more) stays as it is */
        return TRUE;
    event.origin.source = origin;
    struct nx_str own = nx_reporter_name(backend->hosts, arena, &event);
    if (nx_str_eq(name, NX_STR(NX_SOURCE_NEW)) && !nx_rate_is_known(backend, own, at, &known, error))
        return FALSE;
    *ret = nx_str_eq(name, NX_STR(NX_SOURCE_NEW)) ? !known : nx_str_eq(name, own);
    return TRUE;
}
