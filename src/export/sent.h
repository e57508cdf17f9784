/* SPDX-License-Identifier: Apache-2.0 */
/* export/sent.h - a line of what was sent: {"message_id": "n1@example.com", "recipient": "user@example.net", "stream": "news"}.
 *
 * Other members are passed over; stream may be null or absent. What ret holds lives in the arena. Pure, any thread. */
#pragma once
#include "store/store.h"

/* False: *ret_why says why it is none. */
bool nx_sent_read(struct nx_arena *arena, struct nx_str line, struct nx_sent *ret, const char **ret_why);
/* A Message-ID as the ledger knows it: without <> and blanks. */
struct nx_str nx_sent_id(struct nx_str text);
