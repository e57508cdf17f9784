/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ops.h"

#include "base/error.h"
#include "decide/stream.h"

#include <pthread.h>
#include <unistd.h>

#define QUEUE_MAX 8192u /* tasks waiting; beyond it submit says BUSY and the others wait */
#define GROUP_MAX 1024u /* tasks in one transaction */

struct task {
    struct task *next;
    gboolean (*run)(struct nx_store *store, struct task *task, GError **error);
    bool alone; /* not inside a group's transaction */
    /* events */
    struct nx_arena *arena;
    const struct nx_event *events;
    size_t n;
    nx_when now;
    struct nx_stored *ret_stored;
    const struct nx_claim *claim;
    nx_stored_fn *fn;
    void *data;
    const struct nx_raw_limits *raw_limits;
    struct nx_str name; /* of a mark */
    int64_t value;
    /* acts */
    struct nx_change *changes;
    const struct nx_change **sorted; /* of an import */
    size_t changed, erased_before;
    struct nx_rebuilt *rebuilt;
    const struct nx_settle *settle;
    const struct nx_str *keys; /* of what is settled */
    /* erasure */
    const struct nx_forget *forget;
    const struct nx_address *addresses;
    struct nx_erased *erased;
    struct nx_cleared *cleared;
    uint64_t *lost;
    const struct nx_retention *retention;
    struct nx_retain_cursor *cursor;
    struct nx_retained *retained;
    bool dry;
    int64_t after;
    /* of a caller that waits */
    bool done;
    GError *error;
};

struct nx_store {
    const struct nx_backend_ops *ops;
    char *path;
    struct nx_backend *backend; /* NULL in READ mode */
    struct nx_fold_rules *rules;
    struct nx_streams *streams;
    struct nx_arena *scratch; /* of the writer thread */
    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t work, room, done;
    struct task *head, **tail;
    size_t queued;
    bool closing;
};

static const struct nx_backend_ops *const backends[] = {&nx_sqlite_ops};

/* Runs one task in a transaction of its own, or outside one when it wants that. */
static void run_alone(struct nx_store *store, struct task *task)
{
    const struct nx_backend_ops *ops = store->ops;
    if (task->alone) {
        (void)!task->run(store, task, &task->error);
        return;
    }
    if (!ops->begin(store->backend, &task->error))
        return;
    if (!task->run(store, task, &task->error) || !ops->commit(store->backend, &task->error))
        ops->rollback(store->backend);
}

/* One transaction for all. When one of them fails nothing of the others may be lost, nor be kept twice: all is rolled back and each
 * runs alone. */
static void run_group(struct nx_store *store, struct task *tasks)
{
    const struct nx_backend_ops *ops = store->ops;
    GError *error = NULL;
    if (tasks->next == NULL) {
        run_alone(store, tasks);
        return;
    }
    bool broken = !ops->begin(store->backend, &error), retry = false;
    for (struct task *task = tasks; task != NULL && !broken && !retry; task = task->next)
        retry = !task->run(store, task, NULL);
    if (!broken && !retry)
        broken = !ops->commit(store->backend, &error);
    if (!broken && !retry)
        return;
    ops->rollback(store->backend);
    for (struct task *task = tasks; task != NULL; task = task->next) {
        if (retry)
            run_alone(store, task);
        else
            task->error = g_error_copy(error);
    }
    g_clear_error(&error);
}

/* Takes what may go into one transaction off the queue. */
static struct task *take_group(struct nx_store *store)
{
    struct task *first = store->head, *last = first;
    size_t n = 1;
    while (!first->alone && last->next != NULL && !last->next->alone && n < GROUP_MAX) {
        last = last->next;
        n++;
    }
    store->head = last->next;
    if (store->head == NULL)
        store->tail = &store->head;
    last->next = NULL;
    store->queued -= n;
    return first;
}

