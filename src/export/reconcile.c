/* SPDX-License-Identifier: Apache-2.0 */
#include "export/reconcile.h"

#include "base/error.h"
#include "base/sorter.h"

#define MEMORY (96u << 20) /* of rows that are gathered before they are sorted */
#define TEXT_MAX 500u      /* of the words that a provider kept */

struct nx_reconciler {
    const struct nx_lookup *lookup;
    struct nx_sorter *sorter;
    struct nx_str stream;
    unsigned grounds;
    nx_when now;
    nx_difference_fn *fn;
    void *data;
    GError *error;
    bool left;                     /* next is a row of theirs that was not judged yet */
    struct nx_str text, payload;   /* as the sorter gave it */
    struct nx_arena *arena, *own;  /* of one difference; of one entry of ours */
    char last[2 * NX_ADDRESS_MAX]; /* the key of ours that was judged last */
    size_t last_n;
};

struct packed { /* the payload: then address and words */
    nx_when since, until;
    uint16_t cause, address, text;
};

const char *nx_drift_name(enum nx_drift drift)
{
    static const char *const names[] = {[NX_DRIFT_SAME] = "same",
                                        [NX_DRIFT_THERE] = "there",
                                        [NX_DRIFT_HERE] = "here",
                                        [NX_DRIFT_GROUND] = "ground",
                                        [NX_DRIFT_ALLOWED] = "allowed"};
    return names[drift];
}

struct nx_reconciler *nx_reconciler_new(const struct nx_lookup *lookup, struct nx_str stream, unsigned grounds,
                                        const char *directory)
{
    struct nx_reconciler *reconciler = g_new0(struct nx_reconciler, 1);
    reconciler->lookup = lookup;
    reconciler->sorter = nx_sorter_new(directory, MEMORY);
    reconciler->stream = stream;
    reconciler->grounds = grounds;
    reconciler->arena = nx_arena_new();
    reconciler->own = nx_arena_new();
    return reconciler;
}

void nx_reconciler_free(struct nx_reconciler *reconciler)
{
    if (reconciler == NULL)
        return;
    g_clear_error(&reconciler->error);
    nx_sorter_free(reconciler->sorter);
    nx_arena_free(reconciler->arena);
    nx_arena_free(reconciler->own);
    g_free(reconciler);
}

gboolean nx_reconciler_add(struct nx_reconciler *reconciler, const struct nx_import_row *row, struct nx_str key, GError **error)
{
    struct nx_str words = nx_str_sub(row->text, 0, TEXT_MAX), stream = row->stream.n > 0 ? row->stream : reconciler->stream;
    const struct packed packed = {.since = row->since,
                                  .until = row->until,
                                  .cause = (uint16_t)row->cause,
                                  .address = (uint16_t)row->address.n,
                                  .text = (uint16_t)words.n};
    struct nx_buf text, payload;
    if ((reconciler->grounds & 1u << nx_ground_of(row->cause)) == 0)
        return TRUE;
    nx_arena_reset(reconciler->arena);
    nx_buf_init(&text, reconciler->arena, 2 * NX_ADDRESS_MAX);
    nx_buf_init(&payload, reconciler->arena, 4 * NX_ADDRESS_MAX);
    nx_buf_add(&text, key); /* no key and no stream holds a NUL, so this sorts by key and then by stream */
    nx_buf_addc(&text, '\0');
    nx_buf_add(&text, stream);
    nx_buf_add(&payload, (struct nx_str){(const char *)&packed, sizeof packed});
    nx_buf_add(&payload, row->address);
    nx_buf_add(&payload, words);
    if (!text.full && !payload.full)
        return nx_sorter_add(reconciler->sorter, nx_buf_str(&text), nx_buf_str(&payload), error);
    g_set_error(error, NX_ERROR, NX_ERROR_LIMIT, "line %" G_GUINT64_FORMAT ": the name of a stream has %zu bytes", row->line,
                stream.n);
    return FALSE;
}

static struct nx_import_row unpack(struct nx_str text, struct nx_str payload)
{
    struct packed packed;
    memcpy(&packed, payload.p, sizeof packed);
    payload = nx_str_from(payload, sizeof packed);
    return (struct nx_import_row){.address = nx_str_sub(payload, 0, packed.address),
                                  .text = nx_str_from(payload, packed.address),
                                  .stream = nx_str_from(text, nx_str_chr(text, '\0') + 1),
                                  .cause = (enum nx_cause)packed.cause,
                                  .since = packed.since,
                                  .until = packed.until};
}

static gboolean advance(struct nx_reconciler *reconciler)
{
    int got = nx_sorter_next(reconciler->sorter, &reconciler->text, &reconciler->payload, &reconciler->error);
    reconciler->left = got > 0;
    return got >= 0;
}

