/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/key.h"

#include <pthread.h>

#define KEY_MAX 255u /* characters */

struct nx_keys {
    pthread_mutex_t lock;
    GHashTable *under_way; /* struct nx_key, by token */
};

static guint token_hash(gconstpointer data)
{
    guint hash;
    memcpy(&hash, ((const struct nx_key *)data)->token, sizeof hash);
    return hash;
}

static gboolean token_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(((const struct nx_key *)a)->token, ((const struct nx_key *)b)->token, sizeof((const struct nx_key *)a)->token) ==
           0;
}

struct nx_keys *nx_keys_new(void)
{
    struct nx_keys *keys = g_new0(struct nx_keys, 1);
    pthread_mutex_init(&keys->lock, NULL);
    keys->under_way = g_hash_table_new(token_hash, token_equal);
    return keys;
}

void nx_keys_free(struct nx_keys *keys)
{
    g_hash_table_unref(keys->under_way);
    pthread_mutex_destroy(&keys->lock);
    g_free(keys);
}

/* Of texts with their lengths, so that no two lists are the same bytes. */
static void hash(const struct nx_str *texts, size_t n, guint8 ret[32])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = 32;
    for (size_t i = 0; i < n; i++) {
        const guint64 length = texts[i].n;
        g_checksum_update(sum, (const guchar *)&length, sizeof length);
        if (length > 0)
            g_checksum_update(sum, (const guchar *)texts[i].p, (gssize)length);
    }
    g_checksum_get_digest(sum, ret, &size);
}

bool nx_keys_take(struct nx_keys *keys, struct nx_request *request, struct nx_key **ret)
{
    struct nx_str text = nx_request_header(request, "Idempotency-Key");
    const struct nx_route *route = nx_request_route(request);
    *ret = NULL;
    if (text.n == 0)
        return true;
    if (text.n > KEY_MAX) {
        nx_request_problem(request, 400, "the Idempotency-Key has more than %u characters (a UUID has 36)", KEY_MAX);
        return false;
    }
    g_autofree char *query = nx_request_query_text(request);
    /* The key is in the digest too: who sees the database and not the key cannot try out which address a path held. */
    const struct nx_str texts[] = {nx_request_actor(request), text,
                                   nx_str_of(route->method),  nx_str_of(route->path),
                                   nx_request_param(request), nx_str_of(query),
                                   nx_request_body(request)};
    struct nx_key *key = g_new(struct nx_key, 1);
    hash(texts, 2, key->token);
    hash(texts, G_N_ELEMENTS(texts), key->digest);
    pthread_mutex_lock(&keys->lock);
    bool first = !g_hash_table_contains(keys->under_way, key);
    if (first)
        g_hash_table_add(keys->under_way, key);
    pthread_mutex_unlock(&keys->lock);
    if (first) {
        *ret = key;
        return true;
    }
    g_free(key);
    nx_request_add_header(request, "Retry-After", "1");
    nx_request_problem(request, 409, "a request with this Idempotency-Key is under way (ask again in a moment for its answer)");
    return false;
}

void nx_keys_leave(struct nx_keys *keys, struct nx_key *key)
{
    if (key == NULL)
        return;
    pthread_mutex_lock(&keys->lock);
    g_hash_table_remove(keys->under_way, key);
    pthread_mutex_unlock(&keys->lock);
    g_free(key);
}
