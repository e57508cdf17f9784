/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/outcome.h"

static const struct nx_stand *find(const GArray *list, struct nx_str stream, nx_when now)
{
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const struct nx_stand *standing = &g_array_index(list, struct nx_stand, i);
        if (nx_str_eq(standing->stream, stream) && (standing->until == NX_WHEN_NONE || standing->until > now))
            return standing;
    }
    return NULL;
}

static bool is_same(const struct nx_stand *a, const struct nx_stand *b)
{
    return a == NULL || b == NULL ? a == b : a->cause == b->cause && a->until == b->until;
}

static bool is_consent(enum nx_cause cause)
{
    return cause == NX_CAUSE_COMPLAINT || cause == NX_CAUSE_UNSUBSCRIBE;
}

static int64_t sequence_of(const GArray *list, struct nx_str stream)
{
    for (guint i = 0; list != NULL && i < list->len; i++)
        if (nx_str_eq(g_array_index(list, struct nx_stand, i).stream, stream))
            return g_array_index(list, struct nx_stand, i).sequence;
    return 0;
}

static const struct nx_held *held_in(const struct nx_subject *subject, struct nx_str stream)
{
    for (guint i = 0; subject->held != NULL && i < subject->held->len; i++) {
        const struct nx_held *held = &g_array_index(subject->held, struct nx_held, i);
        if (!held->dropped && !held->would && nx_str_eq(held->stream, stream))
            return held;
    }
    return NULL;
}

/* What an incident holds back of this address, or did until a replay dropped it, and would hold this entry back as well; or the
 * report that makes it, where that would have been held back. */
static const struct nx_held *doubt(const struct nx_subject *subject, const struct nx_stand *entry)
{
    for (guint i = 0; subject->held != NULL && entry != NULL && i < subject->held->len; i++) {
        const struct nx_held *held = &g_array_index(subject->held, struct nx_held, i);
        if (entry->class_ != NX_CLASS_HARD && !held->any)
            continue;
        if (held->would ? entry->since == held->at : entry->since >= held->at && entry->since < held->until)
            return held;
    }
    return NULL;
}

/* Is the entry there, or that there is none, what a replay may change? */
static bool is_ours(const struct nx_subject *subject, const struct nx_stand *have, const struct nx_stand *was,
                    const struct nx_stand *is)
{
    if (is_same(have, is) || (have != NULL && (have->manual || is_consent(have->cause))))
        return false;
    if (have == NULL)
        return was == NULL || subject->lifted_by_replay; /* else somebody lifted it: his business */
    return have->from_replay || (have->from_event && was != NULL && was->cause == have->cause && !is_same(was, is));
}

static void take_place(struct nx_rejudged *act, const struct nx_stand *entry, const struct nx_held *over)
{
    act->put = over == NULL;
    act->hold = over != NULL;
    act->cause = entry->cause;
    act->class_ = entry->class_;
    act->since = entry->since;
    act->until = entry->until;
    if (over == NULL)
        return;
    act->remote = over->remote;
    act->lapses = over->until;
    act->diagnostic = over->diagnostic;
}

/* What is held back and not judged otherwise stays, though the entry beside it is lifted. */
static void keep_held(struct nx_rejudged *act, const struct nx_held *held)
{
    const struct nx_stand same = {.cause = held->cause, .class_ = held->class_, .since = held->at, .until = NX_WHEN_NONE};
    take_place(act, &same, held);
}

/* False: nothing changes. */
static bool compare(const struct nx_subject *subject, struct nx_str stream, nx_when now, struct nx_rejudged *ret)
{
    const struct nx_stand *have = find(subject->listed, stream, now), *was = find(subject->was, stream, now),
                          *is = find(subject->is, stream, now);
    const struct nx_held *held = held_in(subject, stream), *over = doubt(subject, is);
    bool follows = held != NULL && (held->from_replay || (was != NULL && was->cause == held->cause));
    bool other = follows && (is == NULL || is->cause != held->cause);
    bool ours = have != NULL || held == NULL ? is_ours(subject, have, was, is) : other;
    struct nx_rejudged act = {.address = subject->address,
                              .stream = stream,
                              .sequence = sequence_of(subject->listed, stream),
                              .lift = ours && have != NULL,
                              .reason = subject->reason.n > 0 ? subject->reason
                                                              : NX_STR("rules replay: the verdicts of before stand again")};
    if (have == NULL && held == NULL && over != NULL && over->dropped)
        ours = true;
    if (is != NULL && (ours || (other && over != NULL)))
        take_place(&act, is, over);
    else if (act.lift && held != NULL && !other)
        keep_held(&act, held);
    if (act.lift)
        act.lifted = have->cause;
    if (held != NULL) {
        act.held = held->sequence;
        act.dropped = held->cause;
        act.drop = other && !act.hold;
        act.remote = act.hold ? act.remote : held->remote;
        act.lapses = act.hold ? act.lapses : held->until;
    }
    *ret = act;
    return act.drop || act.lift || act.put || act.hold;
}

void nx_outcome(const struct nx_subject *subject, nx_when now, nx_outcome_fn *fn, void *data)
{
    const GArray *const lists[] = {subject->listed, subject->was, subject->is};
    struct nx_rejudged act;
    g_autoptr(GHashTable) streams = g_hash_table_new(nx_str_hash, nx_str_same);
    for (guint i = 0; subject->held != NULL && i < subject->held->len; i++) {
        struct nx_held *held = &g_array_index(subject->held, struct nx_held, i);
        if (g_hash_table_add(streams, &held->stream) && compare(subject, held->stream, now, &act))
            fn(subject, &act, data);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint k = 0; lists[i] != NULL && k < lists[i]->len; k++) {
            struct nx_str *stream = &g_array_index(lists[i], struct nx_stand, k).stream;
            if (g_hash_table_add(streams, stream) && compare(subject, *stream, now, &act))
                fn(subject, &act, data);
        }
}
