/* SPDX-License-Identifier: Apache-2.0 */
#include "rivals.h"

void postal(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    (void)outcome;
    run->slots[address].until = hour + 30 * 24;
}

void listmonk(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    (void)hour;
    if (class_of(outcome) == NX_CLASS_HARD)
        run->slots[address].until = FOREVER;
}

void listmonk_mailbox(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    (void)hour;
    if (outcome->reply >= 500)
        run->slots[address].until = FOREVER;
}

void mautic(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    (void)hour;
    if (outcome->cause != NX_CAUSE_UNKNOWN)
        run->slots[address].until = FOREVER;
}

void mautic_knowing_all(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    (void)outcome, (void)hour;
    run->slots[address].until = FOREVER;
}

void mailman(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    struct slot *slot = &run->slots[address];
    unsigned day = (unsigned)hour / 24;
    if (slot->score > 0 && slot->last == day)
        return;
    if (slot->score > 0 && day - slot->last > 7u)
        slot->score = 0;
    slot->last = (uint16_t)day;
    if (++slot->score < 5)
        return;
    slot->until = FOREVER;
    for (unsigned warned = day; warned <= day + 14 && warned < DAYS; warned += 7) {
        if (!is_away(run->world, address, warned)) {
            slot->until = (int32_t)(warned * 24);
            slot->score = 0;
            return;
        }
        run->counts.wasted++;
        slot->wasted++;
        run->counts.wasted_by[outcome->why]++;
        run->counts.repeated += is_dead(&run->world->people[address], warned) && slot->known;
    }
}
