/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/tally.h - the counters of events. Inner; promises: store/store.h. */
#pragma once
#include "store/ops.h"
#include "store/sqlite/db.h"

struct nx_counted { /* what an event is counted by */
    nx_when at;
    struct nx_str kind, action, source, stream, domain, remote;
    enum nx_cause cause;
    enum nx_class class_;
};
/* Counts it with the transaction that is open (pending.h). */
void nx_tally_add(struct nx_db *db, struct nx_arena *arena, const struct nx_counted *event);
/* Before a look at the counters from within it. */
gboolean nx_tally_write(struct nx_db *db, GError **error);
gboolean nx_read_tally(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                       nx_tally_fn *fn, void *data, GError **error);
