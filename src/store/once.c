/* SPDX-License-Identifier: Apache-2.0 */
/* What is done once however often it is asked for, and answered as the first time. */
#include "store/writer.h"

#include "base/error.h"

static int recall(struct nx_store *store, struct nx_once *once, nx_when now, GError **error)
{
    g_string_truncate(once->answer, 0);
    int known = once->claim.token.n == 0 ? 0 : store->ops->recall(store->backend, &once->claim, now, once->answer, error);
    once->repeated = known > 0;
    return known;
}

static gboolean keep(struct nx_store *store, const struct nx_once *once, nx_when now, GError **error)
{
    if (once->claim.token.n == 0)
        return TRUE;
    if (once->answer->len > NX_ANSWER_MAX) {
        g_set_error(error, NX_ERROR, NX_ERROR_LIMIT,
                    "the answer has more than %u bytes and cannot be kept for a repeat (send shorter texts, or no key)",
                    NX_ANSWER_MAX);
        return FALSE;
    }
    return store->ops->keep(store->backend, &once->claim, now, once->answer, error);
}

gboolean nx_once_run(struct nx_store *store, struct nx_task *task, GError **error)
{
    struct nx_once *once = task->once;
    int known = recall(store, once, task->now, error);
    if (known != 0)
        return known > 0;
    struct nx_reader *reader = task->run(store, task, error) ? store->ops->reader_within(store->backend, error) : NULL;
    if (reader == NULL)
        return FALSE;
    reader->rules = store->rules;
    reader->streams = store->streams;
    const struct nx_acted acted = {task->changed, task->erased_before};
    int done = once->fn(once->data, reader, &acted, once->answer, error);
    return done > 0 ? keep(store, once, task->now, error) : done == 0;
}

static gboolean run_recall(struct nx_store *store, struct nx_task *task, GError **error)
{
    return recall(store, task->answered, task->now, error) >= 0;
}

static gboolean run_keep(struct nx_store *store, struct nx_task *task, GError **error)
{
    return keep(store, task->answered, task->now, error);
}

gboolean nx_store_recall(struct nx_store *store, struct nx_once *once, nx_when now, GError **error)
{
    struct nx_task task = {.run = run_recall, .now = now, .answered = once};
    return once->claim.token.n == 0 || nx_writer_wait(store, &task, error);
}

int nx_reader_recall(struct nx_reader *reader, struct nx_once *once, nx_when now, GError **error)
{
    g_string_truncate(once->answer, 0);
    int known = once->claim.token.n == 0 ? 0 : reader->ops->answered(reader, &once->claim, now, once->answer, error);
    once->repeated = known > 0;
    return known;
}

gboolean nx_store_keep(struct nx_store *store, struct nx_once *once, nx_when now, GError **error)
{
    struct nx_task task = {.run = run_keep, .now = now, .answered = once};
    return once->claim.token.n == 0 || nx_writer_wait(store, &task, error);
}
