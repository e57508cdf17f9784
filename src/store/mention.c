/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mention.h"

#include "base/buf.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

#define LOCAL_MAX 128u /* bytes before the @ that are looked at: RFC 5321 allows 64, and a return path wraps them */
#define DOMAIN_MAX 255u

static bool is_domain(unsigned char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '.' || c >= 0x80;
}

/* RFC 5322 atext, the dot, and what RFC 6531 adds. */
static bool is_atext(unsigned char c)
{
    return c >= 0x80 || g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

/* Where the domain behind `at` ends; at + 1 when there is none. */
static size_t domain_end(struct nx_str text, size_t at)
{
    size_t end = at + 1;
    while (end < text.n && end - at <= DOMAIN_MAX && is_domain((unsigned char)text.p[end]))
        end++;
    while (end > at + 1 && (text.p[end - 1] == '.' || text.p[end - 1] == '-')) /* of the sentence, not of the name */
        end--;
    return end;
}

/* "a b"@x, or in JSON \"a b\"@x: where it begins and what stands in the quotes; false: it is no quoted one. */
static bool quoted_start(struct nx_str text, size_t from, size_t at, size_t *ret_start, struct nx_str *ret_inner)
{
    if (at < from + 2 || text.p[at - 1] != '"')
        return false;
    size_t escaped = at >= from + 3 && text.p[at - 2] == '\\' ? 1 : 0, end = at - 1 - escaped;
    for (size_t i = end; i > from && end - i < LOCAL_MAX; i--)
        if (text.p[i - 1] == '"') {
            *ret_start = i - 1 - (escaped > 0 && i >= from + 2 ? 1 : 0);
            *ret_inner = nx_str_sub(text, i, end);
            return true;
        }
    return false;
}

/* The longest local part before the sign at `at` that makes an address which is to go; `at` when none does. */
static size_t match_start(struct nx_arena *arena, struct nx_str text, size_t from, size_t at, struct nx_str domain,
                          nx_mention_fn *fn, void *data)
{
    size_t start = at;
    struct nx_str inner;
    if (text.p[at] == '@' && quoted_start(text, from, at, &start, &inner))
        return fn(data, nx_arena_printf(arena, "\"%.*s\"@%.*s", NX_FMT(inner), NX_FMT(domain))) ? start : at;
    while (start > from && at - start < LOCAL_MAX && is_atext((unsigned char)text.p[start - 1]))
        start--;
    for (size_t i = start; i < at; i++) {
        bool begins =
            i == start || (!g_ascii_isalnum(text.p[i - 1]) && text.p[i - 1] != '.' && (unsigned char)text.p[i - 1] < 0x80);
        if (begins && fn(data, nx_arena_printf(arena, "%.*s@%.*s", NX_FMT(nx_str_sub(text, i, at)), NX_FMT(domain))))
            return i;
    }
    return at;
}

struct signs { /* where the next of either stands; the end of the text: nowhere */
    size_t at, equals;
};

static size_t find_sign(struct nx_str text, size_t from, char sign)
{
    const char *found = from < text.n ? memchr(text.p + from, sign, text.n - from) : NULL;
    return found != NULL ? (size_t)(found - text.p) : text.n;
}

/* The next '@' or '=' at or behind `from`. */
static size_t next_sign(struct nx_str text, size_t from, struct signs *signs)
{
    if (signs->at < from)
        signs->at = find_sign(text, from, '@');
    if (signs->equals < from)
        signs->equals = find_sign(text, from, '=');
    return MIN(signs->at, signs->equals);
}

struct nx_str nx_mention_scrub(struct nx_arena *arena, struct nx_str text, nx_mention_domain_fn *domain_fn, nx_mention_fn *fn,
                               void *data, size_t *ret_n)
{
    struct nx_buf out;
    struct signs signs = {0};
    size_t n = 0, done = 0;
    for (size_t at = 1; (at = next_sign(text, at, &signs)) + 1 < text.n; at++) {
        size_t end = domain_end(text, at);
        struct nx_str domain = nx_str_sub(text, at + 1, end);
        if (domain.n == 0 || (domain_fn != NULL && !domain_fn(data, domain)))
            continue;
        size_t start = match_start(arena, text, done, at, domain, fn, data);
        if (start == at)
            continue;
        if (n++ == 0)
            nx_buf_init(&out, arena, SIZE_MAX / 2);
        nx_buf_add(&out, nx_str_sub(text, done, start));
        nx_buf_add(&out, NX_STR("[erased]"));
        done = end;
        at = end;
    }
    if (ret_n != NULL)
        *ret_n = n;
    if (n == 0)
        return text;
    nx_buf_add(&out, nx_str_from(text, done));
    return nx_buf_str(&out);
}
