/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/rejudge.h"

#include "base/error.h"
#include "event/json.h"
#include "store/hold.h"
#include "triage/rehearsal.h"

#define BATCH_ADDRESSES 5000u
#define BATCH_BYTES (64u << 20)
#define RECORD_MAX (1u << 20) /* of one event as text */

struct standing { /* an entry, as much as matters */
    struct nx_str stream;
    enum nx_cause cause;
    enum nx_class class_;
    nx_when since, until;
    int64_t sequence;
    bool manual, from_event, from_replay;
};

struct held { /* what an incident that is not over holds back */
    struct nx_str stream, remote, diagnostic;
    enum nx_cause cause;
    enum nx_class class_;
    nx_when at, until;
    int64_t sequence;
    bool from_replay;
    bool dropped; /* it did, until a replay dropped it */
};

struct subject { /* one address */
    struct nx_str address;
    struct nx_str reason;  /* of the last event that is judged otherwise */
    GArray *listed;        /* struct standing; NULL: none */
    GArray *held;          /* struct held; NULL: none */
    GArray *was, *is;      /* how it ends by the old verdicts, and by the new; NULL: none */
    bool lifted_by_replay; /* the last thing that lifted an entry was a replay */
};

struct nx_rejudge {
    struct nx_matcher *matcher;
    struct nx_arena *verdict; /* of the event at hand */
    const struct nx_policy *policy;
    const struct nx_fold_rules *rules;
    nx_when since;
    struct nx_arena *names; /* addresses, streams and reasons */
    struct nx_arena *scratch;
    GHashTable *subjects;   /* struct nx_str * to struct subject, keys in the subjects */
    GHashTable *open;       /* char *: incidents that nobody has settled */
    struct nx_arena *arena; /* of the events of a batch */
    GArray *events[2];      /* struct nx_event, not yet played: old verdicts, new */
    struct nx_rehearsal rehearsals[2];
    GArray *acts;
    GError *error;
    nx_when now;
    size_t entries;
    struct subject *at_work;
};

static guint hash_text(const void *key)
{
    const struct nx_str *text = key;
    guint hash = 5381;
    for (size_t i = 0; i < text->n; i++)
        hash = hash * 33 + (unsigned char)text->p[i];
    return hash;
}

static gboolean same_text(const void *a, const void *b)
{
    return nx_str_eq(*(const struct nx_str *)a, *(const struct nx_str *)b);
}

static void subject_clear(struct subject *subject)
{
    g_clear_pointer(&subject->listed, g_array_unref);
    g_clear_pointer(&subject->held, g_array_unref);
    g_clear_pointer(&subject->was, g_array_unref);
    g_clear_pointer(&subject->is, g_array_unref);
}

static void subject_free(void *data)
{
    subject_clear(data);
    g_free(data);
}

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
    rejudge->subjects = g_hash_table_new_full(hash_text, same_text, NULL, subject_free);
    rejudge->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < 2; i++)
        rejudge->events[i] = g_array_new(FALSE, FALSE, sizeof(struct nx_event));
    rejudge->acts = g_array_new(FALSE, FALSE, sizeof(struct nx_rejudged));
    return rejudge;
}

void nx_rejudge_free(struct nx_rejudge *rejudge)
{
    if (rejudge == NULL)
        return;
    for (size_t i = 0; i < 2; i++) {
        g_array_unref(rejudge->events[i]);
        nx_rehearsal_close(&rejudge->rehearsals[i]);
    }
    g_hash_table_unref(rejudge->subjects);
    g_hash_table_unref(rejudge->open);
    g_array_unref(rejudge->acts);
    nx_matcher_free(rejudge->matcher);
    nx_arena_free(rejudge->verdict);
    nx_arena_free(rejudge->names);
    nx_arena_free(rejudge->scratch);
    nx_arena_free(rejudge->arena);
    g_clear_error(&rejudge->error);
    g_free(rejudge);
}

static bool is_replay(const struct nx_logged *line)
{
    return line->event == NULL && nx_str_eq(line->source, NX_STR(NX_SOURCE_REPLAY));
}

