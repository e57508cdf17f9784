/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include "base/ascii.h"

#include <glib.h>
#include <limits.h>

bool nx_str_eq(struct nx_str a, struct nx_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool same_folded(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (nx_lower((unsigned char)a[i]) != nx_lower((unsigned char)b[i]))
            return false;
    return true;
}

bool nx_str_ieq(struct nx_str a, struct nx_str b)
{
    return a.n == b.n && same_folded(a.p, b.p, a.n);
}

int nx_str_cmp(struct nx_str a, struct nx_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool nx_str_istarts(struct nx_str text, struct nx_str prefix)
{
    return text.n >= prefix.n && same_folded(text.p, prefix.p, prefix.n);
}

bool nx_str_iends(struct nx_str text, struct nx_str suffix)
{
    return text.n >= suffix.n && same_folded(text.p + text.n - suffix.n, suffix.p, suffix.n);
}

size_t nx_str_find(struct nx_str text, struct nx_str needle)
{
    if (needle.n == 0)
        return 0;
    if (text.n < needle.n)
        return text.n;
    const char *hit = memmem(text.p, text.n, needle.p, needle.n);
    return hit == NULL ? text.n : (size_t)(hit - text.p);
}

size_t nx_str_ifind(struct nx_str text, struct nx_str needle)
{
    if (needle.n == 0)
        return 0;
    if (text.n < needle.n)
        return text.n;
    /* Both cases of the first letter by memchr, each looked for again only when it was passed. */
    size_t last = text.n - needle.n;
    int low = nx_lower((unsigned char)needle.p[0]), up = nx_is_alpha((unsigned char)low) ? low - 32 : low;
    const char *end = text.p + last + 1, *next_low = text.p - 1, *next_up = text.p - 1;
    for (const char *at = text.p; at < end; at++) {
        if (next_low < at) {
            next_low = memchr(at, low, (size_t)(end - at));
            next_low = next_low == NULL ? end : next_low;
        }
        if (next_up < at) {
            next_up = up == low ? end : memchr(at, up, (size_t)(end - at));
            next_up = next_up == NULL ? end : next_up;
        }
        at = next_low < next_up ? next_low : next_up;
        if (at == end)
            break;
        if (same_folded(at + 1, needle.p + 1, needle.n - 1))
            return (size_t)(at - text.p);
    }
    return text.n;
}

size_t nx_str_chr(struct nx_str text, char c)
{
    const char *hit = text.n == 0 ? NULL : memchr(text.p, c, text.n);
    return hit == NULL ? text.n : (size_t)(hit - text.p);
}

struct nx_str nx_str_sub(struct nx_str text, size_t from, size_t to)
{
    if (to > text.n)
        to = text.n;
    if (from >= to)
        return NX_STR_NONE;
    return (struct nx_str){text.p + from, to - from};
}

struct nx_str nx_str_trim(struct nx_str text)
{
    while (text.n > 0 && nx_is_space((unsigned char)text.p[0])) {
        text.p++;
        text.n--;
    }
    while (text.n > 0 && nx_is_space((unsigned char)text.p[text.n - 1]))
        text.n--;
    return text;
}

size_t nx_str_line_end(struct nx_str text, size_t at)
{
    const char *lf = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
    return lf == NULL ? text.n : (size_t)(lf - text.p) + 1;
}

unsigned nx_str_hash(const void *str)
{
    const struct nx_str *text = str;
    unsigned hash = 5381;
    for (size_t i = 0; i < text->n; i++)
        hash = hash * 33 + (unsigned char)text->p[i];
    return hash;
}

int nx_str_same(const void *a, const void *b)
{
    return nx_str_eq(*(const struct nx_str *)a, *(const struct nx_str *)b);
}

bool nx_str_next_line(struct nx_str *rest, struct nx_str *ret_line)
{
    if (rest->n == 0)
        return false;
    size_t end = 0;
    const char *lf = memchr(rest->p, '\n', rest->n);
    size_t limit = lf == NULL ? rest->n : (size_t)(lf - rest->p);
    const char *cr = memchr(rest->p, '\r', limit);
    end = cr == NULL ? limit : (size_t)(cr - rest->p);
    size_t skip = end;
    if (skip < rest->n && rest->p[skip] == '\r')
        skip++;
    if (skip < rest->n && rest->p[skip] == '\n')
        skip++;
    *ret_line = (struct nx_str){rest->p, end};
    rest->p += skip;
    rest->n -= skip;
    return true;
}

bool nx_str_to_u64(struct nx_str text, unsigned long long *ret)
{
    unsigned long long value = 0;
    if (text.n == 0)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!nx_is_digit((unsigned char)text.p[i]))
            return false;
        unsigned digit = (unsigned)(text.p[i] - '0');
        if (value > (ULLONG_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

unsigned nx_str_distance(struct nx_str a, struct nx_str b)
{
    g_autofree unsigned *row = g_new(unsigned, b.n + 1);
    for (size_t j = 0; j <= b.n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; i < a.n; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned here = corner + (a.p[i] != b.p[j - 1]);
            corner = row[j];
            row[j] = MIN(here, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.n];
}
