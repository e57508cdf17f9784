/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/webhook/form.h"

#include "base/ascii.h"

static unsigned hex(char c)
{
    unsigned char low = nx_lower((unsigned char)c);
    return low <= '9' ? low - 48u : low - 87u;
}

struct nx_str nx_form_decode(struct nx_arena *arena, struct nx_str text)
{
    char *out = nx_arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '+') {
            out[n++] = ' ';
        } else if (text.p[i] == '%' && i + 2 < text.n && nx_is_xdigit((unsigned char)text.p[i + 1]) &&
                   nx_is_xdigit((unsigned char)text.p[i + 2])) {
            out[n++] = (char)(hex(text.p[i + 1]) * 16 + hex(text.p[i + 2]));
            i += 2;
        } else {
            out[n++] = text.p[i];
        }
    }
    return (struct nx_str){out, n};
}

/* The name in the head of a part; nothing for a file, which is none of the fields. */
static struct nx_str part_name(struct nx_str head)
{
    if (nx_str_ihas(head, NX_STR("filename=")))
        return NX_STR_NONE;
    size_t at = nx_str_ifind(head, NX_STR(" name=\""));
    struct nx_str name = nx_str_from(head, MIN(at + 7, head.n));
    return nx_str_sub(name, 0, nx_str_chr(name, '"'));
}

/* One part of *body, which is cut by it: its lines up to an empty one are the head. */
static bool next_part(struct nx_str *body, struct nx_str delimiter, struct nx_form_field *ret)
{
    struct nx_str head = NX_STR_NONE, line, rest = *body;
    const char *start = body->p;
    while (nx_str_next_line(&rest, &line) && nx_str_trim(line).n > 0)
        head = (struct nx_str){start, (size_t)(line.p + line.n - start)};
    size_t end = 0;
    do { /* the delimiter begins a line */
        end += nx_str_find(nx_str_from(rest, end), delimiter);
        if (end >= rest.n)
            return false;
    } while (end > 0 && rest.p[end - 1] != '\n' && ++end);
    *ret = (struct nx_form_field){part_name(head), nx_str_sub(rest, 0, end)};
    for (const char *strip = "\n\r"; *strip != '\0'; strip++)
        if (ret->value.n > 0 && ret->value.p[ret->value.n - 1] == *strip)
            ret->value.n--;
    *body = nx_str_from(rest, end + delimiter.n);
    (void)nx_str_next_line(body, &line); /* what follows the delimiter: nothing, or "--" at the end */
    return true;
}

/* multipart/form-data: the first line says what parts it. False: it is none. */
static bool read_multipart(struct nx_arena *arena, struct nx_str body, struct nx_form *ret_form)
{
    struct nx_str rest = nx_str_trim(body), delimiter;
    if (!nx_str_istarts(rest, NX_STR("--")) || !nx_str_next_line(&rest, &delimiter) || (delimiter = nx_str_trim(delimiter)).n < 3 ||
        delimiter.n > 72 || !nx_str_istarts(rest, NX_STR("content-")))
        return false;
    struct nx_form form = {.fields = nx_arena_array(arena, NX_FORM_MAX, sizeof *form.fields)};
    while (form.n < NX_FORM_MAX && next_part(&rest, delimiter, &form.fields[form.n]))
        form.n += form.fields[form.n].name.n > 0;
    *ret_form = form;
    return true;
}

void nx_form_read(struct nx_arena *arena, struct nx_str body, struct nx_form *ret_form)
{
    struct nx_form form = {0};
    size_t most = 1;
    if (read_multipart(arena, body, ret_form))
        return;
    for (size_t i = 0; i < body.n && most < NX_FORM_MAX; i++)
        most += body.p[i] == '&';
    form.fields = nx_arena_array(arena, most, sizeof *form.fields);
    while (body.n > 0 && form.n < most) {
        size_t end = nx_str_chr(body, '&');
        struct nx_str field = nx_str_trim(nx_str_sub(body, 0, end));
        body = nx_str_from(body, end + 1);
        if (field.n == 0)
            continue;
        size_t equals = nx_str_chr(field, '=');
        form.fields[form.n].name = nx_form_decode(arena, nx_str_sub(field, 0, equals));
        form.fields[form.n++].value = nx_form_decode(arena, nx_str_from(field, equals + 1));
    }
    *ret_form = form;
}

const struct nx_str *nx_form_first(const struct nx_form *form, struct nx_str name)
{
    for (size_t i = 0; i < form->n; i++)
        if (nx_str_eq(form->fields[i].name, name))
            return &form->fields[i].value;
    return NULL;
}

const struct nx_str *nx_form_last(const struct nx_form *form, struct nx_str name)
{
    for (size_t i = form->n; i > 0; i--)
        if (nx_str_eq(form->fields[i - 1].name, name))
            return &form->fields[i - 1].value;
    return NULL;
}
