/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/intake.h"

#include "base/error.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#define BATCH_JOBS 256u        /* messages of one commit */
#define BATCH_BYTES (8u << 20) /* and their bytes, so that a worker's arena stays small */

struct nx_intake {
    struct nx_store *store;
    struct nx_intake_options options;
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    struct nx_job *first, **last;
    size_t waiting, at_work, most;
    struct nx_engine *engine;
    bool ending;
    unsigned n_workers;
    pthread_t *threads;
};

struct batch {
    struct nx_job *jobs; /* chained */
    GArray *events;      /* struct nx_event */
    GArray *stored;      /* struct nx_stored */
    GArray *counts;      /* events of each job */
};

static size_t bytes_of(const struct nx_job *job)
{
    size_t n = 0;
    for (size_t i = 0; i < job->n_inputs; i++)
        n += job->inputs[i].bytes.n;
    return n;
}

/* Takes what waits, within the bounds; waits for something. NULL: the end. */
static struct nx_job *take(struct nx_intake *intake, struct nx_engine **ret_engine, size_t *ret_n)
{
    pthread_mutex_lock(&intake->lock);
    while (intake->first == NULL && !intake->ending)
        pthread_cond_wait(&intake->filled, &intake->lock);
    struct nx_job *jobs = intake->first, **end = &jobs;
    size_t n = 0, bytes = 0;
    while (*end != NULL && n < BATCH_JOBS && (n == 0 || bytes + bytes_of(*end) <= BATCH_BYTES)) {
        bytes += bytes_of(*end);
        end = &(*end)->next;
        n++;
    }
    intake->first = *end;
    *end = NULL;
    if (intake->first == NULL)
        intake->last = &intake->first;
    intake->waiting -= n;
    intake->at_work += n;
    *ret_engine = nx_engine_ref(intake->engine);
    *ret_n = n;
    pthread_cond_broadcast(&intake->emptied);
    pthread_mutex_unlock(&intake->lock);
    return jobs;
}

static void process(struct nx_worker *worker, struct batch *batch)
{
    g_array_set_size(batch->events, 0);
    g_array_set_size(batch->counts, 0);
    nx_worker_reset(worker);
    for (const struct nx_job *job = batch->jobs; job != NULL; job = job->next) {
        size_t count = 0;
        for (size_t i = 0; i < job->n_inputs; i++) {
            struct nx_event *events;
            size_t n = nx_worker_process(worker, &job->inputs[i], &events);
            g_array_append_vals(batch->events, events, (guint)n);
            count += n;
        }
        g_array_append_val(batch->counts, count);
    }
    g_array_set_size(batch->stored, batch->events->len);
}

static void answer(struct nx_intake *intake, int64_t took, struct nx_worker *worker, struct nx_job *job, struct nx_event *events,
                   const struct nx_stored *stored, size_t n, const GError *error)
{
    struct nx_outcome outcome = {.arena = nx_worker_arena(worker), .error = error};
    if (error == NULL) {
        bool *duplicates = nx_arena_array(outcome.arena, n, sizeof *duplicates);
        for (size_t i = 0; i < n; i++) {
            duplicates[i] = stored[i].duplicate;
            events[i].decision = stored[i].decision;
        }
        outcome.events = events;
        outcome.duplicates = duplicates;
        outcome.n = n;
    }
    if (intake->options.observe != NULL)
        intake->options.observe(intake->options.data, &outcome, took);
    job->done(job, &outcome);
}

/* The store's own trouble, whatever it is given. */
static bool of_the_store(const GError *error)
{
    return error->domain == NX_ERROR && (error->code == NX_ERROR_BUSY || error->code == NX_ERROR_FULL ||
                                         error->code == NX_ERROR_READ_ONLY || error->code == NX_ERROR_IO);
}

struct waiting { /* for one commit */
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool over;
    GError *error;
};

