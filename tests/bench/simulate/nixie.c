/* SPDX-License-Identifier: Apache-2.0 */
#include "nixie.h"

#include "decide/decide.h"

#include <stdio.h>

struct counted {
    nx_when at;
    enum nx_cause cause;
};
struct memory {
    struct nx_standing standing;
    nx_when cleared, held;
    GArray *counted; /* struct counted */
};
struct hit { /* one that went through */
    nx_when at;
    uint32_t address;
};
struct domain {         /* a small one */
    uint32_t addresses; /* suppressed for bad_domain */
    nx_when alive;      /* last sign of life; 0: none */
    int32_t until;      /* of its entry, hour of the year */
};
struct nixie {
    struct nx_policy policy;
    struct run *run;
    struct nx_arena *arena;
    bool told;
    GHashTable *memories; /* address to struct memory */
    struct nx_rate rates[BIG + 1][DAYS * 24];
    nx_when incidents[BIG]; /* until when */
    struct {
        unsigned hour;
        uint64_t hits;
    } limits[BIG];     /* as sqlite/rate.c: fewer hits in the longest window need no second look in this hour */
    GArray *hits[BIG]; /* struct hit */
    struct domain domains[BIG + SMALL];
    uint64_t held, opened;
};
static void free_memory(gpointer data)
{
    g_array_unref(((struct memory *)data)->counted);
    g_free(data);
}

struct nixie *nixie_new(struct run *run, const struct variant *variant)
{
    struct nixie *own = g_new0(struct nixie, 1);
    nx_policy_defaults(&own->policy);
    nx_preset_apply(variant->preset, own->policy.causes);
    own->policy.require_verified = variant->require;
    own->policy.domain_entries = variant->domains;
    for (int cause = 0; variant->paced && cause < NX_CAUSE_COUNT; cause++)
        nx_pace_apply((int64_t)run->world->every * DAY, &own->policy.causes[cause]);
    own->run = run;
    own->told = variant->told;
    own->arena = nx_arena_new();
    own->memories = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_memory);
    for (int64_t hour = 0; hour < DAYS * 24; hour++)
        for (int k = 0; k <= BIG; k++)
            own->rates[k][hour].hour = T0 / 3600 + hour;
    for (int k = 0; k < BIG; k++)
        own->hits[k] = g_array_new(FALSE, FALSE, sizeof(struct hit));
    return own;
}

void nixie_free(struct nixie *own)
{
    if (own == NULL)
        return;
    g_hash_table_unref(own->memories);
    for (int k = 0; k < BIG; k++)
        g_array_unref(own->hits[k]);
    nx_arena_free(own->arena);
    g_free(own);
}

bool nixie_is_told(const struct nixie *own)
{
    return own->told;
}

static struct memory *memory_of(const struct nixie *own, uint32_t address)
{
    return g_hash_table_lookup(own->memories, GUINT_TO_POINTER(address + 1));
}

static struct memory *memory_make(struct nixie *own, uint32_t address)
{
    struct memory *memory = g_new0(struct memory, 1);
    memory->counted = g_array_new(FALSE, FALSE, sizeof(struct counted));
    g_hash_table_insert(own->memories, GUINT_TO_POINTER(address + 1), memory);
    return memory;
}

/* As sqlite/write.c reads counts: days inside the window, since what cleared and since an entry that has run out. */
static struct nx_history history_of(const struct nixie *own, const struct memory *memory, const struct nx_event *event, nx_when at)
{
    struct nx_history history = {.standing = memory->standing, .first = NX_WHEN_NONE, .last = NX_WHEN_NONE};
    const struct nx_policy_cause *rule = nx_policy_of(&own->policy, event);
    nx_when from = at - nx_policy_window(rule) - 1;
    from = MAX(from, memory->cleared);
    if (memory->standing.present && !nx_standing_holds(&memory->standing, at))
        from = MAX(from, memory->standing.since);
    int64_t last_day = INT64_MIN;
    for (guint i = 0; i < memory->counted->len; i++) {
        const struct counted *counted = &g_array_index(memory->counted, struct counted, i);
        history.soft_counts = history.soft_counts || counted->at > memory->cleared;
        if (counted->at <= from || counted->cause != nx_policy_cause(event))
            continue;
        if (counted->at / DAY == at / DAY) {
            history.counted_today = true;
            continue;
        }
        if (history.count == 0)
            history.first = counted->at;
        history.last = counted->at;
        history.count += counted->at / DAY != last_day;
        last_day = counted->at / DAY;
    }
    return history;
}