static void *write_all(void *data)
{
    struct nx_store *store = data;
    pthread_mutex_lock(&store->lock);
    for (;;) {
        while (store->head == NULL && !store->closing)
            pthread_cond_wait(&store->work, &store->lock);
        if (store->head == NULL)
            break;
        struct task *tasks = take_group(store);
        pthread_cond_broadcast(&store->room);
        pthread_mutex_unlock(&store->lock);
        run_group(store, tasks);
        struct task *waited = NULL;
        while (tasks != NULL) {
            struct task *task = tasks;
            tasks = task->next;
            if (task->fn != NULL) {
                task->fn(task->data, task->error);
                g_clear_error(&task->error);
                g_free(task);
            } else {
                task->next = waited;
                waited = task;
            }
        }
        nx_arena_reset(store->scratch);
        pthread_mutex_lock(&store->lock);
        for (; waited != NULL; waited = waited->next)
            waited->done = true; /* the task is its waiter's again once the lock is let go */
        pthread_cond_broadcast(&store->done);
    }
    pthread_mutex_unlock(&store->lock);
    return NULL;
}

static gboolean enqueue(struct nx_store *store, struct task *task, bool wait, GError **error)
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
    *store->tail = task;
    store->tail = &task->next;
    store->queued++;
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->lock);
    return TRUE;
}

static gboolean run_and_wait(struct nx_store *store, struct task *task, GError **error)
{
    if (!enqueue(store, task, true, error))
        return FALSE;
    pthread_mutex_lock(&store->lock);
    while (!task->done)
        pthread_cond_wait(&store->done, &store->lock);
    pthread_mutex_unlock(&store->lock);
    if (task->error == NULL)
        return TRUE;
    g_propagate_error(error, task->error);
    return FALSE;
}

struct nx_store *nx_store_open(const char *path, enum nx_open_mode mode, const struct nx_policy *policy,
                               const struct nx_fold_rules *rules, GError **error)
{
    const struct nx_backend_ops *ops = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(backends) && ops == NULL; i++)
        if (g_str_has_prefix(path, backends[i]->prefix))
            ops = backends[i];
    struct nx_backend *backend = NULL;
    if (mode == NX_OPEN_WRITE) {
        backend = ops->open(path, policy, error);
        if (backend == NULL)
            return NULL;
    } else { /* say now what is wrong with the file, not at the first question */
        struct nx_reader *probe = ops->reader_new(path, error);
        if (probe == NULL)
            return NULL;
        ops->reader_free(probe);
    }
    struct nx_store *store = g_new0(struct nx_store, 1);
    store->ops = ops;
    store->path = g_strdup(path);
    store->backend = backend;
    store->rules = rules != NULL ? nx_fold_rules_copy(rules) : NULL;
    store->streams = nx_streams_ref(policy->streams);
    store->tail = &store->head;
    if (backend == NULL)
        return store;
    store->scratch = nx_arena_new();
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->work, NULL);
    pthread_cond_init(&store->room, NULL);
    pthread_cond_init(&store->done, NULL);
    int failed = pthread_create(&store->writer, NULL, write_all, store);
    if (failed != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%s: cannot start the writer: %s", path, g_strerror(failed));
        ops->close(backend);
        store->backend = NULL;
        nx_store_close(store);
        return NULL;
    }
    return store;
}

void nx_store_close(struct nx_store *store)
{
    if (store == NULL)
        return;
    if (store->backend != NULL) {
        pthread_mutex_lock(&store->lock);
        store->closing = true;
        pthread_cond_broadcast(&store->work);
        pthread_mutex_unlock(&store->lock);
        pthread_join(store->writer, NULL);
        store->ops->close(store->backend);
        pthread_mutex_destroy(&store->lock);
        pthread_cond_destroy(&store->work);
        pthread_cond_destroy(&store->room);
        pthread_cond_destroy(&store->done);
    }
    nx_arena_free(store->scratch);
    nx_fold_rules_free(store->rules);
    nx_streams_unref(store->streams);
    g_free(store->path);
    g_free(store);
}

