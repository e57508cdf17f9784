/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lit.h"

#include <assert.h>
#include <stdint.h>

#define HASH_BITS 16u
#define NONE UINT32_MAX

struct entry {
    struct nx_str literal;
    uint32_t window; /* the four bytes it is filed under */
    uint32_t at;     /* where they stand in the literal */
    uint32_t unit;
    uint32_t next; /* of the same slot, or NONE */
};

struct nx_lit_set {
    GArray *entries;
    uint32_t *slots; /* 2^HASH_BITS would be cold; this is sized to the set */
    uint32_t slot_mask;
    uint64_t bitmap[(1u << HASH_BITS) / 64];
};

static uint32_t load(const char *p)
{
    uint32_t window;
    memcpy(&window, p, sizeof window);
    return window;
}

static uint32_t hash(uint32_t window)
{
    return (window * 2654435761u) >> (32 - HASH_BITS);
}

struct nx_lit_set *nx_lit_set_new(void)
{
    struct nx_lit_set *set = g_new0(struct nx_lit_set, 1);
    set->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
    return set;
}

void nx_lit_set_free(struct nx_lit_set *set)
{
    if (set == NULL)
        return;
    g_array_unref(set->entries);
    g_free(set->slots);
    g_free(set);
}

void nx_lit_set_add(struct nx_lit_set *set, struct nx_str literal, unsigned unit)
{
    assert(literal.n >= NX_LIT_MIN && set->slots == NULL);
    struct entry entry = {.literal = literal, .unit = unit, .next = NONE};
    g_array_append_val(set->entries, entry);
}

/* How common a byte is in the words of mail servers, roughly; windows with a low sum are rare. */
static void weigh_bytes(unsigned char weights[256])
{
    static const char order[] = "zqjxkvwbgyfphmdculsnrotiae ";
    memset(weights, 2, 256);
    for (size_t i = 0; order[i] != '\0'; i++)
        weights[(unsigned char)order[i]] = (unsigned char)(4 + i);
}

void nx_lit_set_seal(struct nx_lit_set *set)
{
    /* First pass: how often each window occurs in the set, so that literals spread over the slots. */
    guint n = set->entries->len;
    uint16_t *counts = g_new0(uint16_t, 1u << HASH_BITS);
    for (guint i = 0; i < n; i++) {
        const struct entry *entry = &g_array_index(set->entries, struct entry, i);
        for (size_t at = 0; at + NX_LIT_MIN <= entry->literal.n; at++) {
            uint16_t *count = &counts[hash(load(entry->literal.p + at))];
            if (*count < UINT16_MAX)
                (*count)++;
        }
    }
    unsigned char weights[256];
    weigh_bytes(weights);
    uint32_t size = 256;
    while (size < 2 * n)
        size *= 2;
    set->slots = g_new(uint32_t, size);
    set->slot_mask = size - 1;
    for (uint32_t i = 0; i < size; i++)
        set->slots[i] = NONE;
    for (guint i = 0; i < n; i++) {
        struct entry *entry = &g_array_index(set->entries, struct entry, i);
        unsigned best = UINT32_MAX;
        for (size_t at = 0; at + NX_LIT_MIN <= entry->literal.n; at++) {
            const char *p = entry->literal.p + at;
            unsigned score = 6u * counts[hash(load(p))];
            for (size_t k = 0; k < NX_LIT_MIN; k++)
                score += weights[(unsigned char)p[k]];
            if (score < best) {
                best = score;
                entry->at = (uint32_t)at;
                entry->window = load(p);
            }
        }
        uint32_t bucket = hash(entry->window);
        set->bitmap[bucket / 64] |= UINT64_C(1) << (bucket % 64);
        entry->next = set->slots[bucket & set->slot_mask];
        set->slots[bucket & set->slot_mask] = i;
    }
    g_free(counts);
}

void nx_lit_scan(const struct nx_lit_set *set, struct nx_str text, guint64 *bits)
{
    assert(set->slots != NULL);
    if (text.n < NX_LIT_MIN)
        return;
    const struct entry *entries = (const struct entry *)(const void *)set->entries->data;
    for (size_t i = 0; i + NX_LIT_MIN <= text.n; i++) {
        uint32_t window = load(text.p + i), bucket = hash(window);
        if ((set->bitmap[bucket / 64] >> (bucket % 64) & 1) == 0)
            continue;
        for (uint32_t k = set->slots[bucket & set->slot_mask]; k != NONE; k = entries[k].next) {
            const struct entry *entry = &entries[k];
            if (entry->window != window || (bits[entry->unit / 64] >> (entry->unit % 64) & 1) != 0)
                continue;
            if (i >= entry->at && text.n - (i - entry->at) >= entry->literal.n &&
                memcmp(text.p + i - entry->at, entry->literal.p, entry->literal.n) == 0)
                bits[entry->unit / 64] |= UINT64_C(1) << (entry->unit % 64);
        }
    }
}

void nx_lit_each(const struct nx_lit_set *set, struct nx_str text, nx_lit_hit *hit, void *data)
{
    assert(set->slots != NULL);
    if (text.n < NX_LIT_MIN)
        return;
    const struct entry *entries = (const struct entry *)(const void *)set->entries->data;
    for (size_t i = 0; i + NX_LIT_MIN <= text.n; i++) {
        uint32_t window = load(text.p + i), bucket = hash(window);
        if ((set->bitmap[bucket / 64] >> (bucket % 64) & 1) == 0)
            continue;
        for (uint32_t k = set->slots[bucket & set->slot_mask]; k != NONE; k = entries[k].next) {
            const struct entry *entry = &entries[k];
            if (entry->window == window && i >= entry->at && text.n - (i - entry->at) >= entry->literal.n &&
                memcmp(text.p + i - entry->at, entry->literal.p, entry->literal.n) == 0)
                hit(entry->unit, i - entry->at, data);
        }
    }
}
