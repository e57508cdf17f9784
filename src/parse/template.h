/* SPDX-License-Identifier: Apache-2.0 */
/* parse/template.h - line templates of format files (docs/formats.md): literals, `*`, and captures in braces.
 *
 * Matched on a page (parse/page.h) from the start of a line to the end of a line, case ignored; a blank also matches a line end, so
 * a wrapped line is still recognised. What is captured points into page->s. Bounded: a step budget, after which there is no match.
 * Immutable once parsed, any thread. */
#pragma once
#include "base/arena.h"
#include "parse/page.h"

enum nx_capture {
    NX_CAPTURE_RECIPIENT,  /* an address; <>, "", () around it are swallowed */
    NX_CAPTURE_NAME,       /* a recipient that is no address */
    NX_CAPTURE_RECIPIENTS, /* several addresses */
    NX_CAPTURE_ORIGINAL,   /* the address before forwarding */
    NX_CAPTURE_SENDER,     /* an address that is not the recipient */
    NX_CAPTURE_TEXT,       /* words about the recipient */
    NX_CAPTURE_DIAGNOSTIC, /* words of the remote server */
    NX_CAPTURE_HOST,       /* a host name; an address in brackets behind it is swallowed */
    NX_CAPTURE_CODE,       /* 550 */
    NX_CAPTURE_STATUS,     /* 5.1.1 */
    NX_CAPTURE_STAGE,      /* words that name an SMTP command */
};
#define NX_CAPTURE_COUNT 11

struct nx_captures {
    struct nx_str at[NX_CAPTURE_COUNT]; /* n == 0: not captured */
};

struct nx_template_token; /* private */
struct nx_template {
    const struct nx_template_token *tokens;
    size_t n;
};

/* False: *ret_fault says what is wrong and *ret_at where (offset in text). */
bool nx_template_parse(struct nx_arena *arena, struct nx_str text, struct nx_template *ret_template, const char **ret_fault,
                       size_t *ret_at);
/* At the line that starts at `from`; *ret_end is the line end it stopped at. */
bool nx_template_match(const struct nx_template *template, const struct nx_page *page, size_t from, size_t *ret_end,
                       struct nx_captures *ret_captures);
/* Anywhere at `at`, with no regard to the end of a line (phrases). */
bool nx_template_starts(const struct nx_template *template, const struct nx_page *page, size_t at, size_t *ret_end,
                        struct nx_captures *ret_captures);
/* The longest literal (lower case) and the number of tokens before it; n == 0: there is none. */
struct nx_str nx_template_literal(const struct nx_template *template, size_t *ret_before);
bool nx_template_has(const struct nx_template *template, enum nx_capture capture);
