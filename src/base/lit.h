/* SPDX-License-Identifier: Apache-2.0 */
/* base/lit.h - many literals, found in one pass over a text.
 *
 * Each literal (4 bytes or more) is filed under its rarest window of 4 bytes; a bitmap of 8 KiB says for nearly every place of a
 * text that no window is there. A set is built once, then sealed and immutable: any thread may scan. The caller keeps the literals'
 * bytes alive as long as the set. */
#pragma once
#include "base/str.h"

#include <glib.h>

#define NX_LIT_MIN 4u

struct nx_lit_set;

struct nx_lit_set *nx_lit_set_new(void);
void nx_lit_set_free(struct nx_lit_set *set);
/* The text is compared byte by byte: both sides are normalised in the same way. */
void nx_lit_set_add(struct nx_lit_set *set, struct nx_str literal, unsigned unit);
void nx_lit_set_seal(struct nx_lit_set *set);
/* Sets bit `unit` of `bits` for each literal that occurs in the text. */
void nx_lit_scan(const struct nx_lit_set *set, struct nx_str text, guint64 *bits);
/* The same, calling `hit` for every occurrence with the offset of its first byte, in order of the windows. */
typedef void nx_lit_hit(unsigned unit, size_t at, void *data);
void nx_lit_each(const struct nx_lit_set *set, struct nx_str text, nx_lit_hit *hit, void *data);
