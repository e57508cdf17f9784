/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/page.h"

#include "base/ascii.h"

/* Bytes of white space or of a sign that is written plainly at p; *plain is ' ' for white space, the plain sign, or 0 for nothing
 * at all. */
static size_t plain_sign(const unsigned char *p, size_t n, char *plain)
{
    if (p[0] == 0xc2 && n > 1 && p[1] == 0xa0) {
        *plain = ' ';
        return 2;
    }
    if (p[0] == 0xe3 && n > 2 && p[1] == 0x80 && p[2] == 0x80) {
        *plain = ' ';
        return 3;
    }
    if (p[0] == 0xef && n > 2 && p[1] == 0xbb && p[2] == 0xbf) {
        *plain = 0;
        return 3;
    }
    if (p[0] == 0xef && n > 2 && p[1] == 0xbc && p[2] != 0) { /* full-width ( ) , / : ; */
        static const char wide[] = "\210(\211)\214,\217/\232:\233;";
        for (size_t i = 0; i < sizeof wide - 1; i += 2)
            if (p[2] == (unsigned char)wide[i]) {
                *plain = wide[i + 1];
                return 3;
            }
        return 0;
    }
    if (p[0] != 0xe2 || n < 3 || p[1] != 0x80)
        return 0;
    switch (p[2]) {
    case 0x98:
    case 0x99:
        *plain = '\'';
        return 3;
    case 0x9c:
    case 0x9d:
        *plain = '"';
        return 3;
    case 0x90:
    case 0x91:
    case 0x93:
    case 0x94:
        *plain = '-';
        return 3;
    case 0x8b:
    case 0x8e:
    case 0x8f:
        *plain = 0;
        return 3;
    case 0xaf:
        *plain = ' ';
        return 3;
    default:
        return 0;
    }
}

/* The small form of a letter of two bytes, Latin or Cyrillic, into out; both forms are of one length. */
static void lower_pair(unsigned char lead, unsigned char next, char *out)
{
    unsigned c = (lead & 0x1fu) << 6 | (next & 0x3fu);
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x410 && c <= 0x42f))
        c += 0x20;
    else if (c >= 0x400 && c <= 0x40f)
        c += 0x50;
    else if (((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177)) && c % 2 == 0 && c != 0x130)
        c++;
    else if (((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) && c % 2 == 1)
        c++;
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
}

/* What a byte is to squeeze(): a sign as it stands, white space, perhaps the first byte of one of plain_sign() or of "(a)", or the
 * first of a letter with two forms. */
enum { SIGN, SPACE, LEAD, LETTER };
static const unsigned char classes[256] = {
    [0] = SPACE,     ['\t'] = SPACE,  ['\v'] = SPACE,  ['\f'] = SPACE,  [' '] = SPACE,
    ['('] = LEAD,    [0xc2] = LEAD,   [0xc3] = LETTER, [0xc4] = LETTER, [0xc5] = LETTER,
    [0xd0] = LETTER, [0xd1] = LETTER, [0xe2] = LEAD,   [0xe3] = LEAD,   [0xef] = LEAD,
};

/* "(a)" between two words, where i is behind its first sign: how X.400 writes "@" (RFC 2156 4.2.2). */
static bool is_written_sign(struct nx_str line, size_t i)
{
    return i > 1 && i + 2 < line.n && nx_lower((unsigned char)line.p[i]) == 'a' && line.p[i + 1] == ')' &&
           nx_is_alnum((unsigned char)line.p[i - 2]) && nx_is_alnum((unsigned char)line.p[i + 2]);
}

/* Does a domain-defined attribute ("dda:SMTP=", "/DD.RFC-822=") lead what is written so far? Its "=" then becomes ":", which no
 * local part holds. */
static bool name_address(char *s, char *l, size_t n)
{
    static const char *const names[] = {"smtp", "rfc-822", "rfc822"};
    while (n > 0 && s[n - 1] != '=' && s[n - 1] != ' ')
        n--;
    for (size_t i = 0; n > 0 && s[n - 1] == '=' && i < G_N_ELEMENTS(names); i++)
        if (nx_str_iends((struct nx_str){s, n - 1}, nx_str_of(names[i]))) {
            s[n - 1] = l[n - 1] = ':';
            return true;
        }
    return false;
}

