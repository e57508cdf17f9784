/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/rejudge.h"

#include "base/error.h"
#include "base/sorter.h"
#include "event/json.h"
#include "store/hold.h"
#include "triage/acts.h"
#include "triage/rehearsal.h"

#define BATCH_ADDRESSES 5000u
#define SORTED_BYTES (8u << 20) /* of addresses, and of changes, in memory; what is beyond that is in a file without a name */
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
    bool would;   /* it does not, but would have held back what this report makes by the verdicts of now */
};

struct trouble { /* an incident that is not over, and holds */
    struct nx_str remote;
    nx_when since, until;
};

enum { LOOK_OTHER = '-', LOOK_DEAD = 'd', LOOK_ALIVE = 'a' }; /* what a report that is judged otherwise says of its address */

struct subject { /* one address */
    struct nx_str key, address;
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
    struct nx_sorter *looked;   /* key, LOOK_...: once a report */
    struct nx_sorter *subjects; /* key: each once */
    struct nx_acts *acts;
    struct nx_arena *names; /* addresses, streams and reasons of a batch */
    struct nx_arena *scratch;
    GPtrArray *batch;       /* struct subject, in `names` */
    GHashTable *by_address; /* struct nx_str * to struct subject: the same */
    GHashTable *open;       /* char *: incidents that nobody has settled */
    GArray *troubles;       /* struct trouble, in `places` */
    struct nx_arena *places;
    struct nx_arena *arena; /* of the events of a batch */
    GArray *events[2];      /* struct nx_event, not yet played: old verdicts, new */
    struct nx_rehearsal rehearsals[2];
    GError *error;
    nx_when now;
    struct nx_rejudge_sum sum;
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
    rejudge->places = nx_arena_new();
    rejudge->looked = nx_sorter_new(g_get_tmp_dir(), SORTED_BYTES);
    rejudge->acts = nx_acts_new(SORTED_BYTES);
    rejudge->batch = g_ptr_array_new();
    rejudge->by_address = g_hash_table_new(hash_text, same_text);
    rejudge->troubles = g_array_new(FALSE, FALSE, sizeof(struct trouble));
    rejudge->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < 2; i++)
        rejudge->events[i] = g_array_new(FALSE, FALSE, sizeof(struct nx_event));
    return rejudge;
}

