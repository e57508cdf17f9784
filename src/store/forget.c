/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken out of the store: addresses on request, and what is past its time. */
#include "store/writer.h"

#include "base/error.h"

#include <unistd.h>

static gboolean run_forget(struct nx_store *store, struct nx_task *task, GError **error)
{
    return store->ops->forget(store->backend, task->forget, task->addresses, task->now, task->erased, &task->cleared->messages,
                              error);
}

static gboolean run_mentions(struct nx_store *store, struct nx_task *task, GError **error)
{
    return store->ops->mentions(store->backend, task->addresses, task->n, store->rules, &task->after, &task->cleared->mentions,
                                error);
}

static gboolean run_lose_erased(struct nx_store *store, struct nx_task *task, GError **error)
{
    return store->ops->lose_erased(store->backend, task->now, task->lost, error);
}

gboolean nx_store_lose_erased(struct nx_store *store, nx_when now, uint64_t *ret, GError **error)
{
    struct nx_task task = {.run = run_lose_erased, .now = now, .lost = ret};
    return nx_writer_wait(store, &task, error);
}

static gboolean run_wipe(struct nx_store *store, struct nx_task *task, GError **error)
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
    struct nx_task task = {
        .run = run_forget, .forget = forget, .addresses = addresses, .erased = erased, .cleared = &cleared, .now = now};
    if (!fold_people(store, arena, forget, addresses, error) || !nx_writer_wait(store, &task, error))
        return FALSE;
    struct nx_task step = {.run = run_mentions, .addresses = addresses, .n = forget->n, .cleared = &cleared};
    do {
        if (!nx_writer_wait(store, &step, error))
            return FALSE;
    } while (step.after > 0);
    struct nx_task wipe = {.run = run_wipe, .alone = true};
    g_autofree char *table = g_strconcat(store->path, ".lookup", NULL);
    unlink(table); /* made anew by whoever asks next */
    memcpy(ret, erased, forget->n * sizeof *ret);
    *ret_cleared = cleared;
    return nx_writer_wait(store, &wipe, error);
}

static gboolean run_retain(struct nx_store *store, struct nx_task *task, GError **error)
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
        struct nx_task task = {.run = run_retain,
                               .alone = true,
                               .now = now,
                               .retention = retention,
                               .dry = dry,
                               .cursor = &cursor,
                               .retained = &retained};
        good = nx_writer_wait(store, &task, error);
    }
    g_free(cursor.key);
    g_autofree char *table = g_strconcat(store->path, ".lookup", NULL);
    if (retained.addresses > 0 && !dry)
        unlink(table);
    *ret = retained;
    return good;
}
