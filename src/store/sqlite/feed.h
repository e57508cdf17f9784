/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/feed.h - a stretch of changes as a table that SQL can select from. Inner to the back-end.
 *
 * One statement over nx_feed(place, key, stream, address, cause, class, since, until) writes what would take a statement a row, in
 * less than half the time. The table has rows only while nx_feed_set names some; the changes are the caller's until it names none.
 * A feed belongs to its connection, which frees it. */
#pragma once
#include "store/ops.h"
#include "store/sqlite/db.h"

struct nx_feed;

/* Makes the table known to the connection. */
struct nx_feed *nx_feed_new(struct nx_db *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_feed_set(struct nx_feed *feed, const struct nx_change *const *changes, size_t n);
