/* SPDX-License-Identifier: Apache-2.0 */
/* classify/norm.h - the one form in which texts and phrases are compared, and the codes that a text carries.
 *
 * Lower case (ASCII and the letters of other alphabets), Latin letters without their marks (base/latin.h), runs of blanks and
 * line ends as one blank, typographic quotes, dashes and blanks as their ASCII kin, repeated prefixes of a multi-line reply
 * ("550-5.7.1 a 550 5.7.1 b") once, the letters of mail addresses as x. Bytes that are no UTF-8 stay. RFC 5321 4.2.1, RFC 3463.
 * Pure; the result lives in the arena, `source` is borrowed. At most NX_NORM_MAX bytes are read, the rest of a longer text is
 * left out. */
#pragma once
#include "base/arena.h"

#define NX_NORM_MAX (16u * 1024)
#define NX_NORM_CODES 8u

struct nx_code { /* an enhanced code; class_ 0: none */
    unsigned char class_;
    unsigned short subject, detail;
};

struct nx_norm {
    struct nx_str text;
    struct nx_str source;
    const unsigned short *offsets;       /* text.n + 1: where each byte stood in the source */
    unsigned reply;                      /* the first reply code in it, 0: none */
    struct nx_code codes[NX_NORM_CODES]; /* enhanced codes in the order they stand */
    size_t n_codes;
};

void nx_norm_make(struct nx_arena *arena, struct nx_str source, struct nx_norm *ret);
/* Bytes [from, to) of the normalised text, as they stand in the source. */
struct nx_str nx_norm_span(const struct nx_norm *norm, size_t from, size_t to);
/* An enhanced code that is the whole text ("5.7.26"); false on anything else. */
bool nx_code_parse(struct nx_str text, struct nx_code *ret);