static struct subject *subject_of(struct nx_rejudge *rejudge, struct nx_str address)
{
    struct nx_address folded;
    nx_arena_reset(rejudge->scratch);
    if (!nx_address_fold(rejudge->scratch, address, rejudge->rules, &folded, NULL))
        return NULL;
    struct subject *subject = g_hash_table_lookup(rejudge->subjects, &folded.folded);
    if (subject == NULL) {
        subject = g_new0(struct subject, 1);
        subject->address = nx_arena_dup(rejudge->names, folded.folded);
        g_hash_table_insert(rejudge->subjects, &subject->address, subject);
    }
    return subject;
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
    if (is_replay(line))
        (void)subject_of(rejudge, line->address);
    if (line->event == NULL || !judge(rejudge, line, ret_now))
        return false;
    if (line->address.n > 0)
        (void)subject_of(rejudge, line->address);
    return true;
}

static void add_standing(GArray **list, struct nx_rejudge *rejudge, const struct nx_entry *entry)
{
    const struct standing standing = {.stream = nx_arena_dup(rejudge->names, entry->stream),
                                      .cause = entry->cause,
                                      .class_ = entry->class_,
                                      .since = entry->since,
                                      .until = entry->until,
                                      .sequence = entry->sequence,
                                      .manual = entry->manual};
    if (*list == NULL)
        *list = g_array_new(FALSE, FALSE, sizeof(struct standing));
    g_array_append_val(*list, standing);
}

static bool add_listed(const struct nx_entry *entry, void *data)
{
    struct nx_rejudge *rejudge = data;
    struct subject *subject = g_hash_table_lookup(rejudge->subjects, &entry->key);
    rejudge->entries += entry->until == NX_WHEN_NONE || entry->until > rejudge->now;
    if (subject != NULL)
        add_standing(&subject->listed, rejudge, entry);
    return true;
}

static bool add_was(const struct nx_entry *entry, void *data)
{
    struct nx_rejudge *rejudge = data;
    struct subject *subject = g_hash_table_lookup(rejudge->subjects, &entry->key);
    if (subject != NULL)
        add_standing(&subject->was, rejudge, entry);
    return true;
}

static bool add_is(const struct nx_entry *entry, void *data)
{
    struct nx_rejudge *rejudge = data;
    struct subject *subject = g_hash_table_lookup(rejudge->subjects, &entry->key);
    if (subject != NULL)
        add_standing(&subject->is, rejudge, entry);
    return true;
}

static void add_held(struct subject *subject, const struct held *held)
{
    if (subject->held == NULL)
        subject->held = g_array_new(FALSE, FALSE, sizeof *held);
    g_array_append_vals(subject->held, held, 1);
}

static bool add_hold(const struct nx_hold *hold, void *data)
{
    struct nx_rejudge *rejudge = data;
    struct subject *subject = g_hash_table_lookup(rejudge->subjects, &hold->key);
    if (subject == NULL)
        return true;
    const struct held held = {.stream = nx_arena_dup(rejudge->names, hold->stream),
                              .remote = nx_arena_dup(rejudge->names, hold->remote),
                              .diagnostic = nx_arena_dup(rejudge->names, hold->diagnostic),
                              .cause = hold->cause,
                              .class_ = hold->class_,
                              .at = hold->at,
                              .until = hold->until,
                              .sequence = hold->sequence};
    add_held(subject, &held);
    return true;
}

static char *name_incident(struct nx_str remote, nx_when until)
{
    return g_strdup_printf("%.*s\t%lld", NX_FMT(remote), (long long)until);
}

static bool add_incident(const struct nx_incident *incident, void *data)
{
    if (nx_str_eq(incident->state, NX_STR("open")))
        g_hash_table_add(((struct nx_rejudge *)data)->open, name_incident(incident->remote, incident->until));
    return true;
}

