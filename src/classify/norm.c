/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/norm.h"

#include "base/ascii.h"
#include "base/latin.h"

#include <stdint.h>

static bool is_reply(struct nx_str text, size_t at)
{
    return at + 3 <= text.n && text.p[at] >= '2' && text.p[at] <= '5' && nx_is_digit((unsigned char)text.p[at + 1]) &&
           nx_is_digit((unsigned char)text.p[at + 2]);
}

static size_t digits(struct nx_str text, size_t at)
{
    size_t n = 0;
    while (n < 4 && at + n < text.n && nx_is_digit((unsigned char)text.p[at + n]))
        n++;
    return n;
}

/* Length of an enhanced code at this place, bounded at its end, or 0. */
static size_t code_length(struct nx_str text, size_t at, struct nx_code *ret)
{
    if (at + 5 > text.n || (text.p[at] != '2' && text.p[at] != '4' && text.p[at] != '5') || text.p[at + 1] != '.')
        return 0;
    size_t subject = digits(text, at + 2);
    if (subject < 1 || subject > 3 || at + 2 + subject >= text.n || text.p[at + 2 + subject] != '.')
        return 0;
    size_t from = at + 2 + subject + 1, detail = digits(text, from);
    if (detail < 1 || detail > 3)
        return 0;
    size_t end = from + detail;
    if (end < text.n && (nx_is_alnum((unsigned char)text.p[end]) ||
                         (text.p[end] == '.' && end + 1 < text.n && nx_is_digit((unsigned char)text.p[end + 1]))))
        return 0;
    if (ret != NULL) {
        unsigned long long s = 0, d = 0;
        (void)nx_str_to_u64(nx_str_sub(text, at + 2, at + 2 + subject), &s);
        (void)nx_str_to_u64(nx_str_sub(text, from, end), &d);
        *ret = (struct nx_code){(unsigned char)(text.p[at] - '0'), (unsigned short)s, (unsigned short)d};
    }
    return end - at;
}

bool nx_code_parse(struct nx_str text, struct nx_code *ret)
{
    return text.n > 0 && code_length(text, 0, ret) == text.n;
}

struct walk {
    struct nx_str in;
    size_t at; /* in the source */
    char *out;
    unsigned short *source; /* where each byte of out stood */
    size_t n;
    char prefix[3]; /* reply code of a multi-line reply, once "550-" was seen */
    bool multiline;
};

static void put(struct walk *walk, char c, size_t from)
{
    walk->source[walk->n] = (unsigned short)from;
    walk->out[walk->n++] = c;
}

/* ASCII kin of a typographic character, 0: none, -1: leave it out. */
static int plain(gunichar c)
{
    switch (c) {
    case 0x2018:
    case 0x2019:
    case 0x201a:
    case 0x02bc:
    case 0x00b4:
        return '\'';
    case 0x201c:
    case 0x201d:
    case 0x201e:
    case 0x00ab:
    case 0x00bb:
        return '"';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
        return '-';
    case 0x00a0:
    case 0x2002:
    case 0x2003:
    case 0x2009:
    case 0x202f:
    case 0x3000:
        return ' ';
    case 0x00ad:
    case 0x200b:
    case 0x200c:
    case 0x200d:
    case 0xfeff:
        return -1;
    default:
        return 0;
    }
}

/* A later line of the same reply starts here: how much of it is prefix? */
static size_t repeated_prefix(const struct walk *walk)
{
    struct nx_str in = walk->in;
    size_t at = walk->at;
    if (!walk->multiline || !is_reply(in, at) || memcmp(in.p + at, walk->prefix, 3) != 0 || at + 3 >= in.n ||
        (in.p[at + 3] != '-' && in.p[at + 3] != ' '))
        return 0;
    size_t n = 4, code = code_length(in, at + n, NULL);
    if (code > 0) {
        n += code;
        while (at + n < in.n && nx_is_blank((unsigned char)in.p[at + n]))
            n++;
    }
    return n;
}

/* A character over 127; true: it counts as a blank. */
static bool put_wide(struct walk *walk)
{
    struct nx_str in = walk->in;
    gunichar u = g_utf8_get_char_validated(in.p + walk->at, (gssize)(in.n - walk->at));
    if (u == (gunichar)-1 || u == (gunichar)-2) {
        put(walk, in.p[walk->at], walk->at);
        walk->at++;
        return false;
    }
    size_t length = (size_t)g_unichar_to_utf8(u, NULL);
    int kin = plain(u);
    if (kin > 0 && kin != ' ') {
        put(walk, (char)kin, walk->at);
    } else if (kin == 0) {
        char bytes[6];
        gunichar small = g_unichar_tolower(u);
        size_t lower = nx_latin_plain(small, bytes);
        if (lower == 0)
            lower = (size_t)g_unichar_to_utf8(small, bytes);
        if (lower > length) /* never grows: the output is as long as the input at most */
            lower = (size_t)g_unichar_to_utf8(u, bytes);
        for (size_t i = 0; i < lower; i++)
            put(walk, bytes[i], walk->at);
    }
    walk->at += length;
    return kin == ' ';
}