/* Writes the trimmed line; returns its length and the columns in front. */
static size_t squeeze(struct nx_str line, char *s, char *l, uint32_t *indent)
{
    const unsigned char *p = (const unsigned char *)line.p;
    size_t n = 0;
    bool space = false;
    uint32_t columns = 0;
    for (size_t i = 0; i < line.n;) {
        char plain = (char)p[i];
        size_t used = 1;
        unsigned char class = classes[p[i]];
        if (class == LEAD) {
            used = plain_sign(p + i, line.n - i, &plain);
            class = used > 0 && plain == ' ' ? SPACE : SIGN;
            if (used > 0 && plain == 0) {
                i += used;
                continue;
            }
            if (used == 0) {
                used = 1;
                plain = (char)p[i];
            }
        }
        i += used;
        if (class == SPACE) {
            if (n == 0)
                columns = plain == '\t' ? (columns / 8 + 1) * 8 : columns + 1;
            space = true;
            continue;
        }
        if (space && n > 0)
            s[n] = l[n] = ' ', n++;
        space = false;
        if (class == LETTER && i < line.n && (p[i] & 0xc0) == 0x80) {
            s[n] = plain;
            s[n + 1] = (char)p[i];
            lower_pair((unsigned char)plain, p[i++], l + n);
            n += 2;
            continue;
        }
        if (plain == '(' && is_written_sign(line, i) && name_address(s, l, n)) { /* X.400's "SMTP=user(a)host" */
            s[n] = l[n] = '@', n++;
            i += 2;
            continue;
        }
        s[n] = plain;
        l[n++] = (char)nx_lower((unsigned char)plain);
        while (i < line.n && classes[p[i]] == SIGN) { /* the common case */
            s[n] = (char)p[i];
            l[n++] = (char)nx_lower(p[i++]);
        }
    }
    *indent = columns;
    return n;
}

void nx_page_init(struct nx_page *page, struct nx_arena *arena, struct nx_str text, size_t cap)
{
    *page = (struct nx_page){.arena = arena, .text = nx_str_sub(text, 0, cap < UINT32_MAX / 2 ? cap : UINT32_MAX / 2)};
    page->lines_size = page->text.n / 32 + 16;
    page->lines = nx_arena_array(arena, page->lines_size, sizeof *page->lines);
}

/* Room for `need` more bytes. */
static void reserve(struct nx_page *page, size_t need)
{
    char *s = nx_arena_alloc(page->arena, page->n + need), *l = nx_arena_alloc(page->arena, page->n + need);
    if (page->n > 0) {
        memcpy(s, page->s_, page->n);
        memcpy(l, page->l_, page->n);
    }
    page->s = page->s_ = s;
    page->l = page->l_ = l;
}

static void add_line(struct nx_page *page, struct nx_str line, size_t raw)
{
    if (page->n_lines == page->lines_size) {
        struct nx_line *lines = nx_arena_array(page->arena, page->lines_size * 2, sizeof *lines);
        memcpy(lines, page->lines, page->n_lines * sizeof *lines);
        page->lines = lines;
        page->lines_size *= 2;
    }
    struct nx_line *slot = &page->lines[page->n_lines++];
    slot->from = (uint32_t)page->n;
    slot->raw = (uint32_t)raw;
    page->n += squeeze(line, page->s_ + page->n, page->l_ + page->n, &slot->indent);
    slot->to = (uint32_t)page->n;
    page->s_[page->n] = '\n';
    page->l_[page->n++] = ' ';
}

bool nx_page_more(struct nx_page *page, size_t bytes)
{
    struct nx_str rest = nx_str_from(page->text, page->read);
    if (rest.n == 0)
        return false;
    size_t take = 0; /* whole lines */
    if (rest.n > bytes) {
        take = bytes + nx_str_chr(nx_str_from(rest, bytes), '\n') + 1;
        if (take < rest.n)
            rest.n = take;
    }
    reserve(page, rest.n + 2); /* every line end is one byte, and the last line may lack its own */
    page->read += rest.n;
    struct nx_str line;
    while (nx_str_next_line(&rest, &line))
        add_line(page, line, (size_t)(line.p - page->text.p));
    return true;
}

size_t nx_page_line_at(const struct nx_page *page, size_t at)
{
    size_t low = 0, high = page->n_lines;
    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (page->lines[middle].from <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void nx_page_one(struct nx_page *page, struct nx_arena *arena, struct nx_str text)
{
    *page = (struct nx_page){.arena = arena, .text = text};
    reserve(page, text.n + 1);
    page->lines = nx_arena_alloc(arena, sizeof *page->lines);
    page->lines_size = 1;
    char *flat = nx_arena_alloc(arena, text.n);
    for (size_t i = 0; i < text.n; i++)
        flat[i] = text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i];
    add_line(page, (struct nx_str){flat, text.n}, 0);
}
