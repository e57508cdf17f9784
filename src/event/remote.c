/* SPDX-License-Identifier: Apache-2.0 */
#include "event/remote.h"

#include "base/ascii.h"

#define HOST_MAX 253u /* RFC 1035 2.3.4, without the root's dot */

static bool is_one_of(struct nx_str word, const char *const *list)
{
    for (; *list != NULL; list++)
        if (nx_str_eq(word, nx_str_of(*list)))
            return true;
    return false;
}

/* RFC 1123 2.1: letters, digits and hyphens (and the underscore that some servers carry), two labels at least, and the last one is
 * no number, so an address in digits is none either. */
static bool is_host_name(struct nx_str name)
{
    static const char *const own[] = {"local",   "localhost", "localdomain", "internal", "intranet", "lan", "home", "corp",
                                      "private", "arpa",      "invalid",     "test",     "onion",    NULL}; /* RFC 6761, 6762 */
    size_t label = 0, labels = 0;
    if (name.n == 0 || name.n > HOST_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c == '.' && i == label)
            return false;
        if (c == '.') {
            label = i + 1;
            labels++;
        } else if (!nx_is_alnum(c) && c != '-' && c != '_') {
            return false;
        }
    }
    struct nx_str last = nx_str_from(name, label);
    return labels > 0 && last.n > 1 && nx_is_alpha((unsigned char)last.p[0]) && !is_one_of(last, own);
}

/* Below these words of a country's domain names are sold, as below the country itself. */
static bool is_sold_below(struct nx_str word)
{
    static const char *const words[] = {"ac",  "co",  "com", "ed",  "edu", "gen", "go",  "gob", "gouv", "gov", "govt",
                                        "gv",  "id",  "in",  "ind", "inf", "ltd", "me",  "mil", "muni", "ne",  "net",
                                        "nhs", "nic", "nom", "or",  "org", "plc", "res", "sch", "web",  NULL};
    return is_one_of(word, words);
}

static struct nx_str organisation(struct nx_str name)
{
    size_t dots[3], n = 0; /* of the last three, from the end */
    for (size_t i = name.n; i-- > 0 && n < G_N_ELEMENTS(dots);)
        if (name.p[i] == '.')
            dots[n++] = i;
    if (n < 2)
        return name;
    struct nx_str top = nx_str_from(name, dots[0] + 1), second = nx_str_sub(name, dots[1] + 1, dots[0]);
    if (top.n > 2 || !is_sold_below(second))
        return nx_str_from(name, dots[1] + 1);
    return n < 3 ? name : nx_str_from(name, dots[2] + 1);
}

static struct nx_str of_host(struct nx_arena *arena, struct nx_str name)
{
    name = nx_str_trim(name);
    for (size_t i = 0; i < name.n; i++) /* "mx.example.net (192.0.2.1)", "mx.example.net[192.0.2.1]:25" */
        if (strchr(" ([:", name.p[i]) != NULL)
            name.n = i;
    while (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n > HOST_MAX)
        return NX_STR_NONE;
    char *lower = nx_arena_alloc(arena, name.n + 1);
    for (size_t i = 0; i < name.n; i++)
        lower[i] = (char)nx_lower((unsigned char)name.p[i]);
    struct nx_str host = {lower, name.n};
    return is_host_name(host) ? organisation(host) : NX_STR_NONE;
}

struct nx_str nx_remote_name(struct nx_arena *arena, struct nx_str known, struct nx_str remote_mta, struct nx_str domain)
{
    if (known.n > 0)
        return known;
    struct nx_str name = of_host(arena, remote_mta);
    return name.n > 0 ? name : of_host(arena, domain);
}
