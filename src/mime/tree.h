/* SPDX-License-Identifier: Apache-2.0 */
/* mime/tree.h - the parts of a message, in order, still encoded. Inside the room only.
 *
 * Two readers give the same tree: nx_plain_read (mime/plain.h) for what is written by the book, nx_tree_read for all else, by
 * GMime. Slices point into the bytes read or into the arena. Any thread, after nx_mime_init. */
#pragma once
#include "mime/mime.h"

enum nx_encoding { /* Content-Transfer-Encoding */
    NX_ENCODING_NONE,     /* no field, or one that says nothing */
    NX_ENCODING_IDENTITY, /* 7bit, 8bit, binary */
    NX_ENCODING_QUOTED,
    NX_ENCODING_BASE64,
    NX_ENCODING_UU,
};

struct nx_leaf {
    struct nx_str media_type; /* "text/plain", lower case */
    struct nx_str charset;    /* as the parameter has it */
    struct nx_str content;    /* as it stands */
    enum nx_encoding encoding;
    unsigned depth;
    bool message;            /* a whole message: content is empty */
    struct nx_fields fields; /* its head, values as they stand; of the first message that has one */
};

struct nx_tree {
    struct nx_str media_type, report_type; /* of the whole, lower case */
    struct nx_leaf *leaves;
    size_t n, size;
};

/* A new leaf, valid until the next is added. */
struct nx_leaf *nx_tree_add(struct nx_arena *arena, struct nx_tree *tree, unsigned depth);
struct nx_str nx_mime_lower(struct nx_arena *arena, struct nx_str text);
/* Parts beyond limits->parts or deeper than limits->depth are left out, with a note. False: it cannot be read at all. */
bool nx_tree_read(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, nx_notes *notes,
                  struct nx_tree *ret_tree);