static gboolean run_add(struct nx_store *store, struct task *task, GError **error)
{
    if (task->claim != NULL && !store->ops->claim(store->backend, task->claim, task->now, error))
        return FALSE;
    for (size_t i = 0; i < task->n; i++) {
        struct nx_address address = {0};
        const char *why = NULL;
        struct nx_str recipient = task->events[i].report.recipient;
        if (recipient.n > 0)
            (void)nx_address_fold(store->scratch, recipient, store->rules, &address, &why);
        if (!store->ops->add(store->backend, task->arena, &task->events[i], &address, why, task->now, &task->ret_stored[i], error))
            return FALSE;
    }
    return TRUE;
}

gboolean nx_store_add(struct nx_store *store, struct nx_arena *arena, const struct nx_event *events, size_t n, nx_when now,
                      struct nx_stored *ret_stored, GError **error)
{
    struct task task = {.run = run_add, .arena = arena, .events = events, .n = n, .now = now, .ret_stored = ret_stored};
    return run_and_wait(store, &task, error);
}

gboolean nx_store_submit(struct nx_store *store, struct nx_arena *arena, const struct nx_event *events, size_t n,
                         const struct nx_claim *claim, nx_when now, struct nx_stored *ret_stored, nx_stored_fn *fn, void *data,
                         GError **error)
{
    struct task *task = g_new0(struct task, 1);
    *task = (struct task){.run = run_add,
                          .arena = arena,
                          .events = events,
                          .n = n,
                          .claim = claim,
                          .now = now,
                          .ret_stored = ret_stored,
                          .fn = fn,
                          .data = data};
    if (enqueue(store, task, false, error))
        return TRUE;
    g_free(task);
    return FALSE;
}

static gboolean run_mark(struct nx_store *store, struct task *task, GError **error)
{
    return store->ops->mark(store->backend, task->name, task->value, error);
}

gboolean nx_store_mark(struct nx_store *store, struct nx_str name, int64_t value, GError **error)
{
    struct task task = {.run = run_mark, .name = name, .value = value};
    return run_and_wait(store, &task, error);
}

static gboolean run_limit_raw(struct nx_store *store, struct task *task, GError **error)
{
    (void)error;
    store->ops->limit_raw(store->backend, task->raw_limits);
    return TRUE;
}

void nx_store_limit_raw(struct nx_store *store, const struct nx_raw_limits *limits)
{
    struct task task = {.run = run_limit_raw, .alone = true, .raw_limits = limits};
    if (store->backend != NULL)
        (void)!run_and_wait(store, &task, NULL);
}

static gboolean fold(struct nx_store *store, struct nx_arena *arena, struct nx_str text, struct nx_change *ret, GError **error)
{
    struct nx_address address;
    const char *why;
    if (!nx_address_fold(arena, text, store->rules, &address, &why)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%.*s' is no address: %s", NX_FMT(nx_str_sub(text, 0, 100)), why);
        return FALSE;
    }
    ret->key = address.key;
    ret->address = nx_str_eq(text, address.folded) ? NX_STR_NONE : text;
    return TRUE;
}

static gboolean run_acts(struct nx_store *store, struct task *task, GError **error)
{
    task->changed = task->erased_before = 0;
    for (size_t i = 0; i < task->n; i++) {
        bool changed = false, erased = false;
        if (!store->ops->act(store->backend, &task->changes[i], task->now, &changed, &erased, error))
            return FALSE;
        task->changed += changed;
        task->erased_before += erased;
    }
    return TRUE;
}

static gboolean run_import(struct nx_store *store, struct task *task, GError **error)
{
    return store->ops->import(store->backend, task->sorted, task->n, task->now, &task->changed, &task->erased_before,
                              error);
}

static int by_key(const void *a, const void *b)
{
    const struct nx_change *x = *(const struct nx_change *const *)a, *y = *(const struct nx_change *const *)b;
    int order = nx_str_cmp(x->key, y->key);
    return order != 0 ? order : nx_str_cmp(x->stream, y->stream);
}

