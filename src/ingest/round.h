/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/round.h - one pass over a spool or a Maildir: how many are under way, what became of them. Room-internal.
 *
 * One thread begins jobs and waits; workers end them. The last error is kept. Fields may be read after nx_round_wait. */
#pragma once
#include "ingest/intake.h"

#include <pthread.h>

struct nx_round {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t idle;
    size_t pending, messages, events, duplicates, stayed;
    GError *error;
};

void nx_round_init(struct nx_round *round);
void nx_round_begin(struct nx_round *round);
/* error (taken): the message stays; NULL: it is done. outcome's events are counted either way. The round may be gone when this
 * returns. */
void nx_round_end(struct nx_round *round, const struct nx_outcome *outcome, GError *error);
/* Something stays that was never begun; takes the error. */
void nx_round_stay(struct nx_round *round, GError *error);
void nx_round_wait(struct nx_round *round);
/* FALSE when something stayed. Ends the round. */
gboolean nx_round_finish(struct nx_round *round, GError **error);