/* What went through in the window before an incident was seen is held, too, unless something has happened to its entry. */
static void take_in(struct nixie *own, unsigned remote, const struct nx_surge *surge, nx_when at)
{
    GArray *hits = own->hits[remote];
    for (guint i = hits->len; i > 0 && g_array_index(hits, struct hit, i - 1).at >= nx_breaker_since(surge->hours, at); i--) {
        const struct hit *hit = &g_array_index(hits, struct hit, i - 1);
        struct memory *memory = memory_of(own, hit->address);
        if (!memory->standing.present || memory->standing.since != hit->at)
            continue;
        memory->standing.present = false;
        memory->held = own->incidents[remote];
        own->run->slots[hit->address].until = 0;
        own->held++;
    }
}

static bool is_surge(struct nixie *own, unsigned remote, unsigned hour, nx_when at, struct nx_surge *ret)
{
    unsigned longest = (unsigned)nx_breaker_hours(&own->policy.breaker, NX_BREAKER_WINDOWS - 1),
             from = hour > 40 * 24 ? hour - 40 * 24 : 0;
    uint64_t hits = 0;
    for (unsigned h = hour >= longest ? hour - longest + 1 : 0; h <= hour; h++)
        hits += own->rates[remote][h].hits;
    if (hits < own->policy.breaker.minimum || (own->limits[remote].hour == hour && hits < own->limits[remote].hits))
        return false;
    const struct nx_rates rates = {own->rates[remote] + from, own->rates[BIG] + from, hour - from + 1, hour - from + 1};
    nx_breaker_judge(&own->policy.breaker, &rates, at, ret);
    own->limits[remote].hour = hour;
    own->limits[remote].hits = ret->judged ? hits + ret->limit - MIN(ret->limit, ret->hits) : UINT64_MAX;
    return nx_surge_is_incident(ret);
}

/* As sqlite/hold.c: a new dead address is a hit of its remote; in an incident it is held, and what is held lapses. */
static bool is_held_back(struct nixie *own, struct memory *memory, uint32_t address, nx_when at)
{
    unsigned remote = own->run->world->people[address].domain, hour = (unsigned)((at - T0) / 3600);
    bool open = remote < BIG && own->incidents[remote] > at;
    if (open && memory->held > at)
        return true;
    own->rates[BIG][hour].hits++;
    if (remote >= BIG) /* too few to be judged */
        return false;
    own->rates[remote][hour].hits++;
    if (!open) {
        const struct hit hit = {at, address};
        struct nx_surge surge;
        if (!is_surge(own, remote, hour, at, &surge)) {
            g_array_append_val(own->hits[remote], hit);
            return false;
        }
        own->incidents[remote] = at + own->policy.breaker.hold;
        own->opened++;
        take_in(own, remote, &surge, at);
    }
    memory->held = own->incidents[remote];
    own->held++;
    return true;
}

/* As sqlite/domain.c: a domain's dead addresses make its entry. */
static void weigh_domain(struct nixie *own, unsigned number, nx_when at)
{
    struct domain *domain = &own->domains[number];
    domain->addresses++;
    if (own->policy.domain_entries != NX_DOMAIN_ENTRIES_AUTO || number < BIG)
        return;
    bool alive = domain->alive != 0 && at - domain->alive <= own->policy.domain_quiet;
    const struct nx_domain known = {
        .domain = NX_STR("small.example"), .addresses = domain->addresses, .alive = alive ? at : NX_WHEN_NONE};
    if (nx_domain_is_clear(&known, own->policy.domain_threshold))
        domain->until = (int32_t)((at + own->policy.causes[NX_CAUSE_BAD_DOMAIN].ttl - T0) / 3600);
}

