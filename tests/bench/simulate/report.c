/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "nixie.h"

#include <stddef.h>
#include <stdio.h>

static const struct {
    const char *name;
    size_t at;
} columns[] = {
    {"good addresses silenced", offsetof(struct counts, wronged)},
    {"letters they did not get", offsetof(struct counts, withheld)},
    {"silenced still at the end", offsetof(struct counts, still)},
    {"dead ones not listed at the end", offsetof(struct counts, missed)},
    {"sends to known dead", offsetof(struct counts, repeated)},
    {"sends wasted in all", offsetof(struct counts, wasted)},
};
#define COLUMNS G_N_ELEMENTS(columns)
#define ALL ((1u << COLUMNS) - 1)
/* Bits of the columns. */
#define SILENCED 1u
#define WITHHELD 2u
#define STILL 4u
#define MISSED 8u
#define REPEATED 16u
#define WASTED 32u

static uint64_t value(const struct run *run, size_t column)
{
    return *(const uint64_t *)(const void *)((const char *)&run->counts + columns[column].at);
}

static uint64_t sum(const struct run *run)
{
    return run->counts.wasted + run->counts.withheld;
}

static void print_whys(const char *title, const struct run *runs, size_t at, int first, int end)
{
    printf("\n| %s |", title);
    for (int why = first; why < end; why++)
        printf(" %s |", why_name((enum why)why));
    printf("\n|---|");
    for (int why = first; why < end; why++)
        printf("---|");
    putchar('\n');
    for (int i = 0; i < POLICIES; i++) {
        const uint64_t *by = (const uint64_t *)(const void *)((const char *)&runs[i].counts + at);
        printf("| %s |", runs[i].name);
        for (int why = first; why < end; why++)
            printf(" %llu |", (unsigned long long)by[why]);
        putchar('\n');
    }
}

void print_table(const struct run *runs)
{
    printf("%u addresses, seed %llu: a year of a letter every %u days, and of a receipt a month to three in ten\n\n| policy |",
           runs->world->n, (unsigned long long)runs->world->seed, runs->world->every);
    for (size_t i = 0; i < COLUMNS; i++)
        printf(" %s |", columns[i].name);
    puts(" wasted or withheld |\n|---|---|---|---|---|---|---|---|");
    for (int i = 0; i < POLICIES; i++) {
        printf("| %s |", runs[i].name);
        for (size_t k = 0; k < COLUMNS; k++)
            printf(" %llu |", (unsigned long long)value(&runs[i], k));
        printf(" %llu |\n", (unsigned long long)sum(&runs[i]));
    }
    print_whys("good addresses silenced, by what was behind it", runs, offsetof(struct counts, wronged_by), WHY_FULL, WHY_COUNT);
    print_whys("dead ones not listed at the end", runs, offsetof(struct counts, missed_by), WHY_UNKNOWN, WHY_FULL);
    print_whys("sends wasted", runs, offsetof(struct counts, wasted_by), WHY_UNKNOWN, WHY_OUTAGE);
    putchar('\n');
    for (int i = RIVALS; i < POLICIES; i++)
        nixie_print(runs[i].nixie, runs[i].name);
    putchar('\n');
}

/* Which counts are no worse, a bit each; *ret_better: which are better. */
static unsigned no_worse(const struct run *own, const struct run *other, unsigned *ret_better)
{
    unsigned bits = 0;
    *ret_better = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        bits |= (unsigned)(value(own, i) <= value(other, i)) << i;
        *ret_better |= (unsigned)(value(own, i) < value(other, i)) << i;
    }
    return bits;
}

