/* SPDX-License-Identifier: Apache-2.0 */
/* simulate - a year of mail to a million addresses whose truth is known, under this policy and under others' defaults.
 *
 *   simulate [ADDRESSES [SEED [DAYS]]]        (1000000 20260101 7)
 *
 * A letter every so many days to everybody and a receipt a month to three in ten. Exit 1 when a count is not as docs/policy.md
 * claims, which may be chance where there are so few addresses that a policy misses one or none. 64: wrong arguments. */
#include "nixie.h"
#include "report.h"
#include "rivals.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    report_fn *rival;
    struct variant variant;
} policies[POLICIES] = {
    [POSTAL] = {"Postal", postal, {0}},
    [LISTMONK] = {"listmonk", listmonk, {0}},
    [LISTMONK_MAILBOX] = {"listmonk, by its mailbox", listmonk_mailbox, {0}},
    [MAUTIC] = {"Mautic", mautic, {0}},
    [MAUTIC_ALL] = {"Mautic, if it knew all words", mautic_knowing_all, {0}},
    [MAILMAN] = {"Mailman 3", mailman, {0}},
    [BALANCED] = {"Nixie", NULL, {.domains = NX_DOMAIN_ENTRIES_PROPOSE}},
    [TOLD] = {"Nixie, deliveries told", NULL, {.domains = NX_DOMAIN_ENTRIES_PROPOSE, .told = true}},
    [SIGNED] = {"Nixie, told and signed", NULL, {.domains = NX_DOMAIN_ENTRIES_PROPOSE, .told = true, .require = NX_REQUIRE_SOFT}},
    [DOMAINS] = {"Nixie, domain_entries = auto", NULL, {.domains = NX_DOMAIN_ENTRIES_AUTO}},
    [STRICT] = {"Nixie, preset = strict", NULL, {.preset = NX_PRESET_STRICT}},
    [THRIFTY] = {"Nixie, preset = thrifty", NULL, {.preset = NX_PRESET_THRIFTY}},
    [LENIENT] = {"Nixie, preset = lenient", NULL, {.preset = NX_PRESET_LENIENT}},
    [PACED] = {"Nixie, pace told", NULL, {.paced = true}},
};
static struct run runs[POLICIES];

static void report(struct run *run, uint32_t address, const struct outcome *outcome, bool forged, int32_t hour)
{
    struct slot *slot = &run->slots[address];
    int32_t before = slot->until;
    if (run->nixie != NULL)
        nixie_report(run->nixie, address, outcome, forged, T0 + (nx_when)hour * 3600 + 1800); /* it takes a while to come back */
    else if (!has_arrived(outcome))
        run->report(run, address, outcome, hour);
    if (slot->until > before)
        slot->why = (uint8_t)outcome->why;
}

static bool is_listed(const struct run *run, uint32_t address, int32_t hour)
{
    return run->slots[address].until > hour ||
           (run->nixie != NULL && nixie_domain_until(run->nixie, run->world->people[address].domain) > hour);
}

static void deliver(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    struct slot *slot = &run->slots[address];
    unsigned day = (unsigned)hour / 24;
    bool dead = is_dead(&run->world->people[address], day);
    if (is_listed(run, address, hour)) {
        if (is_away(run->world, address, day))
            return;
        run->counts.withheld++;
        run->counts.wronged += !slot->wronged;
        run->counts.wronged_by[slot->until > hour ? slot->why : WHY_VANISHED] += !slot->wronged; /* else it is the domain's entry */
        slot->wronged = true;
        return;
    }
    run->counts.sent++;
    if (outcome->address) {
        run->counts.wasted++;
        run->counts.wasted_by[outcome->why]++;
        slot->wasted++;
        run->counts.repeated += dead && slot->known;
        slot->known = slot->known || dead;
    }
    if (outcome->cause != NX_CAUSE_NONE || (run->nixie != NULL && nixie_is_told(run->nixie)))
        report(run, address, outcome, false, hour);
}

static void send_to(const struct world *world, uint32_t address, unsigned day, unsigned hour, unsigned stream)
{
    struct outcome outcome = outcome_of(world, address, day, hour, stream);
    for (int i = 0; i < POLICIES; i++)
        deliver(&runs[i], address, &outcome, (int32_t)(day * 24 + hour));
}

static void forge(const struct world *world, unsigned day, unsigned hour)
{
    const struct outcome lie = {NX_CAUSE_MAILBOX_UNKNOWN, 550, false, WHY_FORGED};
    int32_t now = (int32_t)(day * 24 + hour);
    uint32_t victim;
    for (uint32_t i = 0; i < world->n / 500; i++)
        for (int k = 0; k < POLICIES && forged_at(world, i, day, hour, &victim); k++)
            if (!is_listed(&runs[k], victim, now))
                report(&runs[k], victim, &lie, true, now);
}

static void live_a_year(const struct world *world)
{
    for (unsigned day = 0; day < DAYS; day++)
        for (unsigned hour = 0; hour < HOURS; hour++) {
            for (uint64_t a = day % world->every * HOURS + hour; a < world->n; a += world->every * HOURS)
                send_to(world, (uint32_t)a, day, 8 + hour, 0);
            for (uint64_t k = day % 30 * HOURS + hour; k * 10 < world->n; k += 30 * HOURS)
                for (uint64_t a = k * 10; a < k * 10 + 3 && a < world->n; a++)
                    send_to(world, (uint32_t)a, day, 8 + hour, 1);
            forge(world, day, 8 + hour);
        }
}

static void take_stock(struct run *run)
{
    for (uint32_t a = 0; a < run->world->n; a++) {
        bool listed = is_listed(run, a, DAYS * 24), missed = is_dead(&run->world->people[a], DAYS - 28) && !listed;
        run->counts.missed += missed;
        if (missed)
            run->counts.missed_by[outcome_of(run->world, a, DAYS - 1, 0, 0).why]++;
        run->counts.still += listed && !is_away(run->world, a, DAYS);
    }
}

static uint64_t number(int argc, char **argv, int i, uint64_t otherwise)
{
    return i < argc ? strtoull(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    uint64_t n = number(argc, argv, 1, 1000000), every = number(argc, argv, 3, 7);
    if (n < 1000 || n > 100000000 || every < 1 || every > DAYS) {
        fputs("simulate: at least 1000 addresses, and a letter every 1 to 365 days\n", stderr);
        return 64;
    }
    struct world *world = world_new((uint32_t)n, number(argc, argv, 2, 20260101), (unsigned)every);
    for (int i = 0; i < POLICIES; i++) {
        runs[i] =
            (struct run){.name = policies[i].name, .world = world, .slots = g_new0(struct slot, n), .report = policies[i].rival};
        if (runs[i].report == NULL)
            runs[i].nixie = nixie_new(&runs[i], &policies[i].variant);
    }
    live_a_year(world);
    for (int i = 0; i < POLICIES; i++)
        take_stock(&runs[i]);
    print_table(runs);
    bool good = claims_hold(runs);
    for (int i = 0; i < POLICIES; i++) {
        g_free(runs[i].slots);
        nixie_free(runs[i].nixie);
    }
    world_free(world);
    return good ? 0 : 1;
}
