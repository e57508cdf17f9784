/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/decide.h"

#include "decide/stream.h"

#define DAY 86400

const char *nx_require_name(enum nx_require require)
{
    static const char *const names[] = {"off", "soft", "strict"};
    return names[require];
}

void nx_policy_defaults(struct nx_policy *ret)
{
    *ret = (struct nx_policy){0};
    for (int i = 0; i < NX_CAUSE_COUNT; i++) {
        const struct nx_cause_facts *facts = nx_cause_facts((enum nx_cause)i);
        ret->causes[i] = (struct nx_policy_cause){
            .suppress = facts->suppress,
            .threshold = facts->threshold,
            .span = (int64_t)facts->span_days * DAY,
            .window = (int64_t)facts->window_days * DAY,
            .ttl = (int64_t)facts->ttl_days * DAY,
            .ttl_max = (int64_t)facts->ttl_max_days * DAY,
            .pace = NX_PACE,
        };
    }
    /* Who refuses this sender, or leaves this list, says nothing about the others; who calls a newsletter spam still wants
     * receipts. */
    ret->causes[NX_CAUSE_RECIPIENT_REFUSED].scope = NX_SCOPE_STREAM;
    ret->causes[NX_CAUSE_UNSUBSCRIBE].scope = NX_SCOPE_STREAM;
    ret->causes[NX_CAUSE_COMPLAINT].scope = NX_SCOPE_BULK;
    ret->tentative = ret->causes[NX_CAUSE_UNKNOWN];
    nx_breaker_defaults(&ret->breaker);
    ret->domain_entries = NX_DOMAIN_ENTRIES_PROPOSE;
    ret->domain_threshold = 3;
    ret->domain_quiet = 7 * DAY;
}

/* What is a pace apart may come a third of it later: months have 31 days, servers try for days. */
static int64_t with_slack(int64_t time, int64_t pace)
{
    return time + (pace / 3 + DAY - 1) / DAY * DAY;
}

void nx_pace_apply(int64_t pace, struct nx_policy_cause *rule)
{
    rule->pace = pace;
    if (pace <= NX_PACE)
        return;
    if (rule->suppress == NX_SUPPRESS_AFTER && rule->window > 0)
        rule->window = MAX(rule->window, with_slack(rule->threshold * pace, pace));
    if (rule->ttl > 0)
        rule->ttl = MAX(rule->ttl, 2 * pace);
    if (rule->ttl_max > 0)
        rule->ttl_max = MAX(rule->ttl_max, rule->ttl);
}

int64_t nx_policy_window(const struct nx_policy_cause *rule)
{
    return rule->window > 0 ? rule->window : MAX(30 * DAY, with_slack(2 * rule->pace, rule->pace));
}

enum nx_cause nx_policy_cause(const struct nx_event *event)
{
    switch (event->report.kind) {
    case NX_KIND_COMPLAINT:
        return NX_CAUSE_COMPLAINT;
    case NX_KIND_UNSUBSCRIBE:
        return NX_CAUSE_UNSUBSCRIBE;
    case NX_KIND_OTHER:
    case NX_KIND_FAILED:
    case NX_KIND_DELAYED:
    case NX_KIND_DELIVERED:
    case NX_KIND_AUTOREPLY:
        break;
    }
    return event->verdict.cause;
}

const struct nx_policy_cause *nx_policy_of(const struct nx_policy *policy, const struct nx_event *event)
{
    enum nx_cause cause = nx_policy_cause(event);
    bool tentative = event->verdict.class_ == NX_CLASS_SOFT && nx_cause_facts(cause)->class_ == NX_CLASS_HARD;
    const struct nx_stream *stream = nx_streams_find(policy->streams, nx_event_stream(event));
    if (stream != NULL)
        return tentative ? &stream->tentative : &stream->causes[cause];
    return tentative ? &policy->tentative : &policy->causes[cause];
}

struct nx_str nx_event_stream(const struct nx_event *event)
{
    return event->report.stream.n > 0 ? event->report.stream : event->origin.stream;
}

static bool is_consent(enum nx_cause cause)
{
    return cause == NX_CAUSE_COMPLAINT || cause == NX_CAUSE_UNSUBSCRIBE;
}

static bool is_unverified(const struct nx_event *event)
{
    return event->report.verified == NX_VERIFIED_NONE;
}

