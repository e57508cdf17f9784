/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sieve.h"

#include "store/shelf.h"
#include "store/writer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BITS 16u /* a key: with PROBES of them set, one in 400 strangers looks known */
#define PROBES 4u
#define ROOM_MIN (1u << 16) /* keys of the first layer */
#define CHANGES_MAX 1000u   /* that a question takes up; more are the thread's */
#define PIECE_KEYS 10000u

struct layer { /* a Bloom filter; when it is full, one of twice the room is laid over it */
    struct layer *older;
    uint64_t bits, room, n;
    uint64_t words[];
};

struct nx_sieve {
    struct nx_store *store;
    pthread_t thread;
    bool started;
    _Atomic bool ending;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake, settled;
    struct nx_reader *reader;
    struct layer *layers;
    /* hashes of the keys of whole domains: few, and one wrong "perhaps" there would be one for all of a provider */
    GHashTable *domains;
    struct nx_shelf *shelf;
    uint64_t turn; /* another one when changes were taken up */
    uint64_t seed;
    bool filled, behind;     /* behind: the thread has work */
    struct nx_moment moment; /* up to which the log was taken up, or the last attempt failed */
    struct nx_table_about about;
    int64_t forgotten;                 /* stamp */
    const struct nx_pseudonym *secret; /* the reader's; NULL: nobody was erased */
};

/* ---- the set */

static uint64_t hash_of(const struct nx_sieve *sieve, struct nx_str text)
{
    return XXH3_64bits_withSeed(text.p, text.n, sieve->seed);
}

static inline uint64_t probe(const struct layer *layer, uint64_t hash, unsigned i)
{
    return (uint64_t)((unsigned __int128)(hash + i * (hash << 32 | hash >> 32 | 1)) * layer->bits >> 64);
}

static bool layer_has(const struct layer *layer, uint64_t hash)
{
    for (unsigned i = 0; i < PROBES; i++) {
        uint64_t bit = probe(layer, hash, i);
        if ((layer->words[bit / 64] >> bit % 64 & 1) == 0)
            return false;
    }
    return true;
}

static bool has_domain(const struct nx_sieve *sieve, struct nx_str text)
{
    return g_hash_table_contains(sieve->domains, GSIZE_TO_POINTER(hash_of(sieve, text)));
}

static bool has(const struct nx_sieve *sieve, uint64_t hash)
{
    for (const struct layer *layer = sieve->layers; layer != NULL; layer = layer->older)
        if (layer_has(layer, hash))
            return true;
    return false;
}

static void add_layer(struct nx_sieve *sieve, uint64_t room)
{
    uint64_t bits = room * BITS;
    struct layer *layer = g_malloc0(sizeof *layer + bits / 8);
    *layer = (struct layer){.older = sieve->layers, .bits = bits, .room = room};
    sieve->layers = layer;
}

static void add(struct nx_sieve *sieve, uint64_t hash)
{
    if (has(sieve, hash))
        return;
    if (sieve->layers->n >= sieve->layers->room)
        add_layer(sieve, 2 * sieve->layers->room);
    struct layer *layer = sieve->layers;
    layer->n++;
    for (unsigned i = 0; i < PROBES; i++) {
        uint64_t bit = probe(layer, hash, i);
        layer->words[bit / 64] |= 1ull << bit % 64;
    }
}

static void clear(struct nx_sieve *sieve)
{
    g_hash_table_remove_all(sieve->domains);
    while (sieve->layers != NULL) {
        struct layer *layer = sieve->layers;
        sieve->layers = layer->older;
        g_free(layer);
    }
}

/* ---- what goes into it */

static bool is_domain(struct nx_str key)
{
    return key.n > 0 && key.p[key.n - 1] == '@';
}

static void take(struct nx_sieve *sieve, struct nx_str key)
{
    uint64_t hash = hash_of(sieve, key);
    if (is_domain(key))
        g_hash_table_add(sieve->domains, GSIZE_TO_POINTER(hash));
    else
        add(sieve, hash);
}

/* A change: what was answered about it is so no more. */
static void add_key(struct nx_str key, void *data)
{
    struct nx_sieve *sieve = data;
    take(sieve, key);
    if (is_domain(key)) /* of everybody there */
        nx_shelf_clear(sieve->shelf);
    else
        nx_shelf_drop(sieve->shelf, hash_of(sieve, key), key);
}

static void add_hashed(const struct nx_hashed *row, void *data)
{
    struct nx_sieve *sieve = data;
    add(sieve, hash_of(sieve, (struct nx_str){(const char *)row->hash, NX_PSEUDONYM_TAG}));
}

