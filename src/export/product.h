/* SPDX-License-Identifier: Apache-2.0 */
/* export/product.h - the table of export/product.def. Inner to the room. Pure, any thread. */
#pragma once
#include "event/names.h"
#include "export/import.h"

#define NX_FIELD_NAMES 8u
enum nx_field { NX_FIELD_ADDRESS, NX_FIELD_WORD, NX_FIELD_TEXT, NX_FIELD_SINCE, NX_FIELD_UNTIL, NX_FIELD_STREAM };
#define NX_FIELD_COUNT 6

struct nx_product {
    const char *name, *title, *list, *fields[NX_FIELD_COUNT];
    enum nx_cause otherwise;
    const char *page;
};
/* Is this one of the names, parted by blanks, that a field goes by? Its rank from 0, or -1. */
int nx_product_rank(const struct nx_product *product, enum nx_field field, struct nx_str name);
bool nx_product_is_list(const struct nx_product *product, struct nx_str name);
/* The cause that a word stands for; false: such a line is no suppression. */
bool nx_product_cause(const struct nx_product *product, struct nx_str word, enum nx_cause *ret);
