/* SPDX-License-Identifier: Apache-2.0 */
#include "export/role.h"

#include <stdlib.h>

static const char *const roles[] = {
#define NX_ROLE(name) name,
#include "export/role.def"
#undef NX_ROLE
};

static int by_name(const void *key, const void *item)
{
    return nx_str_cmp(*(const struct nx_str *)key, nx_str_of(*(const char *const *)item));
}

bool nx_role_is(struct nx_str local)
{
    return bsearch(&local, roles, sizeof roles / sizeof *roles, sizeof *roles, by_name) != NULL;
}

static const struct {
    const char *name;
    bool big;
} domains[] = {
#define NX_BIG(name) {name, true},
#define NX_KNOWN(name) {name, false},
#include "event/domain.def"
#undef NX_BIG
#undef NX_KNOWN
};

/* One letter too many, too few, another, or two swapped. */
static bool one_slip(struct nx_str a, struct nx_str b)
{
    size_t i = 0;
    if (a.n > b.n + 1 || b.n > a.n + 1)
        return false;
    while (i < a.n && i < b.n && a.p[i] == b.p[i])
        i++;
    if (a.n == b.n)
        return nx_str_eq(nx_str_from(a, i + 1), nx_str_from(b, i + 1)) ||
               (i + 1 < a.n && a.p[i] == b.p[i + 1] && a.p[i + 1] == b.p[i] &&
                nx_str_eq(nx_str_from(a, i + 2), nx_str_from(b, i + 2)));
    return a.n > b.n ? nx_str_eq(nx_str_from(a, i + 1), nx_str_from(b, i)) : nx_str_eq(nx_str_from(a, i), nx_str_from(b, i + 1));
}

const char *nx_typo_of(struct nx_str domain)
{
    const char *slip = NULL;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        struct nx_str known = nx_str_of(domains[i].name);
        if (nx_str_eq(domain, known))
            return NULL;
        if (slip == NULL && domains[i].big && known.n > 6 &&
            one_slip(domain, known)) /* short names have too many neighbours that are real */
            slip = domains[i].name;
    }
    return slip;
}
