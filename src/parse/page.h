/* SPDX-License-Identifier: Apache-2.0 */
/* parse/page.h - the text of a report as lines that can be compared.
 *
 * Two buffers of one length: `s` as written and `l` in small letters (Latin and Cyrillic). In both lines are trimmed, runs of
 * blanks (also no-break ones) are one blank and typographic quotes and dashes are plain ones; in `s` lines end in LF, in `l` the
 * line end is a blank too, so that a phrase is found across a wrap (a blank line gives two). Grows piece by piece, so that nobody
 * pays for the returned message behind a report. Buffers live in the arena. */
#pragma once
#include "base/arena.h"

#include <stdint.h>

struct nx_line {
    uint32_t from, to; /* in s and l, without the line end */
    uint32_t raw;      /* where it starts in the text */
    uint32_t indent;   /* columns of white space that stood in front */
};

struct nx_page {
    const char *s, *l;
    size_t n;
    struct nx_line *lines;
    size_t n_lines;
    struct nx_str text; /* as given */
    /* private to page.c */
    char *s_, *l_;
    size_t read, lines_size;
    struct nx_arena *arena;
};

/* At most cap bytes of the text are ever looked at. */
void nx_page_init(struct nx_page *page, struct nx_arena *arena, struct nx_str text, size_t cap);
/* Takes in whole lines of about `bytes` more; false when there was nothing left. */
bool nx_page_more(struct nx_page *page, size_t bytes);
/* The line that position `at` is in. */
size_t nx_page_line_at(const struct nx_page *page, size_t at);
static inline struct nx_str nx_page_line(const struct nx_page *page, size_t i)
{
    return (struct nx_str){page->s + page->lines[i].from, page->lines[i].to - page->lines[i].from};
}
static inline bool nx_page_blank(const struct nx_page *page, size_t i)
{
    return page->lines[i].from == page->lines[i].to;
}
/* One line in the same form (a header field, a template); all of it, line ends become blanks. */
void nx_page_one(struct nx_page *page, struct nx_arena *arena, struct nx_str text);
