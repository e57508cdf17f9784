/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/rejudge.h"

#include "base/error.h"
#include "event/json.h"
#include "event/remote.h"
#include "store/hold.h"
#include "triage/acts.h"
#include "triage/looked.h"
#include "triage/outcome.h"
#include "triage/rehearsal.h"
#include "triage/trouble.h"

#define BATCH_ADDRESSES 5000u
#define SORTED_BYTES (8u << 20) /* of addresses, and of changes, in memory; what is beyond that is in a file without a name */
#define BATCH_BYTES (64u << 20)
#define RECORD_MAX (1u << 20) /* of one event as text */

struct nx_rejudge {
    struct nx_matcher *matcher;
    struct nx_arena *verdict; /* of the event at hand */
    const struct nx_policy *policy;
    const struct nx_fold_rules *rules;
    nx_when since;
    struct nx_looked *looked;
    struct nx_acts *acts;
    struct nx_arena *names; /* addresses, streams and reasons of a batch */
    struct nx_arena *scratch;
    GPtrArray *batch;       /* struct nx_subject, in `names` */
    GHashTable *by_address; /* struct nx_str * to struct nx_subject: the same */
    struct nx_troubles *troubles;
    struct nx_arena *arena; /* of the events of a batch */
    GArray *events[2];      /* struct nx_event, not yet played: old verdicts, new */
    struct nx_rehearsal rehearsals[2];
    GError *error;
    nx_when now;
    struct nx_rejudge_sum sum;
    struct nx_subject *at_work;
};

struct nx_rejudge *nx_rejudge_new(const struct nx_ruleset *rules, const struct nx_policy *policy, const struct nx_fold_rules *fold,
                                  nx_when since)
{
    struct nx_rejudge *rejudge = g_new0(struct nx_rejudge, 1);
    rejudge->matcher = nx_matcher_new(rules);
    rejudge->verdict = nx_arena_new();
    rejudge->policy = policy;
    rejudge->rules = fold;
    rejudge->since = since;
    rejudge->names = nx_arena_new();
    rejudge->scratch = nx_arena_new();
    rejudge->arena = nx_arena_new();
    rejudge->looked = nx_looked_new(SORTED_BYTES);
    rejudge->acts = nx_acts_new(SORTED_BYTES);
    rejudge->batch = g_ptr_array_new();
    rejudge->by_address = g_hash_table_new(nx_str_hash, nx_str_same);
    rejudge->troubles = nx_troubles_new(&policy->breaker);
    for (size_t i = 0; i < 2; i++)
        rejudge->events[i] = g_array_new(FALSE, FALSE, sizeof(struct nx_event));
    return rejudge;
}

static void clear_batch(struct nx_rejudge *rejudge)
{
    for (guint i = 0; i < rejudge->batch->len; i++)
        nx_subject_clear(rejudge->batch->pdata[i]);
    g_ptr_array_set_size(rejudge->batch, 0);
    g_hash_table_remove_all(rejudge->by_address);
    nx_arena_reset(rejudge->names);
}

void nx_rejudge_free(struct nx_rejudge *rejudge)
{
    if (rejudge == NULL)
        return;
    for (size_t i = 0; i < 2; i++) {
        g_array_unref(rejudge->events[i]);
        nx_rehearsal_close(&rejudge->rehearsals[i]);
    }
    clear_batch(rejudge);
    g_ptr_array_unref(rejudge->batch);
    g_hash_table_unref(rejudge->by_address);
    nx_troubles_free(rejudge->troubles);
    nx_looked_free(rejudge->looked);
    nx_acts_free(rejudge->acts);
    nx_matcher_free(rejudge->matcher);
    nx_arena_free(rejudge->verdict);
    nx_arena_free(rejudge->names);
    nx_arena_free(rejudge->scratch);
    nx_arena_free(rejudge->arena);
    g_clear_error(&rejudge->error);
    g_free(rejudge);
}

