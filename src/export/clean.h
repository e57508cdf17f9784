/* SPDX-License-Identifier: Apache-2.0 */
/* export/clean.h - a mailing list in, the mailable lines of it out.
 *
 * Lines or CSV (export/csv.h), UTF-8 or Latin-1, any size: read in blocks, judged by `workers` threads, written in the order of the
 * input. What is kept is kept byte for byte. Removed lines come with nixie_cause, nixie_since and nixie_detail behind them. Nothing
 * is ever corrected: typos are only named. Duplicates are told apart by 64 bits of a keyed hash. Errors: SYNTAX and LIMIT with the
 * line, and what read and write give; then the outputs are not complete. */
#pragma once
#include "address/key.h"
#include "store/lookup.h"

enum nx_header { NX_HEADER_AUTO, NX_HEADER_YES, NX_HEADER_NO };
bool nx_header_parse(const char *word, enum nx_header *ret); /* yes, no, auto */
/* One character, or tab, comma, semicolon, pipe; false for what cannot part fields. */
bool nx_delimiter_parse(const char *word, char *ret);
enum nx_clean_out { NX_CLEAN_KEPT, NX_CLEAN_REMOVED };

struct nx_clean_io {
    gssize (*read)(void *data, char *bytes, size_t n, GError **error); /* 0 at the end, -1 error */
    gboolean (*write)(void *data, enum nx_clean_out out, struct nx_str bytes, GError **error);
    void (*progress)(void *data, uint64_t lines); /* may be NULL */
    const char *name;                             /* of the input, for messages */
    void *data;
};

struct nx_clean_options {
    char delimiter;     /* 0: guess */
    const char *column; /* its name, or its number from 1; NULL: find it */
    enum nx_header header;
    struct nx_str stream;
    nx_when now;
    const struct nx_fold_rules *rules;
    bool annotate;    /* keep every line, with the three columns behind it */
    bool unique;      /* of several lines for one address only the first is kept */
    bool removed;     /* somebody wants the removed lines */
    bool detail;      /* count domains, role accounts, duplicates and typos too */
    unsigned workers; /* 0: as many as there are processors, at most 4 */
};

struct nx_clean_report {
    uint64_t lines, blank, kept, removed, suppressed, invalid, duplicates, allowed, latin1, roles;
    uint64_t causes[NX_CAUSE_COUNT]; /* of suppressed; [NX_CAUSE_NONE] by hand */
    uint64_t first_invalid;          /* line, 0: none */
    char *column;                    /* what was taken as the address */
    GHashTable *domains;             /* detail: char * to uint64_t *, of all addresses; NULL else */
};
void nx_clean_report_clear(struct nx_clean_report *report);

gboolean nx_clean_run(const struct nx_lookup *lookup, const struct nx_clean_options *options, const struct nx_clean_io *io,
                      struct nx_clean_report *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
