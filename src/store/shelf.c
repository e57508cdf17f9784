/* SPDX-License-Identifier: Apache-2.0 */
#include "store/shelf.h"

#include <glib.h>

#define PLACES (1u << 16)
#define ANSWER_MAX 1024u

struct answer {
    nx_when until;
    unsigned key, stream, text; /* lengths in `bytes`, one behind the other */
    char bytes[];
};

struct nx_shelf {
    struct answer *places[PLACES];
};

struct nx_shelf *nx_shelf_new(void)
{
    return g_new0(struct nx_shelf, 1);
}

void nx_shelf_clear(struct nx_shelf *shelf)
{
    for (size_t i = 0; i < PLACES; i++)
        g_clear_pointer(&shelf->places[i], g_free);
}

void nx_shelf_free(struct nx_shelf *shelf)
{
    nx_shelf_clear(shelf);
    g_free(shelf);
}

static bool is_of(const struct answer *answer, struct nx_str key)
{
    return answer != NULL && nx_str_eq((struct nx_str){answer->bytes, answer->key}, key);
}

void nx_shelf_put(struct nx_shelf *shelf, uint64_t hash, struct nx_str key, struct nx_str stream, nx_when until, struct nx_str text)
{
    struct answer **place = &shelf->places[hash % PLACES], *answer;
    size_t n = key.n + stream.n + text.n;
    if (n > ANSWER_MAX)
        return;
    answer = g_malloc(sizeof *answer + n);
    *answer = (struct answer){.until = until, .key = (unsigned)key.n, .stream = (unsigned)stream.n, .text = (unsigned)text.n};
    memcpy(answer->bytes, key.p, key.n);
    if (stream.n > 0)
        memcpy(answer->bytes + key.n, stream.p, stream.n);
    memcpy(answer->bytes + key.n + stream.n, text.p, text.n);
    g_free(*place);
    *place = answer;
}

struct nx_str nx_shelf_find(const struct nx_shelf *shelf, uint64_t hash, struct nx_str key, struct nx_str stream, nx_when now)
{
    const struct answer *answer = shelf->places[hash % PLACES];
    if (!is_of(answer, key) || !nx_str_eq((struct nx_str){answer->bytes + answer->key, answer->stream}, stream) ||
        (answer->until != NX_WHEN_NONE && answer->until <= now))
        return NX_STR_NONE;
    return (struct nx_str){answer->bytes + answer->key + answer->stream, answer->text};
}

void nx_shelf_drop(struct nx_shelf *shelf, uint64_t hash, struct nx_str key)
{
    struct answer **place = &shelf->places[hash % PLACES];
    if (is_of(*place, key))
        g_clear_pointer(place, g_free);
}