/* In order of key, and of several lines for one address the one that holds longest. */
static const struct nx_change **sort_unique(const struct nx_change *changes, size_t n, size_t *ret_n)
{
    const struct nx_change **order = g_new(const struct nx_change *, n);
    size_t kept = 0;
    bool sorted = true; /* what comes from an import is */
    for (size_t i = 0; i < n; i++) {
        order[i] = &changes[i];
        sorted = sorted && (i == 0 || by_key(&order[i - 1], &order[i]) <= 0);
    }
    if (!sorted)
        qsort(order, n, sizeof *order, by_key);
    for (size_t i = 0; i < n; i++) {
        const struct nx_change *old = kept > 0 ? order[kept - 1] : NULL, *new = order[i];
        if (old == NULL || by_key(&old, &new) != 0) {
            order[kept++] = new;
            continue;
        }
        struct nx_standing standing = {.present = true, .cause = old->cause, .since = old->since, .until = old->until};
        if (nx_standing_gives_way(&standing, new->cause, new->until, old->since))
            order[kept - 1] = new;
    }
    *ret_n = kept;
    return order;
}

#define MANY 64u /* from here on acts are kept as an import: packed, one log row for thousands */

gboolean nx_store_suppress(struct nx_store *store, const struct nx_manual *entries, size_t n, nx_when now,
                           struct nx_suppressed *ret, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_change *changes = g_new0(struct nx_change, MAX(n, 1));
    for (size_t i = 0; i < n; i++) {
        const struct nx_manual *entry = &entries[i];
        struct nx_change *change = &changes[i];
        *change = (struct nx_change){.act = NX_ACT_SUPPRESS,
                                     .stream = entry->stream,
                                     .cause = entry->cause,
                                     .since = entry->since == NX_WHEN_NONE ? now : entry->since,
                                     .until = entry->until,
                                     .reason = entry->reason,
                                     .actor = entry->actor,
                                     .source = entry->source};
        if (!fold(store, arena, entry->address, change, error))
            return FALSE;
    }
    struct task task = {.run = run_acts, .n = n, .now = now, .changes = changes};
    g_autofree const struct nx_change **sorted = n >= MANY ? sort_unique(changes, n, &task.n) : NULL;
    if (sorted != NULL) {
        task.sorted = sorted;
        task.run = run_import;
    }
    if (!run_and_wait(store, &task, error))
        return FALSE;
    if (ret != NULL)
        *ret = (struct nx_suppressed){task.changed, task.erased_before};
    return TRUE;
}

/* One act on one address; what changed nothing was not there. */
static gboolean one_act(struct nx_store *store, struct nx_change *change, struct nx_str address, nx_when now, const char *missing,
                        bool *ret_erased, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    if (!fold(store, arena, address, change, error))
        return FALSE;
    change->since = now;
    change->until = NX_WHEN_NONE;
    struct task task = {.run = run_acts, .n = 1, .now = now, .changes = change};
    if (!run_and_wait(store, &task, error))
        return FALSE;
    if (ret_erased != NULL)
        *ret_erased = task.erased_before > 0;
    if (task.changed > 0 || missing == NULL)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND, "%.*s: %s", NX_FMT(nx_str_sub(address, 0, 100)), missing);
    return FALSE;
}

gboolean nx_store_release(struct nx_store *store, struct nx_str address, struct nx_str stream, struct nx_str reason,
                          struct nx_str actor, nx_when now, bool *ret_erased, GError **error)
{
    struct nx_change change = {.act = NX_ACT_RELEASE, .stream = stream, .reason = reason, .actor = actor};
    return one_act(store, &change, address, now, "is not suppressed, nothing to release", ret_erased, error);
}

