/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/maildir.h - a Maildir that something else delivers to: its messages into the store, each moved away only after its commit.
 *
 * Takes what is in new/ and cur/, and moves it to .nixie-done/ beside them (made, mode 0700, with cur/ new/ tmp/, so that mail
 * readers see a folder). What cannot be read or stored stays. A message larger than the limit is read up to it. One thread at a
 * time a Maildir. Errors: IO, and those of the store. */
#pragma once
#include "ingest/intake.h"

struct nx_maildir_drained {
    size_t messages, events, duplicates;
};

/* One round over what is there now. FALSE when something had to stay, with the last reason; ret_drained is filled either way. */
gboolean nx_maildir_drain(const char *path, struct nx_intake *intake, size_t limit, struct nx_maildir_drained *ret_drained,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
