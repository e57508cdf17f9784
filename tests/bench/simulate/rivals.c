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

void mautic(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    (void)outcome, (void)hour;
    run->slots[address].until = FOREVER;
}

void mailman(struct run *run, uint32_t address, const struct outcome *outcome, int32_t hour)
{
    const struct person *person = &run->world->people[address];
    struct slot *slot = &run->slots[address];
    unsigned day = (unsigned)hour / 24;
    (void)outcome;
    if (slot->score > 0 && slot->last == day)
        return;
    if (slot->score > 0 && day - slot->last > 7u)
        slot->score = 0;
    slot->last = (uint16_t)day;
    if (++slot->score < 5)
        return;
    slot->until = FOREVER;
    for (unsigned warned = day + 7; warned <= day + 21 && warned < DAYS; warned += 7) {
        if (!is_dead(person, warned) && !is_full(person, warned)) {
            slot->until = (int32_t)(warned * 24);
            slot->score = 0;
            return;
        }
        run->counts.wasted++;
        run->counts.repeated += is_dead(person, warned) && slot->known;
    }
}
