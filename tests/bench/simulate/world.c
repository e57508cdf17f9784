/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

const char *why_name(enum why why)
{
    static const char *const names[] = {
#define X(id, name) name,
        WHYS(X)
#undef X
    };
    return names[why];
}

/* Chance that is the same for every policy. */
static uint64_t mix(const struct world *world, uint64_t a, uint64_t b)
{
    uint64_t x = world->seed ^ a * 0x9e3779b97f4a7c15u ^ b * 0xc2b2ae3d27d4eb4fu;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static double unit(uint64_t dice)
{
    return (double)(dice >> 11) / 9007199254740992.0;
}

static double chance(const struct world *world, uint64_t a, uint64_t b)
{
    return unit(mix(world, a, b));
}

static uint16_t some_day(const struct world *world, uint64_t a, uint64_t b)
{
    return (uint16_t)(mix(world, a, b) % DAYS);
}

static void make_domains(struct world *world)
{
    for (uint64_t i = 0; i < BIG + SMALL; i++) {
        double fate = chance(world, i, 3);
        world->domains[i].vanishes = world->domains[i].dies = world->domains[i].slow = NEVER;
        world->domains[i].down_from = world->domains[i].down_to = NEVER;
        if (i < BIG)
            continue;
        if (i >= BIG + SMALL - MISTYPED) { /* half do not exist; at the others nothing listens */
            world->domains[i].dies = 0;
            world->domains[i].slow = i % 2 != 0 ? 0 : NEVER;
            continue;
        }
        if (chance(world, i, 1) < 0.03)
            world->domains[i].vanishes = some_day(world, i, 2);
        if (fate < 0.015) /* a third of those that die: the server first, the name three to nine weeks later */
            world->domains[i].dies = some_day(world, i, 4);
        if (fate < 0.005)
            world->domains[i].slow = (uint16_t)(world->domains[i].dies + 21 + mix(world, i, 5) % 42);
        else if (fate > 0.97) { /* down for eight days to three weeks */
            world->domains[i].down_from = some_day(world, i, 6);
            world->domains[i].down_to = (uint16_t)(world->domains[i].down_from + 8 + mix(world, i, 7) % 14);
        }
    }
}

static uint16_t make_home(const struct world *world, uint64_t i)
{
    static const double shares[BIG] = {0.30, 0.15, 0.10, 0.06, 0.04, 0.03, 0.03, 0.02, 0.01, 0.01};
    double where = chance(world, i, 10);
    if (chance(world, i, 15) < 0.002) /* typed wrong */
        return (uint16_t)(BIG + SMALL - MISTYPED + mix(world, i, 13) % MISTYPED);
    for (uint16_t k = 0; k < BIG; where -= shares[k++])
        if (where < shares[k])
            return k;
    return (uint16_t)(BIG + mix(world, i, 13) % (SMALL - MISTYPED));
}

static void make_person(struct world *world, uint64_t i, struct person *person)
{
    double fate = chance(world, i, 11);
    uint16_t day = some_day(world, i, 12);
    *person = (struct person){
        .domain = make_home(world, i), .dies = NEVER, .from = NEVER, .to = NEVER, .recycled = NEVER, .why = WHY_FULL};
    person->role = person->domain >= BIG && chance(world, i, 16) < 0.05;
    if (fate < 0.04) { /* dead from the start; one in twenty is somebody else's later */
        person->dies = 0;
        person->recycled = chance(world, i, 17) < 0.05 ? (uint16_t)(180 + mix(world, i, 18) % 180) : NEVER;
    } else if (fate < 0.10) {
        person->dies = day;
    } else if (fate < 0.115) { /* full for three to six weeks, and back */
        person->from = day;
        person->to = (uint16_t)(day + 21 + mix(world, i, 14) % 22);
    } else if (fate < 0.13) { /* abandoned: full and never read again */
        person->from = fate < 0.1225 ? 0 : day;
    } else if (fate < 0.14) {
        person->at_times = true;
    } else if (fate < 0.142) { /* closed, and opened again one to four months later */
        person->from = day;
        person->to = (uint16_t)(day + 30 + mix(world, i, 14) % 90);
        person->why = WHY_SUSPENDED;
    }
    if (world->domains[person->domain].dies < person->dies)
        person->dies = world->domains[person->domain].dies;
}

struct world *world_new(uint32_t n, uint64_t seed, unsigned every)
{
    struct world *world = g_new0(struct world, 1);
    world->seed = seed;
    world->n = n;
    world->every = every;
    world->people = g_new(struct person, n);
    make_domains(world);
    for (uint64_t i = 0; i < n; i++)
        make_person(world, i, &world->people[i]);
    return world;
}

void world_free(struct world *world)
{
    g_free(world->people);
    g_free(world);
}

bool is_dead(const struct person *person, unsigned day)
{
    return day >= person->dies || (person->from != NEVER && person->to == NEVER && day >= person->from);
}

/* Full on three days in thirty, three at a time. */
static bool is_full_just_now(const struct world *world, uint32_t address, unsigned day)
{
    return world->people[address].at_times && mix(world, address, 50 + day / 3) % 10 == 0;
}

bool is_away(const struct world *world, uint32_t address, unsigned day)
{
    const struct person *person = &world->people[address];
    return is_dead(person, day) || (person->from != NEVER && day >= person->from && day < person->to) ||
           is_full_just_now(world, address, day);
}

/* Refusals that say nothing about whether the address lives. */
static struct outcome misfortune(const struct world *world, const struct person *person, unsigned day, uint64_t dice)
{
    double luck = unit(dice);
    if (person->domain == 0 && (day == 200 || day == 201) && luck < 0.3) /* a provider that forgets its users for two days */
        return (struct outcome){NX_CAUSE_MAILBOX_UNKNOWN, 550, false, WHY_OUTAGE};
    if (person->domain == 1 && day >= 120 && day < 127 && luck < 0.6) /* a bad week with one that dislikes our addresses */
        return (struct outcome){NX_CAUSE_REPUTATION_BLOCK, 550, false, WHY_REPUTATION};
    if (day == 250 && luck < 0.4) /* our key was not published: who enforces DMARC refuses */
        return (struct outcome){NX_CAUSE_SENDER_AUTH, 550, false, WHY_SIGNATURE};
    if (world->domains[person->domain].vanishes == day)
        return (struct outcome){NX_CAUSE_BAD_DOMAIN, 550, false, WHY_VANISHED};
    if (day >= world->domains[person->domain].down_from &&
        day + 5 < world->domains[person->domain].down_to) /* queued for five days */
        return (struct outcome){NX_CAUSE_EXPIRED, 451, false, WHY_DOWN};
    if (luck > 0.99998)
        return (struct outcome){NX_CAUSE_MAILBOX_UNKNOWN, 550, false, WHY_WRONG};
    if (luck > 0.9997)
        return (struct outcome){NX_CAUSE_SPAM_CONTENT, 550, false, WHY_SPAM};
    if (luck > 0.9995)
        return (struct outcome){NX_CAUSE_UNKNOWN, 550, false, WHY_ODD_WORDS};
    if (luck > 0.9994)
        return (struct outcome){NX_CAUSE_EXPIRED, 451, false, WHY_DOWN};
    if (luck > 0.9964 && person->domain >= BIG)
        return (struct outcome){NX_CAUSE_GREYLISTED, 451, false, WHY_NOTHING};
    if (luck > 0.98 && (person->role || luck > 0.99)) /* away, or a ticket */
        return (struct outcome){NX_CAUSE_AUTO_REPLY, 0, false, WHY_NOTHING};
    return (struct outcome){NX_CAUSE_NONE, 0, false, WHY_NOTHING};
}

static struct outcome refusal_of_the_dead(const struct world *world, uint32_t address, unsigned day)
{
    const struct person *person = &world->people[address];
    bool mistyped = person->domain >= BIG + SMALL - MISTYPED;
    double way = chance(world, address, 20);
    if (world->domains[person->domain].dies <= day) {
        bool slow = world->domains[person->domain].slow != NEVER && (mistyped || day < world->domains[person->domain].slow);
        return (struct outcome){slow ? NX_CAUSE_EXPIRED : NX_CAUSE_BAD_DOMAIN, slow ? 451 : 550, true,
                                mistyped ? WHY_MISSPELT : WHY_DOMAIN};
    }
    if (day >= person->recycled)
        return (struct outcome){NX_CAUSE_NONE, 0, true, WHY_STRANGER};
    if (way < 0.9)
        return (struct outcome){NX_CAUSE_MAILBOX_UNKNOWN, 550, true, WHY_UNKNOWN};
    if (way < 0.97)
        return (struct outcome){NX_CAUSE_MAILBOX_DISABLED, 550, true, WHY_CLOSED};
    return (struct outcome){NX_CAUSE_UNKNOWN, 550, true, WHY_OWN_WORDS};
}

struct outcome outcome_of(const struct world *world, uint32_t address, unsigned day, unsigned hour, unsigned stream)
{
    const struct person *person = &world->people[address];
    uint64_t dice = mix(world, address, 1000 + ((uint64_t)day * 24 + hour) * 2 + stream);
    if (day >= person->dies)
        return refusal_of_the_dead(world, address, day);
    if (person->from != NEVER && day >= person->from && person->to == NEVER)
        return (struct outcome){NX_CAUSE_MAILBOX_FULL, 552, true, WHY_ABANDONED};
    if (person->from != NEVER && day >= person->from && day < person->to && person->why == WHY_SUSPENDED)
        return (struct outcome){NX_CAUSE_MAILBOX_DISABLED, 550, true, WHY_SUSPENDED};
    if (person->from != NEVER && day >= person->from && day < person->to &&
        dice % 100 < 85) /* somebody deletes a few now and then */
        return (struct outcome){NX_CAUSE_MAILBOX_FULL, 552, true, WHY_FULL};
    if (is_full_just_now(world, address, day))
        return (struct outcome){NX_CAUSE_MAILBOX_FULL, 552, true, WHY_AT_TIMES};
    return misfortune(world, person, day, dice);
}

bool forged_at(const struct world *world, uint32_t i, unsigned day, unsigned hour, uint32_t *ret_victim)
{
    *ret_victim = (uint32_t)(mix(world, i, 30) % world->n);
    return mix(world, i, 31) % DAYS == day && (hour == 10 || (hour == 15 && i % 2 != 0));
}
