/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lookup.h"

#include "base/error.h"
#include "decide/stream.h"
#include "store/ops.h"
#include "store/table.h"

#include <unistd.h>

#define SMALL 50000u       /* up to so many entries the table is made in memory: quicker than looking for a file */
#define CHANGED_MIN 20000u /* changes laid over the table before it is made anew; above it a twentieth of the entries */
#define MARKS (1u << 16)

struct overlaid { /* what a changed key is now; no records: not listed at all */
    struct nx_str key;
    GArray *records; /* struct nx_table_record */
};

struct nx_lookup {
    struct nx_reader *reader;
    char *path; /* of the table */
    struct nx_table *table;
    struct nx_table_about about; /* how far the overlay reaches */
    GHashTable *overlay;         /* struct nx_str (in overlaid) to overlaid; NULL: nothing changed */
    struct nx_arena *arena;      /* of the overlay */
    uint8_t marks[MARKS / 8];    /* a bit for each overlaid hash: most questions end here */
    bool domains;
    GArray *forgotten; /* struct nx_hashed, in order of hash, streams in forgotten_arena; empty: nobody was erased */
    struct nx_arena *forgotten_arena;
    const struct nx_pseudonym *secret; /* the reader's */
    int64_t forgotten_stamp;
    bool wrote; /* a file, since _refresh was called */
};

static void overlaid_free(gpointer data)
{
    g_array_unref(((struct overlaid *)data)->records);
    g_free(data);
}

static void forget_overlay(struct nx_lookup *lookup)
{
    g_clear_pointer(&lookup->overlay, g_hash_table_unref);
    nx_arena_reset(lookup->arena);
    memset(lookup->marks, 0, sizeof lookup->marks);
    lookup->domains = lookup->table != NULL && nx_table_has_domains(lookup->table);
}

static void count_record(const struct nx_table_record *record, void *data)
{
    nx_table_count(data, record);
}

static void put_record(const struct nx_table_record *record, void *data)
{
    nx_table_put(data, record);
}

static gboolean make_table(struct nx_lookup *lookup, uint64_t expected, const char *path, struct nx_table **ret, GError **error)
{
    const struct nx_backend_ops *ops = lookup->reader->ops;
    struct nx_table_about about;
    g_autoptr(nx_table_maker) maker = nx_table_maker_new(expected);
    if (!ops->about(lookup->reader, &about, error) || !ops->scan(lookup->reader, NX_STR_NONE, count_record, maker, error) ||
        !nx_table_layout(maker, path, error) || !ops->scan(lookup->reader, NX_STR_NONE, put_record, maker, error))
        return FALSE;
    *ret = nx_table_finish(g_steal_pointer(&maker), &about, error);
    return *ret != NULL;
}

/* With the reader held: one made just now, kept in a file if that is worth it and can be done. */
static gboolean renew(struct nx_lookup *lookup, GError **error)
{
    uint64_t n;
    struct nx_table *table = NULL;
    if (!lookup->reader->ops->count(lookup->reader, &n, error))
        return FALSE;
    bool kept = n > SMALL && make_table(lookup, n, lookup->path, &table, NULL);
    if (!kept && !make_table(lookup, n, NULL, &table, error))
        return FALSE;
    lookup->wrote = lookup->wrote || kept;
    nx_table_free(lookup->table);
    lookup->table = table;
    lookup->about = *nx_table_about(table);
    forget_overlay(lookup);
    return TRUE;
}

static void add_record(const struct nx_table_record *record, void *data)
{
    struct nx_lookup *lookup = data;
    struct overlaid *overlaid = g_hash_table_lookup(lookup->overlay, &record->key);
    struct nx_table_record own = *record;
    own.key = overlaid->key;
    own.stream = nx_arena_dup(lookup->arena, record->stream);
    lookup->domains = lookup->domains || own.key.p[own.key.n - 1] == '@';
    g_array_append_val(overlaid->records, own);
}

