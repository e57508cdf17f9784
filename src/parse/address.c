/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/address.h"

#include "base/ascii.h"
#include "mime/mime.h"

#include <glib.h>

#define LOCAL_MAX 256u
#define DOMAIN_MAX 255u

static bool is_domain_char(unsigned char c)
{
    return nx_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

/* A letter of two bytes, Latin, Greek or Cyrillic (U+00C0 to U+052F): of scripts that part words by blanks, so what it touches
 * is one word with it. */
static bool is_pair(unsigned char lead, unsigned char next)
{
    /* no times and division signs */
    return lead >= 0xc3 && lead <= 0xd4 && (next & 0xc0) == 0x80 && !(lead == 0xc3 && (next == 0x97 || next == 0xb7));
}

/* Start of the local part that ends before the sign, or sign when there is none. */
static size_t local_start(struct nx_str text, size_t sign, bool wide)
{
    if (sign > 1 && text.p[sign - 1] == '"') { /* quoted-string (RFC 5321 4.1.2) */
        for (size_t i = sign - 1; i > 0 && sign - i < LOCAL_MAX; i--)
            if (text.p[i - 1] == '"' && (i < 2 || text.p[i - 2] != '\\'))
                return i == sign - 1 ? sign : i - 1;
        return sign;
    }
    size_t start = sign;
    while (start > 0 && sign - start < LOCAL_MAX) {
        unsigned char c = (unsigned char)text.p[start - 1];
        if (c >= 0x80 && !wide && start > 1 && is_pair((unsigned char)text.p[start - 2], c)) {
            start -= 2;
            continue;
        }
        if (!(nx_is_atext(c) || c == '.') || (c >= 0x80 && !wide))
            break;
        start--;
    }
    /* what stands around addresses, not in front of local parts */
    while (start < sign && strchr("'`*|{}.?!&=", text.p[start]) != NULL)
        start++;
    return start;
}

static size_t domain_end(struct nx_str text, size_t from, bool wide)
{
    size_t end = from;
    if (end < text.n && text.p[end] == '[') {
        size_t close = nx_str_chr(nx_str_sub(text, end, end + 64), ']');
        return close < 64 && end + close < text.n && text.p[end + close] == ']' ? end + close + 1 : from;
    }
    while (end < text.n && end - from < DOMAIN_MAX) {
        unsigned char c = (unsigned char)text.p[end];
        if (c >= 0x80 && end + 1 < text.n && is_pair(c, (unsigned char)text.p[end + 1])) {
            end += 2;
            continue;
        }
        if (!is_domain_char(c) && !(wide && c >= 0x80))
            break;
        end++;
    }
    while (end > from && (text.p[end - 1] == '.' || text.p[end - 1] == '-' || text.p[end - 1] == '_'))
        end--;
    return end;
}

static bool has_letter_or_literal(struct nx_str domain)
{
    if (domain.n > 0 && domain.p[0] == '[')
        return true;
    for (size_t i = 0; i < domain.n; i++)
        if (nx_is_alpha((unsigned char)domain.p[i]) || (unsigned char)domain.p[i] >= 0x80)
            return true;
    return false;
}

bool nx_address_find(struct nx_str text, size_t *at, struct nx_str *ret_address)
{
    for (size_t i = *at; i < text.n; i++) {
        const char *hit = memchr(text.p + i, '@', text.n - i);
        if (hit == NULL)
            break;
        size_t sign = (size_t)(hit - text.p);
        i = sign;
        /* Inside <> nothing but the address stands: one label and non-ASCII are taken there. */
        size_t open = sign;
        while (open > *at && sign - open < LOCAL_MAX && !nx_is_space((unsigned char)text.p[open - 1]) && text.p[open - 1] != '<' &&
               text.p[open - 1] != '>')
            open--;
        bool enclosed = open > 0 && text.p[open - 1] == '<';
        size_t start = local_start(text, sign, enclosed), end = domain_end(text, sign + 1, enclosed);
        struct nx_str domain = nx_str_sub(text, sign + 1, end);
        bool closed = enclosed && end < text.n && text.p[end] == '>';
        if (start < *at || start == sign || domain.n == 0 || !has_letter_or_literal(domain))
            continue;
        if (!closed && domain.p[0] != '[' && nx_str_chr(domain, '.') == domain.n)
            continue;
        *ret_address = nx_str_sub(text, start, end);
        *at = end;
        return true;
    }
    return false;
}

bool nx_address_is(struct nx_str text)
{
    size_t sign = text.n;
    while (sign > 0 && text.p[sign - 1] != '@')
        sign--;
    if (sign < 2 || sign == text.n)
        return false;
    sign--;
    return local_start(text, sign, true) == 0 && domain_end(text, sign + 1, true) == text.n &&
           has_letter_or_literal(nx_str_from(text, sign + 1));
}

bool nx_address_same(struct nx_str a, struct nx_str b)
{
    return a.n > 0 && nx_str_ieq(a, b);
}

/* "+2B", "+3D": the two that RFC 3461 4 obliges to encode. More would hurt plus-addresses that are no xtext. */
static struct nx_str undo_xtext(struct nx_arena *arena, struct nx_str text)
{
    size_t at = nx_str_chr(text, '+');
    if (at == text.n)
        return text;
    char *out = nx_arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        struct nx_str rest = nx_str_sub(text, i, i + 3);
        if (nx_str_eq(rest, NX_STR("+2B")) || nx_str_eq(rest, NX_STR("+3D"))) {
            out[n++] = rest.p[1] == '2' ? '+' : '=';
            i += 2;
        } else {
            out[n++] = text.p[i];
        }
    }
    return (struct nx_str){out, n};
}

