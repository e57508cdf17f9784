/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/sum.h - numbers added up by pairs of codes: what a question about millions of counters meets for each of them.
 * Inner.
 *
 * Grows as it must; one thread. */
#pragma once
#include <stdint.h>
#include <glib.h>

struct nx_sum {
    uint32_t first, second;
    uint64_t n; /* 0: an empty place */
};
struct nx_sums {
    struct nx_sum *places;
    size_t used, size; /* size: a power of two */
};
void nx_sums_add(struct nx_sums *sums, uint32_t first, uint32_t second, uint64_t n);
/* The first `used` places are the sums, in no order; nothing can be added any more. */
void nx_sums_gather(struct nx_sums *sums);
/* Keeps those that can be among the `most` greatest, all that are as great as the last of them too; of gathered ones. */
void nx_sums_keep(struct nx_sums *sums, size_t most);
void nx_sums_clear(struct nx_sums *sums);

typedef struct nx_sums nx_sums; /* for g_auto only */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(nx_sums, nx_sums_clear)
