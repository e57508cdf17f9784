/* SPDX-License-Identifier: Apache-2.0 */
/* store/mention.h - addresses inside other text, found and taken out. Room-internal.
 *
 * A report about one address can name another: in the words of a server, in the fields of the returned message, as user=domain in
 * a return path. The text may be JSON: what is put in its place needs no escaping, and a quoted local part is found in its escaped
 * form too. In: any bytes. Out: in the arena, or the text itself where nothing was found. Pure, any thread. */
#pragma once
#include "base/arena.h"

/* Is this address to go? It is as it stands in the text, and may be none. */
typedef bool nx_mention_fn(void *data, struct nx_str address);
/* Can an address of this domain, as it stands in the text, be one of them? It is asked first: most are of others. NULL: any can. */
typedef bool nx_mention_domain_fn(void *data, struct nx_str domain);
/* The text with "[erased]" for each address that is to go; *ret_n (may be NULL) counts them. */
struct nx_str nx_mention_scrub(struct nx_arena *arena, struct nx_str text, nx_mention_domain_fn *domain_fn, nx_mention_fn *fn,
                               void *data, size_t *ret_n);
