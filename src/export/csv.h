/* SPDX-License-Identifier: Apache-2.0 */
/* export/csv.h - lists as they come: RFC 4180 with any delimiter, or plain lines; what shape one has.
 *
 * Quotes count only where a field begins, so a stray one inside a field swallows nothing. Slices point into the text, or into the
 * arena where doubled quotes were undone. Records keep their bytes, so that what is passed on is passed on as it was. Pure, any
 * thread. */
#pragma once
#include "base/arena.h"

struct nx_csv {
    char delimiter; /* 0: plain lines, a record is a line */
    char end;       /* '\n' (CRLF too), or '\r' */
};

enum nx_csv_cut { NX_CSV_RECORD, NX_CSV_MORE, NX_CSV_OPEN_QUOTE };
/* The length of the first record with its end. MORE: the text ends before it does; OPEN_QUOTE: so too, and inside quotes. */
enum nx_csv_cut nx_csv_cut(const struct nx_csv *csv, struct nx_str text, size_t *ret_n);
/* The record without its end. */
struct nx_str nx_csv_body(struct nx_str record);
/* Field number `index` from 0, quotes undone; false where the record has fewer. */
bool nx_csv_get(const struct nx_csv *csv, struct nx_arena *arena, struct nx_str record, unsigned index, struct nx_str *ret);
/* All fields; at most max are given, the count of all is returned. */
unsigned nx_csv_split(const struct nx_csv *csv, struct nx_arena *arena, struct nx_str record, struct nx_str *ret, unsigned max);
/* Guesses delimiter and line end from the first records. given: a delimiter that is known, or 0. */
struct nx_csv nx_csv_guess(struct nx_str sample, char given);
