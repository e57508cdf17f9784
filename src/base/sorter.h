/* SPDX-License-Identifier: Apache-2.0 */
/* base/sorter.h - more texts than fit into memory, put in order.
 *
 * An item is the text that it is sorted by and a payload, both any bytes, copied. Order: byte by byte, a prefix before what goes
 * on; equal texts in the order in which they came. What goes beyond `memory` bytes is sorted in runs, by a thread of its own while
 * the next run fills, and kept in a file without a name in `directory`, so nothing stays behind. Errors: FULL, IO with the
 * directory, LIMIT. One thread at a time. */
#pragma once
#include "base/str.h"

#include <glib.h>

struct nx_sorter;

struct nx_sorter *nx_sorter_new(const char *directory, size_t memory);
void nx_sorter_free(struct nx_sorter *sorter);
gboolean nx_sorter_add(struct nx_sorter *sorter, struct nx_str text, struct nx_str payload,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After the last _add, before the first _next. */
gboolean nx_sorter_end(struct nx_sorter *sorter, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* 1 an item, whose slices live until the next call; 0 there is none left; -1 error. */
int nx_sorter_next(struct nx_sorter *sorter, struct nx_str *ret_text, struct nx_str *ret_payload,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
guint64 nx_sorter_count(const struct nx_sorter *sorter);

typedef struct nx_sorter nx_sorter; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_sorter, nx_sorter_free)
