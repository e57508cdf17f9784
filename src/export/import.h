/* SPDX-License-Identifier: Apache-2.0 */
/* export/import.h - other products' suppression lists, read line by line.
 *
 * CSV, JSON lines, or JSON documents (pages one behind the other) of up to 1 GiB, whichever it is; columns and words after
 * export/product.def. What is no UTF-8 is read as Latin-1. Slices of a row live for the call. Rows that are passed over are handed
 * out too, with why. Errors: SYNTAX with the line, LIMIT, USAGE, and what the callbacks give. One thread. */
#pragma once
#include "event/names.h"
#include "base/when.h"
#include "export/clean.h"
#include "export/cutter.h"

struct nx_product;
const struct nx_product *nx_product_find(const char *name); /* NULL: there is none */
const char *nx_product_name(const struct nx_product *product);
/* "name: what it is" of each, a line each; freed with g_free. */
char *nx_product_list(void);

struct nx_import_row {
    uint64_t line; /* of the record, or the number of the object */
    struct nx_str address, stream, text;
    enum nx_cause cause;
    nx_when since, until; /* NX_WHEN_NONE where the list does not say */
    const char *skip;     /* why it is none, NULL for an entry */
};
typedef gboolean nx_import_fn(void *data, const struct nx_import_row *row, GError **error);

struct nx_import_options {
    const struct nx_product *product;
    char delimiter;
    const char *column; /* of the addresses */
    enum nx_header header;
};
gboolean nx_import_read(const struct nx_import_options *options, nx_read_fn *read, void *read_data, const char *name,
                        nx_import_fn *fn, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
