/* SPDX-License-Identifier: Apache-2.0 */
#include "export/product.h"

#include "base/ascii.h"

#define NX_CAUSE_SKIP NX_CAUSE_COUNT

static const struct nx_product products[] = {
#define NX_PRODUCT(name, title, list, address, word, text, since, until, stream, otherwise, page)                                  \
    {name, title, list, {address, word, text, since, until, stream}, NX_CAUSE_##otherwise, page},
#define NX_WORD(name, word, cause)
#include "export/product.def"
#undef NX_PRODUCT
#undef NX_WORD
};

static const struct {
    const char *product, *word;
    enum nx_cause cause;
} words[] = {
#define NX_PRODUCT(name, title, list, address, word, text, since, until, stream, otherwise, page)
#define NX_WORD(name, word, cause) {name, word, NX_CAUSE_##cause},
#include "export/product.def"
#undef NX_PRODUCT
#undef NX_WORD
};

const struct nx_product *nx_product_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(products); i++)
        if (strcmp(products[i].name, name) == 0)
            return &products[i];
    return NULL;
}

const char *nx_product_name(const struct nx_product *product)
{
    return product->name;
}

char *nx_product_list(void)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(products); i++)
        g_string_append_printf(text, "  %-10s %s\n", products[i].name, products[i].title);
    return g_string_free(text, FALSE);
}

static bool is_filler(char c)
{
    return c == ' ' || c == '-' || c == '_' || c == '.';
}

static bool same(struct nx_str a, struct nx_str b)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.n && is_filler(a.p[i]))
            i++;
        while (j < b.n && is_filler(b.p[j]))
            j++;
        if (i >= a.n || j >= b.n)
            return i >= a.n && j >= b.n;
        if (nx_lower((unsigned char)a.p[i++]) != nx_lower((unsigned char)b.p[j++]))
            return false;
    }
}

static int rank_in(const char *names, struct nx_str name)
{
    struct nx_str rest = nx_str_of(names);
    for (int rank = 0; rest.n > 0; rank++) {
        size_t blank = nx_str_chr(rest, ' ');
        if (same(nx_str_sub(rest, 0, blank), name))
            return rank;
        rest = nx_str_from(rest, blank + 1);
    }
    return -1;
}

int nx_product_rank(const struct nx_product *product, enum nx_field field, struct nx_str name)
{
    return rank_in(product->fields[field], nx_str_trim(name));
}

bool nx_product_is_list(const struct nx_product *product, struct nx_str name)
{
    return rank_in(product->list, name) >= 0;
}

bool nx_product_cause(const struct nx_product *product, struct nx_str word, enum nx_cause *ret)
{
    *ret = product->otherwise;
    word = nx_str_trim(word);
    if (word.n == 0)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i].product, product->name) == 0 && same(nx_str_of(words[i].word), word)) {
            if (words[i].cause == NX_CAUSE_SKIP)
                return false;
            *ret = words[i].cause;
            return true;
        }
    (void)nx_cause_parse(word, ret); /* our own names are understood everywhere */
    return true;
}
