/* SPDX-License-Identifier: Apache-2.0 */
/* export/shape.h - what a list looks like: delimiter, header, which column holds the addresses. Inner to the room; for clean and
 * import.
 *
 * Looks at the first records. Errors (SYNTAX) name what was found and the option that says it. `names` live in the arena. Pure. */
#pragma once
#include "export/clean.h"
#include "export/csv.h"

#define NX_COLUMNS_MAX 256u

struct nx_shape {
    struct nx_csv csv;
    bool header;
    unsigned column;      /* of the addresses, from 0 */
    struct nx_str *names; /* of the header, n_columns; empty slices without one */
    unsigned n_columns;
    size_t skip; /* bytes of a mark of byte order */
};

/* sample: the beginning of the list; whole: it is all there is. */
gboolean nx_shape_find(struct nx_arena *arena, struct nx_str sample, bool whole, char delimiter, const char *column,
                       enum nx_header header, const char *name, struct nx_shape *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes before the first record of data: a mark of byte order and the header line. */
size_t nx_shape_head(const struct nx_shape *shape, struct nx_str sample);
/* The address in a field: what stands in <> where there are such, else all of it. */
struct nx_str nx_shape_address(struct nx_str field);
/* ISO 8859-1 as UTF-8. */
struct nx_str nx_shape_from_latin1(struct nx_arena *arena, struct nx_str text);
/* Number of the column called this (without case, blanks, - and _), or n_columns. */
unsigned nx_shape_column(const struct nx_shape *shape, const char *name);
