/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/apply.h - what a row of the log does to suppressions and allow list. Inner to the back-end.
 *
 * The one place that writes those tables: the writer calls it for each row it appends, rebuild for each row it reads, so both come
 * to the same. Table names are unqualified: rebuild puts temporary tables before them. Slices in a row live for the call. */
#pragma once
#include "store/ops.h"
#include "store/sqlite/db.h"

struct nx_row { /* what matters of a log row, or of one line of an import's list */
    int64_t sequence;
    enum nx_act act;
    enum nx_action action; /* SUPPRESS; CLEAR; HOLD; NONE for what changes nothing */
    struct nx_str key, address, scope;
    enum nx_cause cause;
    enum nx_class class_;
    nx_when at, until;
    struct nx_str reason;               /* of a list's line, where it has its own */
    struct nx_str remote;               /* of a hold */
    struct nx_str hash;                 /* of an erased address; n == 0: none is kept */
    const struct nx_standing *standing; /* the entry of (key, scope); NULL: it has to be looked up */
};

/* The entry of (key, stream), in force or not. */
gboolean nx_apply_standing(struct nx_db *db, struct nx_str key, struct nx_str stream, struct nx_standing *ret, GError **error);
gboolean nx_apply(struct nx_db *db, const struct nx_row *row, GError **error);