/* Only notes the key; what it is now is asked once all are known. */
static void note_changed(struct nx_str key, void *data)
{
    struct nx_lookup *lookup = data;
    struct overlaid *overlaid = g_hash_table_lookup(lookup->overlay, &key);
    if (overlaid == NULL) {
        overlaid = g_new0(struct overlaid, 1);
        overlaid->key = nx_arena_dup(lookup->arena, key);
        g_hash_table_insert(lookup->overlay, &overlaid->key, overlaid);
        uint64_t bit = nx_table_hash(lookup->table, key) % MARKS;
        lookup->marks[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
    g_clear_pointer(&overlaid->records, g_array_unref); /* marks it as to be asked */
}

static gboolean ask_changed(struct nx_lookup *lookup, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, lookup->overlay);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct overlaid *overlaid = value;
        if (overlaid->records != NULL)
            continue;
        overlaid->records = g_array_new(FALSE, FALSE, sizeof(struct nx_table_record));
        if (!lookup->reader->ops->scan(lookup->reader, overlaid->key, add_record, lookup, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take_up(struct nx_lookup *lookup, GError **error)
{
    const struct nx_backend_ops *ops = lookup->reader->ops;
    struct nx_table_about now;
    uint64_t most = MAX(CHANGED_MIN, nx_table_size(lookup->table) / 20);
    bool many = false;
    if (!ops->about(lookup->reader, &now, error))
        return FALSE;
    bool same = memcmp(now.database, lookup->about.database, NX_TABLE_ID) == 0 && now.position >= lookup->about.position;
    if (same && now.position == lookup->about.position)
        return TRUE;
    if (same && lookup->overlay == NULL)
        lookup->overlay = g_hash_table_new_full(nx_str_hash, nx_str_same, NULL, overlaid_free);
    if (same && (!ops->changed(lookup->reader, lookup->about.position, most, note_changed, lookup, &many, error)))
        return FALSE;
    if (!same || many || g_hash_table_size(lookup->overlay) > most)
        return renew(lookup, error);
    if (!ask_changed(lookup, error))
        return FALSE;
    lookup->about.position = now.position;
    return TRUE;
}

static void add_hashed(const struct nx_hashed *row, void *data)
{
    struct nx_lookup *lookup = data;
    struct nx_hashed own = *row;
    own.stream = nx_arena_dup(lookup->forgotten_arena, row->stream);
    g_array_append_val(lookup->forgotten, own);
}

/* The erased are few or none, and change seldom. */
static gboolean take_forgotten(struct nx_lookup *lookup, GError **error)
{
    const struct nx_backend_ops *ops = lookup->reader->ops;
    int64_t stamp;
    if (!ops->forgotten_stamp(lookup->reader, &stamp, error))
        return FALSE;
    if (stamp == lookup->forgotten_stamp)
        return TRUE;
    lookup->forgotten_stamp = 0;
    g_array_set_size(lookup->forgotten, 0);
    nx_arena_reset(lookup->forgotten_arena);
    if (!ops->forgotten(lookup->reader, add_hashed, lookup, &lookup->secret, error))
        return FALSE;
    lookup->forgotten_stamp = stamp;
    return TRUE;
}

/* Somebody may have been erased while a table with their address was on its way into the file: then it goes. */
static void check_file(struct nx_lookup *lookup)
{
    struct nx_table_about now;
    if (!lookup->wrote)
        return;
    lookup->wrote = false;
    if (!lookup->reader->ops->about(lookup->reader, &now, NULL) ||
        memcmp(now.database, nx_table_about(lookup->table)->database, NX_TABLE_ID) != 0)
        unlink(lookup->path);
}

gboolean nx_lookup_refresh(struct nx_lookup *lookup, GError **error)
{
    if (!lookup->reader->ops->hold(lookup->reader, error))
        return FALSE;
    gboolean good = (lookup->table != NULL ? take_up(lookup, error) : renew(lookup, error)) && take_forgotten(lookup, error);
    lookup->reader->ops->let_go(lookup->reader);
    check_file(lookup);
    if (!good && lookup->table != NULL) { /* half an overlay is none: the next refresh begins at the table again */
        lookup->about = *nx_table_about(lookup->table);
        forget_overlay(lookup);
    }
    return good;
}

struct nx_lookup *nx_lookup_new(struct nx_store *store, GError **error)
{
    g_autoptr(nx_lookup) lookup = g_new0(struct nx_lookup, 1);
    lookup->arena = nx_arena_new();
    lookup->forgotten_arena = nx_arena_new();
    lookup->forgotten = g_array_new(FALSE, FALSE, sizeof(struct nx_hashed));
    lookup->path = g_strconcat(nx_store_path(store), ".lookup", NULL);
    lookup->reader = nx_reader_new(store, error);
    if (lookup->reader == NULL)
        return NULL;
    lookup->table = nx_table_open(lookup->path, NULL); /* none, or of another version: made anew */
    if (lookup->table != NULL)
        lookup->about = *nx_table_about(lookup->table);
    forget_overlay(lookup);
    return nx_lookup_refresh(lookup, error) ? g_steal_pointer(&lookup) : NULL;
}

void nx_lookup_free(struct nx_lookup *lookup)
{
    if (lookup == NULL)
        return;
    g_clear_pointer(&lookup->overlay, g_hash_table_unref);
    nx_table_free(lookup->table);
    nx_reader_free(lookup->reader);
    nx_arena_free(lookup->arena);
    nx_arena_free(lookup->forgotten_arena);
    g_array_unref(lookup->forgotten);
    g_free(lookup->path);
    g_free(lookup);
}

uint64_t nx_lookup_size(const struct nx_lookup *lookup)
{
    return nx_table_size(lookup->table) + (lookup->overlay != NULL ? g_hash_table_size(lookup->overlay) : 0);
}

bool nx_lookup_fold(const struct nx_lookup *lookup, struct nx_arena *arena, struct nx_str text, struct nx_address *ret,
                    const char **ret_why)
{
    return nx_address_fold(arena, text, lookup->reader->rules, ret, ret_why);
}

struct question {
    const struct nx_streams *streams;
    struct nx_str stream;
    nx_when now;
    struct nx_hit *hit;
    bool domain;
};

static void weigh(const struct question *question, const struct nx_table_record *record)
{
    struct nx_hit *hit = question->hit;
    if (record->allowed) {
        hit->answer = NX_ANSWER_ALLOWED;
        return;
    }
    if (hit->answer == NX_ANSWER_ALLOWED || (record->until != NX_WHEN_NONE && record->until <= question->now) ||
        !nx_streams_covers(question->streams, record->stream, question->stream))
        return;
    if (hit->answer ==
        NX_ANSWER_SUPPRESSED) { /* as a single question is answered: the address before its domain, then what holds longer */
        const struct nx_standing standing = {.present = true, .cause = hit->cause, .since = hit->since, .until = hit->until};
        if (question->domain || !nx_standing_gives_way(&standing, record->cause, record->until, hit->since))
            return;
    }
    hit->answer = NX_ANSWER_SUPPRESSED;
    hit->domain = question->domain;
    hit->cause = record->cause;
    hit->class_ = record->class_;
    hit->since = record->since;
    hit->until = record->until;
}

static void answer(const struct nx_lookup *lookup, uint64_t hash, struct nx_str key, const struct question *question)
{
    struct nx_table_record record;
    uint32_t at = 0;
    if (lookup->overlay != NULL && (lookup->marks[hash % MARKS / 8] >> hash % 8 & 1) != 0) {
        const struct overlaid *overlaid = g_hash_table_lookup(lookup->overlay, &key);
        for (guint i = 0; overlaid != NULL && i < overlaid->records->len; i++)
            weigh(question, &g_array_index(overlaid->records, struct nx_table_record, i));
        if (overlaid != NULL)
            return;
    }
    while (nx_table_next(lookup->table, hash, key, &at, &record))
        weigh(question, &record);
}

/* The first row whose hash does not begin with less than these n bytes. */
static guint first_forgotten(const struct nx_lookup *lookup, const unsigned char *begin, size_t n)
{
    const struct nx_hashed *rows = (const struct nx_hashed *)(void *)lookup->forgotten->data;
    guint low = 0, high = lookup->forgotten->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (memcmp(rows[middle].hash, begin, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool begins_so(const struct nx_lookup *lookup, guint at, const unsigned char *begin, size_t n)
{
    return at < lookup->forgotten->len && memcmp(g_array_index(lookup->forgotten, struct nx_hashed, at).hash, begin, n) == 0;
}

/* Of those that neither table nor overlay has. The whole hash is dear, so it is made only where the tag is known. */
static void ask_forgotten(const struct nx_lookup *lookup, const struct nx_str *keys, size_t n, const struct question *pattern,
                          struct nx_hit *ret)
{
    g_autoptr(nx_pseudonym_hasher) hasher = NULL;
    for (size_t i = 0; i < n; i++) {
        unsigned char hash[NX_PSEUDONYM];
        struct question question = *pattern;
        if (ret[i].answer != NX_ANSWER_OK || keys[i].n == 0)
            continue;
        nx_pseudonym_tag(lookup->secret, keys[i], hash);
        if (!begins_so(lookup, first_forgotten(lookup, hash, NX_PSEUDONYM_TAG), hash, NX_PSEUDONYM_TAG))
            continue;
        if (hasher == NULL)
            hasher = nx_pseudonym_hasher_new(lookup->secret);
        nx_pseudonym_hash(hasher, keys[i], hash);
        question.hit = &ret[i];
        for (guint at = first_forgotten(lookup, hash, NX_PSEUDONYM); begins_so(lookup, at, hash, NX_PSEUDONYM); at++) {
            const struct nx_hashed *row = &g_array_index(lookup->forgotten, struct nx_hashed, at);
            const struct nx_table_record record = {.stream = row->stream, .since = row->since, .until = row->until};
            weigh(&question, &record);
            ret[i].erased = ret[i].answer == NX_ANSWER_SUPPRESSED;
        }
    }
}

void nx_lookup_find(const struct nx_lookup *lookup, const struct nx_str *keys, size_t n, struct nx_str stream, nx_when now,
                    struct nx_hit *ret)
{
    for (size_t i = 0; i < n; i++) {
        ret[i] = (struct nx_hit){.hash = nx_table_hash(lookup->table, keys[i]), .since = NX_WHEN_NONE, .until = NX_WHEN_NONE};
        nx_table_warm_directory(lookup->table, ret[i].hash);
    }
    for (size_t i = 0; i < n; i++)
        nx_table_warm_bucket(lookup->table, ret[i].hash);
    for (size_t i = 0; i < n; i++) {
        struct question question = {.streams = lookup->reader->streams, .stream = stream, .now = now, .hit = &ret[i]};
        answer(lookup, ret[i].hash, keys[i], &question);
        if (!lookup->domains)
            continue;
        struct nx_str domain = nx_str_sub(keys[i], 0, nx_str_chr(keys[i], '@') + 1);
        question.domain = true;
        answer(lookup, nx_table_hash(lookup->table, domain), domain, &question);
    }
    const struct question pattern = {.streams = lookup->reader->streams, .stream = stream, .now = now};
    if (lookup->forgotten->len > 0)
        ask_forgotten(lookup, keys, n, &pattern, ret);
}
