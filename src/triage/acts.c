/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/acts.h"

#include "base/sorter.h"

/* One is kept as the struct and then what its slices are of. */
#define TEXTS(act)                                                                                                                 \
    {                                                                                                                              \
        &(act)->address, &(act)->stream, &(act)->remote, &(act)->reason, &(act)->diagnostic                                        \
    }

struct nx_acts {
    struct nx_sorter *sorter;
    GString *packed; /* one; between pages the first of the next */
    GArray *page;
    struct nx_arena *arena; /* of the page */
};

struct nx_acts *nx_acts_new(size_t memory)
{
    struct nx_acts *acts = g_new0(struct nx_acts, 1);
    acts->sorter = nx_sorter_new(g_get_tmp_dir(), memory);
    acts->packed = g_string_new(NULL);
    acts->page = g_array_new(FALSE, FALSE, sizeof(struct nx_rejudged));
    acts->arena = nx_arena_new();
    return acts;
}

void nx_acts_free(struct nx_acts *acts)
{
    nx_sorter_free(acts->sorter);
    g_string_free(acts->packed, TRUE);
    g_array_unref(acts->page);
    nx_arena_free(acts->arena);
    g_free(acts);
}

gboolean nx_acts_add(struct nx_acts *acts, struct nx_str key, const struct nx_rejudged *act, GError **error)
{
    const struct nx_str *const texts[] = TEXTS(act);
    g_string_truncate(acts->packed, 0);
    g_string_append_len(acts->packed, (const char *)act, sizeof *act);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i]->n > 0)
            g_string_append_len(acts->packed, texts[i]->p, (gssize)texts[i]->n);
    return nx_sorter_add(acts->sorter, key, (struct nx_str){acts->packed->str, acts->packed->len}, error);
}

gboolean nx_acts_end(struct nx_acts *acts, GError **error)
{
    g_string_truncate(acts->packed, 0);
    return nx_sorter_end(acts->sorter, error);
}

static struct nx_rejudged unpack(struct nx_arena *arena, const GString *packed)
{
    struct nx_rejudged act;
    struct nx_str *const texts[] = TEXTS(&act);
    struct nx_str bytes = nx_arena_dup(arena, (struct nx_str){packed->str, packed->len});
    memcpy(&act, bytes.p, sizeof act);
    bytes = nx_str_from(bytes, sizeof act);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        texts[i]->p = bytes.p;
        bytes = nx_str_from(bytes, texts[i]->n);
    }
    return act;
}

gboolean nx_acts_page(struct nx_acts *acts, size_t most, const GArray **ret, GError **error)
{
    GArray *page = acts->page;
    struct nx_str key, bytes;
    int got = 1;
    g_array_set_size(page, 0);
    nx_arena_reset(acts->arena);
    while (acts->packed->len > 0 || (got = nx_sorter_next(acts->sorter, &key, &bytes, error)) > 0) {
        if (acts->packed->len == 0)
            g_string_append_len(acts->packed, bytes.p, (gssize)bytes.n);
        const struct nx_rejudged act = unpack(acts->arena, acts->packed);
        if (page->len >= most && !nx_str_eq(act.address, g_array_index(page, struct nx_rejudged, page->len - 1).address))
            break; /* it begins the next one */
        g_array_append_val(page, act);
        g_string_truncate(acts->packed, 0);
    }
    *ret = page;
    return got >= 0;
}