/* An error waits for nx_rejudge_looked. */
static void look_at(struct nx_rejudge *rejudge, struct nx_str address, char what)
{
    struct nx_address folded;
    nx_arena_reset(rejudge->scratch);
    if (rejudge->error == NULL && nx_address_fold(rejudge->scratch, address, rejudge->rules, &folded, NULL))
        (void)!nx_looked_add(rejudge->looked, folded.key, what, &rejudge->error);
}

/* Events before `since` keep their verdict. */
static bool judge(struct nx_rejudge *rejudge, const struct nx_logged *line, struct nx_verdict *ret_now)
{
    const struct nx_event *event = line->event;
    *ret_now = event->verdict;
    if ((rejudge->since != NX_WHEN_NONE && line->made < rejudge->since) ||
        (event->report.kind != NX_KIND_FAILED && event->report.kind != NX_KIND_DELAYED))
        return false;
    nx_arena_reset(rejudge->verdict);
    nx_classify(rejudge->matcher, rejudge->verdict, &event->report, ret_now);
    return ret_now->cause != event->verdict.cause || ret_now->class_ != event->verdict.class_;
}

bool nx_rejudge_look(struct nx_rejudge *rejudge, const struct nx_logged *line, struct nx_verdict *ret_now)
{
    if (nx_is_replay(line))
        look_at(rejudge, line->address, NX_LOOK_OTHER);
    if (line->event == NULL || !judge(rejudge, line, ret_now))
        return false;
    bool was = line->event->verdict.class_ == NX_CLASS_HARD, is = ret_now->class_ == NX_CLASS_HARD;
    look_at(rejudge, line->address, was == is ? NX_LOOK_OTHER : is ? NX_LOOK_DEAD : NX_LOOK_ALIVE);
    return true;
}

static gboolean take_error(struct nx_rejudge *rejudge, GError **error)
{
    if (rejudge->error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&rejudge->error));
    return FALSE;
}

gboolean nx_rejudge_looked(struct nx_rejudge *rejudge, size_t *ret_dead, size_t *ret_alive, GError **error)
{
    return take_error(rejudge, error) && nx_looked_end(rejudge->looked, ret_dead, ret_alive, error);
}

/* Of the address at work; one of its whole domain is another's. */
static bool add_listed(const struct nx_entry *entry, void *data)
{
    struct nx_rejudge *rejudge = data;
    if (nx_str_eq(entry->key, rejudge->at_work->address))
        nx_subject_stand(&rejudge->at_work->listed, rejudge->names, entry);
    return true;
}

static bool count_entry(const struct nx_entry *entry, void *data)
{
    (void)entry;
    ++*(size_t *)data;
    return true;
}

static bool add_was(const struct nx_entry *entry, void *data)
{
    struct nx_rejudge *rejudge = data;
    struct nx_subject *subject = g_hash_table_lookup(rejudge->by_address, &entry->key);
    if (subject != NULL)
        nx_subject_stand(&subject->was, rejudge->names, entry);
    return true;
}

static bool add_is(const struct nx_entry *entry, void *data)
{
    struct nx_rejudge *rejudge = data;
    struct nx_subject *subject = g_hash_table_lookup(rejudge->by_address, &entry->key);
    if (subject != NULL)
        nx_subject_stand(&subject->is, rejudge->names, entry);
    return true;
}

static bool add_hold(const struct nx_hold *hold, void *data)
{
    struct nx_rejudge *rejudge = data;
    const struct nx_held held = {.stream = nx_arena_dup(rejudge->names, hold->stream),
                                 .remote = nx_arena_dup(rejudge->names, hold->remote),
                                 .diagnostic = nx_arena_dup(rejudge->names, hold->diagnostic),
                                 .cause = hold->cause,
                                 .class_ = hold->class_,
                                 .at = hold->at,
                                 .until = hold->until,
                                 .any = nx_reporter_is(hold->remote),
                                 .sequence = hold->sequence};
    nx_subject_hold(rejudge->at_work, &held);
    return true;
}

