/* SPDX-License-Identifier: Apache-2.0 */
/* store/pseudonym.h - how an erased address is known again without being kept: HMAC-SHA-256 under a secret.
 *
 * RFC 2104, cut to 16 bytes; before it a tag of 4 (SipHash, whose key is an HMAC of the secret), so that one that is not
 * meant is told from it at little cost. The secret is 32 random bytes in a file beside the database (PATH.key, readable by those
 * who may read the database), so that a copy of the database alone cannot be searched. It has an id, which the database keeps: a
 * wrong secret is noticed. Errors: NOT_FOUND no such file, CONFIG it cannot be read or is none, IO it cannot be made. One of these
 * may be shared by threads; a hasher is one thread's. docs/security.md says what it protects from. */
#pragma once
#include "base/str.h"

#include <glib.h>

#define NX_PSEUDONYM_TAG 4
#define NX_PSEUDONYM (NX_PSEUDONYM_TAG + 16)

struct nx_pseudonym;        /* the secret */
struct nx_pseudonym_hasher; /* a thread's means to use it */

/* Makes the file with a new secret, with owner and group of `like`; an existing one is left alone. */
gboolean nx_pseudonym_make(const char *path, const char *like, GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct nx_pseudonym *nx_pseudonym_load(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_pseudonym_free(struct nx_pseudonym *secret);
const char *nx_pseudonym_id(const struct nx_pseudonym *secret);

struct nx_pseudonym_hasher *nx_pseudonym_hasher_new(const struct nx_pseudonym *secret);
void nx_pseudonym_hasher_free(struct nx_pseudonym_hasher *hasher);
/* The first NX_PSEUDONYM_TAG bytes of the hash, some fifty times cheaper. */
void nx_pseudonym_tag(const struct nx_pseudonym *secret, struct nx_str key, unsigned char ret[NX_PSEUDONYM_TAG]);
void nx_pseudonym_hash(struct nx_pseudonym_hasher *hasher, struct nx_str key, unsigned char ret[NX_PSEUDONYM]);

typedef struct nx_pseudonym nx_pseudonym; /* for g_autoptr only */
typedef struct nx_pseudonym_hasher nx_pseudonym_hasher;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_pseudonym, nx_pseudonym_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_pseudonym_hasher, nx_pseudonym_hasher_free)
