/* SPDX-License-Identifier: Apache-2.0 */
/* mime/plain.h - the parts of a message that is written by the book, without GMime. Inside the room only.
 *
 * GMime makes two dozen objects of every part: three quarters of what reading a common report costs. Where heads, parameters
 * and delimiters stand in the plain forms of RFC 2045 5.1 and RFC 2046 5.1.1, cutting at the delimiter lines gives the same
 * parts. What is not sure to (comments, RFC 2231, odd types, a missing boundary, a nested message, doubled fields, line ends
 * of two kinds at a delimiter) is refused as a whole, and GMime reads it. tests/unit/plain_test.c holds one against the other
 * on the whole corpus, whole, cut and damaged. */
#pragma once
#include "mime/tree.h"

/* The tree that nx_tree_read gives, or false: not plain, and *ret_tree is of no use. */
bool nx_plain_read(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, struct nx_tree *ret_tree);