/* "\x{E9}" of RFC 6533 3 (utf-8-addr-xtext, utf-8-addr-unitext). */
static struct nx_str undo_unitext(struct nx_arena *arena, struct nx_str text, nx_notes *notes)
{
    if (nx_str_find(text, NX_STR("\\x{")) == text.n)
        return text;
    char *out = nx_arena_alloc(arena, text.n + 8);
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        struct nx_str rest = nx_str_from(text, i);
        size_t close = nx_str_chr(rest, '}');
        gunichar c = 0;
        bool good = nx_str_istarts(rest, NX_STR("\\x{")) && close < rest.n && close > 3 && close < 10;
        for (size_t k = 3; good && k < close; k++) {
            good = nx_is_xdigit((unsigned char)rest.p[k]);
            c = c * 16 + (gunichar)g_ascii_xdigit_value(rest.p[k]);
        }
        if (good && g_unichar_validate(c)) {
            n += (size_t)g_unichar_to_utf8(c, out + n);
            i += close + 1;
            continue;
        }
        if (rest.p[0] == '\\')
            *notes |= NX_NOTE_BAD_XTEXT;
        out[n++] = text.p[i++];
    }
    return (struct nx_str){out, n};
}

/* A trailing "(comment)" and everything in it. */
static struct nx_str drop_comment(struct nx_str text)
{
    size_t open = nx_str_find(text, NX_STR(" ("));
    return open < text.n ? nx_str_trim(nx_str_sub(text, 0, open)) : text;
}

/* "rfc822;", "RFC822 ;", "rfc/822;", "x-local;": the length with the semicolon, 0 where there is no type. */
static size_t type_length(struct nx_str value)
{
    size_t n = nx_str_chr(value, ';');
    if (n == value.n || n == 0 || n > 24)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!nx_is_alnum((unsigned char)value.p[i]) && strchr("-_/ .\t", value.p[i]) == NULL)
            return 0;
    return n + 1;
}

/* RFC 5321 4.1.2, obsolete source route: "@a,@b:user@c" is user@c. */
static struct nx_str drop_route(struct nx_str text)
{
    size_t colon = nx_str_chr(text, ':');
    return text.n > 0 && text.p[0] == '@' && colon < text.n ? nx_str_from(text, colon + 1) : text;
}

/* In a recipient field an "@" between two words is an address, however odd its domain ("user@#example.net" is what was mailed). */
static bool is_address_like(struct nx_str text)
{
    size_t sign = nx_str_chr(text, '@');
    if (sign == 0 || sign + 1 >= text.n || strchr("|/\"", text.p[0]) != NULL)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (nx_is_space((unsigned char)text.p[i]) || (unsigned char)text.p[i] < ' ' || strchr("<>,;:()", text.p[i]) != NULL)
            return false;
    return true;
}

struct nx_str nx_address_of_field(struct nx_arena *arena, struct nx_str value, struct nx_str *ret_rest, nx_notes *ret_notes)
{
    value = nx_words_decode(arena, nx_str_trim(value), ret_notes);
    size_t type = type_length(value);
    bool utf8 = nx_str_istarts(value, NX_STR("utf-8"));
    struct nx_str text = nx_str_trim(nx_str_from(value, type));
    struct nx_str whole = text;
    if (ret_rest != NULL)
        *ret_rest = NX_STR_NONE;
    size_t open = nx_str_chr(text, '<');
    if (open < text.n && nx_str_chr(nx_str_from(text, open), '>') < text.n - open)
        text = nx_str_sub(text, open + 1, open + nx_str_chr(nx_str_from(text, open), '>'));
    text = drop_comment(text);
    while (text.n > 1 && (text.p[0] == '<' || text.p[0] == '\''))
        text = nx_str_from(text, 1);
    while (text.n > 0 &&
           (text.p[text.n - 1] == '>' || text.p[text.n - 1] == '\'' || text.p[text.n - 1] == '.' || text.p[text.n - 1] == ';'))
        text.n--;
    text = nx_str_trim(drop_route(text));
    if (utf8)
        text = undo_unitext(arena, text, ret_notes);
    else
        text = undo_xtext(arena, text);
    if (nx_address_is(text) || is_address_like(text))
        return text;
    size_t at = 0;
    struct nx_str found;
    if (whole.n > 0 && strchr("|/", whole.p[0]) == NULL && nx_address_find(whole, &at, &found))
        return found;
    if (whole.n > 0)
        *ret_notes |= NX_NOTE_BAD_ADDRESS;
    if (ret_rest != NULL)
        *ret_rest = text.n > 0 ? text : whole;
    return NX_STR_NONE;
}
