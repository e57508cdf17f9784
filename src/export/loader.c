/* SPDX-License-Identifier: Apache-2.0 */
#include "export/loader.h"

#include "base/error.h"
#include "base/sorter.h"

#include <pthread.h>

#define MEMORY (96u << 20) /* of entries that are gathered before they are sorted */
#define LOADER_RUN 131072u /* entries in one transaction */
#define PATIENCE 120u      /* times five seconds that another writer is waited for */

struct batch {
    struct nx_arena *arena;
    struct nx_manual *entries; /* LOADER_RUN */
    struct nx_str *keys;
    size_t n;
};

struct nx_loader {
    struct nx_store *store;
    const struct nx_lookup *lookup;
    struct nx_sorter *sorter;
    struct nx_str actor, source;
    nx_when now;
    struct batch batches[2]; /* one is filled while the other is written */
    pthread_t thread;
    bool busy;
    const struct batch *written;
    struct nx_suppressed done;
    GError *error; /* of the thread */
};

struct packed { /* the payload: then address and reason */
    nx_when since, until;
    uint16_t cause, key, address, reason;
};

struct nx_loader *nx_loader_new(struct nx_store *store, const struct nx_lookup *lookup, const char *directory, struct nx_str actor,
                                struct nx_str source)
{
    struct nx_loader *loader = g_new0(struct nx_loader, 1);
    loader->store = store;
    loader->lookup = lookup;
    loader->sorter = nx_sorter_new(directory, MEMORY);
    loader->actor = actor;
    loader->source = source;
    return loader;
}

void nx_loader_free(struct nx_loader *loader)
{
    if (loader == NULL)
        return;
    if (loader->busy)
        pthread_join(loader->thread, NULL);
    g_clear_error(&loader->error);
    for (size_t i = 0; i < G_N_ELEMENTS(loader->batches); i++) {
        nx_arena_free(loader->batches[i].arena);
        g_free(loader->batches[i].entries);
        g_free(loader->batches[i].keys);
    }
    nx_sorter_free(loader->sorter);
    g_free(loader);
}

static char *put(char *at, struct nx_str text)
{
    if (text.n > 0)
        memcpy(at, text.p, text.n);
    return at + text.n;
}

/* Is the address what the key says, so that it need not be kept? */
static bool is_folded(struct nx_str address, struct nx_str key)
{
    size_t domain = nx_str_chr(key, '@');
    return address.n == key.n && nx_str_eq(nx_str_from(key, domain + 1), nx_str_sub(address, 0, key.n - domain - 1)) &&
           nx_str_eq(nx_str_sub(key, 0, domain), nx_str_from(address, key.n - domain)) && address.p[key.n - domain - 1] == '@';
}

gboolean nx_loader_add(struct nx_loader *loader, const struct nx_manual *entry, struct nx_str key, GError **error)
{
    struct nx_str address = is_folded(entry->address, key) ? NX_STR_NONE : entry->address;
    char text[2 * NX_ADDRESS_MAX + UINT8_MAX], payload[sizeof(struct packed) + 2 * NX_ADDRESS_MAX];
    struct nx_str reason = nx_str_sub(entry->reason, 0, NX_ADDRESS_MAX);
    if (key.n + 1 + entry->stream.n > sizeof text || address.n > NX_ADDRESS_MAX) {
        g_set_error(error, NX_ERROR, NX_ERROR_LIMIT, "the name of a stream has %zu bytes (give a shorter one: --stream)",
                    entry->stream.n);
        return FALSE;
    }
    const struct packed packed = {.since = entry->since,
                                  .until = entry->until,
                                  .cause = (uint16_t)entry->cause,
                                  .key = (uint16_t)key.n,
                                  .address = (uint16_t)address.n,
                                  .reason = (uint16_t)reason.n};
    char *at = put(text, key); /* no key and no stream holds a NUL, so this sorts by key and then by stream */
    *at++ = '\0';
    at = put(at, entry->stream);
    char *end = put(put(put(payload, (struct nx_str){(const char *)&packed, sizeof packed}), address), reason);
    return nx_sorter_add(loader->sorter, (struct nx_str){text, (size_t)(at - text)},
                         (struct nx_str){payload, (size_t)(end - payload)}, error);
}

