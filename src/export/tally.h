/* SPDX-License-Identifier: Apache-2.0 */
/* export/tally.h - one counter of events as a JSON object, one form for the command line and HTTP (docs/http.md, schema Count): the
 * dimensions by name, then "events"; an absent value is null. Appends to out; no line end. Pure, any thread. */
#pragma once
#include "base/buf.h"
#include "store/store.h"

void nx_tally_to_json(struct nx_buf *out, enum nx_tally by, enum nx_tally then, struct nx_str first, struct nx_str second,
                      uint64_t n);
