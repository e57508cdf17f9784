/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/scan.h - what the lookup table is made of. Inner; promises: store/ops.h. */
#pragma once
#include "store/ops.h"

gboolean nx_scan_hold(struct nx_reader *reader, GError **error);
void nx_scan_let_go(struct nx_reader *reader);
gboolean nx_scan_about(struct nx_reader *reader, struct nx_table_about *ret, GError **error);
gboolean nx_scan_count(struct nx_reader *reader, uint64_t *ret, GError **error);
gboolean nx_scan_all(struct nx_reader *reader, struct nx_str key, nx_scanned_fn *fn, void *data, GError **error);
gboolean nx_scan_changed(struct nx_reader *reader, int64_t after, uint64_t most, nx_changed_fn *fn, void *data, bool *ret_many,
                         GError **error);
gboolean nx_scan_erased(struct nx_reader *reader, nx_when now, uint64_t *ret, GError **error);
gboolean nx_scan_forgotten_stamp(struct nx_reader *reader, int64_t *ret_stamp, GError **error);
gboolean nx_scan_forgotten(struct nx_reader *reader, nx_hashed_fn *fn, void *data, const struct nx_pseudonym **ret_secret,
                           GError **error);
gboolean nx_scan_keys(struct nx_reader *reader, struct nx_str after, unsigned most, nx_changed_fn *fn, void *data, GError **error);
bool nx_scan_moment(struct nx_reader *reader, struct nx_moment *ret);
