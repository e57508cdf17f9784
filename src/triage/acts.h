/* SPDX-License-Identifier: Apache-2.0 */
/* triage/acts.h - the changes of a plan, however many, in order of the store's keys. Inner.
 *
 * Copied as they come, all added before _end, then handed out once in pages. What is beyond `memory` bytes is in a file without a
 * name under TMPDIR (base/sorter.h, whose errors these are). One thread. */
#pragma once
#include "store/store.h"

struct nx_acts;

struct nx_acts *nx_acts_new(size_t memory);
void nx_acts_free(struct nx_acts *acts);
/* Those of one key side by side, in the order in which they came. */
gboolean nx_acts_add(struct nx_acts *acts, struct nx_str key, const struct nx_rejudged *act, GError **error);
gboolean nx_acts_end(struct nx_acts *acts, GError **error);
/* struct nx_rejudged: `most` and the rest of the last one's address; empty behind the last. Lives until the next call. */
gboolean nx_acts_page(struct nx_acts *acts, size_t most, const GArray **ret, GError **error);
