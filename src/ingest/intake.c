/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/intake.h"

#include "base/error.h"

#include <pthread.h>
#include <semaphore.h>
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
    sem_t parsing; /* places, one a worker: what parses needs memory, what waits for its commit hardly any */
    pthread_t *threads;
};

struct nx_hand { /* of one thread; its batch: */
    struct nx_intake *intake;
    struct nx_engine *engine; /* of the worker, which holds it */
    struct nx_worker *worker;
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

static void process(struct nx_hand *hand)
{
    g_array_set_size(hand->events, 0);
    g_array_set_size(hand->counts, 0);
    nx_worker_reset(hand->worker);
    for (const struct nx_job *job = hand->jobs; job != NULL; job = job->next) {
        size_t count = 0;
        for (size_t i = 0; i < job->n_inputs; i++) {
            struct nx_event *events;
            size_t n = nx_worker_process(hand->worker, &job->inputs[i], &events);
            g_array_append_vals(hand->events, events, (guint)n);
            count += n;
        }
        g_array_append_val(hand->counts, count);
    }
    g_array_set_size(hand->stored, hand->events->len);
}

static void answer(struct nx_hand *hand, int64_t took, struct nx_job *job, struct nx_event *events, const struct nx_stored *stored,
                   size_t n, const GError *error)
{
    struct nx_outcome outcome = {.arena = nx_worker_arena(hand->worker), .error = error};
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
    const struct nx_intake_options *options = &hand->intake->options;
    if (options->observe != NULL)
        options->observe(options->data, &outcome, took);
    job->done(job, &outcome);
}

/* The store's own trouble, whatever it is given. */
static bool of_the_store(const GError *error)
{
    return error->domain == NX_ERROR && (error->code == NX_ERROR_BUSY || error->code == NX_ERROR_FULL ||
                                         error->code == NX_ERROR_READ_ONLY || error->code == NX_ERROR_IO);
}

struct waiting { /* for one commit */
    sem_t over;
    GError *error;
};

static void on_stored(void *data, const GError *error)
{
    struct waiting *waiting = data;
    waiting->error = error == NULL ? NULL : g_error_copy(error);
    sem_post(&waiting->over);
}

/* The events of one job, with what they are answered with. */
static gboolean add_one(struct nx_hand *hand, struct nx_job *job, struct nx_event *events, struct nx_stored *stored, size_t n,
                        nx_when now, GError **error)
{
    struct nx_store *store = hand->intake->store;
    struct nx_arena *arena = nx_worker_arena(hand->worker);
    struct waiting waiting = {.error = NULL};
    if (job->once == NULL)
        return nx_store_add(store, arena, events, n, now, stored, error);
    job->events = events;
    job->stored = stored;
    job->n_events = n;
    sem_init(&waiting.over, 0, 0);
    bool queued = nx_store_submit(store, arena, events, n, NULL, job->once, now, stored, on_stored, &waiting, &waiting.error);
    while (queued && sem_wait(&waiting.over) != 0)
        ; /* a signal */
    sem_destroy(&waiting.over);
    for (size_t i = 0; job->once->repeated && i < n; i++)
        stored[i] = (struct nx_stored){.duplicate = true};
    if (waiting.error != NULL)
        g_propagate_error(error, waiting.error);
    return waiting.error == NULL;
}

static bool some_once(const struct nx_hand *hand)
{
    for (const struct nx_job *job = hand->jobs; job != NULL; job = job->next)
        if (job->once != NULL)
            return true;
    return false;
}

/* Commits the whole batch; should its content be at fault, or a job have an answer to keep, each job by itself, so that one cannot
 * take others with it. */
static void commit(struct nx_hand *hand)
{
    nx_when now = g_get_real_time() / G_USEC_PER_SEC;
    struct nx_event *events = (struct nx_event *)(void *)hand->events->data;
    struct nx_stored *stored = (struct nx_stored *)(void *)hand->stored->data;
    struct nx_arena *arena = nx_worker_arena(hand->worker);
    g_autoptr(GError) fault = NULL;
    gint64 began = g_get_monotonic_time();
    bool apart = some_once(hand);
    bool whole = !apart && nx_store_add(hand->intake->store, arena, events, hand->events->len, now, stored, &fault);
    guint index = 0;
    for (struct nx_job *job = hand->jobs, *next; job != NULL; job = next) {
        g_autoptr(GError) error = NULL;
        size_t n = g_array_index(hand->counts, size_t, index++);
        next = job->next; /* done may free the job */
        if (!whole && fault != NULL && of_the_store(fault))
            error = g_error_copy(fault);
        else if (!whole && !add_one(hand, job, events, stored, n, now, &error))
            g_assert(error != NULL);
        answer(hand, g_get_monotonic_time() - began, job, events, stored, n, error);
        events += n;
        stored += n;
    }
}

static bool has_room(const struct nx_intake *intake)
{
    return intake->waiting < intake->most && !intake->ending;
}

static gboolean say_full(const struct nx_intake *intake, GError **error)
{
    g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%zu messages are waiting already (try again in a moment)", intake->most);
    return FALSE;
}

/* The hand's jobs, n, which stand among those at work. */
static void carry_out(struct nx_hand *hand, struct nx_engine *engine, size_t n)
{
    struct nx_intake *intake = hand->intake;
    if (engine != hand->engine) { /* the first time, or reloaded */
        g_clear_pointer(&hand->worker, nx_worker_free);
        hand->worker = nx_worker_new(engine);
        hand->engine = engine;
    }
    while (sem_wait(&intake->parsing) != 0)
        ; /* a signal */
    process(hand);
    sem_post(&intake->parsing);
    commit(hand);
    pthread_mutex_lock(&intake->lock);
    intake->at_work -= n;
    pthread_cond_broadcast(&intake->emptied);
    pthread_mutex_unlock(&intake->lock);
}

struct nx_hand *nx_hand_new(struct nx_intake *intake)
{
    struct nx_hand *hand = g_new0(struct nx_hand, 1);
    *hand = (struct nx_hand){.intake = intake,
                             .events = g_array_new(FALSE, TRUE, sizeof(struct nx_event)),
                             .stored = g_array_new(FALSE, TRUE, sizeof(struct nx_stored)),
                             .counts = g_array_new(FALSE, TRUE, sizeof(size_t))};
    if (intake->options.niceness > 0)
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), intake->options.niceness); /* of this thread alone (Linux) */
    return hand;
}

