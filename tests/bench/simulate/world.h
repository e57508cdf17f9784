/* SPDX-License-Identifier: Apache-2.0 */
/* simulate/world.h - a year of mail to addresses whose truth is known.
 *
 * What a send meets is a function of seed, address, hour and stream, so every policy sees the same year. Days count from 1 January
 * 2026, hours of the year from its midnight. Made once, then constant. */
#pragma once
#include "event/event.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DAY 86400
#define T0 (20454 * (nx_when)DAY) /* 1 January 2026 */
#define DAYS 365
#define HOURS 12 /* sends go out from 08:00 to 20:00 */
#define BIG 10   /* providers with names; the rest are small domains */
#define SMALL 20000
#define NEVER 0xffff

struct person {
    uint16_t domain;             /* below BIG: a big provider */
    uint16_t dies;               /* day; NEVER */
    uint16_t full_from, full_to; /* days; to NEVER: abandoned */
};
struct outcome {
    enum nx_cause cause; /* NONE: delivered */
    unsigned reply;
    bool address; /* it is the address that is at fault */
};
struct world {
    uint64_t seed;
    uint32_t n; /* addresses */
    struct person *people;
    uint16_t dns_gone[BIG + SMALL], domain_dies[BIG + SMALL]; /* days */
};

struct world *world_new(uint32_t n, uint64_t seed);
void world_free(struct world *world);
bool is_dead(const struct person *person, unsigned day); /* abandoned ones, too */
bool is_full(const struct person *person, unsigned day); /* for a time, or for good */
struct outcome outcome_of(const struct world *world, uint32_t address, unsigned day, unsigned hour, unsigned stream);
/* The i-th forged bounce of so many addresses / 500: false when none comes at that hour. One has an enemy who writes one or two. */
bool forged_at(const struct world *world, uint32_t i, unsigned day, unsigned hour, uint32_t *ret_victim);
static inline enum nx_class class_of(const struct outcome *outcome)
{
    return nx_cause_facts(outcome->cause)->class_;
}
