/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/sum.h"

#include <stdlib.h>

#define LEAST 1024u

static struct nx_sum *place_of(struct nx_sum *places, size_t size, uint32_t first, uint32_t second)
{
    uint64_t hash = ((uint64_t)first << 32 | second) * 0x9e3779b97f4a7c15u >> 32;
    size_t at = (second == 0 ? first : (size_t)hash) & (size - 1); /* ids of one axis come in order, and so lie side by side */
    while (places[at].n > 0 && (places[at].first != first || places[at].second != second))
        at = (at + 1) & (size - 1);
    return &places[at];
}

static void grow(struct nx_sums *sums)
{
    size_t size = MAX(LEAST, 2 * sums->size);
    struct nx_sum *places = g_new0(struct nx_sum, size);
    for (size_t i = 0; i < sums->size; i++)
        if (sums->places[i].n > 0)
            *place_of(places, size, sums->places[i].first, sums->places[i].second) = sums->places[i];
    g_free(sums->places);
    sums->places = places;
    sums->size = size;
}

void nx_sums_add(struct nx_sums *sums, uint32_t first, uint32_t second, uint64_t n)
{
    if (n == 0)
        return;
    if (2 * sums->used >= sums->size)
        grow(sums);
    struct nx_sum *place = place_of(sums->places, sums->size, first, second);
    sums->used += place->n == 0;
    place->first = first;
    place->second = second;
    place->n += n;
}

void nx_sums_gather(struct nx_sums *sums)
{
    size_t kept = 0;
    for (size_t i = 0; i < sums->size; i++)
        if (sums->places[i].n > 0)
            sums->places[kept++] = sums->places[i];
}

static int greatest_first(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

void nx_sums_keep(struct nx_sums *sums, size_t most)
{
    if (most == 0 || sums->used <= most)
        return;
    g_autofree uint64_t *order = g_new(uint64_t, sums->used);
    size_t kept = 0;
    for (size_t i = 0; i < sums->used; i++)
        order[i] = sums->places[i].n;
    qsort(order, sums->used, sizeof *order, greatest_first);
    for (size_t i = 0; i < sums->used; i++)
        if (sums->places[i].n >= order[most - 1])
            sums->places[kept++] = sums->places[i];
    sums->used = kept;
}

void nx_sums_clear(struct nx_sums *sums)
{
    g_free(sums->places);
    *sums = (struct nx_sums){0};
}
