/* SPDX-License-Identifier: Apache-2.0 */
/* classify/match.h - the compiled set, and which of its rules match a text.
 *
 * A unit is one phrase (or the expression) of one rule; units are numbered in the order of trial, so the first set bit that
 * holds is the winner. The set is immutable; a matcher is one thread's. Results live in the matcher until the next scan into
 * the same slot. */
#pragma once
#include "base/lit.h"
#include "classify/rule.h"

#define NX_MATCH_STEPS 20000u  /* places looked at per text for phrases */
#define NX_NOT_AROUND 120u     /* bytes on both sides of a match in which `not` is looked for */
#define NX_GUARD_BEFORE 160u   /* bytes of the clause, and of the words that matched, that a guard sees */
#define NX_GUARD_BEHIND 40u    /* and of what follows */
#define NX_GUARD_WIDE 320u     /* the same on both sides for a guard of scope reply, and all that one of scope code sees */
#define NX_MATCH_LIMIT 100000u /* PCRE2 match limit of one try */

struct nx_unit {
    const struct nx_rule *rule;
    unsigned place;                 /* of the rule in the order */
    const struct nx_phrase *phrase; /* NULL: the expression */
};

struct nx_ruleset {
    gatomicrefcount refs;
    struct nx_rulebook *book;
    struct nx_lit_set *literals;
    struct nx_unit *units;
    unsigned n_units;
    unsigned first_lead;  /* bit of the first lead; behind the units and one bit for each guard */
    unsigned n_bits;      /* of all of them */
    unsigned weak_unit;   /* the first unit of a weak rule */
    unsigned *first_unit; /* by place, n_rules + 1 */
    char digest[13];
};

struct nx_context { /* what the gates look at */
    enum nx_kind kind;
    enum nx_stage stage;
    struct nx_str format;
    unsigned replies[3];
    size_t n_replies;
    struct nx_code codes[2 * NX_NORM_CODES + 1];
    size_t n_codes;
    unsigned char level;   /* first digit of what the report says (2, 4, 5), 0: nothing */
    unsigned providers[4]; /* places + 1; found when a rule first asks */
    size_t n_providers;
    bool remote_told, providers_told;
    struct nx_str remote_mta, reporting_mta, recipient;
};

struct nx_scan { /* one text */
    struct nx_norm norm;
    guint64 *bits;
};

struct nx_found {
    const struct nx_rule *rule;
    size_t from, to; /* in the normalised text */
};

struct nx_matcher {
    struct nx_ruleset *rules;
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    struct nx_scan scans[3];     /* tail of an expiry, diagnostic, text */
    size_t n_words;              /* of each bit set */
    const struct nx_rule *guard; /* the first that took words away and says what they are about; NULL: none. Reset by who asks */
    struct nx_str guarded;       /* those words, as they stand */
    bool limit;                  /* an expression or phrase ran into its limit */
};

void nx_matcher_scan(struct nx_matcher *matcher, struct nx_arena *arena, struct nx_scan *scan, struct nx_str text);
/* The first rule that matches among units [from, to), with `beats` heard; false: none does. */
bool nx_matcher_first(struct nx_matcher *matcher, const struct nx_scan *scan, struct nx_context *context, unsigned from,
                      unsigned to, struct nx_found *ret);
/* Do the words say what the code beside them, which would make the address dead, cannot mean? (guards of scope code) */
bool nx_matcher_denies_code(struct nx_matcher *matcher, const struct nx_scan *scan);
/* Where the reason stands behind the words of a lead ("last error: ..."), in the normalised text; false: there is none, or
 * nothing behind it. */
bool nx_matcher_lead(struct nx_matcher *matcher, const struct nx_scan *scan, size_t *ret_at);
/* Does this one rule match? */
bool nx_matcher_rule(struct nx_matcher *matcher, const struct nx_scan *scan, struct nx_context *context, unsigned place,
                     struct nx_found *ret);
/* PCRE2's answer for the expression of a rule on any bytes, for the probes of the checker. */
int nx_matcher_try(struct nx_matcher *matcher, const struct nx_rule *rule, struct nx_str text);
/* Duplicates and what examples may show; then the examples (of local rules always, of shipped ones on request) and the probes.
 * Faults are added to the book. */
void nx_ruleset_check_static(struct nx_rulebook *book);
void nx_ruleset_check(struct nx_ruleset *rules, bool shipped);
/* Looks up the providers, once. */
void nx_context_providers(const struct nx_ruleset *rules, struct nx_context *context);
/* Fills the context from a report and the norm of its diagnostic; the report's slices are borrowed. */
void nx_context_of(const struct nx_report *report, const struct nx_norm *norm, struct nx_context *ret);
