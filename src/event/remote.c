/* SPDX-License-Identifier: Apache-2.0 */
#include "event/remote.h"

#include "base/ascii.h"

#include <libpsl.h>

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

struct nx_str nx_organisation(struct nx_arena *arena, struct nx_str name)
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
    lower[name.n] = '\0';
    struct nx_str host = {lower, name.n};
    if (!is_host_name(host))
        return NX_STR_NONE;
    const char *own = psl_registrable_domain(psl_builtin(), lower);
    return own != NULL ? nx_str_of(own) : host; /* a suffix itself is its own organisation */
}

struct nx_str nx_remote_name(struct nx_arena *arena, struct nx_str known, struct nx_str remote_mta, struct nx_str domain)
{
    if (known.n > 0)
        return known;
    struct nx_str name = nx_organisation(arena, remote_mta);
    return name.n > 0 ? name : nx_organisation(arena, domain);
}

struct nx_str nx_reporter_name(struct nx_arena *arena, const struct nx_event *event)
{
    struct nx_str name = nx_organisation(arena, event->report.reporting_mta);
    return nx_arena_printf(arena, NX_SOURCE "%.*s", NX_FMT(name.n > 0 ? name : event->origin.source));
}

bool nx_reporter_is(struct nx_str name)
{
    return nx_str_eq(nx_str_sub(name, 0, strlen(NX_SOURCE)), NX_STR(NX_SOURCE));
}

struct nx_str nx_reporter_words(struct nx_arena *arena, struct nx_str name)
{
    struct nx_str rest = nx_str_from(name, strlen(NX_SOURCE));
    if (nx_str_eq(name, NX_STR(NX_SOURCE_NEW)))
        return NX_STR("reports in names never met before, which nobody vouches for,");
    if (nx_str_eq(name, NX_STR(NX_SOURCE_UNSENT)))
        return NX_STR("reports about addresses that the ledger has nothing sent to, which nobody vouches for,");
    if (nx_str_chr(rest, '.') == rest.n)
        return nx_arena_printf(arena, "reports by %.*s that name no server, which nobody vouches for,", NX_FMT(rest));
    return nx_arena_printf(arena, "reports in the name of %.*s, which nobody vouches for,", NX_FMT(rest));
}
