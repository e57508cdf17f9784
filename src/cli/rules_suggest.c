/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rules.h"

#include "ingest/mailbox.h"

struct group {
    char *key, *sample, *decided; /* the text as placeholders; as it stood; what decided for want of a rule */
    size_t count;
};

struct suggest {
    struct nx_worker *worker;
    GHashTable *groups; /* key -> struct group */
    size_t seen, unexplained;
};

static void group_free(void *data)
{
    struct group *group = data;
    g_free(group->key);
    g_free(group->sample);
    g_free(group->decided);
    g_free(group);
}

static void consider(struct suggest *suggest, const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    if (report->kind != NX_KIND_FAILED && report->kind != NX_KIND_DELAYED)
        return;
    suggest->seen++;
    struct nx_str rule = event->verdict.rule;
    if (rule.n > 0 && !nx_str_istarts(rule, NX_STR("code.")))
        return;
    struct nx_str text = report->diagnostic.n > 0 ? report->diagnostic : report->text;
    struct nx_str key = nx_triage_key(nx_worker_arena(suggest->worker), text);
    if (key.n == 0)
        return;
    suggest->unexplained++;
    g_autofree char *name = g_strndup(key.p, key.n);
    struct group *group = g_hash_table_lookup(suggest->groups, name);
    if (group == NULL) {
        group = g_new0(struct group, 1);
        group->key = g_strdup(name);
        group->sample = g_strndup(text.p, text.n);
        group->decided = rule.n > 0 ? g_strdup_printf("%s by %.*s", nx_cause_name(event->verdict.cause), NX_FMT(rule)) : g_strdup("unknown");
        g_hash_table_insert(suggest->groups, group->key, group);
    }
    group->count++;
}

static void consider_line(struct nx_str line, void *data)
{
    struct suggest *suggest = data;
    struct nx_event event;
    if (nx_str_trim(line).n == 0)
        return;
    nx_worker_reset(suggest->worker);
    nx_worker_reply(suggest->worker, line, &event);
    consider(suggest, &event);
}

bool nx_rules_each_line(char **paths, void (*each)(struct nx_str line, void *data), void *data)
{
    bool all = true;
    for (char **path = paths; *path != NULL; path++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GIOChannel) channel = strcmp(*path, "-") == 0 ? g_io_channel_unix_new(0) : g_io_channel_new_file(*path, "r", &error);
        if (channel != NULL)
            g_io_channel_set_encoding(channel, NULL, NULL);
        g_autofree char *text = NULL;
        gsize n = 0;
        if (channel == NULL || g_io_channel_read_to_end(channel, &text, &n, &error) != G_IO_STATUS_NORMAL) {
            nx_cli_say("%s: cannot be read: %s", *path, error->message);
            all = false;
            continue;
        }
        struct nx_str rest = {text, n}, line;
        while (nx_str_next_line(&rest, &line))
            each(line, data);
    }
    return all;
}

static bool read_messages(struct suggest *suggest, char **paths, const struct nx_limits *limits)
{
    bool all = true;
    for (char **path = paths; *path != NULL; path++) {
        g_autoptr(nx_mailbox) mailbox = nx_mailbox_open(*path, limits->message);
        struct nx_message message;
        g_autoptr(GError) error = NULL;
        int got;
        while ((got = nx_mailbox_next(mailbox, &message, &error)) != 0) {
            if (got < 0) {
                nx_cli_say("%s", error->message);
                g_clear_error(&error);
                all = false;
                continue;
            }
            const struct nx_origin origin = {.source = NX_STR("file"), .received_at = NX_WHEN_NONE};
            const struct nx_input input = {.kind = NX_INPUT_MAIL, .bytes = message.bytes, .origin = &origin};
            struct nx_event *events;
            nx_worker_reset(suggest->worker);
            size_t n = nx_worker_process(suggest->worker, &input, &events);
            for (size_t i = 0; i < n; i++)
                consider(suggest, &events[i]);
        }
    }
    return all;
}