static void on_stored(void *data, const GError *error)
{
    struct waiting *waiting = data;
    pthread_mutex_lock(&waiting->lock);
    waiting->error = error == NULL ? NULL : g_error_copy(error);
    waiting->over = true;
    pthread_cond_signal(&waiting->done);
    pthread_mutex_unlock(&waiting->lock);
}

/* The events of one job, with what they are answered with. */
static gboolean add_one(struct nx_intake *intake, struct nx_worker *worker, struct nx_job *job, struct nx_event *events,
                        struct nx_stored *stored, size_t n, nx_when now, GError **error)
{
    struct waiting waiting = {.over = false};
    if (job->once == NULL)
        return nx_store_add(intake->store, nx_worker_arena(worker), events, n, now, stored, error);
    job->events = events;
    job->stored = stored;
    job->n_events = n;
    pthread_mutex_init(&waiting.lock, NULL);
    pthread_cond_init(&waiting.done, NULL);
    if (nx_store_submit(intake->store, nx_worker_arena(worker), events, n, NULL, job->once, now, stored, on_stored, &waiting,
                        &waiting.error)) {
        pthread_mutex_lock(&waiting.lock);
        while (!waiting.over)
            pthread_cond_wait(&waiting.done, &waiting.lock);
        pthread_mutex_unlock(&waiting.lock);
    }
    pthread_cond_destroy(&waiting.done);
    pthread_mutex_destroy(&waiting.lock);
    for (size_t i = 0; job->once->repeated && i < n; i++)
        stored[i] = (struct nx_stored){.duplicate = true};
    if (waiting.error != NULL)
        g_propagate_error(error, waiting.error);
    return waiting.error == NULL;
}

static bool some_once(const struct batch *batch)
{
    for (const struct nx_job *job = batch->jobs; job != NULL; job = job->next)
        if (job->once != NULL)
            return true;
    return false;
}

/* Commits the whole batch; should its content be at fault, or a job have an answer to keep, each job by itself, so that one cannot
 * take others with it. */
static void commit(struct nx_intake *intake, struct nx_worker *worker, struct batch *batch)
{
    nx_when now = g_get_real_time() / G_USEC_PER_SEC;
    struct nx_event *events = (struct nx_event *)(void *)batch->events->data;
    struct nx_stored *stored = (struct nx_stored *)(void *)batch->stored->data;
    struct nx_arena *arena = nx_worker_arena(worker);
    g_autoptr(GError) fault = NULL;
    gint64 began = g_get_monotonic_time();
    bool apart = some_once(batch);
    bool whole = !apart && nx_store_add(intake->store, arena, events, batch->events->len, now, stored, &fault);
    guint index = 0;
    for (struct nx_job *job = batch->jobs, *next; job != NULL; job = next) {
        g_autoptr(GError) error = NULL;
        size_t n = g_array_index(batch->counts, size_t, index++);
        next = job->next; /* done may free the job */
        if (!whole && fault != NULL && of_the_store(fault))
            error = g_error_copy(fault);
        else if (!whole && !add_one(intake, worker, job, events, stored, n, now, &error))
            g_assert(error != NULL);
        answer(intake, g_get_monotonic_time() - began, worker, job, events, stored, n, error);
        events += n;
        stored += n;
    }
}

static void *work(void *data)
{
    struct nx_intake *intake = data;
    struct batch batch = {NULL, g_array_new(FALSE, TRUE, sizeof(struct nx_event)),
                          g_array_new(FALSE, TRUE, sizeof(struct nx_stored)), g_array_new(FALSE, TRUE, sizeof(size_t))};
    struct nx_engine *engine, *current = NULL;
    struct nx_worker *worker = NULL;
    size_t n;
    if (intake->options.niceness > 0)
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), intake->options.niceness); /* of this thread alone (Linux) */
    while ((batch.jobs = take(intake, &engine, &n)) != NULL) {
        if (engine != current) { /* reloaded */
            g_clear_pointer(&worker, nx_worker_free);
            worker = nx_worker_new(engine);
            current = engine;
        }
        nx_engine_unref(engine); /* the worker holds its own */
        process(worker, &batch);
        commit(intake, worker, &batch);
        pthread_mutex_lock(&intake->lock);
        intake->at_work -= n;
        pthread_cond_broadcast(&intake->emptied);
        pthread_mutex_unlock(&intake->lock);
    }
    nx_engine_unref(engine);
    g_clear_pointer(&worker, nx_worker_free);
    g_array_unref(batch.events);
    g_array_unref(batch.stored);
    g_array_unref(batch.counts);
    return NULL;
}

