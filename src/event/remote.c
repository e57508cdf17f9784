/* SPDX-License-Identifier: Apache-2.0 */
#include "event/remote.h"

#include "base/ascii.h"

#include <libpsl.h>

#define HOST_MAX 253u /* RFC 1035 2.3.4, without the root's dot */
#define PLACES 256u

struct nx_hosts { /* each host has one place, which the last one keeps */
    struct place {
        unsigned char n, skip; /* the host's length; its organisation is what follows behind so many bytes, n: it has none */
        char host[HOST_MAX];
    } places[PLACES];
};

struct nx_hosts *nx_hosts_new(void)
{
    return g_new0(struct nx_hosts, 1);
}

void nx_hosts_free(struct nx_hosts *hosts)
{
    g_free(hosts);
}

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

/* So much of a host in lower case, which ends with a NUL, stands before its organisation; all of it: it is no host name. */
static size_t before_organisation(const char *host, size_t n)
{
    if (!is_host_name((struct nx_str){host, n}))
        return n;
    const char *own = psl_registrable_domain(psl_builtin(), host);
    return own != NULL ? n - strlen(own) : 0; /* a suffix itself is its own organisation */
}

struct nx_str nx_organisation(struct nx_hosts *hosts, struct nx_arena *arena, struct nx_str name)
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
    if (hosts == NULL)
        return nx_str_from(host, before_organisation(lower, host.n));
    unsigned hash = nx_str_hash(&host);
    struct place *place = &hosts->places[(hash ^ hash >> 8) % PLACES];
    if (!nx_str_eq(host, (struct nx_str){place->host, place->n})) {
        place->n = (unsigned char)host.n;
        place->skip = (unsigned char)before_organisation(lower, host.n);
        memcpy(place->host, lower, host.n);
    }
    return nx_str_from(host, place->skip);
}

struct nx_str nx_remote_name(struct nx_hosts *hosts, struct nx_arena *arena, struct nx_str known, struct nx_str remote_mta,
                             struct nx_str domain)
{
    if (known.n > 0)
        return known;
    struct nx_str name = nx_organisation(hosts, arena, remote_mta);
    return name.n > 0 ? name : nx_organisation(hosts, arena, domain);
}

struct nx_str nx_reporter_name(struct nx_hosts *hosts, struct nx_arena *arena, const struct nx_event *event)
{
    struct nx_str name = nx_organisation(hosts, arena, event->report.reporting_mta);
    return nx_arena_printf(arena, NX_SOURCE "%.*s", NX_FMT(name.n > 0 ? name : event->origin.source));
}

bool nx_reporter_is(struct nx_str name)
{
    return nx_str_eq(nx_str_sub(name, 0, strlen(NX_SOURCE)), NX_STR(NX_SOURCE));
}

bool nx_reporter_is_unvouched(const struct nx_event *event)
{
    return event->report.kind == NX_KIND_FAILED && event->report.verified == NX_VERIFIED_NONE;
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
