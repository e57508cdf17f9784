/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/erase.h - takes an address out of every table: all erasure goes through here. Inner to the back-end.
 *
 * Events keep their row, their id (a second arrival is known) and what names nobody (kind, cause, class, status, rule, source,
 * day); acts go; lines of imports go, and an import with no line left. Written over, not only unlinked: secure_delete is on.
 * Writer thread, inside a transaction. */
#pragma once
#include "store/sqlite/write.h"

/* Of one key, all rows of its own. spellings (may be NULL) gains how the address was written, char *. */
gboolean nx_erase_key(struct nx_backend *backend, struct nx_str key, struct nx_erased *counts, GPtrArray *spellings,
                      GError **error);
/* Of one key, for its age: the same, but events go with their rows. */
gboolean nx_erase_rows(struct nx_backend *backend, struct nx_str key, struct nx_erased *counts, GError **error);
/* Its lines in lists of imports. */
gboolean nx_erase_lines(struct nx_backend *backend, struct nx_str key, size_t *lines, GError **error);

struct nx_erase_keys; /* a set of keys, to find in other rows */
struct nx_erase_keys *nx_erase_keys_new(const struct nx_address *addresses, size_t n, const struct nx_fold_rules *rules);
void nx_erase_keys_free(struct nx_erase_keys *keys);
/* Where rows behind *after name one of them, the name is taken out; *after moves on by up to `most` rows, 0 at the end. */
gboolean nx_erase_mentions(struct nx_backend *backend, struct nx_erase_keys *keys, int64_t *after, unsigned most, size_t *rows,
                           GError **error);

/* The body of an event that tells of nobody, packed in the scratch arena; recipient (may be absent) is what is left of it. */
struct nx_str nx_erase_body(struct nx_backend *backend, struct nx_str body, struct nx_str recipient);

typedef struct nx_erase_keys nx_erase_keys; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_erase_keys, nx_erase_keys_free)
