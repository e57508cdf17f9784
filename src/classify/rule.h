/* SPDX-License-Identifier: Apache-2.0 */
/* classify/rule.h - a rule as read from its file (docs/rules.md), and the texts it is read from.
 *
 * All of it belongs to one nx_rulebook: strings are slices of the copied sources or of its arena, and live as long as the book.
 * Phrases, needs and the regular expression are normalised (classify/norm.h). Errors are collected, one line a fault:
 * "name:line:column: what (what to do)". */
#pragma once
#define PCRE2_CODE_UNIT_WIDTH 8
#include "classify/classify.h"
#include "classify/norm.h"

#include <pcre2.h>
#include <pthread.h>

#define NX_GAP_MAX 120u     /* bytes that " * " in a phrase may stand for */
#define NX_RULES_MAX 20000u /* rules of a set */
#define NX_RULE_FILE_MAX (1u << 20)
#define NX_SEGMENTS_MAX 5u

enum nx_gap { NX_GAP_NONE, NX_GAP_ANY, NX_GAP_WORD, NX_GAP_STEM }; /* nothing, " * ", " ? ", the rest of a word */

struct nx_segment {
    struct nx_str text;
    enum nx_gap before;        /* how it hangs on the one before */
    bool open_start, open_end; /* `*` glued to it: the word may go on there */
};

struct nx_phrase {
    struct nx_str source; /* as written */
    struct nx_str form;   /* normalised: the same for phrases that are the same */
    unsigned line;
    struct nx_segment segments[NX_SEGMENTS_MAX];
    unsigned n_segments;
    struct nx_str literal; /* its longest segment */
};

struct nx_status_gate { /* a part of -1 is open */
    int class_, subject, detail;
};

struct nx_code_gate {
    unsigned low, high;
};

struct nx_example {
    struct nx_str text;
    unsigned line;
    bool hit;
};

enum nx_tier { NX_TIER_LOCAL, NX_TIER_PROVIDER, NX_TIER_GENERIC, NX_TIER_WEAK };

enum nx_block { NX_BLOCK_RULE, NX_BLOCK_GUARD, NX_BLOCK_LEAD }; /* LEAD: behind its words the reason of the failure stands */

/* what a guard sees: the clause of the words, all around them, or a text whose code would decide */
enum nx_scope { NX_SCOPE_CLAUSE, NX_SCOPE_REPLY, NX_SCOPE_CODE };

struct nx_jit { /* the one thing of a rule that changes: compiled at first use, as most expressions are never reached */
    pthread_mutex_t lock;
    _Atomic bool done; /* nobody matches before */
    struct nx_str re;  /* in plain letters: what is compiled */
    pcre2_code *code;  /* NULL before, and for ever where it cannot be compiled */
};

struct nx_rule {
    struct nx_str id, file, body; /* body: its lines, as written */
    unsigned line;
    bool local, weak;
    enum nx_block block; /* a guard takes words away from hard rules; its cause says what they are about */
    bool pick_last;      /* of a lead: the last place in a text counts, not the first */
    enum nx_scope scope; /* of a guard */
    enum nx_tier tier;
    struct nx_str place_file; /* where it stands in the order: its own place, or that of the rule it replaces */
    unsigned place_line;
    enum nx_cause cause;
    bool has_class;
    enum nx_class class_;
    unsigned kinds;     /* bits by enum nx_kind */
    unsigned stages;    /* bits by enum nx_stage, 0: open */
    GArray *codes;      /* struct nx_code_gate */
    GArray *statuses;   /* struct nx_status_gate */
    GArray *from;       /* struct nx_str: provider ids */
    GArray *formats;    /* struct nx_str */
    GArray *any, *not ; /* struct nx_phrase */
    GArray *needs;      /* struct nx_phrase: literals that the expression cannot do without (any one of them) */
    struct nx_str re;   /* n == 0: none */
    unsigned re_line;
    size_t re_column;
    struct nx_jit *jit; /* of re; NULL: there is none */
    GArray *beats;      /* struct nx_str */
    GArray *beaten_by;  /* unsigned: places in the order */
    GArray *examples;   /* struct nx_example */
    struct nx_str note, since, src;
};

struct nx_provider {
    struct nx_str id;
    struct nx_str file;
    unsigned line;
};

struct nx_rulebook {
    struct nx_arena *arena;
    GPtrArray *all;         /* struct nx_rule as read; owns them */
    GPtrArray *rules;       /* those in force, in the order in which they are tried; filled by nx_rulebook_settle */
    GPtrArray *guards;      /* those in force; filled by nx_rulebook_settle */
    GPtrArray *leads;       /* those in force, in the order in which they are tried; filled by nx_rulebook_settle */
    GHashTable *by_id;      /* struct nx_str * -> struct nx_rule */
    GArray *providers;      /* struct nx_provider */
    GHashTable *hosts;      /* struct nx_str * (suffix) -> GUINT_TO_POINTER(provider + 1) */
    GHashTable *domains;    /* the same for recipients' domains */
    GArray *disabled;       /* struct nx_example: an id and its line; `hit` unused */
    GPtrArray *disabled_in; /* file of each, const struct nx_str * */
    GString *faults;
    unsigned n_faults;
};

struct nx_rule *nx_rule_new(void); /* freed with the book it is added to */
struct nx_rulebook *nx_rulebook_new(void);
void nx_rulebook_free(struct nx_rulebook *book);
/* Reads one file; faults are added. */
void nx_rulebook_read(struct nx_rulebook *book, const struct nx_source *source);
/* Replaces and disables, sorts into the order of trial, resolves `beats`. */
void nx_rulebook_settle(struct nx_rulebook *book);
void nx_rulebook_fault(struct nx_rulebook *book, struct nx_str file, unsigned line, size_t column, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
/* Normalises and cuts a phrase; false with a sentence in *ret_why. */
bool nx_phrase_parse(struct nx_arena *arena, struct nx_str text, struct nx_phrase *ret, const char **ret_why);
/* Where the phrase stands in a normalised text; *steps is a budget that keeps hostile texts cheap. */
bool nx_phrase_find(const struct nx_phrase *phrase, struct nx_str text, unsigned *steps, size_t *ret_from, size_t *ret_to);
/* Checks the expression and finds its literal; faults are added. later: it is compiled when a text first asks for it, which a third
 * of the time of loading is; for rules whose expressions were compiled before, when the program was built. */
void nx_rule_compile(struct nx_rulebook *book, struct nx_rule *rule, bool later);
/* PCRE2's code of an expression; NULL with its error and the place. */
pcre2_code *nx_expression_code(struct nx_str re, int *ret_error, size_t *ret_at);
const char *nx_tier_name(enum nx_tier tier);