int32_t nixie_domain_until(const struct nixie *own, unsigned domain)
{
    return own->domains[domain].until;
}

void nixie_print(const struct nixie *own, const char *name)
{
    printf("%s: %llu incidents held %llu back\n", name, (unsigned long long)own->opened, (unsigned long long)own->held);
}

static void count_delivery(struct nixie *own, unsigned domain, nx_when at)
{
    unsigned hour = (unsigned)((at - T0) / 3600);
    own->rates[BIG][hour].delivered++;
    if (domain < BIG)
        own->rates[domain][hour].delivered++;
}

static enum nx_kind kind_of(enum nx_cause cause)
{
    return cause == NX_CAUSE_NONE         ? NX_KIND_DELIVERED
           : cause == NX_CAUSE_GREYLISTED ? NX_KIND_DELAYED
           : cause == NX_CAUSE_AUTO_REPLY ? NX_KIND_AUTOREPLY
                                          : NX_KIND_FAILED;
}

static struct nx_event event_of(const struct outcome *outcome, bool forged)
{
    bool delivered = outcome->cause == NX_CAUSE_NONE;
    return (struct nx_event){.report = {.kind = kind_of(outcome->cause),
                                        .recipient = NX_STR("x@example.net"),
                                        .reply = outcome->reply,
                                        .verified = forged ? NX_VERIFIED_NONE : NX_VERIFIED_SIGNED},
                             .verdict = {.cause = delivered ? NX_CAUSE_DELIVERED : outcome->cause,
                                         .class_ = delivered ? NX_CLASS_NONE : class_of(outcome)}};
}

static void list(struct memory *memory, struct slot *slot, enum nx_cause cause, enum nx_class class_, nx_when until, nx_when at)
{
    bool goes_on = nx_standing_holds(&memory->standing, at) && memory->standing.cause == cause;
    memory->standing = (struct nx_standing){.present = true,
                                            .cause = cause,
                                            .class_ = class_,
                                            .since = goes_on ? memory->standing.since : at,
                                            .until = until,
                                            .renewals = nx_standing_renewals(&memory->standing, cause, at)};
    slot->until = until == NX_WHEN_NONE ? FOREVER : (int32_t)((until - T0 + 3599) / 3600);
}

void nixie_report(struct nixie *own, uint32_t address, const struct outcome *outcome, bool forged, nx_when at)
{
    struct memory *memory = memory_of(own, address);
    struct slot *slot = &own->run->slots[address];
    unsigned domain = own->run->world->people[address].domain;
    const struct nx_event event = event_of(outcome, forged);
    if (nx_domain_is_life(event.report.kind, event.verdict.cause))
        own->domains[domain].alive = at;
    if (outcome->cause == NX_CAUSE_NONE)
        count_delivery(own, domain, at);
    if (memory == NULL && has_arrived(outcome))
        return;
    if (memory == NULL)
        memory = memory_make(own, address);
    struct nx_history history = history_of(own, memory, &event, at);
    struct nx_decision decision;
    nx_arena_reset(own->arena);
    nx_decide(&own->policy, &history, &event, at, own->arena, &decision);
    if (nx_policy_may_hold(&event, &decision) && is_held_back(own, memory, address, at))
        return;
    bool suppresses = decision.action == NX_ACTION_SUPPRESS, first = !memory->standing.present;
    if ((suppresses || decision.action == NX_ACTION_COUNT) && !history.counted_today && nx_policy_counts(&own->policy, &event)) {
        const struct counted counted = {at, outcome->cause};
        g_array_append_val(memory->counted, counted);
    }
    if (decision.action == NX_ACTION_CLEAR) {
        memory->cleared = at;
        if (nx_standing_is_cooling(&memory->standing))
            memory->standing.present = false;
        if (!memory->standing.present)
            slot->until = 0;
    }
    if (!suppresses)
        return;
    list(memory, slot, outcome->cause, event.verdict.class_, decision.until, at);
    if (first && outcome->cause == NX_CAUSE_BAD_DOMAIN)
        weigh_domain(own, domain, at);
}
