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

void print_table(const struct run *runs)
{
    printf("%u addresses, seed %llu: a year of a letter a week, and of a receipt a month to three in ten\n\n| policy |", runs->world->n,
           (unsigned long long)runs->world->seed);
    for (size_t i = 0; i < COLUMNS; i++)
        printf(" %s |", columns[i].name);
    puts(" wasted or withheld |\n|---|---|---|---|---|---|---|---|");
    for (int i = 0; i < POLICIES; i++) {
        printf("| %s |", runs[i].name);
        for (size_t k = 0; k < COLUMNS; k++)
            printf(" %llu |", (unsigned long long)value(&runs[i], k));
        printf(" %llu |\n", (unsigned long long)sum(&runs[i]));
    }
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

bool claims_hold(const struct run *runs)
{
    bool good = true;
    for (int own = BALANCED; own <= DOMAINS; own++) {
        good &= claim(&runs[own], &runs[POSTAL], ALL & ~STILL, 0);
        good &= claim(&runs[own], &runs[LISTMONK], ALL, 0);
        good &= claim(&runs[own], &runs[MAUTIC], SILENCED | WITHHELD | STILL, 0);
        good &= claim(&runs[own], &runs[MAILMAN], MISSED | REPEATED | WASTED, 0);
    }
    good &= claim(&runs[STRICT], &runs[MAUTIC], SILENCED | WITHHELD | STILL, MISSED);
    good &= claim(&runs[LENIENT], &runs[MAILMAN], 0, ALL);
    for (int other = 0; other < RIVALS; other++)
        tell(&runs[other == MAUTIC ? STRICT : other == MAILMAN ? LENIENT : BALANCED], &runs[other]);
    return good;
}