/* A hold that a replay dropped comes back where the verdicts of before do, while its incident is open. */
static void add_dropped(struct nx_rejudge *rejudge, struct subject *subject, const struct nx_logged *line)
{
    g_autofree char *name = name_incident(line->remote, line->until);
    if (line->until <= rejudge->now || !g_hash_table_contains(rejudge->open, name))
        return;
    const struct held held = {.stream = nx_arena_dup(rejudge->names, line->stream),
                              .remote = nx_arena_dup(rejudge->names, line->remote),
                              .at = INT64_MIN,
                              .until = line->until,
                              .dropped = true};
    add_held(subject, &held);
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
    struct subject *subject = rejudge->at_work;
    for (guint i = 0; subject->listed != NULL && i < subject->listed->len; i++) {
        struct standing *listed = &g_array_index(subject->listed, struct standing, i);
        if (listed->sequence == line->sequence) {
            listed->from_event = line->act == NX_ACT_EVENT || line->act == NX_ACT_HOLD; /* held, then released */
            listed->from_replay = is_replay(line);
        }
    }
    for (guint i = 0; subject->held != NULL && i < subject->held->len; i++) {
        struct held *held = &g_array_index(subject->held, struct held, i);
        if (held->sequence == line->sequence)
            held->from_replay = is_replay(line);
    }
    if (line->act == NX_ACT_HOLD_DROP && is_replay(line))
        add_dropped(rejudge, subject, line);
    if (line->act == NX_ACT_RELEASE || line->act == NX_ACT_REJUDGE)
        subject->lifted_by_replay = line->act == NX_ACT_RELEASE && is_replay(line);
    if (line->event != NULL)
        return take_event(rejudge, line, &rejudge->error);
    if (is_replay(line)) /* it follows from the events, and is to follow again */
        return true;
    return play(rejudge, &rejudge->error) && nx_rehearsal_act(&rejudge->rehearsals[0], line, &rejudge->error) &&
           nx_rehearsal_act(&rejudge->rehearsals[1], line, &rejudge->error);
}

static const struct standing *find(const GArray *list, struct nx_str stream, nx_when now)
{
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const struct standing *standing = &g_array_index(list, struct standing, i);
        if (nx_str_eq(standing->stream, stream) && (standing->until == NX_WHEN_NONE || standing->until > now))
            return standing;
    }
    return NULL;
}

static bool is_same(const struct standing *a, const struct standing *b)
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
        if (nx_str_eq(g_array_index(list, struct standing, i).stream, stream))
            return g_array_index(list, struct standing, i).sequence;
    return 0;
}

static const struct held *held_in(const struct subject *subject, struct nx_str stream)
{
    for (guint i = 0; subject->held != NULL && i < subject->held->len; i++) {
        const struct held *held = &g_array_index(subject->held, struct held, i);
        if (!held->dropped && nx_str_eq(held->stream, stream))
            return held;
    }
    return NULL;
}

/* What an incident holds back of this address, or did until a replay dropped it, and would hold this entry back as well. */
static const struct held *doubt(const struct subject *subject, const struct standing *entry)
{
    for (guint i = 0; subject->held != NULL && entry != NULL && entry->class_ == NX_CLASS_HARD && i < subject->held->len; i++) {
        const struct held *held = &g_array_index(subject->held, struct held, i);
        if (entry->since >= held->at && entry->since < held->until)
            return held;
    }
    return NULL;
}

/* Is the entry there, or that there is none, what a replay may change? */
static bool is_ours(const struct subject *subject, const struct standing *have, const struct standing *was,
                    const struct standing *is)
{
    if (is_same(have, is) || (have != NULL && (have->manual || is_consent(have->cause))))
        return false;
    if (have == NULL)
        return was == NULL || subject->lifted_by_replay; /* else somebody lifted it: his business */
    return have->from_replay || (have->from_event && was != NULL && was->cause == have->cause && !is_same(was, is));
}

static void take_place(struct nx_rejudged *act, const struct standing *entry, const struct held *over)
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
static void keep_held(struct nx_rejudged *act, const struct held *held)
{
    const struct standing same = {.cause = held->cause, .class_ = held->class_, .since = held->at, .until = NX_WHEN_NONE};
    take_place(act, &same, held);
}

static void compare(struct nx_rejudge *rejudge, const struct subject *subject, struct nx_str stream)
{
    const struct standing *have = find(subject->listed, stream, rejudge->now), *was = find(subject->was, stream, rejudge->now),
                          *is = find(subject->is, stream, rejudge->now);
    const struct held *held = held_in(subject, stream), *over = doubt(subject, is);
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
    if (act.drop || act.lift || act.put || act.hold)
        g_array_append_val(rejudge->acts, act);
}

