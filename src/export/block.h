/* SPDX-License-Identifier: Apache-2.0 */
/* export/block.h - one block of a list: its records judged, its outputs made. Inner to the room; promises: export/clean.h.
 *
 * A judge belongs to one thread; a job is shared and never changes while blocks are judged. A block's buffers are reused.
 * Duplicates are found afterwards, in the order of the list, by one thread. */
#pragma once
#include "export/shape.h"

struct nx_clean_job {
    const struct nx_lookup *lookup;
    const struct nx_clean_options *options;
    struct nx_shape shape;
};

struct nx_judged {          /* one record, where duplicates matter */
    uint64_t hash;          /* 0: no address */
    uint32_t kept, removed; /* bytes it gave to each output */
};
struct nx_block {
    struct nx_str text;
    uint64_t line; /* of its first record */
    GString *kept, *removed;
    GArray *judged; /* struct nx_judged */
};
void nx_block_init(struct nx_block *block);
void nx_block_clear(struct nx_block *block);

struct nx_judge;
struct nx_judge *nx_judge_new(const struct nx_clean_job *job);
void nx_judge_free(struct nx_judge *judge);
void nx_judge_block(struct nx_judge *judge, struct nx_block *block);
void nx_judge_merge(const struct nx_judge *judge, struct nx_clean_report *report);
/* The header lines of both outputs. */
void nx_job_head(const struct nx_clean_job *job, struct nx_str header, GString *kept, GString *removed);

struct nx_seen; /* hashes of addresses met so far */
struct nx_seen *nx_seen_new(void);
void nx_seen_free(struct nx_seen *seen);
/* Counts the records of addresses met before, and where the options say so takes them out of what is kept and puts them with what
 * is removed. */
void nx_block_unique(const struct nx_clean_job *job, struct nx_block *block, struct nx_seen *seen, struct nx_clean_report *report);
