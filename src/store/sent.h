/* SPDX-License-Identifier: Apache-2.0 */
/* store/sent.h - what the ledger of sent messages says of a report, before it is kept. Room-internal; the writer's thread. */
#pragma once
#include "store/writer.h"

/* *event becomes ret_event where the ledger knows more: it was sent to whom the report names (note sent), or a report that names
 * nobody, or an alias, is about the one recipient of that Message-ID (note recipient_from_ledger). Slices live in the store's
 * scratch. */
gboolean nx_sent_resolve(struct nx_store *store, const struct nx_event **event, struct nx_event *ret_event, GError **error);
