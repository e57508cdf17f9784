/* SPDX-License-Identifier: Apache-2.0 */
/* store/lookup.h - may these be written to? by the hundred thousand a second.
 *
 * A table of all entries beside the database (PATH.lookup), and over it what has changed since it was made: exact at the moment of
 * the last _refresh. The table is made when there is none or too much has changed, and kept where the directory may be written; it
 * may be deleted at any time. One of these a thread; _find alone is safe from many threads while nobody refreshes. */
#pragma once
#include "store/store.h"

struct nx_lookup;

/* store: outlives the lookup. */
struct nx_lookup *nx_lookup_new(struct nx_store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_lookup_free(struct nx_lookup *lookup);
/* Takes up what was committed since; costs one small query when there is nothing. */
gboolean nx_lookup_refresh(struct nx_lookup *lookup, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many entries there are, in force or not. */
uint64_t nx_lookup_size(const struct nx_lookup *lookup);

/* Folds an address as the store does; false: *ret_why says why it is none. */
bool nx_lookup_fold(const struct nx_lookup *lookup, struct nx_arena *arena, struct nx_str text, struct nx_address *ret,
                    const char **ret_why);

enum nx_answer { NX_ANSWER_OK, NX_ANSWER_SUPPRESSED, NX_ANSWER_ALLOWED };
struct nx_hit {
    enum nx_answer answer;
    bool domain; /* by an entry for the whole domain */
    bool erased; /* by the hash of an erased address */
    enum nx_cause cause;
    enum nx_class class_;
    nx_when since, until;
    uint64_t hash; /* of the key: the same key gives the same within one lookup */
};
/* n folded keys (struct nx_address, .key) at once. Batches of a hundred or more hide the cost of memory. */
void nx_lookup_find(const struct nx_lookup *lookup, const struct nx_str *keys, size_t n, struct nx_str stream, nx_when now,
                    struct nx_hit *ret);

typedef struct nx_lookup nx_lookup; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_lookup, nx_lookup_free)
