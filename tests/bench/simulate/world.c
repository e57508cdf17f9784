/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/* Chance that is the same for every policy. */
static uint64_t mix(const struct world *world, uint64_t a, uint64_t b)
{
    uint64_t x = world->seed ^ a * 0x9e3779b97f4a7c15u ^ b * 0xc2b2ae3d27d4eb4fu;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static double chance(const struct world *world, uint64_t a, uint64_t b)
{
    return (double)(mix(world, a, b) >> 11) / 9007199254740992.0;
}

static void make_domains(struct world *world)
{
    for (uint64_t i = 0; i < BIG + SMALL; i++) {
        bool small = i >= BIG;
        world->dns_gone[i] = small && chance(world, i, 1) < 0.03 ? (uint16_t)(mix(world, i, 2) % DAYS) : NEVER;
        world->domain_dies[i] = small && chance(world, i, 3) < 0.01 ? (uint16_t)(mix(world, i, 4) % DAYS) : NEVER;
    }
}

static void make_person(struct world *world, uint64_t i, struct person *person)
{
    static const double shares[BIG] = {0.30, 0.15, 0.10, 0.06, 0.04, 0.03, 0.03, 0.02, 0.01, 0.01};
    double where = chance(world, i, 10), fate = chance(world, i, 11);
    uint16_t day = (uint16_t)(mix(world, i, 12) % DAYS);
    *person = (struct person){
        .domain = (uint16_t)(BIG + mix(world, i, 13) % SMALL), .dies = NEVER, .full_from = NEVER, .full_to = NEVER};
    for (uint16_t k = 0; k < BIG; where -= shares[k++])
        if (where < shares[k]) {
            person->domain = k;
            break;
        }
    if (fate < 0.04) {
        person->dies = 0; /* dead from the start */
    } else if (fate < 0.10) {
        person->dies = day;
    } else if (fate < 0.115) { /* full for three to six weeks, and back */
        person->full_from = day;
        person->full_to = (uint16_t)(day + 21 + mix(world, i, 14) % 22);
    } else if (fate < 0.13) { /* abandoned: full and never read again */
        person->full_from = fate < 0.1225 ? 0 : day;
    }
    if (world->domain_dies[person->domain] < person->dies)
        person->dies = world->domain_dies[person->domain];
}

struct world *world_new(uint32_t n, uint64_t seed)
{
    struct world *world = g_new0(struct world, 1);
    world->seed = seed;
    world->n = n;
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
    return day >= person->dies || (person->full_to == NEVER && day >= person->full_from);
}

bool is_full(const struct person *person, unsigned day)
{
    return person->full_from != NEVER && day >= person->full_from && day < person->full_to;
}

/* Refusals that say nothing about whether the address lives. */
static struct outcome misfortune(const struct world *world, const struct person *person, unsigned day, uint64_t dice)
{
    double luck = (double)(dice >> 11) / 9007199254740992.0;
    if (person->domain == 0 && (day == 200 || day == 201) && luck < 0.3) /* a provider that forgets its users for two days */
        return (struct outcome){NX_CAUSE_MAILBOX_UNKNOWN, 550, false};
    if (person->domain == 1 && day >= 120 && day < 127 && luck < 0.6) /* a bad week with one that dislikes our addresses */
        return (struct outcome){NX_CAUSE_REPUTATION_BLOCK, 550, false};
    if (world->dns_gone[person->domain] == day)
        return (struct outcome){NX_CAUSE_BAD_DOMAIN, 550, false};
    if (luck > 0.99998)
        return (struct outcome){NX_CAUSE_MAILBOX_UNKNOWN, 550, false}; /* a server that is wrong once */
    if (luck > 0.9997)
        return (struct outcome){NX_CAUSE_SPAM_CONTENT, 550, false};
    if (luck > 0.9995)
        return (struct outcome){NX_CAUSE_UNKNOWN, 550, false}; /* words that nobody understands */
    if (luck > 0.9992)
        return (struct outcome){NX_CAUSE_EXPIRED, 451, false}; /* the far side was down for five days */
    return (struct outcome){NX_CAUSE_NONE, 0, false};
}

struct outcome outcome_of(const struct world *world, uint32_t address, unsigned day, unsigned hour, unsigned stream)
{
    const struct person *person = &world->people[address];
    uint64_t dice = mix(world, address, 100 + ((uint64_t)day * 24 + hour) * 2 + stream);
    if (day >= person->dies) {
        double way = chance(world, address, 20);
        if (world->domain_dies[person->domain] <= day)
            return (struct outcome){NX_CAUSE_BAD_DOMAIN, 550, true};
        return (struct outcome){way < 0.9    ? NX_CAUSE_MAILBOX_UNKNOWN
                                : way < 0.97 ? NX_CAUSE_MAILBOX_DISABLED
                                             : NX_CAUSE_UNKNOWN, /* a refusal in words of their own */
                                550, true};
    }
    if (is_full(person, day) && (person->full_to == NEVER || dice % 100 < 85)) /* somebody deletes a few now and then */
        return (struct outcome){NX_CAUSE_MAILBOX_FULL, 552, true};
    return misfortune(world, person, day, dice);
}

bool forged_at(const struct world *world, uint32_t i, unsigned day, unsigned hour, uint32_t *ret_victim)
{
    *ret_victim = (uint32_t)(mix(world, i, 30) % world->n);
    return mix(world, i, 31) % DAYS == day && (hour == 10 || (hour == 15 && i % 2 != 0));
}
