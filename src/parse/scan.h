/* SPDX-License-Identifier: Apache-2.0 */
/* parse/scan.h - one look over a text: which marks of formats it has, where the common lines and phrases stand, where the returned
 * message starts.
 *
 * Reads piece by piece and stops at the returned message. Inside the room only. All in the arena. */
#pragma once
#include "parse/format.h"

struct nx_phrase_hit {
    enum nx_phrase_kind kind;
    uint32_t from, to; /* in the page */
};

struct nx_scan {
    struct nx_page page;
    guint64 *bits;        /* marks found, see struct nx_mark.unit */
    const uint8_t *flags; /* a line: 0, or 1 + enum nx_line_kind of the common template it matches */
    const struct nx_phrase_hit *phrases;
    size_t n_phrases;
    size_t last;     /* lines before this one are words of the report */
    size_t returned; /* line with which the returned message starts; page.n_lines: none */
};

void nx_scan_text(const struct nx_formats *formats, struct nx_arena *arena, struct nx_str text, size_t cap,
                  struct nx_scan *ret_scan);
/* The text from the line on. */
struct nx_str nx_scan_rest(const struct nx_scan *scan, size_t line);
/* Is this line one of the common kind? */
static inline bool nx_scan_is(const struct nx_scan *scan, size_t line, enum nx_line_kind kind)
{
    return scan->flags[line] == 1 + (uint8_t)kind;
}