static gboolean play(struct nx_rejudge *rejudge, GError **error)
{
    for (size_t i = 0; i < 2; i++) {
        if (!nx_rehearsal_events(&rejudge->rehearsals[i], rejudge->arena, rejudge->events[i], rejudge->now, error))
            return FALSE;
        g_array_set_size(rejudge->events[i], 0);
    }
    nx_arena_reset(rejudge->arena);
    return TRUE;
}

/* The event once more, in the arena of the batch, with either verdict. */
static gboolean take_event(struct nx_rejudge *rejudge, const struct nx_logged *line, GError **error)
{
    struct nx_buf record;
    struct nx_event event, next;
    struct nx_verdict now;
    bool other = judge(rejudge, line, &now);
    if (other && !nx_troubles_would(rejudge->troubles, rejudge->names, rejudge->at_work, line, now.class_, error))
        return FALSE;
    if (other)
        rejudge->at_work->reason = nx_arena_printf(
            rejudge->names, "rules replay: %.*s says %s (%s) where %.*s said %s (%s); rules %.*s", NX_FMT(now.rule),
            nx_cause_name(now.cause), nx_class_name(now.class_),
            NX_FMT(line->event->verdict.rule.n > 0 ? line->event->verdict.rule : NX_STR("nothing")),
            nx_cause_name(line->event->verdict.cause), nx_class_name(line->event->verdict.class_), NX_FMT(now.ruleset));
    nx_buf_init(&record, rejudge->arena, RECORD_MAX);
    nx_event_to_record(&record, line->event);
    if (!nx_event_from_json(rejudge->arena, nx_buf_str(&record), &event, error))
        return FALSE;
    event.origin.received_at = line->at;
    event.decision = (struct nx_decision){.until = NX_WHEN_NONE};
    next = event;
    if (other) {
        next.verdict = now;
        next.verdict.rule = nx_arena_dup(rejudge->arena, now.rule);
        next.verdict.matched = NX_STR_NONE;
        next.verdict.ruleset = NX_STR_NONE;
    }
    g_array_append_val(rejudge->events[0], event);
    g_array_append_val(rejudge->events[1], next);
    return nx_arena_used(rejudge->arena) < BATCH_BYTES || play(rejudge, error);
}

static bool take_line(const struct nx_logged *line, void *data)
{
    struct nx_rejudge *rejudge = data;
    struct nx_subject *subject = rejudge->at_work;
    nx_subject_trace(subject, line);
    if (line->act == NX_ACT_HOLD_DROP && nx_is_replay(line))
        nx_troubles_dropped(rejudge->troubles, rejudge->names, subject, line);
    if (line->event != NULL)
        return take_event(rejudge, line, &rejudge->error);
    if (nx_is_replay(line)) /* it follows from the events, and is to follow again */
        return true;
    return play(rejudge, &rejudge->error) && nx_rehearsal_act(&rejudge->rehearsals[0], line, &rejudge->error) &&
           nx_rehearsal_act(&rejudge->rehearsals[1], line, &rejudge->error);
}

static void keep_act(const struct nx_subject *subject, const struct nx_rejudged *act, void *data)
{
    struct nx_rejudge *rejudge = data;
    if (rejudge->error == NULL)
        (void)!nx_acts_add(rejudge->acts, subject->key, act, &rejudge->error);
    rejudge->sum.acts++;
    rejudge->sum.lift += act->lift;
    rejudge->sum.put += act->put;
    rejudge->sum.drop += act->drop;
    rejudge->sum.hold += act->hold;
}