static bool take_forgotten(struct nx_sieve *sieve)
{
    const struct nx_backend_ops *ops = sieve->reader->ops;
    int64_t stamp;
    if (!ops->forgotten_stamp(sieve->reader, &stamp, NULL))
        return false;
    if (stamp == sieve->forgotten)
        return true;
    sieve->forgotten = stamp;
    return ops->forgotten(sieve->reader, add_hashed, sieve, &sieve->secret, NULL);
}

struct piece {
    struct nx_sieve *sieve;
    struct nx_arena *arena;
    struct nx_str last;
    unsigned n;
};

static void add_of_piece(struct nx_str key, void *data)
{
    struct piece *piece = data;
    take(piece->sieve, key);
    if (++piece->n == PIECE_KEYS)
        piece->last = nx_arena_dup(piece->arena, key);
}

/* Bit by bit, so that no reader holds on to a former state for long: what changes meanwhile is behind the position noted first. */
static bool fill(struct nx_sieve *sieve)
{
    const struct nx_backend_ops *ops = sieve->reader->ops;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct piece piece = {.sieve = sieve, .arena = arena};
    uint64_t n;
    clear(sieve);
    nx_shelf_clear(sieve->shelf);
    sieve->forgotten = 0;
    sieve->secret = NULL;
    if (!ops->about(sieve->reader, &sieve->about, NULL) || !ops->count(sieve->reader, &n, NULL))
        return false;
    add_layer(sieve, MAX(n + n / 4, ROOM_MIN));
    do {
        piece.n = 0;
        if (sieve->ending || !ops->keys(sieve->reader, piece.last, PIECE_KEYS, add_of_piece, &piece, NULL))
            return false;
    } while (piece.n == PIECE_KEYS);
    return take_forgotten(sieve);
}

/* What the log says since; *ret_later when that is more than `most`, or all is to be made anew because somebody was erased. */
static bool look_behind(struct nx_sieve *sieve, uint64_t most, bool *ret_later)
{
    const struct nx_backend_ops *ops = sieve->reader->ops;
    struct nx_table_about now;
    if (!ops->about(sieve->reader, &now, NULL))
        return false;
    if (memcmp(now.database, sieve->about.database, NX_TABLE_ID) != 0 || now.position < sieve->about.position) {
        *ret_later = true;
        return false;
    }
    if (now.position > sieve->about.position &&
        !ops->changed(sieve->reader, sieve->about.position, most, add_key, sieve, ret_later, NULL))
        return false;
    if (!*ret_later)
        sieve->about = now;
    return take_forgotten(sieve);
}

static bool follow(struct nx_sieve *sieve, uint64_t most, bool *ret_later)
{
    if (!sieve->reader->ops->hold(sieve->reader, NULL))
        return false;
    bool good = look_behind(sieve, most, ret_later);
    sieve->reader->ops->let_go(sieve->reader);
    return good;
}

/* The mark is read first: what is committed in between is only looked at twice. Trouble is told by the reader of whoever asks; here
 * it makes the set useless until the database has changed. */
static void take_up(struct nx_sieve *sieve, uint64_t most)
{
    sieve->turn++;
    bool later = false, marked = sieve->reader->ops->moment(sieve->reader, &sieve->moment);
    sieve->filled = marked && (sieve->filled ? follow(sieve, most, &later) : fill(sieve));
    sieve->behind = later;
}

static void *keep_up(void *data)
{
    struct nx_sieve *sieve = data;
    pthread_mutex_lock(&sieve->lock);
    while (!sieve->ending)
        if (sieve->behind) {
            take_up(sieve, UINT64_MAX);
        } else {
            pthread_cond_broadcast(&sieve->settled);
            pthread_cond_wait(&sieve->wake, &sieve->lock);
        }
    pthread_mutex_unlock(&sieve->lock);
    return NULL;
}

/* ---- questions */

/* With the lock: is all in it that was committed up to now? */
static bool is_current(struct nx_sieve *sieve)
{
    struct nx_moment now;
    if (!sieve->reader->ops->moment(sieve->reader, &now))
        return false;
    if (memcmp(&now, &sieve->moment, sizeof now) != 0) {
        if (sieve->filled && !sieve->behind)
            take_up(sieve, CHANGES_MAX);
        else
            sieve->behind = true;
        if (sieve->behind)
            pthread_cond_signal(&sieve->wake);
    }
    return sieve->filled && !sieve->behind;
}

