/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/triage.h"

#include "base/error.h"
#include "event/json.h"

struct nx_triage {
    struct nx_worker *worker;
    struct nx_arena *scratch; /* of one event */
    struct nx_triage_options options;
    GHashTable *groups; /* key to struct nx_triage_group */
    size_t seen, unexplained;
};

static void group_free(void *data)
{
    struct nx_triage_group *group = data;
    g_free(group->key);
    g_ptr_array_unref(group->texts);
    g_hash_table_unref(group->domains);
    g_hash_table_unref(group->hosts);
    g_hash_table_unref(group->statuses);
    nx_arena_free(group->example.arena);
    g_free(group);
}

struct nx_triage *nx_triage_new(struct nx_engine *engine, const struct nx_triage_options *options)
{
    struct nx_triage *triage = g_new0(struct nx_triage, 1);
    triage->worker = nx_worker_new(engine);
    triage->scratch = nx_arena_new();
    triage->options = *options;
    triage->groups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, group_free);
    return triage;
}

void nx_triage_free(struct nx_triage *triage)
{
    if (triage == NULL)
        return;
    nx_worker_free(triage->worker);
    nx_arena_free(triage->scratch);
    g_hash_table_unref(triage->groups);
    g_free(triage);
}

static struct nx_triage_group *group_new(char *key)
{
    struct nx_triage_group *group = g_new0(struct nx_triage_group, 1);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    group->key = key;
    memcpy(group->id, digest, sizeof group->id - 1);
    group->first = group->last = NX_WHEN_NONE;
    group->texts = g_ptr_array_new_with_free_func(g_free);
    group->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    group->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    group->statuses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    group->example.arena = nx_arena_new();
    return group;
}

static void count(GHashTable *table, struct nx_str name)
{
    if (name.n == 0)
        return;
    char *low = g_ascii_strdown(name.p, (gssize)name.n);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(table, low));
    if (n > 0 || g_hash_table_size(table) < NX_TRIAGE_NAMES)
        g_hash_table_replace(table, low, GUINT_TO_POINTER(n + 1));
    else
        g_free(low);
}

static struct nx_str domain_of(struct nx_str address)
{
    size_t at = address.n;
    while (at > 0 && address.p[at - 1] != '@')
        at--;
    return at > 0 ? nx_str_from(address, at) : NX_STR_NONE;
}

static void remember(struct nx_triage_group *group, const struct nx_event *event, struct nx_str words)
{
    struct nx_arena *arena = group->example.arena;
    struct nx_event *kept = &group->example.event;
    const struct nx_report *report = &event->report;
    nx_arena_reset(arena);
    *kept = (struct nx_event){.id = nx_arena_dup(arena, event->id), .origin = {.received_at = event->origin.received_at}};
    kept->report = (struct nx_report){.kind = report->kind,
                                      .reply = report->reply,
                                      .stage = report->stage,
                                      .recipient = nx_arena_dup(arena, report->recipient),
                                      .original_recipient = nx_arena_dup(arena, report->original_recipient),
                                      .status = nx_arena_dup(arena, report->status),
                                      .diagnostic = nx_arena_dup(arena, words),
                                      .remote_mta = nx_arena_dup(arena, report->remote_mta),
                                      .reporting_mta = nx_arena_dup(arena, report->reporting_mta),
                                      .format = nx_arena_dup(arena, report->format),
                                      .original = {.from = nx_arena_dup(arena, report->original.from),
                                                   .to = nx_arena_dup(arena, report->original.to),
                                                   .message_id = nx_arena_dup(arena, report->original.message_id)},
                                      .return_paths = nx_arena_dup(arena, report->return_paths)};
    for (guint i = 0; i < group->texts->len; i++)
        if (nx_str_eq(nx_str_of(group->texts->pdata[i]), words)) { /* to the front: it is the example's */
            void *first = group->texts->pdata[0];
            group->texts->pdata[0] = group->texts->pdata[i];
            group->texts->pdata[i] = first;
            return;
        }
    if (words.n == 0)
        return;
    if (group->texts->len == NX_TRIAGE_TEXTS)
        g_ptr_array_remove_index(group->texts, NX_TRIAGE_TEXTS - 1);
    g_ptr_array_insert(group->texts, 0, g_strndup(words.p, words.n));
}

