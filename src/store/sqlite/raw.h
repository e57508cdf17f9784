/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/raw.h - whole messages of what nobody could explain (nx_event_is_unexplained). Inner to the back-end.
 *
 * Table `unexplained` names the events of the log, `raw` holds the messages, each once however many events it gave. A row of
 * the log that is deleted takes its message with it (a trigger). Writer thread, inside a transaction; reading: any reader. */
#pragma once
#include "base/error.h"
#include "store/sqlite/read.h"
#include "store/sqlite/write.h"

/* Links the event, which log row `sequence` is, and keeps its message; the oldest go when there are too many. */
gboolean nx_raw_keep(struct nx_backend *backend, const struct nx_event *event, int64_t sequence, nx_when now, GError **error);
/* Once an hour: what is older than the limit goes. Costs a comparison otherwise. */
gboolean nx_raw_sweep(struct nx_backend *backend, nx_when now, GError **error);
void nx_raw_limit(struct nx_backend *backend, const struct nx_raw_limits *limits);
/* Deletes every message that names one of the addresses ("user@example.net"), also in quoted-printable, base64 and return paths.
 * For erasure; unpacks all of them. ret_removed may be NULL. */
gboolean nx_raw_forget(struct nx_backend *backend, const struct nx_str *addresses, size_t n, size_t *ret_removed, GError **error);
bool nx_raw_names(struct nx_arena *arena, struct nx_str message, struct nx_str address);
int nx_raw_read(struct nx_reader *reader, struct nx_arena *arena, struct nx_str event_id, struct nx_raw *ret, GError **error);