static void run(struct walk *walk)
{
    struct nx_str in = walk->in;
    bool blank = true; /* none at the start */
    size_t blank_at = 0;
    while (walk->at < in.n) {
        unsigned char c = (unsigned char)in.p[walk->at];
        if (nx_is_space(c) || c == '\0') {
            if (!blank)
                blank_at = walk->at;
            blank = true;
            walk->at++;
            continue;
        }
        if (blank) {
            size_t skip = repeated_prefix(walk);
            if (skip > 0) {
                walk->at += skip;
                continue;
            }
            if (!walk->multiline && is_reply(in, walk->at) && walk->at + 3 < in.n && in.p[walk->at + 3] == '-') {
                walk->multiline = true;
                memcpy(walk->prefix, in.p + walk->at, 3);
            }
            if (walk->n > 0)
                put(walk, ' ', blank_at);
            blank = false;
        }
        for (; c > ' ' && c < 0x80; c = walk->at < in.n ? (unsigned char)in.p[walk->at] : 0) {
            put(walk, (char)nx_lower(c), walk->at);
            walk->at++;
        }
        if (c >= 0x80) {
            size_t from = walk->at;
            blank = put_wide(walk);
            if (blank)
                blank_at = from;
        } else if (walk->at < in.n && c > 0 && c <= ' ' && !nx_is_space(c)) { /* another control character */
            put(walk, (char)c, walk->at);
            walk->at++;
        }
    }
}

static bool in_address(unsigned char c)
{
    return nx_is_alnum(c) || c >= 0x80 || strchr("._%+-=/#!&'*", c) != NULL;
}

/* The names in addresses are no words of the server ("<spam@...>: over quota"): letters and digits around an @ become x. */
static void mask_addresses(char *text, size_t n)
{
    for (size_t at = 0; at < n; at++) {
        const char *found = memchr(text + at, '@', n - at);
        if (found == NULL)
            return;
        at = (size_t)(found - text);
        for (size_t i = at; i > 0 && text[i - 1] != '\0' && in_address((unsigned char)text[i - 1]); i--)
            text[i - 1] = 'x';
        for (size_t i = at + 1; i < n && (nx_is_alnum((unsigned char)text[i]) || text[i] == '-' ||
                                          (text[i] == '.' && i + 1 < n && text[i + 1] != '.'));
             i++)
            if (text[i] != '.') /* "u@example.net...User unknown" ends before the dots */
                text[i] = 'x';
    }
}

static void find_codes(struct nx_norm *norm)
{
    struct nx_str text = norm->text;
    unsigned first = 0;
    for (size_t i = 0; i + 3 <= text.n; i++) {
        if (!nx_is_digit((unsigned char)text.p[i]))
            continue;
        size_t run_end = i + digits(text, i);
        bool fresh = i == 0 || (!nx_is_alnum((unsigned char)text.p[i - 1]) && text.p[i - 1] != '.');
        size_t length = fresh ? code_length(text, i, NULL) : 0;
        if (length > 0) {
            if (norm->n_codes < NX_NORM_CODES)
                code_length(text, i, &norm->codes[norm->n_codes++]);
            i += length - 1;
            continue;
        }
        if (fresh && norm->reply == 0 && run_end - i == 3 && is_reply(text, i) && text.p[i] != '3' &&
            (run_end == text.n || !nx_is_alnum((unsigned char)text.p[run_end]))) {
            /* A bare number is a reply where a reply stands: at the start, after a mark, or before an enhanced code. */
            unsigned value =
                (unsigned)(text.p[i] - '0') * 100 + (unsigned)(text.p[i + 1] - '0') * 10 + (unsigned)(text.p[i + 2] - '0');
            char before = i == 0 ? ':' : text.p[i - 1] == ' ' && i > 1 ? text.p[i - 2] : text.p[i - 1];
            bool coded = run_end + 1 < text.n && code_length(text, run_end + 1, NULL) > 0;
            bool ip = run_end < text.n && text.p[run_end] == '.' && run_end + 1 < text.n &&
                      nx_is_digit((unsigned char)text.p[run_end + 1]);
            if (!ip && (coded || strchr(":;(['\"<>=#-", before) != NULL))
                norm->reply = value;
            else if (!ip && first == 0 && (text.p[i] == '4' || text.p[i] == '5') && run_end < text.n &&
                     (text.p[run_end] == ' ' || text.p[run_end] == '-') &&
                     nx_str_ihas(nx_str_sub(text, i > 12 ? i - 12 : 0, i), NX_STR("error")))
                first = value;
        }
        i = run_end - 1;
    }
    if (norm->reply == 0)
        norm->reply = first;
}

void nx_norm_make(struct nx_arena *arena, struct nx_str source, struct nx_norm *ret)
{
    *ret = (struct nx_norm){.source = nx_str_sub(source, 0, NX_NORM_MAX)};
    struct walk walk = {.in = ret->source};
    walk.out = nx_arena_alloc(arena, walk.in.n + 1);
    walk.source = nx_arena_array(arena, walk.in.n + 1, sizeof *walk.source);
    run(&walk);
    walk.source[walk.n] = (unsigned short)walk.in.n;
    mask_addresses(walk.out, walk.n);
    ret->text = (struct nx_str){walk.out, walk.n};
    ret->offsets = walk.source;
    find_codes(ret);
}

struct nx_str nx_norm_span(const struct nx_norm *norm, size_t from, size_t to)
{
    return to <= from ? NX_STR_NONE : nx_str_trim(nx_str_sub(norm->source, norm->offsets[from], norm->offsets[to]));
}
