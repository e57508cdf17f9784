/* SPDX-License-Identifier: Apache-2.0 */
/* triage/rehearsal.h - a store without a name in which addresses are played through. Inner.
 *
 * It decides exactly as the real one does, because it is one; nobody else can open it, and it is gone with the process. */
#pragma once
#include "store/store.h"

struct nx_rehearsal {
    struct nx_store *store;
    struct nx_reader *reader;
};

gboolean nx_rehearsal_open(struct nx_rehearsal *rehearsal, const struct nx_policy *policy, const struct nx_fold_rules *rules,
                           GError **error);
void nx_rehearsal_close(struct nx_rehearsal *rehearsal);
/* Events as they were, in order; received_at is when they count for. */
gboolean nx_rehearsal_events(struct nx_rehearsal *rehearsal, struct nx_arena *arena, const GArray *events, nx_when now,
                             GError **error);
/* What was done by hand; what has no effect there is none. */
gboolean nx_rehearsal_act(struct nx_rehearsal *rehearsal, const struct nx_logged *line, GError **error);
