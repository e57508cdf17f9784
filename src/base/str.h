/* SPDX-License-Identifier: Apache-2.0 */
/* base/str.h - a read-only slice of bytes.
 *
 * Not terminated, may hold NULs; absent is n == 0 (p may then be anything, also NULL). A slice never owns: whoever made
 * it says how long its bytes live (mostly: until the arena is reset). All comparisons are ASCII, no locale. Any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct nx_str {
    const char *p;
    size_t n;
};

#define NX_STR(literal) ((struct nx_str){(literal), sizeof(literal) - 1})
#define NX_STR_NONE ((struct nx_str){NULL, 0})
/* printf("%.*s", NX_FMT(s)) */
#define NX_FMT(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

static inline struct nx_str nx_str_of(const char *text)
{
    return text == NULL ? NX_STR_NONE : (struct nx_str){text, strlen(text)};
}

bool nx_str_eq(struct nx_str a, struct nx_str b);
/* Without regard to ASCII case. */
bool nx_str_ieq(struct nx_str a, struct nx_str b);
int nx_str_cmp(struct nx_str a, struct nx_str b);
bool nx_str_istarts(struct nx_str text, struct nx_str prefix);
bool nx_str_iends(struct nx_str text, struct nx_str suffix);
/* Offset of the first occurrence, or text.n where there is none. An empty needle is found at 0. */
size_t nx_str_find(struct nx_str text, struct nx_str needle);
size_t nx_str_ifind(struct nx_str text, struct nx_str needle);
size_t nx_str_chr(struct nx_str text, char c);
static inline bool nx_str_ihas(struct nx_str text, struct nx_str needle)
{
    return needle.n == 0 || nx_str_ifind(text, needle) < text.n;
}
/* Bytes [from, to), both cut to the length. */
struct nx_str nx_str_sub(struct nx_str text, size_t from, size_t to);
static inline struct nx_str nx_str_from(struct nx_str text, size_t from)
{
    return nx_str_sub(text, from, text.n);
}
/* Without blanks, tabs and line ends at both ends. */
struct nx_str nx_str_trim(struct nx_str text);
/* Takes the next line off *rest, without its end (LF, CRLF or a lone CR); false when nothing is left. */
bool nx_str_next_line(struct nx_str *rest, struct nx_str *ret_line);
/* Behind the LF of the line that holds `at`; text.n where it is the last. */
size_t nx_str_line_end(struct nx_str text, size_t at);
/* Of struct nx_str *, for a GHashTable. */
unsigned nx_str_hash(const void *str);
int nx_str_same(const void *a, const void *b);
/* Decimal digits only, the whole slice, no sign; false (and *ret untouched) on anything else or overflow. */
bool nx_str_to_u64(struct nx_str text, unsigned long long *ret);
/* Bytes to insert, delete or replace that turn a into b: how far a misspelt word is from a known one. */
unsigned nx_str_distance(struct nx_str a, struct nx_str b);
