/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/mbox.h - one open file as messages, streamed. Room-internal.
 *
 * RFC 4155 and the mbox formats in use: a "From " line that follows a blank line (or opens the file) and ends in a date starts a
 * message; one ">" is taken off lines of ">...>From ". A file without such a first line is one message. Bytes are valid until the
 * next call. One thread. */
#pragma once
#include "ingest/mailbox.h"

struct nx_mbox;

/* Takes the descriptor. */
struct nx_mbox *nx_mbox_new(int fd, size_t cap);
struct nx_mbox *nx_mbox_of_bytes(struct nx_str bytes, size_t cap);
void nx_mbox_free(struct nx_mbox *mbox);
/* Starts on another file, keeping the buffers. */
void nx_mbox_restart(struct nx_mbox *mbox, int fd);
/* 1, 0 at the end, -1 with errno set. Fills bytes, sender, size. */
int nx_mbox_next(struct nx_mbox *mbox, struct nx_message *ret_message);
/* Is this what the first line of an mbox message looks like ("From " sender date)? Without the line end. */
bool nx_mbox_is_from_line(struct nx_str line);
