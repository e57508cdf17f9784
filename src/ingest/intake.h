/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/intake.h - from bytes to the store: a bounded queue, workers that parse and judge, one commit for many messages.
 *
 * Whoever has input fills a job and submits it; job->done is called once, from a worker's thread, after the commit or the failure,
 * and the job is then the caller's again. Input bytes, origins and the job live until then. A worker takes all that waits (up to a
 * bound), so commits grow with load. A thread that has one job and would only wait for it does the worker's part itself
 * (nx_intake_do): two changes of threads fewer. A failure of the store is told to every job of its commit: BUSY, FULL, READ_ONLY,
 * IO. Submit from any thread. The engine can be swapped at any time. */
#pragma once
#include "engine/engine.h"
#include "store/store.h"

struct nx_intake;
struct nx_hand;

struct nx_outcome {                /* of one job; slices live until done returns */
    struct nx_arena *arena;        /* of who did the job, for what done makes */
    const struct nx_event *events; /* decisions filled in from the store's answer */
    const bool *duplicates;        /* one for each event */
    size_t n;
    const GError *error; /* then n is 0 */
};

struct nx_job {
    const struct nx_input *inputs;
    size_t n_inputs;
    struct nx_once *once; /* what the events are answered with (store/store.h), or NULL; its fn finds them here: */
    const struct nx_event *events;
    const struct nx_stored *stored; /* decisions and duplicates */
    size_t n_events;
    void (*done)(struct nx_job *job, const struct nx_outcome *outcome);
    void *data;
    struct nx_job *next; /* the queue's */
};

struct nx_intake_options {
    unsigned workers; /* 0: one more than there are processors */
    size_t queue;     /* jobs that may wait; 0: 4096 */
    int niceness;     /* of the workers and hands, above what the process has: others of it go first */
    /* Sees each outcome before its job does, in the thread that calls done (may be NULL); microseconds that its commit took. */
    void (*observe)(void *data, const struct nx_outcome *outcome, int64_t microseconds);
    void *data;
};

struct nx_intake *nx_intake_new(struct nx_engine *engine, struct nx_store *store, const struct nx_intake_options *options);
/* Finishes what was submitted, then ends the workers. */
void nx_intake_free(struct nx_intake *intake);
/* FALSE with NX_ERROR_BUSY when the queue is full; done is then not called. */
gboolean nx_intake_submit(struct nx_intake *intake, struct nx_job *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, but waits for room. */
void nx_intake_put(struct nx_intake *intake, struct nx_job *job);
/* What one thread works with. That thread makes it, and is as nice as the workers from then on; freed before the intake. */
struct nx_hand *nx_hand_new(struct nx_intake *intake);
void nx_hand_free(struct nx_hand *hand);
/* Does the job in the caller's thread, as a worker would: done was called when it returns TRUE. FALSE as nx_intake_submit. Workers
 * and callers together, no more parse at once than there are workers. */
gboolean nx_intake_do(struct nx_hand *hand, struct nx_job *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits until nothing is queued or at work. */
void nx_intake_wait(struct nx_intake *intake);
/* From the next batch on; takes a reference. */
void nx_intake_set_engine(struct nx_intake *intake, struct nx_engine *engine);
size_t nx_intake_waiting(struct nx_intake *intake);
bool nx_intake_is_full(struct nx_intake *intake);

typedef struct nx_intake nx_intake; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_intake, nx_intake_free)
