/* SPDX-License-Identifier: Apache-2.0 */
/* export/trail.h - one line of the log as JSON: `history --json`, subject access, HTTP (schema Act).
 *
 * Fixed key order, absent is null, no line end. An event stands whole in it. Appends to buf. Pure, any thread. */
#pragma once
#include "base/buf.h"
#include "store/store.h"

void nx_logged_to_json(struct nx_buf *out, const struct nx_logged *line);
