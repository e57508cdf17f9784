/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/rate.h - how many addresses each remote calls dead, and how much it delivers, by the hour. Inner.
 *
 * Kept with each event in the writer's transaction; not derived from the log: what a person took back is taken out. By the
 * moment an event counts for, so a clock that jumps leaves rows of its own and spoils no others; old rows go by how many days
 * of events are newer, not by the clock. Sources of reports (event/remote.h) are counted beside the remotes, in rows of their
 * own and of their own sum. */
#pragma once
#include "store/sqlite/write.h"

/* Into the table what was counted in the transaction that is open (pending.h). */
gboolean nx_rate_write(struct nx_db *db, GError **error);
gboolean nx_rate_add(struct nx_backend *backend, struct nx_str remote, nx_when at, nx_when now, unsigned hits, unsigned delivered,
                     GError **error);
/* A hit of a source, and with it of those that are new. */
gboolean nx_rate_add_source(struct nx_backend *backend, struct nx_str source, bool new, nx_when at, nx_when now, GError **error);
/* Has it had a hit before the longest window that ends now, or has nobody had one? */
gboolean nx_rate_is_known(struct nx_backend *backend, struct nx_str source, nx_when at, bool *ret, GError **error);
/* The same for who reads. */
gboolean nx_read_knows_source(struct nx_reader *reader, const struct nx_breaker *breaker, struct nx_str source, nx_when at,
                              bool *ret, GError **error);
/* Is this remote's or source's window an incident? ret->judged is false while it cannot be. */
gboolean nx_rate_judge(struct nx_backend *backend, struct nx_str remote, nx_when at, struct nx_surge *ret, GError **error);
/* One hit of that hour was none. */
gboolean nx_rate_take_back(struct nx_db *db, struct nx_str remote, nx_when at, GError **error);
/* The same for entries that are about to be released; stream as in nx_store_release. */
gboolean nx_rate_take_back_entries(struct nx_backend *backend, struct nx_str key, struct nx_str stream, GError **error);
/* The same for what is held back. */
gboolean nx_rate_take_back_holds(struct nx_backend *backend, struct nx_str key, struct nx_str stream, GError **error);
/* All hits of a remote in that time were none. */
gboolean nx_rate_wipe(struct nx_db *db, struct nx_str remote, nx_when since, nx_when until, GError **error);
