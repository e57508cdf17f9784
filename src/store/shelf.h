/* SPDX-License-Identifier: Apache-2.0 */
/* store/shelf.h - answers about keys that were given lately, as texts.
 *
 * A place has one answer: a newer one takes it from whoever had it. So it is bounded: 65,536 answers of at most a KiB each. What is
 * put is copied; what is found is the shelf's, until the next call. Its owner drops what a change has made untrue. One thread at a
 * time. Room-internal. */
#pragma once
#include "base/when.h"

struct nx_shelf;

struct nx_shelf *nx_shelf_new(void);
void nx_shelf_free(struct nx_shelf *shelf);
/* hash: of the key, here and below. until: the answer is no answer from then on, or NX_WHEN_NONE. */
void nx_shelf_put(struct nx_shelf *shelf, uint64_t hash, struct nx_str key, struct nx_str stream, nx_when until,
                  struct nx_str text);
/* n == 0: there is none for this key and stream. */
struct nx_str nx_shelf_find(const struct nx_shelf *shelf, uint64_t hash, struct nx_str key, struct nx_str stream, nx_when now);
/* Of this key, in whatever stream. */
void nx_shelf_drop(struct nx_shelf *shelf, uint64_t hash, struct nx_str key);
void nx_shelf_clear(struct nx_shelf *shelf);
