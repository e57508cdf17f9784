/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/round.h"

void nx_round_init(struct nx_round *round)
{
    *round = (struct nx_round){.pending = 0};
    pthread_mutex_init(&round->lock, NULL);
    pthread_cond_init(&round->idle, NULL);
}

void nx_round_begin(struct nx_round *round)
{
    pthread_mutex_lock(&round->lock);
    round->pending++;
    pthread_mutex_unlock(&round->lock);
}

static void stay(struct nx_round *round, GError *error)
{
    g_clear_error(&round->error);
    round->error = error;
    round->stayed++;
}

void nx_round_end(struct nx_round *round, const struct nx_outcome *outcome, GError *error)
{
    pthread_mutex_lock(&round->lock);
    if (error != NULL)
        stay(round, error);
    else
        round->messages++;
    for (size_t i = 0; i < outcome->n; i++)
        round->duplicates += outcome->duplicates[i];
    round->events += outcome->n;
    if (--round->pending == 0)
        pthread_cond_signal(&round->idle);
    pthread_mutex_unlock(&round->lock);
}

void nx_round_stay(struct nx_round *round, GError *error)
{
    pthread_mutex_lock(&round->lock);
    stay(round, error);
    pthread_mutex_unlock(&round->lock);
}

void nx_round_wait(struct nx_round *round)
{
    pthread_mutex_lock(&round->lock);
    while (round->pending > 0)
        pthread_cond_wait(&round->idle, &round->lock);
    pthread_mutex_unlock(&round->lock);
}

gboolean nx_round_finish(struct nx_round *round, GError **error)
{
    gboolean all = round->stayed == 0;
    if (round->error != NULL)
        g_propagate_error(error, round->error);
    pthread_mutex_destroy(&round->lock);
    pthread_cond_destroy(&round->idle);
    return all;
}
