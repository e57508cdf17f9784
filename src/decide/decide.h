/* SPDX-License-Identifier: Apache-2.0 */
/* decide/decide.h - what we do about an event: a pure function of event, history and policy.
 *
 * The policy's defaults come from event/cause.def; config overrides them per cause. History is what the store knows of the address at that
 * moment. Streams: an entry holds for one stream ("" is all). No clock: now comes in as an argument. Any thread. */
#pragma once
#include "base/arena.h"
#include "event/event.h"

struct nx_policy_cause {
    enum nx_suppress suppress;
    unsigned threshold;
    int64_t span, window, ttl, ttl_max; /* seconds; ttl 0: for ever */
};
struct nx_policy {
    struct nx_policy_cause causes[NX_CAUSE_COUNT];
    bool confirm_hard; /* mailbox_unknown needs two within 30 days */
};
void nx_policy_defaults(struct nx_policy *ret);

struct nx_history { /* of one (stream, address) */
    bool suppressed;           /* an entry holds now */
    enum nx_cause entry_cause; /* its cause, also of one that has expired (for doubling) */
    nx_when entry_since, entry_until;
    unsigned entry_renewals;   /* how often this cause was renewed within a year */
    bool allowed;              /* on the allow list */
    /* Events of the same cause inside the window that count (one a day), the one at hand not included. */
    unsigned count;
    nx_when first, last;
};

/* ret_decision->reason lives in the arena. */
void nx_decide(const struct nx_policy *policy, const struct nx_history *history, const struct nx_event *event, nx_when now, struct nx_arena *arena,
               struct nx_decision *ret_decision);
/* The counting rule: does this event count toward its cause's threshold (5xx only for unknown, never a delay)? */
bool nx_policy_counts(const struct nx_policy *policy, const struct nx_event *event);
