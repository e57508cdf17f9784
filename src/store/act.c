/* SPDX-License-Identifier: Apache-2.0 */
/* What is changed by hand, by import and by a replay. */
#include "store/writer.h"

#include "base/error.h"

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

static gboolean run_acts(struct nx_store *store, struct nx_task *task, GError **error)
{
    bool before = false, counted = false;
    task->changed = task->erased_before = 0;
    for (size_t i = 0; i < task->n; i++) {
        const struct nx_change *change = &task->changes[i];
        bool changed = false, erased = false;
        if ((!change->then || before) && !store->ops->act(store->backend, change, task->now, &changed, &erased, error))
            return FALSE;
        before = changed;
        counted = counted && change->part;
        task->changed += changed && !counted;
        counted = counted || changed;
        task->erased_before += erased;
    }
    return TRUE;
}

static gboolean run_import(struct nx_store *store, struct nx_task *task, GError **error)
{
    return store->ops->import(store->backend, task->sorted, task->n, task->now, &task->changed, &task->erased_before, error);
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
    struct nx_task task = {.run = run_acts, .n = n, .now = now, .changes = changes, .once = n > 0 ? entries[0].once : NULL};
    g_autofree const struct nx_change **sorted = n >= MANY ? sort_unique(changes, n, &task.n) : NULL;
    if (sorted != NULL) {
        task.sorted = sorted;
        task.run = run_import;
    }
    if (!nx_writer_wait(store, &task, error))
        return FALSE;
    if (ret != NULL)
        *ret = (struct nx_suppressed){task.changed, task.erased_before};
    return TRUE;
}

/* One act on one address; what changed nothing was not there. */
static gboolean one_act(struct nx_store *store, struct nx_change *change, struct nx_str address, nx_when now, const char *missing,
                        struct nx_once *once, bool *ret_erased, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    if (!fold(store, arena, address, change, error))
        return FALSE;
    change->since = now;
    change->until = NX_WHEN_NONE;
    struct nx_task task = {.run = run_acts, .n = 1, .now = now, .changes = change, .once = once};
    if (!nx_writer_wait(store, &task, error))
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
    return one_act(store, &change, address, now, "is not suppressed, nothing to release", NULL, ret_erased, error);
}

gboolean nx_store_release_all(struct nx_store *store, const struct nx_manual *entries, size_t n, nx_when now, size_t *ret_lifted,
                              GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_change *changes = g_new0(struct nx_change, MAX(n, 1));
    for (size_t i = 0; i < n; i++) {
        changes[i] = (struct nx_change){.act = NX_ACT_RELEASE,
                                        .stream = entries[i].stream,
                                        .cause = entries[i].cause,
                                        .planned = entries[i].sequence > 0,
                                        .sequence = entries[i].sequence,
                                        .since = now,
                                        .until = NX_WHEN_NONE,
                                        .reason = entries[i].reason,
                                        .actor = entries[i].actor,
                                        .source = entries[i].source};
        if (!fold(store, arena, entries[i].address, &changes[i], error))
            return FALSE;
    }
    struct nx_task task = {.run = run_acts, .n = n, .now = now, .changes = changes, .once = n > 0 ? entries[0].once : NULL};
    if (!nx_writer_wait(store, &task, error))
        return FALSE;
    *ret_lifted = task.changed;
    return TRUE;
}

static gboolean run_settle(struct nx_store *store, struct nx_task *task, GError **error)
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
    struct nx_task task = {.run = run_settle, .now = now, .settle = settle, .keys = keys, .once = settle->once};
    if (!nx_writer_wait(store, &task, error))
        return FALSE;
    *ret_settled = task.changed;
    return TRUE;
}

