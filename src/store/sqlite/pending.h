/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/pending.h - counters of the transaction that is open. Inner to the back-end.
 *
 * They are added up here and written once each, by the commit (nx_pending_write) or before somebody reads or changes their tables
 * within the transaction; a rollback forgets them. The writer's thread. */
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

struct nx_pending {
    struct nx_slots tally, names; /* tally.c */
    struct nx_slots rates;        /* rate.c: of remotes */
    int64_t first_hour;           /* of those */
};

struct nx_pending *nx_pending_new(void);
void nx_pending_free(struct nx_pending *pending);
gboolean nx_pending_write(struct nx_db *db, GError **error);
void nx_pending_forget(struct nx_db *db);
