/* SPDX-License-Identifier: Apache-2.0 */
/* serve/token.h - who may ask what: bearer tokens (RFC 6750), kept as digests in a file.
 *
 * A line a token: "name roles digest [stream]", roles parted by commas, digest the hex SHA-256 of the token; a token is "nx_" and
 * 43 signs of 256 random bits, shown once. The file has mode 0600 and is replaced whole. A set is immutable; any thread. Errors:
 * SYNTAX ("file:line: what"), IO, EXISTS, NOT_FOUND, USAGE. */
#pragma once
#include "base/str.h"

#include <glib.h>
#include <stdint.h>

/* What a token may do; a route asks for one of them. write includes read, admin includes all. */
enum nx_role { NX_ROLE_ANYONE, NX_ROLE_INGEST, NX_ROLE_READ, NX_ROLE_WRITE, NX_ROLE_ADMIN };

struct nx_token {
    char *name, *stream; /* stream: "" or the one that its messages belong to */
    char digest[65];
    unsigned roles; /* bits 1 << enum nx_role */
};

struct nx_tokens;

/* A file that is not there holds none. */
struct nx_tokens *nx_tokens_load(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_tokens_free(struct nx_tokens *tokens);
/* In the file's order; *ret_n of them. */
const struct nx_token *nx_tokens_list(const struct nx_tokens *tokens, guint *ret_n);
/* The token presented, or NULL. */
const struct nx_token *nx_tokens_find(const struct nx_tokens *tokens, struct nx_str presented);
bool nx_token_may(const struct nx_token *token, enum nx_role role);
const char *nx_role_name(enum nx_role role);

/* Makes one and writes the file; *ret_token is the only time it is seen, freed with g_free. roles: "ingest,read". */
gboolean nx_tokens_create(const char *path, const char *name, const char *roles, const char *stream, char **ret_token,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean nx_tokens_revoke(const char *path, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct nx_tokens nx_tokens; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_tokens, nx_tokens_free)
