/* SPDX-License-Identifier: Apache-2.0 */
/* decide/decide.h - what we do about an event: a pure function of event, history and policy.
 *
 * The policy's defaults come from event/cause.def; config overrides them per cause. History is what the store knows of the address
 * before the event. An entry holds for one stream or for all ("" is all): the cause's scope says which. No clock: `at`, the moment
 * the event counts for, is an argument. Units: seconds, UTC. Texts returned live in the arena. Any thread. */
#pragma once
#include "base/arena.h"
#include "decide/breaker.h"
#include "decide/domain.h"
#include "event/event.h"

/* What a report that nobody vouches for (nx_report.verified none) can do */
enum nx_require {
    NX_REQUIRE_OFF,    /* the same as any other */
    NX_REQUIRE_SOFT,   /* it cannot suppress at once: a hard cause needs two, on two days within 30 */
    NX_REQUIRE_STRICT, /* nothing: it is kept and decides nothing */
};
const char *nx_require_name(enum nx_require require); /* "off", "soft", "strict" */

/* What an entry of this cause holds for */
enum nx_scope {
    NX_SCOPE_ALL,    /* every stream */
    NX_SCOPE_STREAM, /* the stream of the event */
    NX_SCOPE_BULK,   /* every stream that is not declared transactional */
};
struct nx_streams; /* decide/stream.h */

struct nx_policy_cause {
    enum nx_suppress suppress;
    enum nx_scope scope;
    unsigned threshold;
    int64_t span, window, ttl, ttl_max; /* seconds; ttl 0: for ever */
    int64_t keep;                       /* how long its events are kept; 0: as [retention] events says */
    int64_t pace;                       /* two letters to one address are so far apart; the numbers are made for a week */
};
struct nx_policy {
    struct nx_policy_cause causes[NX_CAUSE_COUNT];
    struct nx_policy_cause tentative; /* a hard cause that the other side calls temporary (4xx) */
    bool confirm_hard;                /* mailbox_unknown needs two within 30 days */
    enum nx_require require_verified;
    struct nx_breaker breaker;
    enum nx_domain_entries domain_entries;
    unsigned domain_threshold;  /* addresses */
    int64_t domain_quiet;       /* seconds without a sign of life */
    struct nx_streams *streams; /* those with numbers or a kind of their own, or NULL; whose it is: see who made the policy */
};
#define NX_PACE (7 * INT64_C(86400))
void nx_policy_defaults(struct nx_policy *ret);
/* Makes the numbers fit letters that are so far apart, longer than a week: the window holds as many of them as have to fail and a
 * third more, and an entry holds for two of them at least. Nothing gets shorter; threshold and span stay. */
void nx_pace_apply(int64_t pace, struct nx_policy_cause *rule);
/* How far back reports count: the window, and where a cause has none (at once, but to be confirmed) 30 days or what two letters
 * take. */
int64_t nx_policy_window(const struct nx_policy_cause *rule);

struct nx_standing { /* the entry of one (stream, address), in force or run out */
    bool present;
    enum nx_cause cause; /* NONE: made by hand without one */
    enum nx_class class_;
    nx_when since, until; /* until NX_WHEN_NONE: for ever */
    unsigned renewals;    /* how often this cause came back within a year */
    bool manual;          /* made by hand or import */
};
bool nx_standing_holds(const struct nx_standing *standing, nx_when at);
/* Would a new entry take its place? Consent (complaint, unsubscribe) outranks for ever, and that outranks a term; of two terms the
 * later wins. */
bool nx_standing_gives_way(const struct nx_standing *standing, enum nx_cause cause, nx_when until, nx_when at);
/* Renewals of the next entry of this cause: one more when the last one ended within a year before. */
unsigned nx_standing_renewals(const struct nx_standing *standing, enum nx_cause cause, nx_when at);
/* A delivery lifts it: soft, for a term, and not made by hand. */
bool nx_standing_is_cooling(const struct nx_standing *standing);

struct nx_history { /* of one address, for the cause and scope of the event at hand */
    struct nx_standing standing;
    bool allowed; /* on the allow list */
    /* Days with a counted event of the same cause inside the window; the day of the event at hand is not one of them. */
    unsigned count;
    nx_when first, last; /* of those; NX_WHEN_NONE when count is 0 */
    bool counted_today;  /* the day of the event at hand has one already */
    bool soft_counts;    /* there is some soft count that a delivery would clear */
    bool held;           /* a suppression of it is held back */
};

/* ret_decision->reason lives in the arena. */
void nx_decide(const struct nx_policy *policy, const struct nx_history *history, const struct nx_event *event, nx_when at,
               struct nx_arena *arena, struct nx_decision *ret_decision);
/* The counting rule: may this event count toward its cause's threshold (unknown: only where it was for good, by 5xx or,
 * without any code, by a provider's word; never a delay)? */
bool nx_policy_counts(const struct nx_policy *policy, const struct nx_event *event);
/* The cause that policy goes by: complaint and unsubscribe where the kind says so, else the verdict's. */
enum nx_cause nx_policy_cause(const struct nx_event *event);
/* The numbers in force for an event: of its cause, or the tentative ones; those of its stream where it has its own. */
const struct nx_policy_cause *nx_policy_of(const struct nx_policy *policy, const struct nx_event *event);
/* The stream that an entry made by this event holds for; empty for all, NX_STREAM_BULK for all bulk ones. */
struct nx_str nx_policy_stream(const struct nx_policy *policy, const struct nx_event *event);
/* The stream of an event itself: what the report names, else what it came in by. */
struct nx_str nx_event_stream(const struct nx_event *event);
/* Ordinary mail that the address is proved to have sent. */
bool nx_policy_is_life(const struct nx_event *event);
/* Such mail ends an entry that a report made because the address is dead, once a year: it is tried again, and the next report
 * decides. */
bool nx_standing_is_tried(const struct nx_standing *standing, nx_when at);
/* When an entry of this cause, made now, runs out: twice as long each time it comes back within a year; NX_WHEN_NONE: never. */
nx_when nx_policy_until(const struct nx_policy_cause *rule, const struct nx_standing *standing, enum nx_cause cause, nx_when at);
/* May the incident breaker hold what this decision puts on the list? What a remote calls dead, never what a recipient wished. */
bool nx_policy_may_hold(const struct nx_event *event, const struct nx_decision *decision);
