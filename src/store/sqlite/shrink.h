/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/shrink.h - the size of the file, and room that it gives back. Inner; promises: store/store.h. */
#pragma once
#include "store/sqlite/write.h"

gboolean nx_read_size(struct nx_reader *reader, struct nx_size *ret, GError **error);
gboolean nx_write_shrink(struct nx_backend *backend, bool dry, GError **error);
/* The write-ahead log goes into the file and is emptied; BUSY: not while somebody reads what was there before. `then` says what
 * that means. */
gboolean nx_shrink_log(struct nx_db *db, const char *then, GError **error);