static bool consider_stored(const struct nx_logged *line, void *data)
{
    struct suggest *suggest = data;
    if (line->event == NULL)
        return true;
    nx_worker_reset(suggest->worker);
    struct nx_event event = *line->event;
    nx_classify(nx_worker_matcher(suggest->worker), nx_worker_arena(suggest->worker), &event.report, &event.verdict); /* by the rules of today */
    consider(suggest, &event);
    return true;
}

static gboolean read_store(struct suggest *suggest, const struct nx_cli *cli, nx_when since, GError **error)
{
    struct nx_log_filter filter = {.since = since};
    g_autoptr(nx_store) store = nx_cli_store(cli->config, NX_OPEN_READ, error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, error);
    return reader != NULL && nx_reader_log(reader, &filter, consider_stored, suggest, error);
}

/* The longest run of words without a placeholder, code or mark: what a phrase could be. */
static char *propose(const char *key)
{
    static const char *const placeholders[] = {"URL", "ADDRESS", "IP", "HOST", "N", "ID"};
    g_auto(GStrv) words = g_strsplit_set(key, " <>()[]{}\"',;", -1);
    GString *run = g_string_new(NULL);
    g_autoptr(GString) best = g_string_new(NULL);
    for (char **word = words;; word++) {
        bool stop = *word == NULL || **word == '\0' || g_ascii_isdigit(**word);
        for (size_t i = 0; !stop && i < G_N_ELEMENTS(placeholders); i++)
            stop = g_str_has_prefix(*word, placeholders[i]);
        if (!stop) {
            if (run->len > 0)
                g_string_append_c(run, ' ');
            g_string_append(run, *word);
            size_t n = strlen(*word);
            stop = strchr(".:!?", (*word)[n - 1]) != NULL;
            while (stop && run->len > 0 && strchr(".:!?", run->str[run->len - 1]) != NULL)
                g_string_truncate(run, run->len - 1);
        }
        if (stop) {
            if (run->len > best->len)
                g_string_assign(best, run->str);
            g_string_truncate(run, 0);
        }
        if (*word == NULL)
            break;
    }
    g_string_free(run, TRUE);
    return g_strdup(best->str);
}

static int by_count(const void *a, const void *b)
{
    const struct group *x = *(const struct group *const *)a, *y = *(const struct group *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->key, y->key);
}

int nx_rules_suggest(const struct nx_cli *cli, const struct nx_rules_options *options, char **paths)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_engine) engine = nx_cli_engine(cli->config, &error);
    if (engine == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    g_autoptr(GHashTable) table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, group_free);
    struct suggest suggest = {.worker = worker, .groups = table};
    nx_when since = options->since == NULL ? NX_WHEN_NONE : nx_when_parse(nx_str_of(options->since));
    if (options->since != NULL && since == NX_WHEN_NONE) {
        nx_cli_say("--since: '%s' is no date (2026-01-31 or 2026-01-31T12:00:00Z)", options->since);
        return NX_EXIT_USAGE;
    }
    if ((paths[0] != NULL) == (options->stored != FALSE)) {
        nx_cli_say("rules suggest: give paths, or --stored for the reports in the database");
        return NX_EXIT_USAGE;
    }
    if (options->stored && !read_store(&suggest, cli, since, &error))
        return nx_cli_fail(error);
    bool all = options->stored  ? true
               : options->lines ? nx_rules_each_line(paths, consider_line, &suggest) : read_messages(&suggest, paths, &cli->config->limits);
    g_autoptr(GPtrArray) groups = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, suggest.groups);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(groups, value);
    g_ptr_array_sort(groups, by_count);
    printf("# %zu reports of failure or delay; %zu that no rule explains, in %u groups\n", suggest.seen, suggest.unexplained, groups->len);
    for (guint i = 0; i < groups->len; i++) {
        const struct group *group = g_ptr_array_index(groups, i);
        g_autofree char *phrase = propose(group->key);
        printf("\n# %zu times, now %s\n# %s\nrule local.%u\n  cause   unknown\n", group->count, group->decided, group->sample, i + 1);
        if (strlen(phrase) >= 4)
            printf("  any     %s\n", phrase);
        else
            printf("  # no words to build a phrase of\n");
        printf("  hit     %s\n", group->key);
    }
    return all ? NX_EXIT_OK : NX_EXIT_FINDING;
}
