/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/mailbox.h - the messages of a path, one after the other: a message file, an mbox, a Maildir, a directory, or "-" (standard
 * input).
 *
 * A file that opens with a "From " line is an mbox (RFC 4155; mboxo and mboxrd quoting is undone). A directory with cur/ and new/
 * is a Maildir: both are read, tmp/ is not, nor are its index files; any other directory is read recursively in order of name,
 * without hidden files. Memory: one message, at most `cap` bytes of it; what is beyond is counted and left out. A mailbox belongs
 * to one thread. */
#pragma once
#include "base/str.h"

#include <glib.h>
#include <stdint.h>

struct nx_mailbox;

struct nx_message {
    struct nx_str bytes;  /* without the "From " line; valid until the next call */
    const char *path;     /* of its file; valid until the next call */
    struct nx_str sender; /* of the "From " line, or empty */
    struct nx_str date;   /* of it; both valid until the next call */
    uint64_t size;        /* before it was cut */
    uint64_t consumed;    /* bytes read of all paths so far, for a progress bar */
};

struct nx_mailbox *nx_mailbox_open(const char *path, size_t cap);
/* The same from memory, which lives as long; paths are empty. */
struct nx_mailbox *nx_mailbox_of_bytes(struct nx_str bytes, size_t cap);
void nx_mailbox_close(struct nx_mailbox *mailbox);
/* 1 a message, 0 the end, -1 something cannot be read (NX_ERROR_IO names it): say so and call again, the rest follows. */
int nx_mailbox_next(struct nx_mailbox *mailbox, struct nx_message *ret_message, GError **error);
/* Bytes below a path, as far as it can be told ("-": 0). */
uint64_t nx_mailbox_measure(const char *path);

typedef struct nx_mailbox nx_mailbox; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_mailbox, nx_mailbox_close)
