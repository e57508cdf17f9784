/* SPDX-License-Identifier: Apache-2.0 */
/* parse/address.h - mail addresses as they stand in reports.
 *
 * RFC 5321 4.1.2 (Mailbox, source routes), RFC 3461 4 (xtext), RFC 6533 3 (utf-8 addresses), and what is met in the wild:
 * missing <>, `rfc822;` with blanks, quoted local parts, %-hack, X.400, pipe commands. Slices point into the text given, or
 * into the arena where decoding changed it. Pure, any thread. */
#pragma once
#include "base/arena.h"
#include "event/names.h"

/* Finds the next address (local@domain, domain with a dot or a literal, or localhost-like after a known mark) at or after *at;
 * on true *ret_address is the bare address and *at the offset behind it. Trailing punctuation and enclosing <>, "", (), [] are
 * not part of it. */
bool nx_address_find(struct nx_str text, size_t *at, struct nx_str *ret_address);
/* Is the whole text one address? */
bool nx_address_is(struct nx_str text);
/* The value of Final-Recipient and its kin: type and address are parted, <>, source route and xtext are undone. No address:
 * empty, and *ret_notes gains BAD_ADDRESS; *ret_rest (may be NULL) is then the text that stood there (a local name, X.400, a
 * command). */
struct nx_str nx_address_of_field(struct nx_arena *arena, struct nx_str value, struct nx_str *ret_rest, nx_notes *ret_notes);
bool nx_address_same(struct nx_str a, struct nx_str b); /* without case */
