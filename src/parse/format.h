/* SPDX-License-Identifier: Apache-2.0 */
/* parse/format.h - format files (docs/formats.md) as the engine holds them. Inside the room only.
 *
 * Everything lives in the arena of nx_formats and is immutable once nx_formats_new has returned: any thread may read. */
#pragma once
#include "base/lit.h"
#include "parse/template.h"
#include "parse/text.h"

enum nx_line_kind {
    NX_LINE_BEGIN,      /* the report starts behind this line */
    NX_LINE_END,        /* the returned message starts behind this line */
    NX_LINE_STOP,       /* the words end here, the returned message may come later */
    NX_LINE_HEADING,    /* recipients follow, one a line */
    NX_LINE_ITEM,       /* a recipient under a heading */
    NX_LINE_RECIPIENT,  /* a recipient anywhere */
    NX_LINE_AHEAD,      /* words about the recipient that follows */
    NX_LINE_TAKE,       /* words of the report with something to capture */
    NX_LINE_DIAGNOSTIC, /* the remote server's words from here */
    NX_LINE_REPORTING,  /* {host} is the reporting system */
    NX_LINE_SKIP,       /* no evidence */
    NX_LINE_SKIP_PARAGRAPH,
    NX_LINE_TRANSCRIPT, /* an SMTP dialogue follows */
    NX_LINE_KIND,       /* only says failed, delayed or delivered */
    NX_LINE_STATE,      /* the cell of a table that says what became of a recipient */
};

struct nx_line_rule {
    enum nx_line_kind line;
    bool has_kind;
    enum nx_kind kind;
    struct nx_template template;
};

enum nx_mark_place { NX_MARK_TEXT, NX_MARK_SUBJECT, NX_MARK_FROM, NX_MARK_HEADER };
enum nx_mark_use { NX_MARK_ANY, NX_MARK_NEED, NX_MARK_UNLESS };
struct nx_mark {
    enum nx_mark_use use;
    enum nx_mark_place place;
    struct nx_str field; /* HEADER */
    struct nx_template template;
    unsigned unit; /* TEXT: bit in the result of the scan */
};

enum nx_extent { NX_EXTENT_PARAGRAPH, NX_EXTENT_NEXT, NX_EXTENT_INDENT, NX_EXTENT_LINE };

struct nx_format {
    struct nx_str id, place; /* place: "name:line" */
    struct nx_str domain;    /* of names that are no address; "from": that of the From field */
    unsigned rank;           /* lower is tried first */
    bool certain;            /* its marks alone make a mail a report */
    enum nx_extent extent;
    enum nx_kind kind;
    const struct nx_mark *marks;
    size_t n_marks;
    const struct nx_line_rule *lines;
    size_t n_lines;
    const struct nx_str *examples;
    size_t n_examples;
};

enum nx_phrase_kind { NX_PHRASE_FAILED, NX_PHRASE_DELAYED, NX_PHRASE_DELIVERED, NX_PHRASE_HELP };

struct nx_unit { /* what a literal found in the text stands for */
    enum { NX_UNIT_MARK, NX_UNIT_LINE, NX_UNIT_PHRASE } type;
    unsigned bit;                    /* MARK */
    enum nx_phrase_kind phrase;      /* PHRASE */
    const struct nx_line_rule *line; /* LINE: of the common part */
    const struct nx_template *template;
};

/* Words of the head, and of the start of a text, that say what kind of mail it is. */
enum nx_hint_place {
    NX_HINT_SENDER,
    NX_HINT_SUBJECT,
    NX_HINT_ANSWER,
    NX_HINT_ANSWER_HINT,
    NX_HINT_ABSENCE,
    NX_HINT_CHALLENGE,
    NX_HINT_CARRIER
};

struct nx_hint {
    enum nx_hint_place place;
    bool anywhere;     /* ANSWER: not at the start of the subject alone */
    enum nx_kind kind; /* SUBJECT: FAILED, DELAYED, DELIVERED, or OTHER where it does not say */
    struct nx_str literal;
};

/* Lists of words that tell whom or what an address, a line, a field or a sender is. */
enum nx_word_use {
    NX_WORD_OFFICE,    /* local parts that nobody writes to on purpose */
    NX_WORD_CONDITION, /* starts of sentences that tell of no failure that was */
    NX_WORD_SUMMARY,   /* starts of lines that describe the mail that failed */
    NX_WORD_ORIGIN,    /* right before an address: the one that was written to first */
    NX_WORD_SUCCESSOR, /* ... where to write now */
    NX_WORD_READER,    /* ... who is greeted */
    NX_WORD_AUTHOR,    /* ... who wrote the mail */
    NX_WORD_EVERYDAY,  /* local parts that are words of any report */
    NX_WORD_DAEMON,    /* inside local parts of programs that report */
    NX_WORD_FORUM,     /* fields of mail of lists and trackers */
    NX_WORD_TAG,       /* what filters put before a subject */
};
#define NX_WORD_USES 11

struct nx_words { /* in small letters */
    const struct nx_str *p;
    size_t n;
};

struct nx_formats {
    struct nx_arena *arena;
    const struct nx_format *p; /* by rank, then in the order given */
    size_t n;
    const struct nx_line_rule *labels; /* common `recipient` templates, for the general reader */
    size_t n_labels;
    const struct nx_line_rule *states; /* common `state` templates */
    size_t n_states;
    const struct nx_unit *units;
    size_t n_units;
    unsigned n_bits;
    struct nx_lit_set *literals;
    const struct nx_hint *hints;
    size_t n_hints;
    struct nx_lit_set *hint_literals; /* unit i: hints[i] */
    struct nx_words words[NX_WORD_USES];
};
