/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/mime.h"

#include "base/ascii.h"
#include "base/buf.h"

#include <glib.h>

static const struct {
    const char *name, *text;
} entities[] = {
    {"lt", "<"},       {"gt", ">"},     {"amp", "&"},    {"quot", "\""},  {"apos", "'"},   {"nbsp", " "},   {"eacute", "é"},
    {"egrave", "è"},   {"agrave", "à"}, {"ccedil", "ç"}, {"auml", "ä"},   {"ouml", "ö"},   {"uuml", "ü"},   {"szlig", "ß"},
    {"Auml", "Ä"},     {"Ouml", "Ö"},   {"Uuml", "Ü"},   {"aacute", "á"}, {"iacute", "í"}, {"oacute", "ó"}, {"uacute", "ú"},
    {"ntilde", "ñ"},   {"atilde", "ã"}, {"otilde", "õ"}, {"aring", "å"},  {"oslash", "ø"}, {"aelig", "æ"},  {"laquo", "«"},
    {"raquo", "»"},    {"rsquo", "'"},  {"lsquo", "'"},  {"ldquo", "\""}, {"rdquo", "\""}, {"ndash", "-"},  {"mdash", "-"},
    {"hellip", "..."}, {"ecirc", "ê"},  {"ocirc", "ô"},
};

/* Tags that end a line. */
static bool is_block(struct nx_str tag)
{
    static const char *const names[] = {"br", "p",  "div", "tr", "li",  "ul",         "ol",    "table", "h1", "h2", "h3",
                                        "h4", "h5", "h6",  "hr", "pre", "blockquote", "title", "dt",    "dd", "td", "th"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (nx_str_ieq(tag, nx_str_of(names[i])))
            return true;
    return false;
}

/* "&...;" at p; the bytes used, 0 when it is none. */
static size_t entity(struct nx_buf *out, struct nx_str text)
{
    size_t end = nx_str_chr(nx_str_sub(text, 0, 12), ';');
    if (end < 3 || end >= 12 || end >= text.n)
        return 0;
    struct nx_str name = nx_str_sub(text, 1, end);
    if (name.p[0] == '#') {
        bool hex = name.n > 1 && nx_lower((unsigned char)name.p[1]) == 'x';
        gunichar c = 0;
        for (size_t i = hex ? 2 : 1; i < name.n; i++) {
            unsigned char d = nx_lower((unsigned char)name.p[i]);
            if (hex ? !nx_is_xdigit(d) : !nx_is_digit(d))
                return 0;
            c = c * (hex ? 16 : 10) + (gunichar)(nx_is_digit(d) ? d - '0' : d - 'a' + 10);
        }
        char utf8[6];
        if (!g_unichar_validate(c) || c == 0)
            return 0;
        nx_buf_add(out, c == 0xa0 ? NX_STR(" ") : (struct nx_str){utf8, (size_t)g_unichar_to_utf8(c, utf8)});
        return end + 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(entities); i++)
        if (nx_str_eq(name, nx_str_of(entities[i].name))) {
            nx_buf_add(out, nx_str_of(entities[i].text));
            return end + 1;
        }
    return 0;
}

/* Offset just behind the close tag of an element whose text is not for reading. */
static size_t skip_element(struct nx_str html, size_t at, const char *close)
{
    struct nx_str rest = nx_str_from(html, at);
    size_t found = nx_str_ifind(rest, nx_str_of(close));
    return found == rest.n ? html.n : at + found;
}

static bool looks_like_tag(struct nx_str rest)
{
    return rest.n > 1 && (nx_is_alpha((unsigned char)rest.p[1]) || rest.p[1] == '/' || rest.p[1] == '!' || rest.p[1] == '?');
}

/* "<user@example.net>" in careless HTML is text. */
static bool is_address(struct nx_str inside)
{
    size_t sign = nx_str_chr(inside, '@');
    return sign > 0 && sign < inside.n && nx_str_chr(inside, ' ') == inside.n && nx_str_chr(inside, '=') == inside.n &&
           nx_str_chr(inside, '"') == inside.n;
}

struct nx_str nx_html_text(struct nx_arena *arena, struct nx_str html)
{
    struct nx_buf out;
    nx_buf_init(&out, arena, html.n + 64);
    bool blank = true, pre = false;
    for (size_t i = 0; i < html.n;) {
        struct nx_str rest = nx_str_from(html, i);
        if (rest.p[0] == '<' && looks_like_tag(rest)) {
            size_t end = nx_str_chr(rest, '>');
            struct nx_str inside = nx_str_sub(rest, 1, end);
            if (nx_str_istarts(rest, NX_STR("<!--"))) {
                size_t close = nx_str_find(rest, NX_STR("-->"));
                i += close == rest.n ? rest.n : close + 3;
                continue;
            }
            if (is_address(inside)) {
                nx_buf_add(&out, nx_str_sub(rest, 0, end + 1));
                i += end == rest.n ? end : end + 1;
                blank = false;
                continue;
            }
            bool closing = inside.n > 0 && inside.p[0] == '/';
            size_t n = closing;
            while (n < inside.n && nx_is_alnum((unsigned char)inside.p[n]))
                n++;
            struct nx_str tag = nx_str_sub(inside, closing, n);
            i += end == rest.n ? end : end + 1;
            if (!closing && nx_str_ieq(tag, NX_STR("style")))
                i = skip_element(html, i, "</style");
            else if (!closing && nx_str_ieq(tag, NX_STR("script")))
                i = skip_element(html, i, "</script");
            if (nx_str_ieq(tag, NX_STR("pre")))
                pre = !closing;
            if (is_block(tag)) {
                nx_buf_addc(&out, '\n');
                blank = true;
            }
            continue;
        }
        if (rest.p[0] == '&') {
            size_t used = entity(&out, rest);
            if (used > 0) {
                blank = false;
                i += used;
                continue;
            }
        }
        if (!pre && nx_is_space((unsigned char)rest.p[0])) {
            if (!blank)
                nx_buf_addc(&out, ' ');
            blank = true;
        } else {
            nx_buf_addc(&out, rest.p[0]);
            blank = false;
        }
        i++;
    }
    return nx_buf_str(&out);
}
