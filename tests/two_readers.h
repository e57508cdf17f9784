/* SPDX-License-Identifier: Apache-2.0 */
/* tests/two_readers.h - one message by both readers of MIME, for plain_test.c and fuzz_plain.c. */
#pragma once
#include "mime/bound.h"
#include "mime/head.h"
#include "mime/plain.h"
#include "mime/returned.h"

#include <stdio.h>

enum agreement { REFUSED /* not plain: GMime alone reads it */, AGREED, PARTED /* told on stderr */ };

static inline bool same_leaf(const struct nx_leaf *a, const struct nx_leaf *b)
{
    return nx_str_eq(a->media_type, b->media_type) && nx_str_eq(a->charset, b->charset) && nx_str_eq(a->content, b->content) &&
           a->encoding == b->encoding && a->depth == b->depth && a->message == b->message && a->fields.n == b->fields.n;
}

static inline bool same_tree(const struct nx_tree *a, const struct nx_tree *b)
{
    bool same = a->n == b->n && nx_str_eq(a->media_type, b->media_type) && nx_str_eq(a->report_type, b->report_type);
    for (size_t i = 0; same && i < a->n; i++)
        same = same_leaf(&a->leaves[i], &b->leaves[i]);
    return same;
}

static inline void show_tree(const char *who, const struct nx_tree *tree)
{
    fprintf(stderr, "%s: %.*s, report-type %.*s\n", who, NX_FMT(tree->media_type), NX_FMT(tree->report_type));
    for (size_t i = 0; i < tree->n; i++)
        fprintf(stderr, "  %u %.*s charset %.*s encoding %d%s: \"%.*s\"\n", tree->leaves[i].depth,
                NX_FMT(tree->leaves[i].media_type), NX_FMT(tree->leaves[i].charset), (int)tree->leaves[i].encoding,
                tree->leaves[i].message ? " message" : "", NX_FMT(tree->leaves[i].content));
}

/* As the readers are given it: without the returned message, under the MIME fields alone. */
static inline enum agreement two_readers(struct nx_arena *arena, const struct nx_limits *limits, struct nx_str message)
{
    struct nx_mail mail = {0};
    struct nx_tree by_the_book, by_gmime;
    nx_notes notes = 0, noted = 0;
    struct nx_str bytes = nx_returned_cut(arena, message, limits, &mail);
    bytes = nx_head_take(arena, nx_mime_bound(arena, bytes, limits, &notes), limits, &notes, &mail.fields);
    if (bytes.n == 0 || !nx_plain_read(arena, bytes, limits, &by_the_book))
        return REFUSED;
    bool read = nx_tree_read(arena, bytes, limits, &noted, &by_gmime);
    if (read && noted == 0 && same_tree(&by_the_book, &by_gmime))
        return AGREED;
    fprintf(stderr, "GMime: %s, notes %llx\n", read ? "read" : "not read", (unsigned long long)noted);
    show_tree("by the book", &by_the_book);
    show_tree("by GMime", &by_gmime);
    fprintf(stderr, "of\n%.*s\n", NX_FMT(bytes));
    return PARTED;
}