struct nx_str nx_policy_stream(const struct nx_policy *policy, const struct nx_event *event)
{
    struct nx_str stream = nx_event_stream(event), bulk = NX_STR(NX_STREAM_BULK);
    switch (nx_policy_of(policy, event)->scope) {
    case NX_SCOPE_ALL:
        break;
    case NX_SCOPE_STREAM: /* a wish that says not what it is about is about what one can opt out of */
        return stream.n == 0 && is_consent(nx_policy_cause(event)) ? bulk : stream;
    case NX_SCOPE_BULK: /* who calls a receipt spam wants none of it, if it was he */
        return nx_streams_is_transactional(policy->streams, stream) && !is_unverified(event) ? NX_STR_NONE : bulk;
    }
    return NX_STR_NONE;
}

/* RFC 5321 and 3463 class of the refusal: 2, 4, 5; 0 when the report says neither. The reply outranks the status. */
static unsigned reply_class(const struct nx_report *report)
{
    if (report->reply >= 200)
        return report->reply / 100;
    if (report->status.n > 1 && report->status.p[1] == '.' && report->status.p[0] >= '2' && report->status.p[0] <= '5')
        return (unsigned)(report->status.p[0] - '0');
    return 0;
}

/* A cause that would suppress at once, but is to be seen twice. */
static bool wants_second(const struct nx_policy *policy, const struct nx_event *event)
{
    return (policy->confirm_hard && event->verdict.cause == NX_CAUSE_MAILBOX_UNKNOWN) ||
           (policy->require_verified == NX_REQUIRE_SOFT && is_unverified(event));
}

bool nx_policy_counts(const struct nx_policy *policy, const struct nx_event *event)
{
    if (event->report.kind != NX_KIND_FAILED || (policy->require_verified == NX_REQUIRE_STRICT && is_unverified(event)))
        return false;
    if (event->verdict.class_ == NX_CLASS_BLOCK && nx_cause_facts(event->verdict.cause)->class_ != NX_CLASS_BLOCK)
        return false; /* the rule says that the sender is refused, whatever the cause is otherwise */
    const struct nx_policy_cause *rule = nx_policy_of(policy, event);
    if (rule->suppress == NX_SUPPRESS_AT_ONCE || rule->suppress == NX_SUPPRESS_MIRROR)
        return wants_second(policy, event);
    unsigned said = reply_class(&event->report);
    bool for_good = said == 5 || (said == 0 && event->verdict.class_ == NX_CLASS_HARD); /* a provider's word */
    return rule->suppress == NX_SUPPRESS_AFTER && (event->verdict.cause != NX_CAUSE_UNKNOWN || for_good);
}

/* RFC 7504, RFC 7505: the domain itself says that it takes no mail, so one report is enough. */
static bool takes_no_mail(const struct nx_report *report)
{
    return report->reply == 521 || report->reply == 556 || nx_str_eq(report->status, NX_STR("5.1.10"));
}

bool nx_standing_holds(const struct nx_standing *standing, nx_when at)
{
    return standing->present && (standing->until == NX_WHEN_NONE || standing->until > at);
}

static unsigned rank(enum nx_cause cause, nx_when until)
{
    return is_consent(cause) ? 3 : until == NX_WHEN_NONE ? 2 : 1;
}

bool nx_standing_gives_way(const struct nx_standing *standing, enum nx_cause cause, nx_when until, nx_when at)
{
    if (!nx_standing_holds(standing, at))
        return true;
    unsigned old = rank(standing->cause, standing->until), new = rank(cause, until);
    return new > old || (new == old && standing->until != NX_WHEN_NONE &&until > standing->until);
}

bool nx_policy_may_hold(const struct nx_event *event, const struct nx_decision *decision)
{
    return decision->action == NX_ACTION_SUPPRESS && event->report.kind == NX_KIND_FAILED && event->verdict.class_ == NX_CLASS_HARD;
}

unsigned nx_standing_renewals(const struct nx_standing *standing, enum nx_cause cause, nx_when at)
{
    if (!standing->present || standing->cause != cause || standing->until == NX_WHEN_NONE)
        return 0;
    if (standing->until > at)
        return standing->renewals;
    return at - standing->until <= 365 * DAY ? standing->renewals + 1 : 0;
}

bool nx_standing_is_cooling(const struct nx_standing *standing)
{
    return standing->present && !standing->manual && standing->class_ == NX_CLASS_SOFT && standing->until != NX_WHEN_NONE;
}

bool nx_policy_is_life(const struct nx_event *event)
{
    return event->report.kind == NX_KIND_OTHER && (event->report.notes & NX_NOTE_SIGN_OF_LIFE) != 0;
}

bool nx_standing_is_tried(const struct nx_standing *standing, nx_when at)
{
    return nx_standing_holds(standing, at) && !standing->manual && standing->class_ == NX_CLASS_HARD && standing->since < at &&
           (standing->renewals == 0 || at - standing->since > 365 * DAY);
}