gboolean nx_store_release_all(struct nx_store *store, const struct nx_manual *entries, size_t n, nx_when now, size_t *ret_lifted,
                              GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_change *changes = g_new0(struct nx_change, MAX(n, 1));
    for (size_t i = 0; i < n; i++) {
        changes[i] = (struct nx_change){.act = NX_ACT_RELEASE,
                                        .stream = entries[i].stream,
                                        .since = now,
                                        .until = NX_WHEN_NONE,
                                        .reason = entries[i].reason,
                                        .actor = entries[i].actor,
                                        .source = entries[i].source};
        if (!fold(store, arena, entries[i].address, &changes[i], error))
            return FALSE;
    }
    struct task task = {.run = run_acts, .n = n, .now = now, .changes = changes};
    if (!run_and_wait(store, &task, error))
        return FALSE;
    *ret_lifted = task.changed;
    return TRUE;
}

static gboolean run_settle(struct nx_store *store, struct task *task, GError **error)
{
    return store->ops->settle(store->backend, task->settle, task->keys, task->now, &task->changed, error);
}

gboolean nx_store_settle(struct nx_store *store, const struct nx_settle *settle, nx_when now, size_t *ret_settled, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_str *keys = g_new0(struct nx_str, MAX(settle->n, 1));
    for (size_t i = 0; i < settle->n; i++) {
        struct nx_change change;
        if (!fold(store, arena, settle->addresses[i], &change, error))
            return FALSE;
        keys[i] = change.key;
    }
    struct task task = {.run = run_settle, .now = now, .settle = settle, .keys = keys};
    if (!run_and_wait(store, &task, error))
        return FALSE;
    *ret_settled = task.changed;
    return TRUE;
}

gboolean nx_store_dismiss(struct nx_store *store, struct nx_str domain, struct nx_str reason, struct nx_str actor, nx_when now,
                          GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_change change = {.act = NX_ACT_DISMISS, .reason = reason, .actor = actor};
    struct nx_str address = nx_arena_printf(arena, "@%.*s", NX_FMT(domain));
    return one_act(store, &change, address, now, "is refused already", NULL, error);
}

gboolean nx_store_allow(struct nx_store *store, struct nx_str address, bool allow, struct nx_str reason, struct nx_str actor,
                        nx_when now, GError **error)
{
    struct nx_change change = {.act = allow ? NX_ACT_ALLOW : NX_ACT_DISALLOW, .reason = reason, .actor = actor};
    return one_act(store, &change, address, now, allow ? NULL : "is not on the allow list", NULL, error);
}

static gboolean run_forget(struct nx_store *store, struct task *task, GError **error)
{
    return store->ops->forget(store->backend, task->forget, task->addresses, task->now, task->erased, &task->cleared->messages, error);
}

static gboolean run_mentions(struct nx_store *store, struct task *task, GError **error)
{
    return store->ops->mentions(store->backend, task->addresses, task->n, store->rules, &task->after, &task->cleared->mentions, error);
}

static gboolean run_lose_erased(struct nx_store *store, struct task *task, GError **error)
{
    return store->ops->lose_erased(store->backend, task->now, task->lost, error);
}

gboolean nx_store_lose_erased(struct nx_store *store, nx_when now, uint64_t *ret, GError **error)
{
    struct task task = {.run = run_lose_erased, .now = now, .lost = ret};
    return run_and_wait(store, &task, error);
}

static gboolean run_wipe(struct nx_store *store, struct task *task, GError **error)
{
    (void)task;
    return store->ops->wipe(store->backend, error);
}

static gboolean fold_person(struct nx_arena *arena, struct nx_str text, const struct nx_fold_rules *rules, struct nx_address *ret,
                            GError **error)
{
    const char *why;
    if (!nx_address_fold(arena, text, rules, ret, &why))
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%.*s' is no address: %s", NX_FMT(nx_str_sub(text, 0, 100)), why);
    else if (ret->local.n == 0)
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE,
                    "%.*s is a whole domain, which is nobody's personal data (nixie release takes its entry off the list)",
                    NX_FMT(nx_str_sub(text, 0, 100)));
    else
        return TRUE;
    return FALSE;
}

static gboolean fold_people(struct nx_store *store, struct nx_arena *arena, const struct nx_forget *forget, struct nx_address *ret,
                            GError **error)
{
    for (size_t i = 0; i < forget->n; i++)
        if (!fold_person(arena, forget->addresses[i], store->rules, &ret[i], error))
            return FALSE;
    return TRUE;
}

