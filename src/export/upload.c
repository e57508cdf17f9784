/* SPDX-License-Identifier: Apache-2.0 */
#include "export/upload.h"

#include "event/json.h"
#include "export/entry.h"

struct shape {
    const char *product;
    enum nx_ground ground;
    unsigned each;
    const char *head, *item, *join, *tail;
};

static const struct shape shapes[] = {
#define NX_UPLOAD(product, ground, each, head, item, join, tail, page) {product, NX_GROUND_##ground, each, head, item, join, tail},
#include "export/upload.def"
#undef NX_UPLOAD
};

static const char *const names[] = {[NX_GROUND_BOUNCE] = "bounce",
                                    [NX_GROUND_COMPLAINT] = "complaint",
                                    [NX_GROUND_UNSUBSCRIBE] = "unsubscribe",
                                    [NX_GROUND_MANUAL] = "manual"};

const char *nx_ground_name(enum nx_ground ground)
{
    return names[ground];
}

enum nx_ground nx_ground_of(enum nx_cause cause)
{
    return cause == NX_CAUSE_COMPLAINT     ? NX_GROUND_COMPLAINT
           : cause == NX_CAUSE_UNSUBSCRIBE ? NX_GROUND_UNSUBSCRIBE
           : cause == NX_CAUSE_NONE        ? NX_GROUND_MANUAL
                                           : NX_GROUND_BOUNCE;
}

bool nx_grounds_parse(const char *text, unsigned *ret)
{
    unsigned grounds = 0;
    for (struct nx_str rest = nx_str_of(text); rest.n > 0; rest = nx_str_from(rest, nx_str_chr(rest, ',') + 1)) {
        struct nx_str name = nx_str_trim(nx_str_sub(rest, 0, nx_str_chr(rest, ',')));
        unsigned ground = 0;
        while (ground < NX_GROUND_COUNT && !nx_str_eq(name, nx_str_of(names[ground])))
            ground++;
        if (ground == NX_GROUND_COUNT)
            return false;
        grounds |= 1u << ground;
    }
    *ret = text == NULL ? (1u << NX_GROUND_COUNT) - 1 : grounds;
    return *ret != 0;
}

static const struct shape *shape_of(const char *product, enum nx_ground ground)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++)
        if (strcmp(shapes[i].product, product) == 0 && shapes[i].ground == ground)
            return &shapes[i];
    return NULL;
}

unsigned nx_upload_grounds(const char *product, unsigned grounds, bool *ret_apart)
{
    const struct shape *first = NULL;
    unsigned known = 0;
    *ret_apart = false;
    for (unsigned ground = 0; ground < NX_GROUND_COUNT; ground++) {
        const struct shape *shape = (grounds & 1u << ground) != 0 ? shape_of(product, (enum nx_ground)ground) : NULL;
        if (shape == NULL)
            continue;
        known |= 1u << ground;
        first = first != NULL ? first : shape;
        *ret_apart = *ret_apart || strcmp(shape->head, first->head) != 0;
    }
    return known;
}

static void add_item(struct nx_buf *out, const char *item, struct nx_str address)
{
    for (; *item != '\0'; item++) {
        if (item[0] == '%' && item[1] == 'c')
            nx_csv_field(out, address, ',');
        else if (item[0] == '%' && item[1] == 'j')
            nx_json_string(out, address);
        else
            nx_buf_addc(out, *item);
        item += item[0] == '%';
    }
}

void nx_upload_add(struct nx_upload *upload, struct nx_buf *out, enum nx_ground ground, struct nx_str address)
{
    const struct shape *shape = shape_of(upload->product, ground);
    if (shape->each > 0 && upload->n == shape->each)
        nx_upload_end(upload, out);
    nx_buf_add(out, nx_str_of(upload->n == 0 ? shape->head : shape->join));
    add_item(out, shape->item, address);
    upload->shape = shape;
    upload->n++;
}

void nx_upload_end(struct nx_upload *upload, struct nx_buf *out)
{
    const struct shape *shape = upload->shape;
    if (upload->n > 0)
        nx_buf_add(out, nx_str_of(shape->tail));
    upload->n = 0;
}
