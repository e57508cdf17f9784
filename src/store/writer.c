/* SPDX-License-Identifier: Apache-2.0 */
#include "store/writer.h"

#include "base/error.h"

#define QUEUE_MAX 8192u     /* tasks waiting; beyond it submit says BUSY and the others wait */
#define GROUP_MAX 1024u     /* tasks in one transaction */
#define BREATH_EVERY 500000 /* microseconds of writing without a pause, */
#define BREATH 5000         /* after which writers of other processes get so many, at least: a file's lock knows no queue, and */
#define BREATH_SHARE 20     /* this part of that time, so that they are woken within it on a machine with much to do, too */

static gboolean run_task(struct nx_store *store, struct nx_task *task, GError **error)
{
    return task->once != NULL ? nx_once_run(store, task, error) : task->run(store, task, error);
}

/* Runs one task in a transaction of its own, or outside one when it wants that. */
static void run_alone(struct nx_store *store, struct nx_task *task)
{
    const struct nx_backend_ops *ops = store->ops;
    if (task->alone) {
        (void)!run_task(store, task, &task->error);
        return;
    }
    if (!ops->begin(store->backend, &task->error))
        return;
    if (!run_task(store, task, &task->error) || !ops->commit(store->backend, &task->error))
        ops->rollback(store->backend);
}

/* The queue up to end, which is not its start. */
static struct nx_task *cut(struct nx_store *store, struct nx_task **end, size_t n)
{
    struct nx_task *first = store->head;
    store->head = *end;
    if (store->head == NULL)
        store->tail = &store->head;
    *end = NULL;
    store->queued -= n;
    pthread_cond_broadcast(&store->room);
    return first;
}

/* Takes what may go into one transaction, up to most, which it counts down. NULL: nothing, or what wants to be alone. */
static struct nx_task *take_group(struct nx_store *store, size_t *most)
{
    struct nx_task **end = &store->head;
    size_t n = 0;
    for (; *end != NULL && !(*end)->alone && n < *most; n++)
        end = &(*end)->next;
    *most -= n;
    return n == 0 ? NULL : cut(store, end, n);
}

/* What came while the others ran shares their commit. */
static struct nx_task *take_late(struct nx_store *store, size_t *most)
{
    pthread_mutex_lock(&store->lock);
    struct nx_task *tasks = take_group(store, most);
    pthread_mutex_unlock(&store->lock);
    return tasks;
}

/* One transaction for all, and for up to `most` that come meanwhile. When one of them fails nothing of the others may be lost, nor
 * be kept twice: all is rolled back and each runs alone. */
static void run_group(struct nx_store *store, struct nx_task *tasks, size_t most)
{
    const struct nx_backend_ops *ops = store->ops;
    GError *error = NULL;
    bool broken = !ops->begin(store->backend, &error), retry = false;
    for (struct nx_task *task = tasks; task != NULL && !broken && !retry; task = task->next) {
        retry = !run_task(store, task, NULL);
        if (task->next == NULL && !retry)
            task->next = take_late(store, &most);
    }
    if (!broken && !retry)
        broken = !ops->commit(store->backend, &error);
    if (!broken && !retry)
        return;
    ops->rollback(store->backend);
    for (struct nx_task *task = tasks; task != NULL; task = task->next) {
        if (retry)
            run_alone(store, task);
        else
            task->error = g_error_copy(error);
    }
    g_clear_error(&error);
}

/* Who waited as long as a breath has had one. */
static void breathe(int64_t *last, int64_t waited_from)
{
    int64_t now = g_get_monotonic_time();
    if (now - waited_from >= BREATH) {
        *last = now;
    } else if (now - *last >= BREATH_EVERY) {
        g_usleep((gulong)MAX(BREATH, (now - *last) / BREATH_SHARE));
        *last = g_get_monotonic_time();
    }
}

/* Each task is its waiter's again from then on. */
static void tell(struct nx_task *tasks)
{
    for (struct nx_task *task = tasks, *next; task != NULL; task = next) {
        next = task->next;
        if (task->fn == NULL) {
            sem_post(&task->over);
            continue;
        }
        task->fn(task->data, task->error);
        g_clear_error(&task->error);
        g_free(task);
    }
}

static void *write_all(void *data)
{
    struct nx_store *store = data;
    int64_t breath = g_get_monotonic_time();
    pthread_mutex_lock(&store->lock);
    for (;;) {
        int64_t waited_from = g_get_monotonic_time();
        while (store->head == NULL && !store->closing)
            pthread_cond_wait(&store->work, &store->lock);
        if (store->head == NULL)
            break;
        size_t most = GROUP_MAX;
        bool alone = store->head->alone;
        struct nx_task *tasks = alone ? cut(store, &store->head->next, 1) : take_group(store, &most);
        pthread_mutex_unlock(&store->lock);
        breathe(&breath, waited_from);
        if (alone)
            run_alone(store, tasks);
        else
            run_group(store, tasks, most);
        tell(tasks);
        nx_arena_reset(store->scratch);
        pthread_mutex_lock(&store->lock);
    }
    pthread_mutex_unlock(&store->lock);
    return NULL;
}

gboolean nx_writer_enqueue(struct nx_store *store, struct nx_task *task, bool wait, GError **error)
{
    if (store->backend == NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_READ_ONLY, "%s: opened for reading only", store->path);
        return FALSE;
    }
    pthread_mutex_lock(&store->lock);
    while (wait && store->queued >= QUEUE_MAX)
        pthread_cond_wait(&store->room, &store->lock);
    if (store->queued >= QUEUE_MAX) {
        pthread_mutex_unlock(&store->lock);
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%s: %u changes wait to be written (try again shortly)", store->path,
                    QUEUE_MAX);
        return FALSE;
    }
    task->next = NULL;
    *store->tail = task;
    store->tail = &task->next;
    store->queued++;
    pthread_mutex_unlock(&store->lock);
    pthread_cond_signal(&store->work); /* who wakes finds the lock free */
    return TRUE;
}

gboolean nx_writer_wait(struct nx_store *store, struct nx_task *task, GError **error)
{
    sem_init(&task->over, 0, 0);
    bool queued = nx_writer_enqueue(store, task, true, error);
    while (queued && sem_wait(&task->over) != 0)
        ; /* a signal */
    sem_destroy(&task->over);
    if (!queued || task->error == NULL)
        return queued;
    g_propagate_error(error, g_steal_pointer(&task->error));
    return FALSE;
}

gboolean nx_writer_start(struct nx_store *store, GError **error)
{
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->work, NULL);
    pthread_cond_init(&store->room, NULL);
    int failed = pthread_create(&store->writer, NULL, write_all, store);
    if (failed == 0)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%s: cannot start the writer: %s", store->path, g_strerror(failed));
    return FALSE;
}

void nx_writer_stop(struct nx_store *store)
{
    pthread_mutex_lock(&store->lock);
    store->closing = true;
    pthread_cond_broadcast(&store->work);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->writer, NULL);
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->work);
    pthread_cond_destroy(&store->room);
}