static void clear_batch(struct nx_rejudge *rejudge)
{
    for (guint i = 0; i < rejudge->batch->len; i++)
        subject_clear(rejudge->batch->pdata[i]);
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
    g_hash_table_unref(rejudge->open);
    g_array_unref(rejudge->troubles);
    nx_sorter_free(rejudge->looked);
    nx_sorter_free(rejudge->subjects);
    nx_acts_free(rejudge->acts);
    nx_arena_free(rejudge->places);
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

/* An error waits for nx_rejudge_looked. */
static void look_at(struct nx_rejudge *rejudge, struct nx_str address, char what)
{
    struct nx_address folded;
    nx_arena_reset(rejudge->scratch);
    if (rejudge->error == NULL && nx_address_fold(rejudge->scratch, address, rejudge->rules, &folded, NULL))
        (void)!nx_sorter_add(rejudge->looked, folded.key, (struct nx_str){&what, 1}, &rejudge->error);
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
        look_at(rejudge, line->address, LOOK_OTHER);
    if (line->event == NULL || !judge(rejudge, line, ret_now))
        return false;
    bool was = line->event->verdict.class_ == NX_CLASS_HARD, is = ret_now->class_ == NX_CLASS_HARD;
    look_at(rejudge, line->address, was == is ? LOOK_OTHER : is ? LOOK_DEAD : LOOK_ALIVE);
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
    struct nx_str key, what;
    g_autoptr(GString) last = g_string_new(NULL);
    bool dead = false, alive = false;
    size_t n_dead = 0, n_alive = 0;
    int got = -1;
    rejudge->subjects = nx_sorter_new(g_get_tmp_dir(), SORTED_BYTES);
    if (!take_error(rejudge, error) || !nx_sorter_end(rejudge->looked, error))
        return FALSE;
    while ((got = nx_sorter_next(rejudge->looked, &key, &what, error)) > 0) {
        if (!nx_str_eq(key, (struct nx_str){last->str, last->len})) {
            if (!nx_sorter_add(rejudge->subjects, key, NX_STR_NONE, error))
                return FALSE;
            g_string_truncate(last, 0);
            g_string_append_len(last, key.p, (gssize)key.n);
            dead = alive = false;
        }
        n_dead += !dead && *what.p == LOOK_DEAD;
        n_alive += !alive && *what.p == LOOK_ALIVE;
        dead = dead || *what.p == LOOK_DEAD;
        alive = alive || *what.p == LOOK_ALIVE;
    }
    g_clear_pointer(&rejudge->looked, nx_sorter_free);
    *ret_dead = n_dead;
    *ret_alive = n_alive;
    return got == 0 && nx_sorter_end(rejudge->subjects, error);
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

/* Of the address at work; one of its whole domain is another's. */
static bool add_listed(const struct nx_entry *entry, void *data)
{
    struct nx_rejudge *rejudge = data;
    if (nx_str_eq(entry->key, rejudge->at_work->address))
        add_standing(&rejudge->at_work->listed, rejudge, entry);
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
    struct subject *subject = g_hash_table_lookup(rejudge->by_address, &entry->key);
    if (subject != NULL)
        add_standing(&subject->was, rejudge, entry);
    return true;
}

static bool add_is(const struct nx_entry *entry, void *data)
{
    struct nx_rejudge *rejudge = data;
    struct subject *subject = g_hash_table_lookup(rejudge->by_address, &entry->key);
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
    const struct held held = {.stream = nx_arena_dup(rejudge->names, hold->stream),
                              .remote = nx_arena_dup(rejudge->names, hold->remote),
                              .diagnostic = nx_arena_dup(rejudge->names, hold->diagnostic),
                              .cause = hold->cause,
                              .class_ = hold->class_,
                              .at = hold->at,
                              .until = hold->until,
                              .sequence = hold->sequence};
    add_held(rejudge->at_work, &held);
    return true;
}

static char *name_incident(struct nx_str remote, nx_when until)
{
    return g_strdup_printf("%.*s\t%lld", NX_FMT(remote), (long long)until);
}

static bool add_incident(const struct nx_incident *incident, void *data)
{
    struct nx_rejudge *rejudge = data;
    bool open = nx_str_eq(incident->state, NX_STR("open"));
    const struct trouble trouble = {nx_arena_dup(rejudge->places, incident->remote), incident->since, incident->until};
    if (open)
        g_hash_table_add(rejudge->open, name_incident(incident->remote, incident->until));
    if (open || nx_str_eq(incident->state, NX_STR("dropped"))) /* which goes on */
        g_array_append_val(rejudge->troubles, trouble);
    return true;
}

/* What came while an incident was on and made nothing, such as words that nobody knew, would have been held back like the rest. */
static void add_would(struct nx_rejudge *rejudge, struct subject *subject, const struct nx_logged *line)
{
    for (guint i = 0; line->remote.n > 0 && i < rejudge->troubles->len; i++) {
        const struct trouble *trouble = &g_array_index(rejudge->troubles, struct trouble, i);
        if (!nx_str_eq(trouble->remote, line->remote) || line->at < trouble->since || line->at >= trouble->until)
            continue;
        const struct held held = {.remote = trouble->remote,
                                  .diagnostic = nx_arena_dup(rejudge->names, line->event->report.diagnostic),
                                  .at = line->at,
                                  .until = trouble->until,
                                  .would = true};
        add_held(subject, &held);
    }
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
    if (other && now.class_ == NX_CLASS_HARD)
        add_would(rejudge, rejudge->at_work, line);
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
        if (!held->dropped && !held->would && nx_str_eq(held->stream, stream))
            return held;
    }
    return NULL;
}

/* What an incident holds back of this address, or did until a replay dropped it, and would hold this entry back as well; or the
 * report that makes it, where that would have been held back. */
static const struct held *doubt(const struct subject *subject, const struct standing *entry)
{
    for (guint i = 0; subject->held != NULL && entry != NULL && entry->class_ == NX_CLASS_HARD && i < subject->held->len; i++) {
        const struct held *held = &g_array_index(subject->held, struct held, i);
        if (held->would ? entry->since == held->at : entry->since >= held->at && entry->since < held->until)
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

static void keep_act(struct nx_rejudge *rejudge, const struct subject *subject, const struct nx_rejudged *act)
{
    if (rejudge->error == NULL)
        (void)!nx_acts_add(rejudge->acts, subject->key, act, &rejudge->error);
    rejudge->sum.acts++;
    rejudge->sum.lift += act->lift;
    rejudge->sum.put += act->put;
    rejudge->sum.drop += act->drop;
    rejudge->sum.hold += act->hold;
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
        keep_act(rejudge, subject, &act);
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

static gboolean play_all(struct nx_rejudge *rejudge, struct nx_reader *reader, GError **error)
{
    const struct nx_filter all = {.since = NX_WHEN_NONE, .before = NX_WHEN_NONE, .brief = true, .expired = true};
    for (guint i = 0; i < rejudge->batch->len; i++) {
        struct subject *subject = rejudge->batch->pdata[i];
        const struct nx_log_filter filter = {.address = subject->address, .since = NX_WHEN_NONE};
        rejudge->at_work = subject;
        if (!is_settled(subject) && (!nx_reader_log(reader, &filter, take_line, rejudge, error) || !take_error(rejudge, error)))
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
        if (!is_settled(rejudge->batch->pdata[i]))
            compare_all(rejudge, rejudge->batch->pdata[i]);
    clear_batch(rejudge);
    return take_error(rejudge, error);
}

/* The address into the batch, with what stands and is held of it now. */
static gboolean take_subject(struct nx_rejudge *rejudge, struct nx_reader *reader, struct nx_str key, GError **error)
{
    struct subject *subject = nx_arena_alloc(rejudge->names, sizeof *subject);
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
    const struct nx_hold_filter holds = {.limit = 0};
    struct nx_str key, none;
    int got = -1;
    rejudge->now = now;
    if (!nx_reader_list(reader, &all, now, count_entry, &rejudge->sum.entries, error) ||
        !nx_reader_incidents(reader, &holds, now, add_incident, rejudge, error))
        return FALSE;
    while ((got = nx_sorter_next(rejudge->subjects, &key, &none, error)) > 0)
        if (!take_subject(rejudge, reader, key, error) ||
            (rejudge->batch->len == BATCH_ADDRESSES && !run_batch(rejudge, reader, error)))
            return FALSE;
    if (got < 0 || !run_batch(rejudge, reader, error) || !nx_acts_end(rejudge->acts, error))
        return FALSE;
    g_clear_pointer(&rejudge->subjects, nx_sorter_free);
    *ret = rejudge->sum;
    return TRUE;
}

gboolean nx_rejudge_page(struct nx_rejudge *rejudge, const GArray **ret, GError **error)
{
    return nx_acts_page(rejudge->acts, NX_REJUDGE_PAGE, ret, error);
}
