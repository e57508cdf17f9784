/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/sent.h - the ledger of what was sent: hash of a Message-ID and recipient, until it is old or too many came since.
 * Inner to the back-end.
 *
 * Rows are numbered in the order in which they were recorded, so the oldest are the first ones and going through them needs no
 * index. One by Message-ID and one by recipient hold a short hash of the recipient's key in its place. No part of the log: nothing
 * is derived from it again. */
#pragma once
#include "store/sqlite/write.h"

/* What the migration of older files needs: SQL's nx_who(key). */
gboolean nx_sent_functions(struct nx_db *db, GError **error);
gboolean nx_sent_add(struct nx_backend *backend, const struct nx_sent *sent, struct nx_str key, nx_when now,
                     struct nx_recorded *ret, GError **error);
/* Drops what is past the limits; some thousand rows at most, so that nobody waits long. *ret_more: there may be more. */
gboolean nx_sent_sweep(struct nx_backend *backend, const struct nx_sent_limits *limits, nx_when now, bool *ret_more,
                       GError **error);
int nx_sent_find(struct nx_backend *backend, struct nx_arena *arena, struct nx_str message_id, struct nx_str key,
                 struct nx_sent_found *ret, bool *ret_named, GError **error);
/* Was something sent to it, or does the ledger not go back so far that it could tell? */
gboolean nx_sent_may_be(struct nx_db *db, struct nx_str key, nx_when at, bool *ret, GError **error);
gboolean nx_sent_read_all(struct nx_reader *reader, struct nx_str key, nx_sent_fn *fn, void *data, GError **error);
gboolean nx_sent_forget(struct nx_db *db, struct nx_str key, GError **error);
