/* SPDX-License-Identifier: Apache-2.0 */
/* parse/webhook/form.h - application/x-www-form-urlencoded bodies and query strings, and multipart/form-data.
 *
 * Source: WHATWG URL 5.1, RFC 7578. Order and repeated names are kept; a broken %-sequence stays as it stands; files are no fields.
 * Values are bytes: not checked for UTF-8. Out: slices in the arena, of multipart in the body. At most NX_FORM_MAX fields; the rest
 * is not read. Pure, any thread. */
#pragma once
#include "base/arena.h"

#define NX_FORM_MAX 1000u

struct nx_form {
    struct nx_form_field {
        struct nx_str name, value;
    } * fields;
    size_t n;
};

void nx_form_read(struct nx_arena *arena, struct nx_str body, struct nx_form *ret_form);
/* The first or the last value of that name; NULL where there is none. */
const struct nx_str *nx_form_first(const struct nx_form *form, struct nx_str name);
const struct nx_str *nx_form_last(const struct nx_form *form, struct nx_str name);
/* %XX and + undone. */
struct nx_str nx_form_decode(struct nx_arena *arena, struct nx_str text);
