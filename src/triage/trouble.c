/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/trouble.h"

#include "store/hold.h"

struct trouble { /* an incident that is not over, and holds */
    struct nx_str remote;
    nx_when since, until;
};

struct nx_troubles {
    GArray *list;     /* struct trouble, in `places` */
    GHashTable *open; /* char *: incidents that nobody has settled */
    struct nx_arena *places;
    nx_when now;
};

struct nx_troubles *nx_troubles_new(void)
{
    struct nx_troubles *troubles = g_new0(struct nx_troubles, 1);
    troubles->list = g_array_new(FALSE, FALSE, sizeof(struct trouble));
    troubles->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    troubles->places = nx_arena_new();
    return troubles;
}

void nx_troubles_free(struct nx_troubles *troubles)
{
    g_array_unref(troubles->list);
    g_hash_table_unref(troubles->open);
    nx_arena_free(troubles->places);
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
    return nx_reader_incidents(reader, &all, now, add_incident, troubles, error);
}

void nx_troubles_would(const struct nx_troubles *troubles, struct nx_arena *names, struct nx_subject *subject,
                       const struct nx_logged *line)
{
    for (guint i = 0; line->remote.n > 0 && i < troubles->list->len; i++) {
        const struct trouble *trouble = &g_array_index(troubles->list, struct trouble, i);
        if (!nx_str_eq(trouble->remote, line->remote) || line->at < trouble->since || line->at >= trouble->until)
            continue;
        const struct nx_held held = {.remote = trouble->remote,
                                     .diagnostic = nx_arena_dup(names, line->event->report.diagnostic),
                                     .at = line->at,
                                     .until = trouble->until,
                                     .would = true};
        nx_subject_hold(subject, &held);
    }
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
                                 .until = line->until,
                                 .dropped = true};
    nx_subject_hold(subject, &held);
}
