/* SPDX-License-Identifier: Apache-2.0 */
/* serve/entry.h - a suppression as JSON (docs/http.md, schema Suppression): fixed key order, absent is null, no line end. Any
 * thread. */
#pragma once
#include "base/buf.h"
#include "store/store.h"

void nx_entry_to_json(struct nx_buf *out, const struct nx_entry *entry);
