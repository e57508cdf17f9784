/* SPDX-License-Identifier: Apache-2.0 */
/* classify/classify.h - what a report means: rules (data, docs/rules.md) and the tables of reply and enhanced codes.
 *
 * A rule set is built once from texts (the caller reads the files), checked, compiled, then immutable and shared between
 * threads by reference count. A matcher holds what one thread needs (PCRE2 match data, JIT stack, normalised text) and belongs
 * to one thread. Evidence order: firm hint of the provider's category, phrase of a provider, phrase of anybody, other hint,
 * enhanced code, reply code with stage. A 4xx is never hard at first sight. Pure: no file, no clock. RFC 3463, RFC 5321 4.2,
 * RFC 5248. */
#pragma once
#include "base/arena.h"
#include "base/limits.h"
#include "event/event.h"

struct nx_ruleset;
struct nx_matcher;

struct nx_source {      /* one pattern file; both slices are copied where they are kept */
    struct nx_str name; /* "providers/gmail.rules": shown in errors, gives tier and order */
    struct nx_str text;
    bool local; /* from the user's directory: may replace or disable rules */
};

/* Parses, checks and compiles. Any fault in any source fails the whole with NX_ERROR_SYNTAX, "name:line:column: what (what to
 * do)", one line a fault, all of them. run_examples: compile every expression now, and run the hits, misses and probes of shipped
 * rules too (build, tests, `rules check`); those of local rules are always run. */
struct nx_ruleset *nx_ruleset_new(const struct nx_source *sources, size_t n_sources, bool run_examples,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Rules on trial: a file of the user's own whose first line that is neither blank nor a comment is `trial`. It changes nothing
 * here: who reads the files decides which set it belongs to. */
bool nx_source_is_trial(const struct nx_source *source);
struct nx_ruleset *nx_ruleset_ref(struct nx_ruleset *rules);
void nx_ruleset_unref(struct nx_ruleset *rules);
/* 12 hex digits over all rules in order; lives as long as the set. */
struct nx_str nx_ruleset_digest(const struct nx_ruleset *rules);

struct nx_matcher *nx_matcher_new(const struct nx_ruleset *rules); /* takes a reference */
void nx_matcher_free(struct nx_matcher *matcher);

/* Judges one report. Kinds that are no failure (complaint, unsubscribe, autoreply, delivered) have their cause by kind; a delay
 * is soft with the reason it gives, `delayed` where it gives none. ret_verdict's slices point into the arena, the report or the
 * rule set. Never fails. */
void nx_classify(struct nx_matcher *matcher, struct nx_arena *arena, const struct nx_report *report,
                 struct nx_verdict *ret_verdict);

/* For people (`explain`, `rules test`): as nx_classify, and every rule that would have matched, in order, the winner first. */
struct nx_rule_match {
    struct nx_str id, file, matched;
    unsigned line;
    enum nx_cause cause;
    enum nx_class class_;
};
size_t nx_classify_all(struct nx_matcher *matcher, struct nx_arena *arena, const struct nx_report *report,
                       struct nx_verdict *ret_verdict, struct nx_rule_match **ret_matches);

/* For the rule author's tools: the rules in the order in which they are tried. Slices live as long as the set. */
struct nx_rule_info {
    struct nx_str id, file, note;
    struct nx_str body; /* the rule as written */
    unsigned line;
    const char *tier; /* "local", "provider", "generic", "weak" */
    enum nx_cause cause;
    enum nx_class class_;
    enum nx_kind kind; /* the first it speaks of; FAILED mostly */
    size_t phrases, hits, misses;
    bool expression, local;
};
size_t nx_ruleset_count(const struct nx_ruleset *rules);
void nx_ruleset_rule(const struct nx_ruleset *rules, size_t place, struct nx_rule_info *ret);
/* A guard by its id, which a verdict may name; cause NONE: it does not say what the words are about. false: there is none. */
bool nx_ruleset_guard(const struct nx_ruleset *rules, struct nx_str id, struct nx_rule_info *ret);
/* The i-th example of a rule; false: there are no more. */
bool nx_ruleset_example(const struct nx_ruleset *rules, size_t place, size_t i, struct nx_str *ret_text, bool *ret_hit);
size_t nx_ruleset_providers(const struct nx_ruleset *rules);

/* What a code means by itself (classify/codes.def); NULL: it is in no table. The status is "5.7.26"; its class does not matter
 * here. */
struct nx_reply_facts {
    unsigned code;
    const char *source, *meaning, *advice;
    enum nx_cause at_rcpt, before_rcpt, at_data;
};
struct nx_status_facts {
    unsigned short subject, detail;
    const char *source, *meaning;
    enum nx_class class4, class5;
    enum nx_cause cause4, cause5;
};
const struct nx_reply_facts *nx_reply_facts(unsigned code);
const struct nx_status_facts *nx_status_facts(struct nx_str status);

/* The text with addresses, hosts, IPs, URLs and ids as placeholders: the same key for two texts that say the same. Groups what
 * no rule explains. */
struct nx_str nx_triage_key(struct nx_arena *arena, struct nx_str text);
/* The words of a report that is grouped so, and the key of its group; what has no words is grouped by what it does say. */
struct nx_str nx_triage_words(struct nx_arena *arena, const struct nx_event *event);
struct nx_str nx_triage_group(struct nx_arena *arena, const struct nx_event *event);

/* Which receiving provider a host or address belongs to ("gmail", "outlook", ...; from the provider blocks of the rule files),
 * or nothing. */
struct nx_str nx_ruleset_provider(const struct nx_ruleset *rules, struct nx_str host, struct nx_str recipient);

typedef struct nx_ruleset nx_ruleset; /* for g_autoptr only */
typedef struct nx_matcher nx_matcher;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_ruleset, nx_ruleset_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_matcher, nx_matcher_free)