struct nx_intake *nx_intake_new(struct nx_engine *engine, struct nx_store *store, const struct nx_intake_options *options)
{
    struct nx_intake *intake = g_new0(struct nx_intake, 1);
    intake->store = store;
    intake->options = *options;
    intake->engine = nx_engine_ref(engine);
    intake->last = &intake->first;
    intake->most = options->queue > 0 ? options->queue : 4096;
    intake->n_workers = options->workers > 0 ? options->workers : g_get_num_processors() + 1;
    pthread_mutex_init(&intake->lock, NULL);
    pthread_cond_init(&intake->filled, NULL);
    pthread_cond_init(&intake->emptied, NULL);
    intake->threads = g_new(pthread_t, intake->n_workers);
    for (unsigned i = 0; i < intake->n_workers; i++)
        if (pthread_create(&intake->threads[i], NULL, work, intake) != 0)
            g_error("a worker's thread cannot be started");
    return intake;
}

void nx_intake_free(struct nx_intake *intake)
{
    pthread_mutex_lock(&intake->lock);
    intake->ending = true;
    pthread_cond_broadcast(&intake->filled);
    pthread_mutex_unlock(&intake->lock);
    for (unsigned i = 0; i < intake->n_workers; i++)
        pthread_join(intake->threads[i], NULL);
    pthread_cond_destroy(&intake->filled);
    pthread_cond_destroy(&intake->emptied);
    pthread_mutex_destroy(&intake->lock);
    nx_engine_unref(intake->engine);
    g_free(intake->threads);
    g_free(intake);
}

static void append(struct nx_intake *intake, struct nx_job *job)
{
    job->next = NULL;
    *intake->last = job;
    intake->last = &job->next;
    intake->waiting++;
    pthread_cond_signal(&intake->filled);
}

gboolean nx_intake_submit(struct nx_intake *intake, struct nx_job *job, GError **error)
{
    pthread_mutex_lock(&intake->lock);
    bool room = intake->waiting < intake->most && !intake->ending;
    if (room)
        append(intake, job);
    pthread_mutex_unlock(&intake->lock);
    if (!room)
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%zu messages are waiting already (try again in a moment)", intake->most);
    return room;
}

void nx_intake_put(struct nx_intake *intake, struct nx_job *job)
{
    pthread_mutex_lock(&intake->lock);
    while (intake->waiting >= intake->most)
        pthread_cond_wait(&intake->emptied, &intake->lock);
    append(intake, job);
    pthread_mutex_unlock(&intake->lock);
}

void nx_intake_wait(struct nx_intake *intake)
{
    pthread_mutex_lock(&intake->lock);
    while (intake->waiting + intake->at_work > 0)
        pthread_cond_wait(&intake->emptied, &intake->lock);
    pthread_mutex_unlock(&intake->lock);
}

void nx_intake_set_engine(struct nx_intake *intake, struct nx_engine *engine)
{
    pthread_mutex_lock(&intake->lock);
    struct nx_engine *old = intake->engine;
    intake->engine = nx_engine_ref(engine);
    pthread_mutex_unlock(&intake->lock);
    nx_engine_unref(old);
}

size_t nx_intake_waiting(struct nx_intake *intake)
{
    pthread_mutex_lock(&intake->lock);
    size_t n = intake->waiting;
    pthread_mutex_unlock(&intake->lock);
    return n;
}

bool nx_intake_is_full(struct nx_intake *intake)
{
    return nx_intake_waiting(intake) >= intake->most;
}
