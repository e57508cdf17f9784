/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of today would have said of the reports of yesterday. Looks only; nothing is changed. */
#include "cli/rules.h"

#include "event/json.h"

#define EXAMPLES 3u

struct change { /* from one verdict to another */
    char *key;
    size_t events;
    GPtrArray *examples; /* "address: words" */
};

struct replay {
    struct nx_worker *worker;
    GHashTable *changes;
    GHashTable *to_hard, *from_hard; /* addresses */
    size_t seen, changed;
};

static void change_free(void *data)
{
    struct change *change = data;
    g_free(change->key);
    g_ptr_array_unref(change->examples);
    g_free(change);
}

static bool one(const struct nx_logged *line, void *data)
{
    struct replay *replay = data;
    if (line->event == NULL || (line->event->report.kind != NX_KIND_FAILED && line->event->report.kind != NX_KIND_DELAYED))
        return true;
    nx_worker_reset(replay->worker);
    const struct nx_verdict *was = &line->event->verdict;
    struct nx_verdict now;
    nx_classify(nx_worker_matcher(replay->worker), nx_worker_arena(replay->worker), &line->event->report, &now);
    replay->seen++;
    if (was->cause == now.cause && was->class_ == now.class_)
        return true;
    replay->changed++;
    g_autofree char *key = g_strdup_printf("%s/%s -> %s/%s by %.*s", nx_cause_name(was->cause), nx_class_name(was->class_), nx_cause_name(now.cause), nx_class_name(now.class_), NX_FMT(now.rule));
    struct change *change = g_hash_table_lookup(replay->changes, key);
    if (change == NULL) {
        change = g_new0(struct change, 1);
        change->key = g_strdup(key);
        change->examples = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(replay->changes, change->key, change);
    }
    change->events++;
    struct nx_str words = line->event->report.diagnostic.n > 0 ? line->event->report.diagnostic : line->event->report.text;
    if (change->examples->len < EXAMPLES)
        g_ptr_array_add(change->examples, g_strdup_printf("%.*s: %.*s", NX_FMT(line->address), NX_FMT(nx_str_sub(words, 0, 140))));
    char *address = g_strndup(line->address.p, line->address.n);
    if (now.class_ == NX_CLASS_HARD && was->class_ != NX_CLASS_HARD)
        g_hash_table_add(replay->to_hard, address);
    else if (was->class_ == NX_CLASS_HARD && now.class_ != NX_CLASS_HARD)
        g_hash_table_add(replay->from_hard, address);
    else
        g_free(address);
    return true;
}

static int by_events(const void *a, const void *b)
{
    const struct change *x = *(const struct change *const *)a, *y = *(const struct change *const *)b;
    if (x->events != y->events)
        return x->events > y->events ? -1 : 1;
    return strcmp(x->key, y->key);
}

static void report(const struct replay *replay)
{
    printf("%zu reports of failure or delay, %zu would be judged otherwise\n", replay->seen, replay->changed);
    g_autoptr(GPtrArray) changes = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, replay->changes);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(changes, value);
    g_ptr_array_sort(changes, by_events);
    for (guint i = 0; i < changes->len; i++) {
        const struct change *change = g_ptr_array_index(changes, i);
        printf("%7zu  %s\n", change->events, change->key);
        for (guint k = 0; k < change->examples->len; k++)
            printf("         %s\n", (const char *)g_ptr_array_index(change->examples, k));
    }
    guint to = g_hash_table_size(replay->to_hard), from = g_hash_table_size(replay->from_hard);
    if (to + from > 0)
        printf("Addresses that would be called dead and were not: %u; that were and would not be: %u\n", to, from);
    if (replay->seen >= 20 && to * 10 > replay->seen)
        nx_cli_say("rules replay: this rule set would call more than a tenth dead that was not (look at the first lines above before using it)");
}

int nx_rules_replay(const struct nx_cli *cli, const struct nx_rules_options *options, char **args)
{
    (void)args;
    g_autoptr(GError) error = NULL;
    struct nx_log_filter filter = {.since = NX_WHEN_NONE};
    if (options->since != NULL && (filter.since = nx_when_parse(nx_str_of(options->since))) == NX_WHEN_NONE) {
        nx_cli_say("--since: '%s' is no date (2026-01-31 or 2026-01-31T12:00:00Z)", options->since);
        return NX_EXIT_USAGE;
    }
    g_autoptr(nx_engine) engine = nx_bind_engine(cli->config, &error);
    g_autoptr(nx_store) store = engine == NULL ? NULL : nx_cli_store(cli->config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    g_autoptr(GHashTable) changes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, change_free);
    g_autoptr(GHashTable) to = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), from = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct replay replay = {.worker = worker, .changes = changes, .to_hard = to, .from_hard = from};
    if (!nx_reader_log(reader, &filter, one, &replay, &error))
        return nx_cli_fail(error);
    report(&replay);
    return replay.changed > 0 ? NX_EXIT_FINDING : NX_EXIT_OK;
}
