/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/mime.h"

#include "base/ascii.h"
#include "base/buf.h"

#include <gmime/gmime.h>

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
            struct nx_str joined = {last->value.p, last->value.n};
            char *text = nx_arena_alloc(arena, joined.n + 1 + trimmed.n);
            if (joined.n > 0)
                memcpy(text, joined.p, joined.n);
            text[joined.n] = ' ';
            memcpy(text + joined.n + 1, trimmed.p, trimmed.n);
            last->value = nx_str_trim((struct nx_str){text, joined.n + 1 + trimmed.n});
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
    }
    return (struct nx_fields){fields, n};
}

struct nx_str nx_words_decode(struct nx_arena *arena, struct nx_str text, nx_notes *notes)
{
    size_t at = nx_str_find(text, NX_STR("=?"));
    if (at == text.n || nx_str_find(nx_str_from(text, at), NX_STR("?=")) == text.n - at)
        return text;
    g_autofree char *decoded = g_mime_utils_header_decode_text(NULL, nx_arena_cstr(arena, text));
    if (decoded == NULL) {
        *notes |= NX_NOTE_BAD_ENCODING;
        return text;
    }
    return nx_arena_dup(arena, nx_str_of(decoded));
}