static bool knows(const struct nx_sieve *sieve, struct nx_str key, uint64_t hash)
{
    char tag[NX_PSEUDONYM_TAG];
    if (has(sieve, hash) || has_domain(sieve, nx_str_sub(key, 0, nx_str_chr(key, '@') + 1)))
        return true;
    if (sieve->secret == NULL)
        return false;
    nx_pseudonym_tag(sieve->secret, key, (unsigned char *)tag);
    return has(sieve, hash_of(sieve, (struct nx_str){tag, sizeof tag}));
}

enum nx_sieve_word nx_sieve_ask(struct nx_sieve *sieve, struct nx_arena *arena, struct nx_str address, struct nx_str stream,
                                nx_when now, struct nx_str *ret_text, struct nx_sieve_place *ret_place)
{
    struct nx_address folded;
    enum nx_sieve_word word = NX_SIEVE_ASK;
    *ret_place = (struct nx_sieve_place){.turn = 0};
    if (!sieve->started || !nx_address_fold(arena, address, sieve->store->rules, &folded, NULL))
        return NX_SIEVE_ASK;
    uint64_t hash = hash_of(sieve, folded.key);
    if (pthread_mutex_trylock(&sieve->lock) != 0)
        return NX_SIEVE_ASK;
    if (is_current(sieve)) {
        struct nx_str text = nx_shelf_find(sieve->shelf, hash, folded.key, stream, now);
        *ret_place = (struct nx_sieve_place){folded.key, hash, sieve->turn};
        if (text.n > 0) {
            *ret_text = nx_arena_dup(arena, text);
            word = NX_SIEVE_KNOWS;
        } else if (!knows(sieve, folded.key, hash)) {
            word = NX_SIEVE_CLEARS;
        }
    }
    pthread_mutex_unlock(&sieve->lock);
    return word;
}

/* When changes were taken up since the question, this may be from before them; what has changed and was not taken up yet, drops it
 * before anybody hears of it. */
void nx_sieve_tell(struct nx_sieve *sieve, const struct nx_sieve_place *place, struct nx_str stream, nx_when until,
                   struct nx_str text)
{
    if (place->turn == 0 || pthread_mutex_trylock(&sieve->lock) != 0)
        return;
    if (place->turn == sieve->turn)
        nx_shelf_put(sieve->shelf, place->hash, place->key, stream, until, text);
    pthread_mutex_unlock(&sieve->lock);
}

bool nx_sieve_clears(struct nx_sieve *sieve, struct nx_arena *arena, struct nx_str address)
{
    struct nx_str text;
    struct nx_sieve_place place;
    return nx_sieve_ask(sieve, arena, address, NX_STR_NONE, 0, &text, &place) == NX_SIEVE_CLEARS;
}

void nx_sieve_settle(struct nx_sieve *sieve)
{
    pthread_mutex_lock(&sieve->lock);
    while (sieve->started && sieve->behind)
        pthread_cond_wait(&sieve->settled, &sieve->lock);
    pthread_mutex_unlock(&sieve->lock);
}

struct nx_sieve *nx_sieve_new(struct nx_store *store)
{
    struct nx_sieve *sieve = g_new0(struct nx_sieve, 1);
    sieve->store = store;
    sieve->seed = (uint64_t)g_random_int() << 32 | g_random_int(); /* nobody outside can aim at a bit */
    sieve->behind = true;
    sieve->domains = g_hash_table_new(NULL, NULL);
    sieve->shelf = nx_shelf_new();
    pthread_mutex_init(&sieve->lock, NULL);
    pthread_cond_init(&sieve->wake, NULL);
    pthread_cond_init(&sieve->settled, NULL);
    sieve->reader = nx_reader_new(store, NULL);
    sieve->started = sieve->reader != NULL && pthread_create(&sieve->thread, NULL, keep_up, sieve) == 0;
    return sieve;
}

void nx_sieve_free(struct nx_sieve *sieve)
{
    if (sieve == NULL)
        return;
    if (sieve->started) {
        sieve->ending = true;
        pthread_mutex_lock(&sieve->lock);
        pthread_cond_signal(&sieve->wake);
        pthread_mutex_unlock(&sieve->lock);
        pthread_join(sieve->thread, NULL);
    }
    g_clear_pointer(&sieve->reader, nx_reader_free);
    clear(sieve);
    g_hash_table_unref(sieve->domains);
    nx_shelf_free(sieve->shelf);
    pthread_cond_destroy(&sieve->settled);
    pthread_cond_destroy(&sieve->wake);
    pthread_mutex_destroy(&sieve->lock);
    g_free(sieve);
}