static void compare_all(struct nx_rejudge *rejudge, const struct subject *subject)
{
    const GArray *const lists[] = {subject->listed, subject->was, subject->is};
    g_autoptr(GHashTable) streams = g_hash_table_new(hash_text, same_text);
    for (guint i = 0; subject->held != NULL && i < subject->held->len; i++) {
        struct held *held = &g_array_index(subject->held, struct held, i);
        if (g_hash_table_add(streams, &held->stream))
            compare(rejudge, subject, held->stream);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint k = 0; lists[i] != NULL && k < lists[i]->len; k++) {
            struct nx_str *stream = &g_array_index(lists[i], struct standing, k).stream;
            if (g_hash_table_add(streams, stream))
                compare(rejudge, subject, *stream);
        }
}

/* One for all streams that nobody but a person takes away leaves nothing to do. */
static bool is_settled(const struct subject *subject)
{
    for (guint i = 0; subject->listed != NULL && i < subject->listed->len; i++) {
        const struct standing *standing = &g_array_index(subject->listed, struct standing, i);
        if (standing->manual && standing->stream.n == 0 && standing->until == NX_WHEN_NONE)
            return true;
    }
    return false;
}

static gboolean batch(struct nx_rejudge *rejudge, struct nx_reader *reader, struct subject **subjects, guint n, GError **error)
{
    const struct nx_filter all = {.since = NX_WHEN_NONE, .before = NX_WHEN_NONE, .brief = true, .expired = true};
    for (size_t i = 0; i < 2; i++)
        if (!nx_rehearsal_open(&rejudge->rehearsals[i], rejudge->policy, rejudge->rules, error))
            return FALSE;
    for (guint i = 0; i < n; i++) {
        const struct nx_log_filter filter = {.address = subjects[i]->address, .since = NX_WHEN_NONE};
        rejudge->at_work = subjects[i];
        if (is_settled(subjects[i]))
            continue;
        if (!nx_reader_log(reader, &filter, take_line, rejudge, error))
            return FALSE;
        if (rejudge->error != NULL) {
            g_propagate_error(error, g_steal_pointer(&rejudge->error));
            return FALSE;
        }
    }
    if (!play(rejudge, error) || !nx_reader_list(rejudge->rehearsals[0].reader, &all, rejudge->now, add_was, rejudge, error) ||
        !nx_reader_list(rejudge->rehearsals[1].reader, &all, rejudge->now, add_is, rejudge, error))
        return FALSE;
    for (size_t i = 0; i < 2; i++)
        nx_rehearsal_close(&rejudge->rehearsals[i]);
    for (guint i = 0; i < n; i++) {
        if (!is_settled(subjects[i]))
            compare_all(rejudge, subjects[i]);
        subject_clear(subjects[i]);
    }
    return TRUE;
}

/* By domain, as the store has them: neighbours lie side by side. */
static int by_key(const void *a, const void *b)
{
    struct nx_str x = (*(struct subject *const *)a)->address, y = (*(struct subject *const *)b)->address;
    size_t at_x = nx_str_chr(x, '@'), at_y = nx_str_chr(y, '@');
    int order = nx_str_cmp(nx_str_from(x, at_x), nx_str_from(y, at_y));
    return order != 0 ? order : nx_str_cmp(x, y);
}

gboolean nx_rejudge_plan(struct nx_rejudge *rejudge, struct nx_reader *reader, nx_when now, size_t *ret_entries, GError **error)
{
    const struct nx_filter all = {.since = NX_WHEN_NONE, .before = NX_WHEN_NONE, .brief = true, .expired = true};
    const struct nx_hold_filter holds = {.limit = 0};
    rejudge->now = now;
    rejudge->entries = 0;
    g_hash_table_remove_all(rejudge->open);
    if (!nx_reader_list(reader, &all, now, add_listed, rejudge, error) ||
        !nx_reader_holds(reader, &holds, now, add_hold, rejudge, error) ||
        !nx_reader_incidents(reader, &holds, now, add_incident, rejudge, error))
        return FALSE;
    *ret_entries = rejudge->entries;
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, rejudge->subjects);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(order, value);
    g_ptr_array_sort(order, by_key);
    for (guint from = 0; from < order->len; from += BATCH_ADDRESSES)
        if (!batch(rejudge, reader, (struct subject **)(order->pdata + from), MIN(order->len - from, BATCH_ADDRESSES), error))
            return FALSE;
    return TRUE;
}

const GArray *nx_rejudge_acts(const struct nx_rejudge *rejudge)
{
    return rejudge->acts;
}
