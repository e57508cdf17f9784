/* SPDX-License-Identifier: Apache-2.0 */
/* verify/crypto.h - the few things that OpenSSL does for us, over slices. Room-internal. Strict decoders: no blanks, no missing
 * padding. */
#pragma once
#include "base/arena.h"

#include <openssl/evp.h>

enum nx_hash { NX_HASH_MD5, NX_HASH_SHA1, NX_HASH_SHA256 };

struct nx_digest {
    unsigned char bytes[64];
    size_t n;
};

/* HMAC of the parts, one after the other. */
void nx_hmac(enum nx_hash hash, struct nx_str key, const struct nx_str *parts, size_t n_parts, struct nx_digest *ret);
void nx_hash(enum nx_hash hash, const struct nx_str *parts, size_t n_parts, struct nx_digest *ret);
/* Constant time in the bytes. */
bool nx_bytes_equal(struct nx_str a, struct nx_str b);
static inline struct nx_str nx_digest_str(const struct nx_digest *digest)
{
    return (struct nx_str){(const char *)digest->bytes, digest->n};
}
/* False: not that encoding. */
bool nx_hex_decode(struct nx_arena *arena, struct nx_str text, struct nx_str *ret);
bool nx_base64_decode(struct nx_arena *arena, struct nx_str text, struct nx_str *ret);
struct nx_str nx_base64_encode(struct nx_arena *arena, struct nx_str bytes);
/* A public key as PEM, or base64 SubjectPublicKeyInfo; NULL: it is none. Freed with EVP_PKEY_free. */
EVP_PKEY *nx_public_key(struct nx_arena *arena, const char *text);
/* hash_name NULL: the key's own (Ed25519). */
bool nx_signature_fits(EVP_PKEY *key, const char *hash_name, struct nx_str signature, struct nx_str text);
