/* SPDX-License-Identifier: Apache-2.0 */
/* serve/key.h - Idempotency-Key: a request that comes again under its key is answered as the first time and not done again.
 *
 * A key belongs to its actor and stands for one request: method, path, arguments and body. What is stored of it are hashes, and the
 * answer, in the transaction of the act (store/store.h, nx_once). Room-internal. */
#pragma once
#include "serve/request.h"

struct nx_keys; /* of requests under way */
struct nx_keys *nx_keys_new(void);
void nx_keys_free(struct nx_keys *keys);

struct nx_key {
    guint8 token[32], digest[32];
};
/* Before the handler of a write. *ret NULL: there is no key. False: the problem is answered; the same key is under way, or is none.
 */
bool nx_keys_take(struct nx_keys *keys, struct nx_request *request, struct nx_key **ret);
/* The request is over; takes the key, which may be NULL. */
void nx_keys_leave(struct nx_keys *keys, struct nx_key *key);
