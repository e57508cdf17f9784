/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/moment.h - when a message of a file arrived, as far as it says: its topmost Received field (RFC 5322 3.6.7), which our own
 * server wrote, else the date of the mbox's "From " line (taken as UTC). Nothing sane (from 2000 on, not after now): now. Pure, any
 * thread. */
#pragma once
#include "base/when.h"
#include "ingest/mailbox.h"

nx_when nx_moment_of(const struct nx_message *message, nx_when now);
/* A moment that was told, where it is sane; else now. */
nx_when nx_moment_sane(nx_when told, nx_when now);