gboolean nx_reader_forgettable(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address, GError **error)
{
    struct nx_address folded;
    return fold_person(arena, address, reader->rules, &folded, error);
}

gboolean nx_store_forget(struct nx_store *store, const struct nx_forget *forget, nx_when now, struct nx_erased *ret,
                         struct nx_cleared *ret_cleared, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_address *addresses = g_new0(struct nx_address, forget->n + 1);
    g_autofree struct nx_erased *erased = g_new0(struct nx_erased, forget->n + 1);
    struct nx_cleared cleared = {0};
    struct task task = {.run = run_forget,
                        .forget = forget,
                        .addresses = addresses,
                        .erased = erased,
                        .cleared = &cleared,
                        .now = now};
    if (!fold_people(store, arena, forget, addresses, error) || !run_and_wait(store, &task, error))
        return FALSE;
    struct task step = {.run = run_mentions, .addresses = addresses, .n = forget->n, .cleared = &cleared};
    do {
        step.done = false;
        step.next = NULL;
        if (!run_and_wait(store, &step, error))
            return FALSE;
    } while (step.after > 0);
    struct task wipe = {.run = run_wipe, .alone = true};
    g_autofree char *table = g_strconcat(store->path, ".lookup", NULL);
    unlink(table); /* made anew by whoever asks next */
    memcpy(ret, erased, forget->n * sizeof *ret);
    *ret_cleared = cleared;
    return run_and_wait(store, &wipe, error);
}

gboolean nx_store_rejudge(struct nx_store *store, const struct nx_rejudged *acts, size_t n, struct nx_str actor, nx_when now,
                          size_t *ret_done, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_change *changes = g_new0(struct nx_change, MAX(2 * n, 1));
    struct task task = {.run = run_acts, .now = now, .changes = changes};
    for (size_t i = 0; i < n; i++) {
        struct nx_change change = {.stream = acts[i].stream,
                                   .planned = true,
                                   .sequence = acts[i].sequence,
                                   .since = now,
                                   .until = NX_WHEN_NONE,
                                   .reason = acts[i].reason,
                                   .actor = actor,
                                   .source = NX_STR(NX_SOURCE_REPLAY)};
        if (!fold(store, arena, acts[i].address, &change, error))
            return FALSE;
        if (acts[i].lift) {
            change.act = NX_ACT_RELEASE;
            change.cause = acts[i].old;
            changes[task.n] = change;
            if (acts[i].stream.n == 0)
                changes[task.n].stream = NX_STR(NX_STREAM_UNNAMED);
            task.n++;
            change.sequence = 0;
        }
        if (acts[i].put) {
            change.act = NX_ACT_REJUDGE;
            change.cause = acts[i].cause;
            change.class_ = acts[i].class_;
            change.since = acts[i].since;
            change.until = acts[i].until;
            changes[task.n++] = change;
        }
    }
    if (!run_and_wait(store, &task, error))
        return FALSE;
    *ret_done = task.changed;
    return TRUE;
}

static gboolean run_retain(struct nx_store *store, struct task *task, GError **error)
{
    return store->ops->retain(store->backend, task->retention, task->now, task->dry, task->cursor, task->retained, error);
}

gboolean nx_store_retain(struct nx_store *store, const struct nx_retention *retention, nx_when now, bool dry,
                         bool (*go_on)(void *data), void *data, struct nx_retained *ret, GError **error)
{
    struct nx_retain_cursor cursor = {0};
    struct nx_retained retained = {0};
    gboolean good = TRUE;
    while (good && !cursor.done && (go_on == NULL || go_on(data))) {
        struct task task = {.run = run_retain, .alone = true, .now = now, .retention = retention, .dry = dry, .cursor = &cursor,
                            .retained = &retained};
        good = run_and_wait(store, &task, error);
    }
    g_free(cursor.key);
    g_autofree char *table = g_strconcat(store->path, ".lookup", NULL);
    if (retained.addresses > 0 && !dry)
        unlink(table);
    *ret = retained;
    return good;
}

