/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/drain.h - the spool's messages into the store; a file is removed only after its commit. The caller holds the spool's lock.
 *
 * Files that are no spool files are set aside (and told of); what the store refuses for the moment stays. One thread at a time a
 * spool. */
#pragma once
#include "ingest/intake.h"
#include "ingest/spool.h"

struct nx_drained {
    size_t messages, events, duplicates, set_aside;
};

/* One round over what is there now. FALSE when something had to stay, with the last reason; ret_drained is filled either way. */
gboolean nx_spool_drain(struct nx_spool *spool, struct nx_intake *intake, size_t limit, struct nx_drained *ret_drained,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