static struct nx_str key_of(struct nx_str text)
{
    return nx_str_sub(text, 0, nx_str_chr(text, '\0'));
}

static enum nx_drift drift_of(const struct nx_hit *here, enum nx_cause there)
{
    if (here->answer == NX_ANSWER_OK)
        return NX_DRIFT_THERE;
    if (here->answer == NX_ANSWER_ALLOWED)
        return NX_DRIFT_ALLOWED;
    enum nx_ground ours = nx_ground_of(here->cause), theirs = nx_ground_of(there);
    return here->erased || ours == theirs || ours == NX_GROUND_MANUAL || theirs == NX_GROUND_MANUAL ? NX_DRIFT_SAME
                                                                                                    : NX_DRIFT_GROUND;
}

/* Of several rows for one address the recipient's own wish stands, and a complaint before all. */
static bool outranks(enum nx_cause cause, enum nx_cause known)
{
    static const int ranks[] = {
        [NX_GROUND_BOUNCE] = 0, [NX_GROUND_MANUAL] = 1, [NX_GROUND_UNSUBSCRIBE] = 2, [NX_GROUND_COMPLAINT] = 3};
    return ranks[nx_ground_of(cause)] > ranks[nx_ground_of(known)];
}

/* The rows of theirs for one address and stream. */
static gboolean judge_theirs(struct nx_reconciler *reconciler)
{
    struct nx_arena *arena = reconciler->arena;
    nx_arena_reset(arena);
    struct nx_str text = nx_arena_dup(arena, reconciler->text);
    struct nx_difference difference = {.key = key_of(text)};
    nx_lookup_find(reconciler->lookup, &difference.key, 1, nx_str_from(text, difference.key.n + 1), reconciler->now,
                   &difference.here);
    for (bool first = true; reconciler->left && nx_str_eq(reconciler->text, text); first = false) {
        struct nx_import_row row = unpack(text, reconciler->payload);
        if (first || outranks(row.cause, difference.there.cause))
            difference.there = unpack(text, nx_arena_dup(arena, reconciler->payload));
        if (!advance(reconciler))
            return FALSE;
    }
    difference.address = difference.there.address;
    difference.drift = drift_of(&difference.here, difference.there.cause);
    return reconciler->fn(reconciler->data, &difference, &reconciler->error);
}

/* What of theirs stands before a key of ours, and at it; *ret_met: there was some at it. */
static gboolean judge_up_to(struct nx_reconciler *reconciler, struct nx_str key, bool *ret_met)
{
    *ret_met = false;
    while (reconciler->left) {
        int order = nx_str_cmp(key_of(reconciler->text), key);
        if (order > 0)
            return TRUE;
        *ret_met = *ret_met || order == 0;
        if (!judge_theirs(reconciler))
            return FALSE;
    }
    return TRUE;
}

static bool judge_ours(const struct nx_entry *entry, void *data)
{
    struct nx_reconciler *reconciler = data;
    struct nx_address address;
    bool met;
    struct nx_difference difference = {.drift = NX_DRIFT_HERE, .address = entry->address};
    nx_arena_reset(reconciler->own);
    if (!nx_address_fold(reconciler->own, entry->key, NULL, &address, NULL) ||
        nx_str_eq(address.key, (struct nx_str){reconciler->last, reconciler->last_n}))
        return true; /* another stream's entry for the same address: one question answers for all */
    reconciler->last_n = MIN(address.key.n, sizeof reconciler->last);
    memcpy(reconciler->last, address.key.p, reconciler->last_n);
    if (!judge_up_to(reconciler, address.key, &met))
        return false;
    difference.key = address.key;
    nx_lookup_find(reconciler->lookup, &address.key, 1, reconciler->stream, reconciler->now, &difference.here);
    if (met || difference.here.answer != NX_ANSWER_SUPPRESSED ||
        (reconciler->grounds & 1u << nx_ground_of(difference.here.cause)) == 0)
        return true;
    return reconciler->fn(reconciler->data, &difference, &reconciler->error);
}

gboolean nx_reconciler_run(struct nx_reconciler *reconciler, struct nx_reader *reader, nx_when now, nx_difference_fn *fn,
                           void *data, GError **error)
{
    const struct nx_filter all = {.brief = true};
    bool good = nx_sorter_end(reconciler->sorter, error);
    reconciler->now = now;
    reconciler->fn = fn;
    reconciler->data = data;
    good = good && (!advance(reconciler) || nx_reader_list(reader, &all, now, judge_ours, reconciler, error));
    while (good && reconciler->error == NULL && reconciler->left)
        (void)judge_theirs(reconciler);
    if (reconciler->error == NULL)
        return good;
    g_propagate_error(error, g_steal_pointer(&reconciler->error));
    return FALSE;
}
