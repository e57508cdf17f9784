/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sent.h"

#include "base/error.h"
#include "decide/stream.h"

static const struct nx_backend_ops *const backends[] = {&nx_sqlite_ops};

struct nx_store *nx_store_open(const char *path, enum nx_open_mode mode, const struct nx_policy *policy,
                               const struct nx_fold_rules *rules, GError **error)
{
    const struct nx_backend_ops *ops = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(backends) && ops == NULL; i++)
        if (g_str_has_prefix(path, backends[i]->prefix))
            ops = backends[i];
    g_assert(ops != NULL); /* the last takes every path */
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
    if (nx_writer_start(store, error))
        return store;
    ops->close(backend);
    store->backend = NULL;
    nx_store_close(store);
    return NULL;
}

void nx_store_close(struct nx_store *store)
{
    if (store == NULL)
        return;
    if (store->backend != NULL) {
        nx_writer_stop(store);
        store->ops->close(store->backend);
    }
    nx_arena_free(store->scratch);
    nx_fold_rules_free(store->rules);
    nx_streams_unref(store->streams);
    g_free(store->path);
    g_free(store);
}

static gboolean run_add(struct nx_store *store, struct nx_task *task, GError **error)
{
    if (task->claim != NULL && !store->ops->claim(store->backend, task->claim, task->now, error))
        return FALSE;
    for (size_t i = 0; i < task->n; i++) {
        struct nx_address address = {0};
        const char *why = NULL;
        const struct nx_event *event = &task->events[i];
        struct nx_event resolved;
        if (!nx_sent_resolve(store, &event, &resolved, error))
            return FALSE;
        struct nx_str recipient = event->report.recipient;
        if (recipient.n > 0)
            (void)nx_address_fold(store->scratch, recipient, store->rules, &address, &why);
        if (!store->ops->add(store->backend, task->arena, event, &address, why, task->now, &task->ret_stored[i], error))
            return FALSE;
    }
    return TRUE;
}

gboolean nx_store_add(struct nx_store *store, struct nx_arena *arena, const struct nx_event *events, size_t n, nx_when now,
                      struct nx_stored *ret_stored, GError **error)
{
    struct nx_task task = {.run = run_add, .arena = arena, .events = events, .n = n, .now = now, .ret_stored = ret_stored};
    return nx_writer_wait(store, &task, error);
}

gboolean nx_store_submit(struct nx_store *store, struct nx_arena *arena, const struct nx_event *events, size_t n,
                         const struct nx_claim *claim, struct nx_once *once, nx_when now, struct nx_stored *ret_stored,
                         nx_stored_fn *fn, void *data, GError **error)
{
    struct nx_task *task = g_new0(struct nx_task, 1);
    *task = (struct nx_task){.run = run_add,
                             .arena = arena,
                             .events = events,
                             .n = n,
                             .claim = claim,
                             .once = once,
                             .now = now,
                             .ret_stored = ret_stored,
                             .fn = fn,
                             .data = data};
    if (nx_writer_enqueue(store, task, false, error))
        return TRUE;
    g_free(task);
    return FALSE;
}

static gboolean run_mark(struct nx_store *store, struct nx_task *task, GError **error)
{
    return store->ops->mark(store->backend, task->name, task->value, error);
}

gboolean nx_store_mark(struct nx_store *store, struct nx_str name, int64_t value, GError **error)
{
    struct nx_task task = {.run = run_mark, .name = name, .value = value};
    return nx_writer_wait(store, &task, error);
}

static gboolean run_limit_raw(struct nx_store *store, struct nx_task *task, GError **error)
{
    (void)error;
    store->ops->limit_raw(store->backend, task->raw_limits);
    return TRUE;
}

void nx_store_limit_raw(struct nx_store *store, const struct nx_raw_limits *limits)
{
    struct nx_task task = {.run = run_limit_raw, .alone = true, .raw_limits = limits};
    if (store->backend != NULL)
        (void)!nx_writer_wait(store, &task, NULL);
}

static gboolean run_rebuild(struct nx_store *store, struct nx_task *task, GError **error)
{
    return store->ops->rebuild(store->backend, task->rebuilt, error);
}

gboolean nx_store_rebuild(struct nx_store *store, struct nx_rebuilt *ret, GError **error)
{
    struct nx_task task = {.run = run_rebuild, .alone = true, .rebuilt = ret};
    return nx_writer_wait(store, &task, error);
}

static gboolean run_shrink(struct nx_store *store, struct nx_task *task, GError **error)
{
    return store->ops->shrink(store->backend, task->dry, error);
}

gboolean nx_store_shrink(struct nx_store *store, bool dry, GError **error)
{
    struct nx_task task = {.run = run_shrink, .alone = true, .dry = dry};
    return nx_writer_wait(store, &task, error);
}

gboolean nx_store_check(struct nx_store *store, GError **error)
{
    g_autoptr(nx_reader) reader = nx_reader_new(store, error);
    return reader != NULL && reader->ops->check(reader, error);
}

const char *nx_store_path(const struct nx_store *store)
{
    return store->path;
}