void nx_triage_add(struct nx_triage *triage, const struct nx_event *event, nx_when at)
{
    const struct nx_report *report = &event->report;
    struct nx_str rule = event->verdict.rule;
    bool failure = report->kind == NX_KIND_FAILED || report->kind == NX_KIND_DELAYED;
    triage->seen += failure;
    bool by_code =
        failure && event->verdict.cause != NX_CAUSE_UNKNOWN && triage->options.codes && nx_str_istarts(rule, NX_STR("code."));
    bool is_bare = event->id.n == 0; /* a reply by itself: it names nobody, and need not */
    if (!by_code && (!nx_event_is_unexplained(event) || (is_bare && event->verdict.cause != NX_CAUSE_UNKNOWN)))
        return;
    struct nx_arena *arena = triage->scratch;
    nx_arena_reset(arena);
    struct nx_str words = nx_triage_words(arena, event), key = nx_triage_group(arena, event);
    triage->unexplained++;
    g_autofree char *name = g_strndup(key.p, key.n);
    struct nx_triage_group *group = g_hash_table_lookup(triage->groups, name);
    if (group == NULL) {
        if (g_hash_table_size(triage->groups) >= NX_TRIAGE_GROUPS)
            return;
        group = group_new(g_steal_pointer(&name));
        g_hash_table_insert(triage->groups, group->key, group);
    }
    group->count++;
    group->decided = failure ? nx_cause_name(event->verdict.cause) : nx_cause_name(NX_CAUSE_UNKNOWN);
    if (at != NX_WHEN_NONE && (group->first == NX_WHEN_NONE || at < group->first))
        group->first = at;
    if (at != NX_WHEN_NONE && (group->last == NX_WHEN_NONE || at > group->last))
        group->last = at;
    g_autofree char *reply = report->reply > 0 ? g_strdup_printf("%u", report->reply) : NULL;
    count(group->domains, domain_of(report->recipient));
    count(group->hosts, report->remote_mta);
    count(group->statuses, report->status.n > 0 ? report->status : nx_str_of(reply));
    remember(group, event, words);
}

static bool add_logged(const struct nx_logged *line, void *data)
{
    struct nx_triage *triage = data;
    if (line->event == NULL)
        return true;
    nx_worker_reset(triage->worker);
    struct nx_event event = *line->event;
    nx_classify(nx_worker_matcher(triage->worker), nx_worker_arena(triage->worker), &event.report, &event.verdict);
    nx_triage_add(triage, &event, line->at);
    return true;
}

gboolean nx_triage_read(struct nx_triage *triage, struct nx_reader *reader, nx_when since, GError **error)
{
    const struct nx_log_filter filter = {.since = since, .unexplained = !triage->options.codes};
    return nx_reader_log(reader, &filter, add_logged, triage, error);
}

static int by_count(const void *a, const void *b)
{
    const struct nx_triage_group *x = *(const struct nx_triage_group *const *)a, *y = *(const struct nx_triage_group *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->key, y->key);
}

GPtrArray *nx_triage_groups(struct nx_triage *triage)
{
    GPtrArray *groups = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, triage->groups);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(groups, value);
    g_ptr_array_sort(groups, by_count);
    return groups;
}

const struct nx_triage_group *nx_triage_find(struct nx_triage *triage, struct nx_str id, GError **error)
{
    const struct nx_triage_group *found = NULL;
    GHashTableIter iter;
    gpointer value;
    bool several = false;
    g_hash_table_iter_init(&iter, triage->groups);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct nx_triage_group *group = value;
        if (id.n < 4 || !nx_str_istarts(nx_str_of(group->id), id))
            continue;
        several |= found != NULL;
        found = group;
    }
    if (several)
        g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND, "%.*s: the beginning of several groups (give more of the id)", NX_FMT(id));
    else if (found == NULL)
        g_set_error(
            error, NX_ERROR, NX_ERROR_NOT_FOUND,
            "%.*s: there is no such group of unexplained bounces (it may be explained by now; the list shows those there are)",
            NX_FMT(nx_str_sub(id, 0, 40)));
    return several ? NULL : found;
}

void nx_triage_counts(const struct nx_triage *triage, size_t *ret_seen, size_t *ret_unexplained)
{
    *ret_seen = triage->seen;
    *ret_unexplained = triage->unexplained;
}

static void put(struct nx_buf *out, const char *name, struct nx_str text)
{
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":", name));
    nx_json_string(out, text);
}

static void put_table(struct nx_buf *out, const char *name, GHashTable *table)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)(void (*)(void))strcmp);
    nx_buf_add(out, nx_arena_printf(out->arena, ",\"%s\":{", name));
    for (const GList *at = names; at != NULL; at = at->next) {
        if (at != names)
            nx_buf_addc(out, ',');
        nx_json_string(out, nx_str_of(at->data));
        nx_buf_add(out, nx_arena_printf(out->arena, ":%u", GPOINTER_TO_UINT(g_hash_table_lookup(table, at->data))));
    }
    nx_buf_addc(out, '}');
}

void nx_triage_group_to_json(struct nx_buf *out, const struct nx_triage_group *group, bool whole)
{
    struct nx_arena *arena = out->arena;
    nx_buf_add(out, nx_arena_printf(arena, "{\"group\":\"%s\",\"events\":%zu,\"domains\":%u,\"decided\":\"%s\"", group->id,
                                    group->count, g_hash_table_size(group->domains), group->decided));
    put(out, "first_seen", nx_when_format(arena, group->first));
    put(out, "last_seen", nx_when_format(arena, group->last));
    put(out, "text", nx_str_of(group->key));
    put(out, "example", group->texts->len > 0 ? nx_str_of(group->texts->pdata[0]) : NX_STR_NONE);
    put(out, "event", group->example.event.id);
    if (whole) {
        nx_buf_add(out, NX_STR(",\"texts\":["));
        for (guint i = 0; i < group->texts->len; i++) {
            if (i > 0)
                nx_buf_addc(out, ',');
            nx_json_string(out, nx_str_of(group->texts->pdata[i]));
        }
        nx_buf_addc(out, ']');
        put_table(out, "by_domain", group->domains);
        put_table(out, "by_remote_mta", group->hosts);
        put_table(out, "by_status", group->statuses);
    }
    nx_buf_addc(out, '}');
}
