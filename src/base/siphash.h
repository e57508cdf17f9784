/* SPDX-License-Identifier: Apache-2.0 */
/* base/siphash.h - SipHash-2-4 (Aumasson, Bernstein, 2012): a short keyed hash that tells nothing to who lacks the key.
 *
 * Some fifty times cheaper than an HMAC of a short text; unlike fast hashes with a seed, its key does not follow from texts and
 * their hashes. Pure, any thread. */
#pragma once
#include "base/str.h"

#include <stdint.h>

struct nx_sip_key {
    uint64_t low, high; /* the 16 bytes, little-endian */
};
uint64_t nx_siphash(struct nx_sip_key key, struct nx_str text);
