/* SPDX-License-Identifier: Apache-2.0 */
/* export/cutter.h - a list cut into stretches of whole records. Inner to the room; for clean and import.
 *
 * Feeds from a callback (0 at the end, -1 error). Errors: SYNTAX for a quote that is never closed, LIMIT for a record of more than
 * 16 MiB, both with the line; and what the callback gives. Lines are counted from 1. One thread. */
#pragma once
#include "export/csv.h"

#include <stdint.h>

typedef gssize nx_read_fn(void *data, char *bytes, size_t n, GError **error);

struct nx_cutter {
    nx_read_fn *read;
    void *data;
    const char *name; /* of the input, for messages */
    struct nx_csv csv;
    uint64_t line; /* of the next record */
    char *carry;   /* what was read and not yet handed out */
    size_t carried, carry_size;
    bool at_end;
};
void nx_cutter_clear(struct nx_cutter *cutter);

struct nx_stretch { /* reused from one call to the next */
    char *bytes;
    size_t size;
    struct nx_str text; /* whole records; n == 0 at the end */
    uint64_t line;
};
/* The first stretch of the input (up to 256 KiB), which stays to be read; for guessing its shape. */
gboolean nx_cutter_peek(struct nx_cutter *cutter, struct nx_str *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Drops n bytes that were seen by peek. */
void nx_cutter_skip(struct nx_cutter *cutter, size_t n);
gboolean nx_cutter_next(struct nx_cutter *cutter, struct nx_stretch *stretch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
