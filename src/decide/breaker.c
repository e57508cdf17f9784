/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/breaker.h"

#include <math.h>

#define HOUR 3600
#define DAYS_SEEN 3 /* on so many days there were events, before anything is judged */
#define CHANCE (1e-6 / NX_BREAKER_WINDOWS)

void nx_breaker_defaults(struct nx_breaker *ret)
{
    *ret = (struct nx_breaker){.enabled = true,
                               .sources = true,
                               .minimum = 10,
                               .factor = 3,
                               .window = 2 * HOUR,
                               .hold = 48 * HOUR,
                               .history = 7 * 24 * HOUR};
}

/* Floor, also before 1970. */
static int64_t hour_of(nx_when at)
{
    return at / HOUR - (at % HOUR < 0);
}

int64_t nx_breaker_hours(const struct nx_breaker *policy, unsigned window)
{
    static const int64_t times[NX_BREAKER_WINDOWS] = {1, 6, 24};
    int64_t most = NX_BREAKER_BASE_HOURS / 2;
    return CLAMP((MIN(policy->window, most * HOUR) + HOUR - 1) / HOUR * times[window], 1, most);
}

nx_when nx_breaker_since(int64_t hours, nx_when at)
{
    return (hour_of(at) - hours + 1) * HOUR;
}

struct sums {
    uint64_t now_hits, now_delivered;   /* of the window */
    uint64_t base_hits, base_delivered; /* of the 35 days before it */
    uint64_t busiest;                   /* window of the base */
};

static struct sums add_up(const struct nx_rate *rates, size_t n, int64_t hour, int64_t window)
{
    struct sums sums = {0};
    uint64_t running = 0;
    size_t first = 0; /* of the window that ends at i */
    for (size_t i = 0; i < n; i++) {
        int64_t age = hour - rates[i].hour;
        if (age < 0 || age >= window + NX_BREAKER_BASE_HOURS) {
            first = i + 1;
            continue;
        }
        if (age < window) {
            sums.now_hits += rates[i].hits;
            sums.now_delivered += rates[i].delivered;
            continue;
        }
        sums.base_hits += rates[i].hits;
        sums.base_delivered += rates[i].delivered;
        running += rates[i].hits;
        for (; rates[i].hour - rates[first].hour >= window; first++)
            running -= rates[first].hits;
        sums.busiest = MAX(sums.busiest, running);
    }
    return sums;
}

/* Has there been time to learn what is usual? */
static bool has_history(const struct nx_breaker *policy, const struct nx_rates *rates, int64_t hour, nx_when at)
{
    int64_t day = INT64_MIN;
    unsigned days = 0;
    bool old = policy->history == 0;
    for (size_t i = 0; i < rates->n_all; i++) {
        int64_t when = rates->of_all[i].hour;
        if (when >= hour || hour - when >= NX_BREAKER_BASE_HOURS)
            continue;
        old = old || at - when * HOUR >= policy->history;
        days += when / 24 != day;
        day = when / 24;
    }
    return old && days >= MIN(DAYS_SEEN, policy->history / (24 * HOUR));
}

/* So many events of a Poisson process are no chance any more. */
static double beyond_chance(double expected)
{
    double one = exp(-expected), rest = 1; /* that it is exactly n; n or more */
    unsigned n = 0;
    while (rest >= CHANCE && one > 0) {
        rest -= one;
        one *= expected / ++n;
    }
    return n;
}

/* So many times the expected, with three deviations for what else varies; beyond chance; never few. */
static double limit_of(const struct nx_breaker *policy, double expected)
{
    double far = floor(policy->factor * expected + 3 * sqrt(expected)) + 1;
    return MAX(MAX((double)policy->minimum, far), beyond_chance(MIN(expected, 100))); /* where the factor is what counts */
}

static void expect(struct nx_surge *surge, double *most, double expected, enum nx_basis basis)
{
    if (expected > *most) {
        *most = expected;
        surge->basis = basis;
    }
}

static void judge_window(const struct nx_breaker *policy, const struct nx_rates *rates, int64_t hour, struct nx_surge *ret)
{
    struct sums own = add_up(rates->of_remote, rates->n_remote, hour, ret->hours);
    struct sums all = add_up(rates->of_all, rates->n_all, hour, ret->hours);
    ret->hits = own.now_hits;
    if (!ret->judged)
        return;
    /* Of the base one more than was seen: who never reported anything may yet. */
    double others = (double)(all.now_hits - MIN(all.now_hits, own.now_hits));
    double others_base = (double)(all.base_hits - MIN(all.base_hits, own.base_hits));
    double tries = (double)own.now_hits + (double)own.now_delivered, base = (double)own.base_hits + 1;
    double most = 0;
    expect(ret, &most, (double)own.busiest, NX_BASIS_BUSIEST);
    expect(ret, &most, others * base / (others_base + 1), NX_BASIS_OTHERS);
    if (others >= limit_of(policy, (double)all.busiest)) /* everybody rises: who is new cannot be told from who is broken */
        expect(ret, &most, others / policy->factor, NX_BASIS_OTHERS);
    if (own.base_delivered > own.base_hits) /* else deliveries are not told, or seldom */
        expect(ret, &most, tries * base / (base + (double)own.base_delivered), NX_BASIS_DELIVERED);
    ret->expected = (uint64_t)llround(most);
    ret->limit = (uint64_t)limit_of(policy, most);
}

bool nx_breaker_is_most(const struct nx_rates *rates, nx_when at)
{
    struct sums own = add_up(rates->of_remote, rates->n_remote, hour_of(at), 1);
    struct sums all = add_up(rates->of_all, rates->n_all, hour_of(at), 1);
    return own.base_hits * 2 >= all.base_hits;
}

static int64_t missing(const struct nx_surge *surge)
{
    return (int64_t)surge->limit - (int64_t)surge->hits;
}

void nx_breaker_judge(const struct nx_breaker *policy, const struct nx_rates *rates, nx_when at, struct nx_surge *ret)
{
    int64_t hour = hour_of(at);
    bool judged = policy->enabled && has_history(policy, rates, hour, at);
    for (unsigned window = 0; window < NX_BREAKER_WINDOWS; window++) {
        struct nx_surge surge = {.judged = judged, .hours = nx_breaker_hours(policy, window)};
        judge_window(policy, rates, hour, &surge);
        if (window == 0 || missing(&surge) < missing(ret))
            *ret = surge;
        if (nx_surge_is_incident(ret))
            return;
    }
}

struct nx_str nx_surge_reason(struct nx_arena *arena, struct nx_str remote, const struct nx_surge *surge, nx_when at)
{
    static const char *const basis[] = {[NX_BASIS_BUSIEST] = "the busiest time as long of the 35 days before had",
                                        [NX_BASIS_OTHERS] = "by what the others report now there should be",
                                        [NX_BASIS_DELIVERED] = "by what it delivers now there should be"};
    return nx_arena_printf(arena, "%.*s called %llu addresses dead since %.*s, and %s %llu", NX_FMT(remote),
                           (unsigned long long)surge->hits, NX_FMT(nx_when_format(arena, nx_breaker_since(surge->hours, at))),
                           basis[surge->basis], (unsigned long long)surge->expected);
}
