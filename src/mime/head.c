/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/head.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "mime/charset.h"

static bool is_mime_field(struct nx_str line)
{
    return nx_str_istarts(line, NX_STR("content-")) || nx_str_istarts(line, NX_STR("mime-version"));
}

/* "MIME-Version: 1.0Content-Type: ...": from where the second field starts, or the length. */
static size_t run_together(struct nx_str line)
{
    size_t at = nx_str_istarts(line, NX_STR("mime-version")) ? nx_str_ifind(line, NX_STR("content-type:")) : line.n;
    return at > 0 ? at : line.n;
}

/* The bytes of the head: up to the first blank line. A text that does not start with a field has none. */
static size_t head_length(struct nx_str bytes)
{
    size_t colon = 0;
    while (colon < bytes.n && (unsigned char)bytes.p[colon] > ' ' && (unsigned char)bytes.p[colon] < 0x7f && bytes.p[colon] != ':')
        colon++;
    while (colon < bytes.n && nx_is_blank((unsigned char)bytes.p[colon]))
        colon++;
    if (colon == 0 || colon >= bytes.n || bytes.p[colon] != ':')
        return 0;
    for (size_t at = 0; at < bytes.n;) {
        const char *lf = memchr(bytes.p + at, '\n', bytes.n - at);
        size_t next = lf == NULL ? bytes.n : (size_t)(lf - bytes.p) + 1;
        if (next == at + 1 || (next == at + 2 && bytes.p[at] == '\r'))
            return at;
        at = next;
    }
    return bytes.n;
}

static void add_mime_fields(struct nx_buf *out, struct nx_str head, nx_notes *notes)
{
    bool keep = false;
    for (size_t at = 0; at < head.n;) {
        const char *lf = memchr(head.p + at, '\n', head.n - at);
        size_t next = lf == NULL ? head.n : (size_t)(lf - head.p) + 1;
        struct nx_str line = nx_str_sub(head, at, next);
        if (!nx_is_blank((unsigned char)line.p[0]))
            keep = is_mime_field(line);
        if (keep) {
            size_t second = run_together(line);
            nx_buf_add(out, nx_str_sub(line, 0, second));
            if (second < line.n) {
                *notes |= NX_NOTE_BAD_MIME;
                nx_buf_addc(out, '\n');
                nx_buf_add(out, nx_str_from(line, second));
            }
        }
        at = next;
    }
}

struct nx_str nx_head_take(struct nx_arena *arena, struct nx_str bytes, const struct nx_limits *limits, nx_notes *notes,
                           struct nx_fields *ret_fields)
{
    struct nx_str head = nx_str_sub(bytes, 0, head_length(bytes)), body = nx_str_from(bytes, head.n), rest = head;
    if (head.n > limits->headers) {
        head.n = rest.n = limits->headers;
        *notes |= NX_NOTE_TRUNCATED;
    }
    *ret_fields = nx_fields_read(arena, &rest, notes);
    for (size_t i = 0; i < ret_fields->n; i++) {
        struct nx_field *field = (struct nx_field *)(uintptr_t)&ret_fields->p[i];
        if (nx_str_ieq(field->name, NX_STR("Authentication-Results"))) /* no encoded words there, so none may hide what it says */
            continue;
        field->value = nx_charset_to_utf8(arena, nx_words_decode(arena, field->value, notes), NX_STR_NONE, notes);
    }
    struct nx_buf mime;
    nx_buf_init(&mime, arena, head.n + 2);
    add_mime_fields(&mime, head, notes);
    if (mime.n > 0 && mime.p[mime.n - 1] != '\n')
        nx_buf_addc(&mime, '\n');
    if (head.n == 0)
        nx_buf_addc(&mime, '\n'); /* all of it is body */
    char *copy = nx_arena_alloc(arena, mime.n + body.n);
    if (mime.n > 0)
        memcpy(copy, mime.p, mime.n);
    if (body.n > 0)
        memcpy(copy + mime.n, body.p, body.n);
    return (struct nx_str){copy, mime.n + body.n};
}
