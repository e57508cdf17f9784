/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/pack.h - counters with names of days that are over, a few thousand to a row. Inner to the back-end.
 *
 * `tally_names` takes what comes in, a row a counter; a day after its day is over a row goes into `tally_packed`, and a year of
 * them is read in milliseconds. What comes late is a row again, and goes the same way: a sum has two parts, and none has to be
 * looked for. Names are in `tally_words`, the other dimensions in `tally_sorts`, each once. A body: groups of one sort, in order of
 * sort; a group: sort, number of bytes, entries in order of domain and remote; an entry: domain less that of the one before, remote
 * (0: the same as the domain), n. All of them numbers as in LEB128. Writer thread, inside a transaction. */
#pragma once
#include "store/sqlite/write.h"

struct nx_packed {
    uint32_t sort, domain, remote; /* ids */
    uint64_t n;
};
/* The next group of a body; false at its end, and with *ret_broken when it is none. */
bool nx_pack_group(struct nx_str *body, uint32_t *ret_sort, struct nx_str *ret_entries, bool *ret_broken);
/* The next entry of a group; begins with an entry of zeros. */
bool nx_pack_entry(struct nx_str *entries, struct nx_packed *entry, bool *ret_broken);

/* Once an hour, and every second while there is something to do: a few thousand rows. Costs a comparison otherwise. */
gboolean nx_pack_sweep(struct nx_backend *backend, nx_when now, GError **error);
/* All days but the last two that there are: of a file that comes from an older version. */
gboolean nx_pack_all(struct nx_db *db, GError **error);
/* Always FALSE: CORRUPT. */
gboolean nx_pack_damaged(struct nx_db *db, int64_t day, GError **error);
/* Do packed counters read well, and do those with names add up to those without? CORRUPT: the day that does not. */
gboolean nx_pack_check(struct nx_db *db, GError **error);
