/* SPDX-License-Identifier: Apache-2.0 */
/* triage/mask.h - a diagnostic without what names anybody: addresses, hosts, IPs, URLs, ids, numbers, names.
 *
 * A word is somebody's when the report has it in an address, a host or a display name; words of the shipped rules are nobody's.
 * What stands instead comes from a table: placeholders for people, or example names (RFC 2606, RFC 5737) for a rule's `hit`. A mask
 * is immutable, any thread; results live in the arena. */
#pragma once
#include "classify/classify.h"

struct nx_mask;

struct nx_mask_words {
    const char *address, *host, *ip4, *ip6, *url, *number, *id, *name;
};
extern const struct nx_mask_words nx_mask_placeholders; /* "ADDRESS", "HOST", ... */
extern const struct nx_mask_words nx_mask_examples;     /* "user@example.com", "mx.example.net", ... */
extern const struct nx_mask_words nx_mask_gaps;         /* ";" for each: the runs of words that are left can make a phrase */

struct nx_mask *nx_mask_new(const struct nx_ruleset *rules);
void nx_mask_free(struct nx_mask *mask);
/* report: whose names are masked. text: one line; the longest of it is the first NX_MASK_MAX bytes. */
#define NX_MASK_MAX 4096u
struct nx_str nx_mask_text(const struct nx_mask *mask, struct nx_arena *arena, struct nx_str text, const struct nx_report *report,
                           const struct nx_mask_words *words);

typedef struct nx_mask nx_mask; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_mask, nx_mask_free)