static void tell(const struct run *own, const struct run *other)
{
    unsigned better, good = no_worse(own, other, &better);
    printf("%s and %s: better on %u of %u", own->name, other->name, (unsigned)__builtin_popcount(better), (unsigned)COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        if ((better >> i & 1) == 0)
            printf("%s %s %llu to %llu", (good >> i & 1) != 0 ? "; equal:" : "; worse:", columns[i].name,
                   (unsigned long long)value(own, i), (unsigned long long)value(other, i));
    putchar('\n');
}

/* less: bits of the columns that are to be less; equal: that may be equal, too. The sum is to be less. */
static bool claim(const struct run *own, const struct run *other, unsigned less, unsigned equal)
{
    unsigned better, good = no_worse(own, other, &better), lacking = (less & ~better) | (equal & ~good);
    for (size_t i = 0; i < COLUMNS; i++)
        if ((lacking >> i & 1) != 0)
            fprintf(stderr, "%s: %s %llu, not below %s with %llu\n", own->name, columns[i].name, (unsigned long long)value(own, i),
                    other->name, (unsigned long long)value(other, i));
    if (sum(own) >= sum(other))
        fprintf(stderr, "%s: wasted or withheld %llu, not below %s with %llu\n", own->name, (unsigned long long)sum(own),
                other->name, (unsigned long long)sum(other));
    return lacking == 0 && sum(own) < sum(other);
}

/* What own wastes more: how much of it goes to those whom the other had silenced while they lived, and who died later. */
static void print_spared(const struct run *own, const struct run *other)
{
    uint64_t spared[2] = {0}, others[2] = {0};
    for (uint32_t a = 0; a < own->world->n; a++) {
        uint64_t *sums = other->slots[a].wronged ? spared : others;
        sums[0] += own->slots[a].wasted;
        sums[1] += other->slots[a].wasted;
    }
    printf("%s and %s: wasted %llu to %llu on those whom the other silenced alive, %llu to %llu on all others\n", own->name,
           other->name, (unsigned long long)spared[0], (unsigned long long)spared[1], (unsigned long long)others[0],
           (unsigned long long)others[1]);
}

static bool weekly_claims_hold(const struct run *runs)
{
    /* Mautic goes on writing to whom it is refused in words that it does not know: of few addresses chance says how many these are.
     */
    unsigned of_mautic = runs->world->n >= 100000 ? ALL : ALL & ~WASTED;
    bool good = true;
    for (int own = BALANCED; own <= DOMAINS; own++) {
        good &= claim(&runs[own], &runs[POSTAL], ALL & ~STILL, 0);
        good &= claim(&runs[own], &runs[LISTMONK], ALL, 0);
        good &= claim(&runs[own], &runs[LISTMONK_MAILBOX], SILENCED | WITHHELD | STILL | MISSED, 0);
        good &= claim(&runs[own], &runs[MAUTIC], SILENCED | WITHHELD | STILL | MISSED, 0);
        good &= claim(&runs[own], &runs[MAUTIC_ALL], SILENCED | WITHHELD | STILL, 0);
        good &= claim(&runs[own], &runs[MAILMAN], MISSED | REPEATED | WASTED, 0);
    }
    good &= claim(&runs[STRICT], &runs[LISTMONK_MAILBOX], ALL, 0);
    good &= claim(&runs[STRICT], &runs[MAUTIC], ALL, 0);
    good &= claim(&runs[STRICT], &runs[MAUTIC_ALL], SILENCED | WITHHELD | STILL, MISSED);
    good &= claim(&runs[THRIFTY], &runs[POSTAL], ALL & ~STILL, 0);
    good &= claim(&runs[THRIFTY], &runs[LISTMONK], ALL, 0);
    good &= claim(&runs[THRIFTY], &runs[LISTMONK_MAILBOX], SILENCED | WITHHELD | STILL | MISSED, 0);
    good &= claim(&runs[THRIFTY], &runs[MAUTIC], of_mautic, 0);
    good &= claim(&runs[THRIFTY], &runs[MAUTIC_ALL], SILENCED | WITHHELD | STILL, 0);
    good &= claim(&runs[THRIFTY], &runs[MAILMAN], MISSED | REPEATED | WASTED, 0);
    good &= claim(&runs[LENIENT], &runs[MAILMAN], ALL & ~(MISSED | STILL), STILL);
    return good;
}

/* Of a letter in two weeks or more Mailman forgets each before the next comes, so it silences nobody and stops nothing. */
static bool rare_claims_hold(const struct run *runs)
{
    bool good = true;
    for (int other = 0; other < RIVALS; other++)
        for (int own = BALANCED; own <= PACED; own += PACED - BALANCED)
            good &= claim(&runs[own], &runs[other], other == MAILMAN ? MISSED | REPEATED | WASTED : SILENCED | WITHHELD, 0);
    good &= claim(&runs[BALANCED], &runs[LISTMONK], ALL, 0);
    good &= claim(&runs[PACED], &runs[LISTMONK], ALL, 0);
    good &= claim(&runs[STRICT], &runs[MAUTIC], ALL, 0);
    good &= claim(&runs[PACED], &runs[BALANCED], MISSED | REPEATED | WASTED, 0);
    return good;
}

bool claims_hold(const struct run *runs)
{
    static const int against[RIVALS] = {[POSTAL] = BALANCED, [LISTMONK] = BALANCED, [LISTMONK_MAILBOX] = STRICT,
                                        [MAUTIC] = THRIFTY,  [MAUTIC_ALL] = STRICT, [MAILMAN] = LENIENT};
    for (int other = 0; other < RIVALS; other++)
        tell(&runs[THRIFTY], &runs[other]);
    for (int other = 0; other < RIVALS; other++)
        if (against[other] != THRIFTY)
            tell(&runs[against[other]], &runs[other]);
    print_spared(&runs[STRICT], &runs[MAUTIC_ALL]);
    return runs->world->every <= 7 ? weekly_claims_hold(runs) : rare_claims_hold(runs);
}