static void unpack(const struct nx_loader *loader, struct batch *batch, struct nx_str text, struct nx_str payload)
{
    struct packed packed;
    memcpy(&packed, payload.p, sizeof packed);
    text = nx_arena_dup(batch->arena, text);
    payload = nx_arena_dup(batch->arena, nx_str_from(payload, sizeof packed));
    struct nx_str key = nx_str_sub(text, 0, packed.key), address = nx_str_sub(payload, 0, packed.address);
    batch->keys[batch->n] = key;
    batch->entries[batch->n++] = (struct nx_manual){.address = address.n > 0 ? address : nx_address_of_key(batch->arena, key),
                                                    .stream = nx_str_from(text, packed.key + 1u),
                                                    .cause = (enum nx_cause)packed.cause,
                                                    .since = packed.since,
                                                    .until = packed.until,
                                                    .reason = nx_str_from(payload, packed.address),
                                                    .actor = loader->actor,
                                                    .source = loader->source};
}

/* 1 there is something in it, 0 nothing is left, -1 error. */
static int fill(struct nx_loader *loader, struct batch *batch, GError **error)
{
    struct nx_str text, payload;
    int got = 1;
    if (batch->entries == NULL) {
        batch->arena = nx_arena_new();
        batch->entries = g_new(struct nx_manual, LOADER_RUN);
        batch->keys = g_new(struct nx_str, LOADER_RUN);
    }
    nx_arena_reset(batch->arena);
    batch->n = 0;
    while (batch->n < LOADER_RUN && (got = nx_sorter_next(loader->sorter, &text, &payload, error)) > 0)
        unpack(loader, batch, text, payload);
    return got < 0 ? -1 : batch->n > 0;
}

/* Somebody else who writes is waited for: an import is long, and others may be under way. */
static void *write_batch(void *data)
{
    struct nx_loader *loader = data;
    const struct batch *batch = loader->written;
    for (unsigned tries = 0;; tries++) {
        g_clear_error(&loader->error);
        if (nx_store_suppress(loader->store, batch->entries, batch->n, loader->now, &loader->done, &loader->error) ||
            !g_error_matches(loader->error, NX_ERROR, NX_ERROR_BUSY) || tries >= PATIENCE)
            return NULL;
    }
}

/* What would change if it were written: of several entries for one address and stream one at most. */
static void *ask_batch(void *data)
{
    struct nx_loader *loader = data;
    const struct batch *batch = loader->written;
    for (size_t i = 0; i < batch->n; i++) {
        const struct nx_manual *entry = &batch->entries[i];
        struct nx_hit hit = {.answer = NX_ANSWER_OK};
        if (i > 0 && nx_str_eq(batch->keys[i], batch->keys[i - 1]) && nx_str_eq(entry->stream, entry[-1].stream))
            continue;
        if (loader->lookup != NULL)
            nx_lookup_find(loader->lookup, &batch->keys[i], 1, entry->stream, loader->now, &hit);
        loader->done.erased += hit.erased;
        const struct nx_standing standing = {.present = hit.answer == NX_ANSWER_SUPPRESSED && !hit.domain,
                                             .cause = hit.cause,
                                             .since = hit.since,
                                             .until = hit.until};
        loader->done.changed += !hit.erased && nx_standing_gives_way(&standing, entry->cause, entry->until, loader->now);
    }
    return NULL;
}

static gboolean finish(struct nx_loader *loader, struct nx_suppressed *done, GError **error)
{
    if (!loader->busy)
        return TRUE;
    pthread_join(loader->thread, NULL);
    loader->busy = false;
    if (loader->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&loader->error));
        return FALSE;
    }
    done->changed += loader->done.changed;
    done->erased += loader->done.erased;
    return TRUE;
}

static gboolean start(struct nx_loader *loader, const struct batch *batch, GError **error)
{
    loader->written = batch;
    loader->done = (struct nx_suppressed){0};
    int failed = pthread_create(&loader->thread, NULL, loader->store != NULL ? write_batch : ask_batch, loader);
    loader->busy = failed == 0;
    if (failed != 0)
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "cannot start a thread: %s (try again)", g_strerror(failed));
    return failed == 0;
}

gboolean nx_loader_run(struct nx_loader *loader, nx_when now, void (*progress)(void *data, uint64_t done, uint64_t all), void *data,
                       struct nx_suppressed *ret, GError **error)
{
    uint64_t done = 0, last = 0;
    loader->now = now;
    *ret = (struct nx_suppressed){0};
    gboolean good = nx_sorter_end(loader->sorter, error);
    for (size_t i = 0; good; i ^= 1) {
        struct batch *batch = &loader->batches[i];
        int got = fill(loader, batch, error);
        good = finish(loader, ret, got < 0 ? NULL : error) && got >= 0;
        done += good ? last : 0;
        if (good && progress != NULL)
            progress(data, done, nx_sorter_count(loader->sorter));
        if (got <= 0)
            break;
        last = batch->n;
        good = good && start(loader, batch, error);
    }
    return finish(loader, ret, NULL) && good;
}
