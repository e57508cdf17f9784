/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/trouble.h"

#include "event/remote.h"
#include "store/hold.h"

struct trouble { /* an incident that is not over, and holds */
    struct nx_str remote;
    nx_when since, until;
};

struct nx_troubles {
    GArray *list;     /* struct trouble, in `places` */
    GHashTable *open; /* char *: incidents that nobody has settled */
    struct nx_arena *places;
    struct nx_hosts *hosts;
    const struct nx_breaker *breaker;
    struct nx_reader *reader;
    nx_when now;
};

struct nx_troubles *nx_troubles_new(const struct nx_breaker *breaker)
{
    struct nx_troubles *troubles = g_new0(struct nx_troubles, 1);
    troubles->list = g_array_new(FALSE, FALSE, sizeof(struct trouble));
    troubles->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    troubles->places = nx_arena_new();
    troubles->hosts = nx_hosts_new();
    troubles->breaker = breaker;
    return troubles;
}

void nx_troubles_free(struct nx_troubles *troubles)
{
    g_array_unref(troubles->list);
    g_hash_table_unref(troubles->open);
    nx_arena_free(troubles->places);
    nx_hosts_free(troubles->hosts);
    g_free(troubles);
}

static char *name_incident(struct nx_str remote, nx_when until)
{
    return g_strdup_printf("%.*s\t%lld", NX_FMT(remote), (long long)until);
}

static bool add_incident(const struct nx_incident *incident, void *data)
{
    struct nx_troubles *troubles = data;
    bool open = nx_str_eq(incident->state, NX_STR("open"));
    const struct trouble trouble = {nx_arena_dup(troubles->places, incident->remote), incident->since, incident->until};
    if (open)
        g_hash_table_add(troubles->open, name_incident(incident->remote, incident->until));
    if (open || nx_str_eq(incident->state, NX_STR("dropped"))) /* which goes on */
        g_array_append_val(troubles->list, trouble);
    return true;
}

gboolean nx_troubles_read(struct nx_troubles *troubles, struct nx_reader *reader, nx_when now, GError **error)
{
    const struct nx_hold_filter all = {.limit = 0};
    troubles->now = now;
    troubles->reader = reader;
    return nx_reader_incidents(reader, &all, now, add_incident, troubles, error);
}

static void count_sent(struct nx_str stream, nx_when made, void *data)
{
    (void)stream, (void)made;
    ++*(size_t *)data;
}

/* Is a report that nobody vouches for one of this source? As when it came (store/sqlite/source.c). */
static gboolean is_brought(const struct nx_troubles *troubles, struct nx_arena *arena, struct nx_str name,
                           const struct nx_logged *line, bool *ret, GError **error)
{
    struct nx_str own = nx_reporter_name(troubles->hosts, arena, line->event);
    bool known = false;
    size_t sent = 0;
    *ret = nx_str_eq(name, own);
    if (nx_str_eq(name, NX_STR(NX_SOURCE_NEW))) {
        if (!nx_reader_knows_source(troubles->reader, troubles->breaker, own, line->at, &known, error))
            return FALSE;
        *ret = !known;
    } else if (nx_str_eq(name, NX_STR(NX_SOURCE_UNSENT))) {
        if (!nx_reader_sent(troubles->reader, line->address, count_sent, &sent, error))
            return FALSE;
        *ret = sent == 0 && (line->event->report.notes & (NX_NOTE_SENT | NX_NOTE_LEDGER_RECIPIENT)) == 0;
    }
    return TRUE;
}

/* Would this incident have held back what the line makes by the verdict of now? */
static gboolean holds(const struct nx_troubles *troubles, struct nx_arena *arena, const struct trouble *trouble,
                      const struct nx_logged *line, enum nx_class class_, bool *ret, GError **error)
{
    *ret = line->at >= trouble->since && line->at < trouble->until;
    if (!*ret)
        return TRUE;
    if (!nx_reporter_is(trouble->remote)) {
        *ret = class_ == NX_CLASS_HARD && nx_str_eq(trouble->remote, line->remote);
        return TRUE;
    }
    *ret = nx_reporter_is_unvouched(line->event);
    return !*ret || is_brought(troubles, arena, trouble->remote, line, ret, error);
}

gboolean nx_troubles_would(const struct nx_troubles *troubles, struct nx_arena *names, struct nx_subject *subject,
                           const struct nx_logged *line, enum nx_class class_, GError **error)
{
    for (guint i = 0; i < 2 * troubles->list->len; i++) { /* who brings it is judged first */
        const struct trouble *trouble = &g_array_index(troubles->list, struct trouble, i % troubles->list->len);
        bool it;
        if (nx_reporter_is(trouble->remote) != (i < troubles->list->len))
            continue;
        if (!holds(troubles, names, trouble, line, class_, &it, error))
            return FALSE;
        if (!it)
            continue;
        const struct nx_held held = {.remote = trouble->remote,
                                     .diagnostic = nx_arena_dup(names, line->event->report.diagnostic),
                                     .at = line->at,
                                     .until = trouble->until,
                                     .any = nx_reporter_is(trouble->remote),
                                     .would = true};
        nx_subject_hold(subject, &held);
    }
    return TRUE;
}

void nx_troubles_dropped(const struct nx_troubles *troubles, struct nx_arena *names, struct nx_subject *subject,
                         const struct nx_logged *line)
{
    g_autofree char *name = name_incident(line->remote, line->until);
    if (line->until <= troubles->now || !g_hash_table_contains(troubles->open, name))
        return;
    const struct nx_held held = {.stream = nx_arena_dup(names, line->stream),
                                 .remote = nx_arena_dup(names, line->remote),
                                 .at = INT64_MIN,
                                 .any = nx_reporter_is(line->remote),
                                 .until = line->until,
                                 .dropped = true};
    nx_subject_hold(subject, &held);
}