gboolean nx_store_dismiss(struct nx_store *store, struct nx_str domain, struct nx_str reason, struct nx_str actor,
                          struct nx_once *once, nx_when now, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_change change = {.act = NX_ACT_DISMISS, .reason = reason, .actor = actor};
    struct nx_str address = nx_arena_printf(arena, "@%.*s", NX_FMT(domain));
    return one_act(store, &change, address, now, once != NULL ? NULL : "is refused already", once, NULL, error);
}

gboolean nx_store_confirm(struct nx_store *store, const struct nx_policy *policy, struct nx_str domain, const struct nx_manual *by,
                          nx_when now, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_manual entry = *by;
    int64_t ttl = policy->causes[NX_CAUSE_BAD_DOMAIN].ttl;
    entry.address = nx_arena_printf(arena, "@%.*s", NX_FMT(domain));
    entry.cause = NX_CAUSE_BAD_DOMAIN;
    entry.since = NX_WHEN_NONE;
    entry.until = ttl > 0 ? now + ttl : NX_WHEN_NONE;
    return nx_store_suppress(store, &entry, 1, now, NULL, error);
}

gboolean nx_store_allow(struct nx_store *store, struct nx_str address, bool allow, struct nx_str reason, struct nx_str actor,
                        nx_when now, GError **error)
{
    struct nx_change change = {.act = allow ? NX_ACT_ALLOW : NX_ACT_DISALLOW, .reason = reason, .actor = actor};
    return one_act(store, &change, address, now, allow ? NULL : "is not on the allow list", NULL, NULL, error);
}

/* What one of them is made of, in order: up to three changes. */
static size_t split(const struct nx_rejudged *what, const struct nx_change *common, struct nx_change *ret)
{
    size_t n = 0;
    if (what->drop) {
        ret[n] = *common;
        ret[n].act = NX_ACT_HOLD_DROP;
        ret[n].cause = what->dropped;
        ret[n].sequence = what->held;
        ret[n].remote = what->remote;
        ret[n++].until = what->lapses;
    }
    if (what->lift) {
        ret[n] = *common;
        ret[n].act = NX_ACT_RELEASE;
        ret[n].cause = what->lifted;
        ret[n++].stream = what->stream.n == 0 ? NX_STR(NX_STREAM_UNNAMED) : what->stream;
    }
    if (what->put || what->hold) {
        ret[n] = *common;
        ret[n].act = what->put ? NX_ACT_REJUDGE : NX_ACT_REHOLD;
        ret[n].cause = what->cause;
        ret[n].class_ = what->class_;
        ret[n].since = what->since;
        ret[n].until = what->put ? what->until : what->lapses;
        ret[n].sequence = what->lift ? 0 : what->put ? what->sequence : what->held; /* who lifts ends the hold as well */
        ret[n].remote = what->hold ? what->remote : NX_STR_NONE;
        ret[n++].diagnostic = what->diagnostic;
    }
    for (size_t i = 1; i < n; i++)
        ret[i].then = ret[i].part = true;
    return n;
}

gboolean nx_store_rejudge(struct nx_store *store, const struct nx_rejudged *acts, size_t n, struct nx_str actor, nx_when now,
                          size_t *ret_done, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_change *changes = g_new0(struct nx_change, MAX(3 * n, 1));
    struct nx_task task = {.run = run_acts, .now = now, .changes = changes};
    for (size_t i = 0; i < n; i++) {
        struct nx_change common = {.stream = acts[i].stream,
                                   .planned = true,
                                   .sequence = acts[i].sequence,
                                   .since = now,
                                   .until = NX_WHEN_NONE,
                                   .reason = acts[i].reason,
                                   .actor = actor,
                                   .source = NX_STR(NX_SOURCE_REPLAY),
                                   .then = i > 0 && nx_str_eq(acts[i].address, acts[i - 1].address)};
        if (!fold(store, arena, acts[i].address, &common, error))
            return FALSE;
        task.n += split(&acts[i], &common, &changes[task.n]);
    }
    if (!nx_writer_wait(store, &task, error))
        return FALSE;
    *ret_done = task.changed;
    return TRUE;
}
