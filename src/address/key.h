/* SPDX-License-Identifier: Apache-2.0 */
/* address/key.h - when two spellings are one address, and how it is looked up.
 *
 * RFC 5321 2.4 and 4.1.2, RFC 5890 (A-labels), RFC 6531 3.3, UTS 46 (non-transitional). Domain: lower-case A-label, without the
 * final dot. Local part: NFC, lower case; quoting that is not needed is taken away. Per domain, and only where the rules say so, a
 * +tag and dots are dropped.
 * "@example.net" is the whole domain. In: UTF-8, at most NX_ADDRESS_MAX bytes. Out: slices in the arena, or in the text where
 * nothing changed. Pure, any thread (libidn2 and GLib keep no state here). */
#pragma once
#include "base/arena.h"

#define NX_ADDRESS_MAX 1024u

struct nx_address {       /* one address, taken apart and folded */
    struct nx_str folded; /* "user@example.net", for people */
    struct nx_str local, domain;
    struct nx_str key; /* "example.net@user": sorts by domain; "example.net@" is the domain itself */
};

struct nx_fold_rules; /* which domains drop a +tag, which drop dots */

/* tags, dots: domains parted by blanks or commas ("" for none, "*" for every domain). Freed with _free; NULL as rules folds nothing
 * extra. */
struct nx_fold_rules *nx_fold_rules_new(const char *tags, const char *dots, GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct nx_fold_rules *nx_fold_rules_copy(const struct nx_fold_rules *rules);
void nx_fold_rules_free(struct nx_fold_rules *rules);

/* False when the text is no address; *ret_why (may be NULL) then says why in words. Blanks around it and one pair of <> are not
 * part of it. */
bool nx_address_fold(struct nx_arena *arena, struct nx_str text, const struct nx_fold_rules *rules, struct nx_address *ret,
                     const char **ret_why);
/* "example.net@user" back to "user@example.net". */
struct nx_str nx_address_of_key(struct nx_arena *arena, struct nx_str key);

typedef struct nx_fold_rules nx_fold_rules; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_fold_rules, nx_fold_rules_free)
