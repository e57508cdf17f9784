/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/pending.h - what is kept in memory for the transaction that is open. Inner to the back-end.
 *
 * Counters are added up here and written once each, by the commit (nx_pending_write) or before somebody reads or changes their
 * tables within the transaction; a rollback forgets them. The writer's thread. */
#pragma once
#include "store/sqlite/db.h"

struct nx_slots { /* by key, in the order in which they came; all is the arena's */
    struct nx_arena *arena;
    GHashTable *index;
    GPtrArray *all;
};
/* The slot of this key, `size` bytes of zeros where *ret_new. */
void *nx_slots_get(struct nx_slots *slots, struct nx_str key, size_t size, bool *ret_new);
void nx_slots_clear(struct nx_slots *slots);

enum nx_rare { NX_RARE_SENT, NX_RARE_FORGOTTEN, NX_RARE_HOLDS, NX_RARE_INCIDENTS, NX_RARE_COUNT }; /* tables mostly empty */

struct nx_pending {
    bool open; /* begun by the writer's queue, so nobody else writes, and none of these tables is another's */
    enum { UNKNOWN, EMPTY, FILLED } rare[NX_RARE_COUNT];
    struct nx_slots tally, names; /* tally.c */
    struct nx_slots rates;        /* rate.c: of remotes */
    int64_t first_hour;           /* of those */
};

struct nx_pending *nx_pending_new(void);
void nx_pending_free(struct nx_pending *pending);
void nx_pending_begin(struct nx_db *db);
gboolean nx_pending_write(struct nx_db *db, GError **error);
/* After the commit, and instead of it. */
void nx_pending_end(struct nx_db *db);

/* May the table have rows? Within the transaction it is looked at once. Who inserts into it says so. */
gboolean nx_rare_has(struct nx_db *db, enum nx_rare table, bool *ret, GError **error);
void nx_rare_filled(struct nx_db *db, enum nx_rare table);