nx_when nx_policy_until(const struct nx_policy_cause *rule, const struct nx_standing *standing, enum nx_cause cause, nx_when at)
{
    if (rule->ttl == 0)
        return NX_WHEN_NONE;
    int64_t ttl = rule->ttl, most = MAX(rule->ttl_max, rule->ttl);
    for (unsigned i = nx_standing_renewals(standing, cause, at); i > 0 && ttl < most; i--)
        ttl *= 2;
    return at + MIN(ttl, most);
}

static struct nx_str day_of(struct nx_arena *arena, nx_when when)
{
    return nx_str_sub(nx_when_format(arena, when), 0, 10);
}

static void suppress(const struct nx_policy_cause *rule, const struct nx_history *history, enum nx_cause cause, nx_when at,
                     struct nx_arena *arena, struct nx_str why, struct nx_decision *ret)
{
    const struct nx_standing *standing = &history->standing;
    nx_when until = nx_policy_until(rule, standing, cause, at);
    if (history->allowed) {
        ret->reason = nx_arena_printf(arena, "on the allow list, so not suppressed (%.*s)", NX_FMT(why));
        return;
    }
    if (!nx_standing_gives_way(standing, cause, until, at)) {
        struct nx_str since = day_of(arena, standing->since);
        const char *entry = standing->cause == NX_CAUSE_NONE ? "by hand" : nx_cause_name(standing->cause);
        ret->reason = nx_arena_printf(arena, "suppressed already since %.*s (%s)", NX_FMT(since), entry);
        return;
    }
    ret->action = NX_ACTION_SUPPRESS;
    ret->until = until;
    ret->reason = why;
}

/* The first letter after an entry has run out meets what made it: it never went away. */
static bool goes_on(const struct nx_policy_cause *rule, const struct nx_standing *standing, enum nx_cause cause, nx_when at)
{
    int64_t grace = rule->suppress == NX_SUPPRESS_AFTER ? with_slack(MAX(rule->span, rule->pace), rule->pace) : rule->span;
    return standing->present && !standing->manual && standing->cause == cause && standing->until != NX_WHEN_NONE &&
           standing->until <= at && at - standing->until <= grace;
}

static void count(const struct nx_policy_cause *rule, const struct nx_history *history, enum nx_cause cause, unsigned threshold,
                  nx_when at, struct nx_arena *arena, struct nx_decision *ret)
{
    const char *name = nx_cause_name(cause);
    int64_t window = nx_policy_window(rule);
    unsigned days = history->count + 1;
    nx_when first = history->count > 0 && history->first < at ? history->first : at;
    nx_when last = history->count > 0 && history->last > at ? history->last : at;
    bool enough = days >= threshold, wide = last - first >= rule->span;
    if (goes_on(rule, &history->standing, cause, at)) {
        suppress(rule, history, cause, at, arena, nx_arena_printf(arena, "%s: again, at once after its entry ran out", name), ret);
    } else if (enough && wide) {
        suppress(
            rule, history, cause, at, arena,
            nx_arena_printf(arena, "%s: on %u days within %lld d, %u suffice", name, days, (long long)(window / DAY), threshold),
            ret);
    } else if (history->counted_today) {
        ret->reason = nx_arena_printf(arena, "%s: counted already on this day", name);
    } else {
        ret->action = NX_ACTION_COUNT;
        ret->reason =
            enough
                ? nx_arena_printf(arena, "%s: %u days counted, but not yet %lld d apart", name, days, (long long)(rule->span / DAY))
                : nx_arena_printf(arena, "%s: %u of %u within %lld d", name, days, threshold, (long long)(window / DAY));
    }
}

static void decide_failed(const struct nx_policy *policy, const struct nx_history *history, const struct nx_event *event,
                          nx_when at, struct nx_arena *arena, struct nx_decision *ret)
{
    enum nx_cause cause = nx_policy_cause(event);
    const struct nx_policy_cause *rule = nx_policy_of(policy, event);
    const char *name = nx_cause_name(cause);
    if (cause == NX_CAUSE_NONE) {
        ret->reason = NX_STR("no cause, nothing to decide");
        return;
    }
    if (event->verdict.class_ == NX_CLASS_BLOCK && nx_cause_facts(cause)->class_ != NX_CLASS_BLOCK) {
        ret->reason = nx_arena_printf(arena, "%s, but the refusal is of the sender: never suppresses", name);
        return;
    }
    switch (rule->suppress) {
    case NX_SUPPRESS_NEVER:
    case NX_SUPPRESS_CLEAR:
        ret->reason = nx_arena_printf(arena, "%s: never suppresses an address", name);
        return;
    case NX_SUPPRESS_MIRROR:
        if (wants_second(policy, event))
            count(rule, history, cause, 2, at, arena, ret);
        else
            suppress(rule, history, cause, at, arena, nx_arena_printf(arena, "%s: the provider's own list has it", name), ret);
        return;
    case NX_SUPPRESS_AT_ONCE:
        if (wants_second(policy, event))
            count(rule, history, cause, 2, at, arena, ret);
        else
            suppress(rule, history, cause, at, arena, nx_arena_printf(arena, "%s: one report suffices", name), ret);
        return;
    case NX_SUPPRESS_AFTER:
        if (cause == NX_CAUSE_BAD_DOMAIN && rule != &policy->tentative && takes_no_mail(&event->report) &&
            !wants_second(policy, event))
            suppress(rule, history, cause, at, arena, nx_arena_printf(arena, "%s: the domain says that it takes no mail", name),
                     ret);
        else if (nx_policy_counts(policy, event))
            count(rule, history, cause, MAX(rule->threshold, wants_second(policy, event) ? 2 : 1), at, arena, ret);
        else
            ret->reason = nx_arena_printf(
                arena, "%s: counted only when refused for good (5xx; without a code, hard by a provider's word)", name);
        return;
    }
}

