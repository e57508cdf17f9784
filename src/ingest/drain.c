/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/drain.h"

#include "base/error.h"

#include <pthread.h>

#define ROUND 1024u /* files listed at a time */

struct round {
    pthread_mutex_t lock; /* guards all below, which workers write */
    pthread_cond_t idle;
    size_t pending; /* jobs that the workers have */
    struct nx_spool *spool;
    struct nx_drained drained;
    GError *error; /* the last one */
    size_t stayed;
};

struct drop { /* one file on its way */
    struct nx_job job;
    struct nx_input input;
    struct nx_origin origin;
    struct nx_spooled spooled;
    char *name;
    struct round *round;
};

static void stays(struct round *round, GError *error)
{
    g_clear_error(&round->error);
    round->error = error;
    round->stayed++;
}

static void done(struct nx_job *job, const struct nx_outcome *outcome)
{
    struct drop *drop = job->data;
    struct round *round = drop->round;
    pthread_mutex_lock(&round->lock);
    GError *error = NULL;
    if (outcome->error != NULL)
        stays(round, g_error_copy(outcome->error));
    else if (!nx_spool_remove(round->spool, drop->name, &error)) /* it comes again, and is told to be a duplicate */
        stays(round, error);
    else
        round->drained.messages++;
    for (size_t i = 0; i < outcome->n; i++)
        round->drained.duplicates += outcome->duplicates[i];
    round->drained.events += outcome->n;
    g_free(drop->spooled.text);
    g_free(drop->name);
    g_free(drop);
    if (--round->pending == 0)
        pthread_cond_signal(&round->idle);
    pthread_mutex_unlock(&round->lock); /* the round may end now */
}

static void send(struct round *round, struct nx_intake *intake, const char *name, size_t limit)
{
    struct nx_spooled spooled;
    GError *error = NULL;
    if (!nx_spool_read(round->spool, name, &spooled, &error)) {
        pthread_mutex_lock(&round->lock);
        if (g_error_matches(error, NX_ERROR, NX_ERROR_SYNTAX) && nx_spool_set_aside(round->spool, name, NULL))
            round->drained.set_aside++;
        stays(round, error);
        pthread_mutex_unlock(&round->lock);
        return;
    }
    struct drop *drop = g_new0(struct drop, 1);
    bool cut = spooled.size > spooled.bytes.n || spooled.bytes.n > limit;
    *drop = (struct drop){.job = {.inputs = &drop->input, .n_inputs = 1, .done = done, .data = drop},
                          .input = {.kind = NX_INPUT_MAIL,
                                    .bytes = nx_str_sub(spooled.bytes, 0, limit),
                                    .notes = cut ? NX_NOTE_TRUNCATED : 0,
                                    .origin = &drop->origin},
                          .origin = {.source = spooled.source,
                                     .envelope_from = spooled.from,
                                     .envelope_to = spooled.to,
                                     .received_at = spooled.received_at},
                          .spooled = spooled,
                          .name = g_strdup(name),
                          .round = round};
    pthread_mutex_lock(&round->lock);
    round->pending++;
    pthread_mutex_unlock(&round->lock);
    nx_intake_put(intake, &drop->job);
}

static void wait_idle(struct round *round)
{
    pthread_mutex_lock(&round->lock);
    while (round->pending > 0)
        pthread_cond_wait(&round->idle, &round->lock);
    pthread_mutex_unlock(&round->lock);
}

gboolean nx_spool_drain(struct nx_spool *spool, struct nx_intake *intake, size_t limit, struct nx_drained *ret_drained,
                        GError **error)
{
    struct round round = {.spool = spool};
    pthread_mutex_init(&round.lock, NULL);
    pthread_cond_init(&round.idle, NULL);
    nx_spool_tidy(spool);
    for (;;) {
        size_t before = round.drained.messages + round.drained.set_aside;
        g_autoptr(GPtrArray) names = nx_spool_list(spool, ROUND, round.error == NULL ? &round.error : NULL);
        if (names == NULL)
            round.stayed++;
        for (guint i = 0; names != NULL && i < names->len; i++)
            send(&round, intake, names->pdata[i], limit);
        wait_idle(&round);
        bool moved = round.drained.messages + round.drained.set_aside > before;
        if (names == NULL || names->len == 0 || !moved)
            break;
    }
    pthread_mutex_destroy(&round.lock);
    pthread_cond_destroy(&round.idle);
    *ret_drained = round.drained;
    if (round.error != NULL)
        g_propagate_error(error, round.error);
    return round.stayed == 0;
}
