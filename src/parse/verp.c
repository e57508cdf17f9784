/* SPDX-License-Identifier: Apache-2.0 */
/* Return paths that name the recipient. Forms: qmail, ezmlm and Postfix XVERP "list+user=domain@origin" (also with "-" before the user), Mailman
 * "list-bounces+user=domain@host", Sympa "bounce+user==a==domain==list@host". */
#include "base/ascii.h"
#include "parse/address.h"
#include "parse/internal.h"

static struct nx_str joined(struct nx_arena *arena, struct nx_str local, struct nx_str domain)
{
    struct nx_str address = nx_arena_printf(arena, "%.*s@%.*s", NX_FMT(local), NX_FMT(domain));
    return local.n > 0 && nx_str_chr(domain, '.') < domain.n && nx_address_is(address) ? address : NX_STR_NONE;
}

/* Return paths of forwarders and of BATV name the sender of the mail, not whom it was for. */
static bool names_the_sender(struct nx_str local)
{
    static const char *const marks[] = {"SRS0=", "SRS0+", "SRS0-", "SRS1=", "SRS1+", "SRS1-", "prvs=", "msprvs1="};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (nx_str_istarts(local, nx_str_of(marks[i])))
            return true;
    return false;
}

struct nx_str nx_verp_decode(struct nx_arena *arena, struct nx_str address)
{
    size_t sign = nx_str_chr(address, '@');
    struct nx_str local = nx_str_sub(address, 0, sign);
    if (names_the_sender(local))
        return NX_STR_NONE;
    size_t sympa = nx_str_find(local, NX_STR("==a=="));
    size_t plus = nx_str_chr(local, '+');
    if (sympa < local.n && plus < sympa) {
        struct nx_str rest = nx_str_from(local, sympa + 5);
        return joined(arena, nx_str_sub(local, plus + 1, sympa), nx_str_sub(rest, 0, nx_str_find(rest, NX_STR("=="))));
    }
    size_t equals = local.n; /* the last: local parts may hold "=" themselves, domains not */
    for (size_t i = 0; i < local.n; i++)
        if (local.p[i] == '=')
            equals = i;
    if (equals == local.n)
        return NX_STR_NONE;
    struct nx_str domain = nx_str_from(local, equals + 1);
    if (plus < equals)
        return joined(arena, nx_str_sub(local, plus + 1, equals), domain);
    size_t dash = equals;
    for (size_t i = 0; i < equals; i++)
        if (local.p[i] == '-')
            dash = i;
    return dash < equals ? joined(arena, nx_str_sub(local, dash + 1, equals), domain) : NX_STR_NONE;
}
