/* SPDX-License-Identifier: Apache-2.0 */
/* simulate/world.h - a year of mail to addresses whose truth is known.
 *
 * What a send meets is a function of seed, address, hour and stream, so every policy sees the same year. Days count from 1 January
 * 2026, hours of the year from its midnight. Made once, then constant. The rates are assumptions, all of them in world.c. */
#pragma once
#include "event/event.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DAY 86400
#define T0 (20454 * (nx_when)DAY) /* 1 January 2026 */
#define DAYS 365
#define HOURS 12 /* sends go out from 08:00 to 20:00 */
#define BIG 10   /* providers with names; the rest are small domains, the last of them mistyped */
#define SMALL 20000
#define MISTYPED 40
#define NEVER 0xffff

/* What is behind a refusal, in truth: ID, name. First what is the matter with the address for good, then for a time, then nothing.
 */
#define WHYS(X)                                                                                                                    \
    X(NOTHING, "")                                                                                                                 \
    X(UNKNOWN, "unknown user")                                                                                                     \
    X(CLOSED, "closed account")                                                                                                    \
    X(OWN_WORDS, "dead, in words nobody knows")                                                                                    \
    X(ABANDONED, "full and abandoned")                                                                                             \
    X(DOMAIN, "dead domain")                                                                                                       \
    X(MISSPELT, "mistyped domain")                                                                                                 \
    X(STRANGER, "given to somebody else")                                                                                          \
    X(FULL, "full for weeks")                                                                                                      \
    X(AT_TIMES, "full now and then")                                                                                               \
    X(SUSPENDED, "closed for weeks")                                                                                               \
    X(OUTAGE, "outage")                                                                                                            \
    X(WRONG, "server wrong once")                                                                                                  \
    X(FORGED, "forged report")                                                                                                     \
    X(REPUTATION, "reputation")                                                                                                    \
    X(SIGNATURE, "our signature broken")                                                                                           \
    X(SPAM, "taken for spam")                                                                                                      \
    X(ODD_WORDS, "refused once, in words nobody knows")                                                                            \
    X(DOWN, "server down for days")                                                                                                \
    X(VANISHED, "domain away for a day")
enum why {
#define X(id, name) WHY_##id,
    WHYS(X)
#undef X
        WHY_COUNT
};
#define WHY_FIRST_GOOD WHY_FULL /* from here on the address lives, or will again */

struct person {
    uint16_t domain;     /* below BIG: a big provider */
    uint16_t dies;       /* day; NEVER */
    uint16_t from, to;   /* days in which it takes nothing; to NEVER: full and abandoned */
    uint16_t recycled;   /* day from which somebody else has it; NEVER */
    uint8_t why;         /* of from, to */
    bool at_times, role; /* full now and then; a desk that answers by itself */
};
struct outcome {
    enum nx_cause cause; /* NONE: delivered; of GREYLISTED and AUTO_REPLY there is word, and the letter arrived */
    unsigned reply;
    bool address; /* it is the address that is at fault */
    enum why why;
};
struct world {
    uint64_t seed;
    uint32_t n;     /* addresses */
    unsigned every; /* days between two letters to an address */
    struct person *people;
    struct { /* days */
        uint16_t vanishes, dies, slow, down_from, down_to;
    } domains[BIG + SMALL]; /* slow: dead, but at first nobody answers; down: the server, until it is mended */
};

struct world *world_new(uint32_t n, uint64_t seed, unsigned every);
void world_free(struct world *world);
bool is_dead(const struct person *person, unsigned day);                 /* abandoned ones, too */
bool is_away(const struct world *world, uint32_t address, unsigned day); /* takes nothing on that day, dead or not */
struct outcome outcome_of(const struct world *world, uint32_t address, unsigned day, unsigned hour, unsigned stream);
/* The i-th forged bounce of so many addresses / 500: false when none comes at that hour. One has an enemy who writes one or two. */
bool forged_at(const struct world *world, uint32_t i, unsigned day, unsigned hour, uint32_t *ret_victim);
const char *why_name(enum why why);
/* A letter that arrived, whatever word came of it. */
static inline bool has_arrived(const struct outcome *outcome)
{
    return outcome->cause == NX_CAUSE_NONE || outcome->cause == NX_CAUSE_GREYLISTED || outcome->cause == NX_CAUSE_AUTO_REPLY;
}
static inline enum nx_class class_of(const struct outcome *outcome)
{
    return nx_cause_facts(outcome->cause)->class_;
}