static gboolean play_all(struct nx_rejudge *rejudge, struct nx_reader *reader, GError **error)
{
    const struct nx_filter all = {.since = NX_WHEN_NONE, .before = NX_WHEN_NONE, .brief = true, .expired = true};
    for (guint i = 0; i < rejudge->batch->len; i++) {
        struct nx_subject *subject = rejudge->batch->pdata[i];
        const struct nx_log_filter filter = {.address = subject->address, .since = NX_WHEN_NONE};
        rejudge->at_work = subject;
        if (!nx_subject_is_settled(subject) &&
            (!nx_reader_log(reader, &filter, take_line, rejudge, error) || !take_error(rejudge, error)))
            return FALSE;
    }
    return play(rejudge, error) && nx_reader_list(rejudge->rehearsals[0].reader, &all, rejudge->now, add_was, rejudge, error) &&
           nx_reader_list(rejudge->rehearsals[1].reader, &all, rejudge->now, add_is, rejudge, error);
}

/* What there is to change of the addresses of a batch. */
static gboolean run_batch(struct nx_rejudge *rejudge, struct nx_reader *reader, GError **error)
{
    for (size_t i = 0; i < 2; i++)
        if (!nx_rehearsal_open(&rejudge->rehearsals[i], rejudge->policy, rejudge->rules, error))
            return FALSE;
    if (!play_all(rejudge, reader, error))
        return FALSE;
    for (size_t i = 0; i < 2; i++)
        nx_rehearsal_close(&rejudge->rehearsals[i]);
    for (guint i = 0; i < rejudge->batch->len; i++)
        if (!nx_subject_is_settled(rejudge->batch->pdata[i]))
            nx_outcome(rejudge->batch->pdata[i], rejudge->now, keep_act, rejudge);
    clear_batch(rejudge);
    return take_error(rejudge, error);
}

/* The address into the batch, with what stands and is held of it now. */
static gboolean take_subject(struct nx_rejudge *rejudge, struct nx_reader *reader, struct nx_str key, GError **error)
{
    struct nx_subject *subject = nx_arena_alloc(rejudge->names, sizeof *subject);
    subject->key = nx_arena_dup(rejudge->names, key);
    subject->address = nx_address_of_key(rejudge->names, subject->key);
    g_ptr_array_add(rejudge->batch, subject);
    g_hash_table_insert(rejudge->by_address, &subject->address, subject);
    rejudge->at_work = subject;
    const struct nx_filter of_it = {
        .address = subject->address, .since = NX_WHEN_NONE, .before = NX_WHEN_NONE, .brief = true, .expired = true};
    const struct nx_hold_filter held = {.address = subject->address};
    return nx_reader_list(reader, &of_it, rejudge->now, add_listed, rejudge, error) &&
           nx_reader_holds(reader, &held, rejudge->now, add_hold, rejudge, error);
}

gboolean nx_rejudge_plan(struct nx_rejudge *rejudge, struct nx_reader *reader, nx_when now, struct nx_rejudge_sum *ret,
                         GError **error)
{
    const struct nx_filter all = {.since = NX_WHEN_NONE, .before = NX_WHEN_NONE, .brief = true};
    struct nx_str key;
    int got = -1;
    rejudge->now = now;
    if (!nx_reader_list(reader, &all, now, count_entry, &rejudge->sum.entries, error) ||
        !nx_troubles_read(rejudge->troubles, reader, now, error))
        return FALSE;
    while ((got = nx_looked_next(rejudge->looked, &key, error)) > 0)
        if (!take_subject(rejudge, reader, key, error) ||
            (rejudge->batch->len == BATCH_ADDRESSES && !run_batch(rejudge, reader, error)))
            return FALSE;
    if (got < 0 || !run_batch(rejudge, reader, error) || !nx_acts_end(rejudge->acts, error))
        return FALSE;
    g_clear_pointer(&rejudge->looked, nx_looked_free);
    *ret = rejudge->sum;
    return TRUE;
}

gboolean nx_rejudge_page(struct nx_rejudge *rejudge, const GArray **ret, GError **error)
{
    return nx_acts_page(rejudge->acts, NX_REJUDGE_PAGE, ret, error);
}