/* The address writes, so its mailbox is there; that it takes mail too the next letter shows. */
static void decide_life(const struct nx_history *history, const struct nx_event *event, nx_when at, struct nx_arena *arena,
                        struct nx_decision *ret)
{
    const struct nx_standing *standing = &history->standing;
    struct nx_str how = event->report.n_tags > 0 ? event->report.tags[0].value : NX_STR_NONE;
    const char *then = "nothing to clear";
    if (nx_standing_is_tried(standing, at)) {
        ret->action = NX_ACTION_CLEAR;
        ret->until = at;
        then = "it is tried once more, and the next report decides";
    } else if (history->held) {
        ret->action = NX_ACTION_CLEAR;
        then = "what was held back is dropped";
    } else if (history->soft_counts ||
               (nx_standing_holds(standing, at) && nx_standing_is_cooling(standing) && standing->since < at)) {
        ret->action = NX_ACTION_CLEAR;
        then = "soft counts are forgotten";
    } else if (nx_standing_holds(standing, at)) {
        then = standing->class_ == NX_CLASS_HARD && !standing->manual && standing->since < at
                   ? "but it was tried after such mail before, and failed"
                   : "but this entry is lifted by hand only";
    }
    ret->reason = nx_arena_printf(arena, "mail from the address itself (%.*s): %s", NX_FMT(how), then);
}

void nx_decide(const struct nx_policy *policy, const struct nx_history *history, const struct nx_event *event, nx_when at,
               struct nx_arena *arena, struct nx_decision *ret)
{
    *ret = (struct nx_decision){.made = true, .action = NX_ACTION_NONE, .until = NX_WHEN_NONE};
    if (event->report.recipient.n == 0) {
        ret->reason = NX_STR("no recipient, nothing to decide");
        return;
    }
    if (nx_policy_is_life(event)) {
        decide_life(history, event, at, arena, ret);
        return;
    }
    if (policy->require_verified == NX_REQUIRE_STRICT && is_unverified(event)) {
        ret->reason = NX_STR("nobody vouches for this report, and require_verified is strict");
        return;
    }
    enum nx_cause cause = nx_policy_cause(event);
    switch (event->report.kind) {
    case NX_KIND_FAILED:
        decide_failed(policy, history, event, at, arena, ret);
        return;
    case NX_KIND_COMPLAINT:
    case NX_KIND_UNSUBSCRIBE:
        suppress(nx_policy_of(policy, event), history, cause, at, arena,
                 nx_arena_printf(arena, "%s: the recipient's own wish", nx_cause_name(cause)), ret);
        return;
    case NX_KIND_DELIVERED:
        if (history->held) {
            ret->action = NX_ACTION_CLEAR;
            ret->reason = NX_STR("delivered: what was held back is dropped");
        } else if (history->soft_counts ||
                   (nx_standing_holds(&history->standing, at) && nx_standing_is_cooling(&history->standing))) {
            ret->action = NX_ACTION_CLEAR;
            ret->reason = NX_STR("delivered: soft counts are forgotten");
        } else {
            ret->reason = nx_standing_holds(&history->standing, at) ? NX_STR("delivered, but this entry is lifted by hand only")
                                                                    : NX_STR("delivered, nothing to clear");
        }
        return;
    case NX_KIND_DELAYED:
        ret->reason = NX_STR("delayed: still queued, never counted");
        return;
    case NX_KIND_AUTOREPLY:
        ret->reason = NX_STR("an automatic reply is no bounce");
        return;
    case NX_KIND_OTHER:
        ret->reason = NX_STR("no report, nothing to decide");
        return;
    }
}
