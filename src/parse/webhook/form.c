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

void nx_form_read(struct nx_arena *arena, struct nx_str body, struct nx_form *ret_form)
{
    struct nx_form form = {0};
    size_t most = 1;
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
