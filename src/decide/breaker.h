/* SPDX-License-Identifier: Apache-2.0 */
/* decide/breaker.h - is it the addresses that are dead, or the provider that is broken? A pure function of counts and settings.
 *
 * A hit is an address newly called dead for good by one remote (event/remote.h). They are counted in three windows, the one
 * that is set, six times and twenty-four times as long, so that an outage shows at a small sender too. Hits of a window are
 * held against what was to be expected in it, the largest of three: the busiest such window of the last 35 days; the remote's
 * usual share of what all others report now, and a fair one where all of them rise (an old list); its usual share of dead among
 * tries, where deliveries are told. Far above: factor times, and so many that chance has less than one in a million for it, all
 * windows taken together, and never below the minimum. Until the store has seen events for `history`, on three days, nothing is
 * judged. Hours are counted from 1970, UTC; a window is the running hour and those before. The same is asked of who brings
 * reports (event/remote.h): a source whose own number of newly dead addresses is suddenly far above what it was. Any thread. */
#pragma once
#include "base/arena.h"
#include "base/when.h"

#include <stdint.h>

struct nx_breaker {
    bool enabled;
    bool sources; /* also who brings reports that nobody vouches for */
    bool unsent;  /* the ledger has all that is sent: such a report about somebody who is not in it is held back */
    unsigned minimum, factor;
    int64_t window, hold, history; /* seconds; window: the shortest, in whole hours, rounded up */
};
void nx_breaker_defaults(struct nx_breaker *ret);

#define NX_BREAKER_BASE_HOURS (35 * 24) /* a monthly mailing is seen in it, whatever the weekday */
#define NX_BREAKER_WINDOWS 3
struct nx_rate { /* of one hour */
    int64_t hour;
    uint64_t hits, delivered;
};
struct nx_rates { /* ascending; hours without events may lack; what is older than the base or lies behind the moment is passed over
                   */
    const struct nx_rate *of_remote, *of_all;
    size_t n_remote, n_all;
};

enum nx_basis { NX_BASIS_BUSIEST, NX_BASIS_OTHERS, NX_BASIS_DELIVERED };
struct nx_surge {
    bool judged;       /* else there is too little history, or it is switched off */
    int64_t hours;     /* the window: the shortest in which it is an incident; else the one that is nearest to it */
    uint64_t hits;     /* within the window, the address at hand counted */
    uint64_t expected; /* rounded */
    enum nx_basis basis;
    uint64_t limit; /* so many hits make an incident; grows only, within an hour */
};
void nx_breaker_judge(const struct nx_breaker *policy, const struct nx_rates *rates, nx_when at, struct nx_surge *ret);
/* Half or more of what all reported in the base came from this one, or nothing did: its rise may be the mail's own. */
bool nx_breaker_is_most(const struct nx_rates *rates, nx_when at);
static inline bool nx_surge_is_incident(const struct nx_surge *surge)
{
    return surge->judged && surge->hits >= surge->limit;
}
/* The numbers in words. */
struct nx_str nx_surge_reason(struct nx_arena *arena, struct nx_str remote, const struct nx_surge *surge, nx_when at);
/* The hours of a window, 0 the shortest, and when one of so many hours begins that has this moment in its last. */
int64_t nx_breaker_hours(const struct nx_breaker *policy, unsigned window);
nx_when nx_breaker_since(int64_t hours, nx_when at);
