/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/tally.h - the counters of events. Inner; promises: store/store.h. */
#pragma once
#include "store/ops.h"

gboolean nx_read_tally(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                       nx_tally_fn *fn, void *data, GError **error);