static gboolean run_rebuild(struct nx_store *store, struct task *task, GError **error)
{
    return store->ops->rebuild(store->backend, true, task->rebuilt, error);
}

gboolean nx_store_rebuild(struct nx_store *store, struct nx_rebuilt *ret, GError **error)
{
    struct task task = {.run = run_rebuild, .alone = true, .rebuilt = ret};
    return run_and_wait(store, &task, error);
}

static gboolean run_check(struct nx_store *store, struct task *task, GError **error)
{
    (void)task;
    return store->ops->check(store->backend, error);
}

gboolean nx_store_check(struct nx_store *store, GError **error)
{
    struct task task = {.run = run_check, .alone = true};
    return run_and_wait(store, &task, error);
}

const char *nx_store_path(const struct nx_store *store)
{
    return store->path;
}

struct nx_reader *nx_reader_new(struct nx_store *store, GError **error)
{
    struct nx_reader *reader = store->ops->reader_new(store->path, error);
    if (reader != NULL) {
        reader->rules = store->rules;
        reader->streams = store->streams;
    }
    return reader;
}

void nx_reader_free(struct nx_reader *reader)
{
    if (reader != NULL)
        reader->ops->reader_free(reader);
}

gboolean nx_reader_fold(struct nx_reader *reader, struct nx_arena *arena, struct nx_str text, struct nx_address *ret,
                        GError **error)
{
    const char *why;
    if (nx_address_fold(arena, text, reader->rules, ret, &why))
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%.*s' is no address: %s", NX_FMT(nx_str_sub(text, 0, 100)), why);
    return FALSE;
}

int nx_reader_lookup(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address, struct nx_str stream, nx_when now,
                     struct nx_entry *ret_entry, bool *ret_allowed, GError **error)
{
    struct nx_address folded;
    bool allowed = false;
    if (!nx_reader_fold(reader, arena, address, &folded, error))
        return -1;
    int found = reader->ops->lookup(reader, arena, &folded, stream, now, ret_entry, &allowed, error);
    if (ret_allowed != NULL)
        *ret_allowed = allowed;
    return found;
}

gboolean nx_reader_list(struct nx_reader *reader, const struct nx_filter *filter, nx_when now, nx_entry_fn *fn, void *data,
                        GError **error)
{
    return reader->ops->list(reader, filter, now, fn, data, error);
}

gboolean nx_reader_erased(struct nx_reader *reader, nx_when now, uint64_t *ret, GError **error)
{
    return reader->ops->erased(reader, now, ret, error);
}

gboolean nx_reader_log(struct nx_reader *reader, const struct nx_log_filter *filter, nx_logged_fn *fn, void *data, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_address folded = {0};
    if (filter->address.n > 0 && !nx_reader_fold(reader, arena, filter->address, &folded, error))
        return FALSE;
    return reader->ops->log(reader, filter, folded.key, fn, data, error);
}

gboolean nx_reader_domains(struct nx_reader *reader, const struct nx_policy *policy, nx_when now, nx_domain_fn *fn, void *data,
                           GError **error)
{
    return reader->ops->domains(reader, policy, now, fn, data, error);
}

gboolean nx_reader_position(struct nx_reader *reader, int64_t *ret, GError **error)
{
    return reader->ops->position(reader, ret, error);
}

int nx_reader_mark(struct nx_reader *reader, struct nx_str name, int64_t *ret, GError **error)
{
    return reader->ops->get_mark(reader, name, ret, error);
}

int nx_reader_raw(struct nx_reader *reader, struct nx_arena *arena, struct nx_str event_id, struct nx_raw *ret, GError **error)
{
    return reader->ops->raw(reader, arena, event_id, ret, error);
}

gboolean nx_reader_tally(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                         nx_tally_fn *fn, void *data, GError **error)
{
    return reader->ops->tally(reader, by, then, filter, fn, data, error);
}
