/* SPDX-License-Identifier: Apache-2.0 */
/* store/table.h - all suppressions in one piece of memory or one mapped file, for questions by the million. Room-internal.
 *
 * Buckets by hash, about three records each, records holding the whole key: a question costs one look into the directory and one
 * into the bucket, and its answer is exact by itself (docs/notes/0003-lookup.md). A table never changes once made. A file is
 * written beside, synced and renamed, so it is whole or not there; what it says of itself (database, log position, vocabulary)
 * tells whether it may be used. Finding is safe from any thread. Keys are domain first. */
#pragma once
#include "store/store.h"

#define NX_TABLE_ID 16

struct nx_table;
struct nx_table_record { /* slices are the caller's when adding, the table's when found */
    struct nx_str key, stream;
    enum nx_cause cause;
    enum nx_class class_;
    nx_when since, until; /* kept to the second from 1970 to 2106 */
    bool allowed;         /* an allow-list entry, not a suppression */
};

struct nx_table_about { /* what the table was made of */
    char database[NX_TABLE_ID];
    int64_t position; /* of the log */
};

/* Made in two rounds over the same records: first _count for each, then _layout, then _put for each, then _finish. path NULL: in
 * memory. */
struct nx_table_maker;
struct nx_table_maker *nx_table_maker_new(uint64_t expected);
void nx_table_count(struct nx_table_maker *maker, const struct nx_table_record *record);
gboolean nx_table_layout(struct nx_table_maker *maker, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_table_put(struct nx_table_maker *maker, const struct nx_table_record *record);
/* Frees the maker; NULL on failure, with nothing left behind. */
struct nx_table *nx_table_finish(struct nx_table_maker *maker, const struct nx_table_about *about,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_table_maker_free(struct nx_table_maker *maker);

/* NULL and NOT_FOUND where there is no file or it is of another version or damaged: make a new one. */
struct nx_table *nx_table_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_table_free(struct nx_table *table);
const struct nx_table_about *nx_table_about(const struct nx_table *table);
uint64_t nx_table_size(const struct nx_table *table); /* records */
bool nx_table_has_domains(const struct nx_table *table);

uint64_t nx_table_hash(const struct nx_table *table, struct nx_str key);
/* Two hints to the processor, each some dozen questions ahead of its use: first the directory, then the bucket. */
void nx_table_warm_directory(const struct nx_table *table, uint64_t hash);
void nx_table_warm_bucket(const struct nx_table *table, uint64_t hash);
/* Takes the next record of the key; *at begins at 0. False when there is none left. */
bool nx_table_next(const struct nx_table *table, uint64_t hash, struct nx_str key, uint32_t *at, struct nx_table_record *ret);

typedef struct nx_table nx_table; /* for g_autoptr only */
typedef struct nx_table_maker nx_table_maker;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_table, nx_table_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_table_maker, nx_table_maker_free)
