/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/mime.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "mime/charset.h"

#include <glib.h>

struct nx_str nx_fields_get(struct nx_fields fields, const char *name)
{
    struct nx_str wanted = nx_str_of(name);
    for (size_t i = 0; i < fields.n; i++)
        if (nx_str_ieq(fields.p[i].name, wanted))
            return fields.p[i].value;
    return NX_STR_NONE;
}

/* Length of a field name with its colon at the start of a line, 0 when it is none. A blank before the colon is common damage. */
static size_t name_length(struct nx_str line, size_t *ret_name)
{
    size_t n = 0;
    while (n < line.n && (unsigned char)line.p[n] > ' ' && (unsigned char)line.p[n] < 0x7f && line.p[n] != ':')
        n++;
    *ret_name = n;
    if (n == 0)
        return 0;
    while (n < line.n && nx_is_blank((unsigned char)line.p[n]))
        n++;
    return n < line.n && line.p[n] == ':' ? n + 1 : 0;
}

struct nx_fields nx_fields_read(struct nx_arena *arena, struct nx_str *rest, nx_notes *notes)
{
    struct nx_field *fields = NULL;
    size_t n = 0, size = 0;
    struct nx_str line;
    /* the value of the last field, once a second line follows: grows by doubling, so a head of nothing but folds stays cheap */
    struct nx_buf folded;
    nx_buf_init(&folded, arena, SIZE_MAX / 2);
    while (nx_str_next_line(rest, &line)) {
        struct nx_str trimmed = nx_str_trim(line);
        if (trimmed.n == 0) {
            if (n > 0)
                break;
            continue;
        }
        size_t name, colon = name_length(line, &name);
        if (colon == 0 && nx_is_blank((unsigned char)line.p[0]) && n > 0) { /* folded */
            struct nx_field *last = &fields[n - 1];
            if (folded.p == NULL)
                nx_buf_add(&folded, last->value);
            nx_buf_addc(&folded, ' ');
            nx_buf_add(&folded, trimmed);
            last->value = nx_str_trim(nx_buf_str(&folded));
            continue;
        }
        if (colon == 0) {
            *notes |= NX_NOTE_BAD_FIELD;
            continue;
        }
        if (n == size) {
            struct nx_field *more = nx_arena_array(arena, size = size == 0 ? 16 : size * 2, sizeof *more);
            if (n > 0)
                memcpy(more, fields, n * sizeof *more);
            fields = more;
        }
        fields[n++] = (struct nx_field){nx_str_sub(line, 0, name), nx_str_trim(nx_str_from(line, colon))};
        nx_buf_init(&folded, arena, SIZE_MAX / 2);
    }
    return (struct nx_fields){fields, n};
}

#define WORD_MAX 4000u /* RFC 2047 2 allows 75; writers who do not fold go far beyond */

/* One encoded word at the start of the text (RFC 2047 2): its length, or 0. */
static size_t word_at(struct nx_str text, struct nx_str *ret_charset, char *ret_encoding, struct nx_str *ret_payload)
{
    if (!nx_str_istarts(text, NX_STR("=?")))
        return 0;
    size_t charset = nx_str_chr(nx_str_sub(text, 2, 80), '?') + 2;
    if (charset + 2 >= text.n || charset == 2 || text.p[charset] != '?' || text.p[charset + 2] != '?')
        return 0;
    size_t payload = charset + 3;
    struct nx_str rest = nx_str_sub(text, payload, payload + WORD_MAX);
    size_t end = payload + nx_str_find(rest, NX_STR("?="));
    if (end >= payload + rest.n)
        return 0;
    *ret_charset = nx_str_sub(text, 2, charset);
    size_t language = nx_str_chr(*ret_charset, '*'); /* RFC 2231 5 */
    ret_charset->n = language < ret_charset->n ? language : ret_charset->n;
    *ret_encoding = (char)nx_lower((unsigned char)text.p[charset + 1]);
    *ret_payload = nx_str_sub(text, payload, end);
    return *ret_encoding == 'b' || *ret_encoding == 'q' ? end + 2 : 0;
}

static void add_decoded(struct nx_buf *bytes, char encoding, struct nx_str payload)
{
    char *copy = nx_arena_cstr(bytes->arena, payload);
    if (encoding == 'b') {
        gsize n = 0;
        if (*copy != '\0' && copy[1] != '\0') /* GLib complains of less */
            (void)g_base64_decode_inplace(copy, &n);
        nx_buf_add(bytes, (struct nx_str){copy, n});
        return;
    }
    for (size_t i = 0; i < payload.n; i++) {
        if (copy[i] == '=' && i + 2 < payload.n && nx_is_xdigit((unsigned char)copy[i + 1]) &&
            nx_is_xdigit((unsigned char)copy[i + 2])) {
            nx_buf_addc(bytes, (char)(g_ascii_xdigit_value(copy[i + 1]) * 16 + g_ascii_xdigit_value(copy[i + 2])));
            i += 2;
        } else {
            nx_buf_addc(bytes, copy[i] == '_' ? ' ' : copy[i]);
        }
    }
}

/* GMime's decoder loses what follows a padded base64 word of the same charset, which is how long Asian subjects are folded. */
struct nx_str nx_words_decode(struct nx_arena *arena, struct nx_str text, nx_notes *notes)
{
    size_t at = nx_str_find(text, NX_STR("=?"));
    if (at == text.n || nx_str_find(nx_str_from(text, at), NX_STR("?=")) == text.n - at)
        return text;
    struct nx_buf out;
    nx_buf_init(&out, arena, text.n * 4 + 64);
    nx_buf_add(&out, nx_str_sub(text, 0, at));
    while (at < text.n) {
        struct nx_str charset, next_charset, payload;
        char encoding;
        size_t n = word_at(nx_str_from(text, at), &charset, &encoding, &payload);
        if (n == 0) {
            size_t next = at + 1 + nx_str_find(nx_str_from(text, at + 1), NX_STR("=?"));
            if (nx_str_istarts(nx_str_from(text, at), NX_STR("=?")))
                *notes |= NX_NOTE_BAD_ENCODING;
            nx_buf_add(&out, nx_str_sub(text, at, next));
            at = next;
            continue;
        }
        struct nx_buf bytes; /* words that follow each other are one text; characters may be split between them */
        nx_buf_init(&bytes, arena, text.n + 8);
        next_charset = charset;
        do {
            add_decoded(&bytes, encoding, payload);
            at += n;
            size_t blank = at;
            while (blank < text.n && nx_is_space((unsigned char)text.p[blank]))
                blank++;
            n = word_at(nx_str_from(text, blank), &next_charset, &encoding, &payload);
            if (n > 0)
                at = blank; /* blanks between words are not text (RFC 2047 6.2) */
        } while (n > 0 && nx_str_ieq(next_charset, charset));
        nx_buf_add(&out, nx_charset_to_utf8(arena, nx_buf_str(&bytes), charset, notes));
    }
    return nx_buf_str(&out);
}
