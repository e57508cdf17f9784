/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/returned.h"

#include "base/ascii.h"

/* Start of the line that holds at. */
static size_t line_start(struct nx_str text, size_t at)
{
    while (at > 0 && text.p[at - 1] != '\n')
        at--;
    return at;
}

static bool is_blank_line(struct nx_str text, size_t from, size_t to)
{
    return nx_str_trim(nx_str_sub(text, from, to)).n == 0;
}

static bool is_returned_type(struct nx_str value)
{
    static const char *const types[] = {"message/rfc822", "text/rfc822-headers", "message/global", "message/rfc822-headers",
                                        "text/rfc822"};
    value = nx_str_trim(value);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct nx_str type = nx_str_of(types[i]);
        if (nx_str_istarts(value, type) &&
            (value.n == type.n || value.p[type.n] == ';' || nx_is_space((unsigned char)value.p[type.n]) || value.p[type.n] == '-'))
            return !nx_str_istarts(value, NX_STR("message/global-d")); /* global-delivery-status, global-disposition-notification */
    }
    return false;
}

/* The part whose Content-Type field starts at field: its delimiter line and the start of its content. */
static bool find_part(struct nx_str text, size_t field, struct nx_str *ret_delimiter, size_t *ret_content)
{
    size_t at = field;
    for (unsigned lines = 0; lines < 12; lines++) { /* up, over other fields of the part */
        if (at == 0)
            return false;
        size_t before = line_start(text, at - 1);
        if (is_blank_line(text, before, at))
            return false;
        struct nx_str line = nx_str_trim(nx_str_sub(text, before, at));
        if (nx_str_istarts(line, NX_STR("--")) && text.p[before] == '-') {
            if (line.n < 3 || (line.n == 3 && line.p[2] == '-') || line.n > 200) /* a boundary has a character (RFC 2046 5.1.1) */
                return false;
            *ret_delimiter = line;
            break;
        }
        at = before;
        if (lines == 11)
            return false;
    }
    at = field;
    for (unsigned lines = 0; lines < 24; lines++) { /* down, to the blank line */
        size_t next = nx_str_line_end(text, at);
        if (next == at)
            return false;
        if (is_blank_line(text, at, next)) {
            *ret_content = next;
            return true;
        }
        struct nx_str line = nx_str_sub(text, at, next);
        if (nx_str_istarts(line, NX_STR("Content-Transfer-Encoding")) &&
            (nx_str_ihas(line, NX_STR("base64")) || nx_str_ihas(line, NX_STR("quoted"))))
            return false;
        at = next;
    }
    return false;
}

/* Offset of the next line that starts with the delimiter, or text.n. from is the start of a line, or what is left of one. */
static size_t next_delimiter(struct nx_str text, size_t from, struct nx_str delimiter)
{
    size_t at = from > 0 && text.p[from - 1] != '\n' ? nx_str_line_end(text, from) : from;
    for (; at < text.n; at = nx_str_line_end(text, at)) /* line by line: memchr is the whole cost */
        if (text.p[at] == '-' && text.n - at >= delimiter.n && memcmp(text.p + at, delimiter.p, delimiter.n) == 0)
            return at;
    return text.n;
}

/* The Content-Type field of a returned part, or text.n. */
static size_t find_type(struct nx_str text)
{
    static const char name[] = "content-type";
    for (size_t at = 0; at < text.n;) { /* line by line: memchr is the whole cost */
        const char *lf = memchr(text.p + at, '\n', text.n - at);
        if (lf == NULL)
            break;
        at = (size_t)(lf - text.p) + 1;
        if (at >= text.n || (text.p[at] != 'C' && text.p[at] != 'c'))
            continue;
        struct nx_str line = nx_str_sub(text, at, at + 256);
        if (!nx_str_istarts(line, (struct nx_str){name, sizeof name - 1}))
            continue;
        size_t colon = nx_str_chr(line, ':');
        if (colon < 16 && is_returned_type(nx_str_from(line, colon + 1)))
            return at;
    }
    return text.n;
}

struct nx_str nx_returned_cut(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, struct nx_mail *mail)
{
    struct nx_str delimiter;
    size_t content, field = find_type(bytes);
    if (field == bytes.n || !find_part(bytes, field, &delimiter, &content))
        return bytes;
    size_t end = next_delimiter(bytes, content, delimiter);
    struct nx_str head = mail->enclosed = nx_str_sub(bytes, content, end);
    head.n = head.n < limits->headers ? head.n : limits->headers;
    nx_notes ignored = 0;
    mail->returned = nx_fields_read(arena, &head, &ignored);
    for (size_t i = 0; i < mail->returned.n; i++) {
        struct nx_field *one = (struct nx_field *)(uintptr_t)&mail->returned.p[i];
        one->value = nx_words_decode(arena, one->value, &mail->notes);
    }
    if (end == bytes.n) {
        mail->notes |= NX_NOTE_BAD_MIME; /* never closed */
        return nx_str_sub(bytes, 0, content);
    }
    struct nx_str rest = nx_str_from(bytes, end);
    size_t closing = delimiter.n;
    if (rest.n >= closing + 2 && rest.p[closing] == '-' && rest.p[closing + 1] == '-' &&
        next_delimiter(rest, closing, NX_STR("--")) == rest.n)
        return nx_str_sub(bytes, 0, content); /* it was the last part of all */
    char *copy = nx_arena_alloc(arena, content + rest.n);
    memcpy(copy, bytes.p, content);
    memcpy(copy + content, rest.p, rest.n);
    return (struct nx_str){copy, content + rest.n};
}
