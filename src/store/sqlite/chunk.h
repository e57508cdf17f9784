/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/chunk.h - a stretch of an import as one packed list. Inner to the back-end.
 *
 * Ten million imported addresses as log rows would cost more than the suppressions themselves; as lists of NX_CHUNK_LINES sorted by
 * key they cost about a tenth. One line: key, stream, cause id, since, until, address, reason, parted by tabs (none of them can
 * hold one: folding refuses control characters, reasons are cleaned), sorted by key and stream. A reason that all share stands in
 * the log row instead, which else has kind "mixed". */
#pragma once
#include "base/buf.h"
#include "store/sqlite/apply.h"

#define NX_CHUNK_LINES 512u

void nx_chunk_add(struct nx_db *db, struct nx_buf *out, const struct nx_change *change, bool with_reason);
/* Takes the next line off *rest; false at the end or at a broken one (*ret_broken). Slices point into the list. */
bool nx_chunk_next(const struct nx_db *db, struct nx_str *rest, struct nx_row *ret, bool *ret_broken);
/* Moves to the first line whose key is not before the one given. */
struct nx_str nx_chunk_seek(struct nx_str list, struct nx_str key);
/* The unpacked list of an import's row. */
gboolean nx_chunk_load(struct nx_db *db, struct nx_arena *arena, int64_t sequence, struct nx_str *ret, GError **error);
