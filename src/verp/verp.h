/* SPDX-License-Identifier: Apache-2.0 */
/* verp/verp.h - signed return paths: proof that a report answers mail that we sent to that recipient.
 *
 * The return path of a mail is PREFIX+TOKEN@DOMAIN, where TOKEN is 42 characters of lower-case base32 (RFC 4648 6; some servers
 * fold case): version and key, the hour it expires, 64 bits of a keyed digest of the recipient, 32 of the stream, 80 of the
 * signature (HMAC-SHA-256, RFC 2104). With the prefix it stays below the 64 octets of RFC 5321 4.5.3.1.1. It names nobody to who
 * cannot guess the recipient. The first key signs, every key verifies: an old one is kept as long as its tokens live. Immutable
 * after _new; any thread. Recipients are folded by the caller (address/key.h). */
#pragma once
#include "base/arena.h"
#include "base/when.h"

#include <glib.h>

#define NX_VERP_LIFETIME (12 * 86400) /* a queue's five days and a week more */

struct nx_verp;

/* keys: the text of a key file, "ID SECRET" a line: ID one of a-z 2-7, unique; SECRET at least 16 characters without blanks; #
 * comments. streams: names that tokens may carry, separated by blanks. CONFIG with name:line on a fault; no key at all is one. */
struct nx_verp *nx_verp_new(const char *name, const char *keys, const char *prefix, const char *domain, const char *streams,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_verp_free(struct nx_verp *verp);

/* The return path for a mail to this (folded) recipient. A stream that is not known is left out. */
struct nx_str nx_verp_sign(const struct nx_verp *verp, struct nx_arena *arena, struct nx_str recipient, struct nx_str stream,
                           nx_when now, int64_t lifetime);

enum nx_verp_state {
    NX_VERP_FOREIGN, /* no return path of ours */
    NX_VERP_BAD,     /* looks like ours but is forged, cut, or of a key that is gone */
    NX_VERP_EXPIRED, /* ours, but too old to be believed */
    NX_VERP_GOOD,
};
struct nx_verp_token {
    enum nx_verp_state state;
    char key; /* id; of GOOD and EXPIRED */
    nx_when expires;
    struct nx_str stream; /* or empty; lives as long as verp */
    unsigned char recipient[8];
};
/* Reads a return path: any case, with or without <>. */
void nx_verp_read(const struct nx_verp *verp, struct nx_str address, nx_when now, struct nx_verp_token *ret_token);
/* Was the token (GOOD or EXPIRED) made for this folded recipient? Constant time. */
bool nx_verp_names(const struct nx_verp *verp, const struct nx_verp_token *token, struct nx_str recipient);
/* A new line for the key file. */
char *nx_verp_new_key(char id);

typedef struct nx_verp nx_verp; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_verp, nx_verp_free)