void nx_hand_free(struct nx_hand *hand)
{
    if (hand == NULL)
        return;
    g_clear_pointer(&hand->worker, nx_worker_free);
    g_array_unref(hand->events);
    g_array_unref(hand->stored);
    g_array_unref(hand->counts);
    g_free(hand);
}

gboolean nx_intake_do(struct nx_hand *hand, struct nx_job *job, GError **error)
{
    struct nx_intake *intake = hand->intake;
    pthread_mutex_lock(&intake->lock);
    bool room = has_room(intake);
    intake->at_work += room;
    g_autoptr(nx_engine) engine = room ? nx_engine_ref(intake->engine) : NULL;
    pthread_mutex_unlock(&intake->lock);
    if (!room)
        return say_full(intake, error);
    job->next = NULL;
    hand->jobs = job;
    carry_out(hand, engine, 1);
    return TRUE;
}

static void *work(void *data)
{
    struct nx_intake *intake = data;
    struct nx_hand *hand = nx_hand_new(intake);
    struct nx_engine *engine;
    size_t n;
    while ((hand->jobs = take(intake, &engine, &n)) != NULL) {
        carry_out(hand, engine, n);
        nx_engine_unref(engine); /* the worker holds its own */
    }
    nx_engine_unref(engine);
    nx_hand_free(hand);
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
    sem_init(&intake->parsing, 0, intake->n_workers);
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
    nx_intake_wait(intake); /* for what others than the workers do */
    for (unsigned i = 0; i < intake->n_workers; i++)
        pthread_join(intake->threads[i], NULL);
    sem_destroy(&intake->parsing);
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
}

gboolean nx_intake_submit(struct nx_intake *intake, struct nx_job *job, GError **error)
{
    pthread_mutex_lock(&intake->lock);
    bool room = has_room(intake);
    if (room)
        append(intake, job);
    pthread_mutex_unlock(&intake->lock);
    if (!room)
        return say_full(intake, error);
    pthread_cond_signal(&intake->filled); /* who wakes finds the lock free */
    return TRUE;
}

void nx_intake_put(struct nx_intake *intake, struct nx_job *job)
{
    pthread_mutex_lock(&intake->lock);
    while (intake->waiting >= intake->most)
        pthread_cond_wait(&intake->emptied, &intake->lock);
    append(intake, job);
    pthread_mutex_unlock(&intake->lock);
    pthread_cond_signal(&intake->filled);
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
