/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/rules.h"

#include "ingest/mailbox.h"
#include "triage/rule.h"

struct suggest {
    struct nx_worker *worker;
    struct nx_triage *triage;
};

static void consider_line(struct nx_str line, void *data)
{
    struct suggest *suggest = data;
    struct nx_event event;
    if (nx_str_trim(line).n == 0)
        return;
    nx_worker_reset(suggest->worker);
    nx_worker_reply(suggest->worker, line, &event);
    nx_triage_add(suggest->triage, &event, NX_WHEN_NONE);
}

bool nx_rules_each_line(char **paths, void (*each)(struct nx_str line, void *data), void *data)
{
    bool all = true;
    for (char **path = paths; *path != NULL; path++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GIOChannel) channel =
            strcmp(*path, "-") == 0 ? g_io_channel_unix_new(0) : g_io_channel_new_file(*path, "r", &error);
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
                nx_triage_add(suggest->triage, &events[i], NX_WHEN_NONE);
        }
    }
    return all;
}

static gboolean read_store(struct suggest *suggest, const struct nx_cli *cli, nx_when since, GError **error)
{
    g_autoptr(nx_store) store = nx_cli_store(cli->config, NX_OPEN_READ, error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, error);
    return reader != NULL && nx_triage_read(suggest->triage, reader, since, error);
}

static void print(struct nx_triage *triage, const struct nx_mask *mask)
{
    size_t seen, unexplained;
    g_autoptr(GPtrArray) groups = nx_triage_groups(triage);
    nx_triage_counts(triage, &seen, &unexplained);
    printf("# %zu reports of failure or delay; %zu that no rule explains, in %u groups\n", seen, unexplained, groups->len);
    for (guint i = 0; i < groups->len; i++) {
        const struct nx_triage_group *group = g_ptr_array_index(groups, i);
        g_autofree char *rule = nx_triage_sketch(mask, group);
        printf("\n# %zu times, now %s\n# %s\n", group->count, group->decided,
               group->texts->len > 0 ? (const char *)group->texts->pdata[0] : group->key);
        fputs(rule != NULL ? rule : "# no words to build a phrase of\n", stdout);
    }
}

int nx_rules_suggest(const struct nx_cli *cli, const struct nx_rules_options *options, char **paths)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_engine) engine = nx_bind_engine(cli->config, &error);
    if (engine == NULL)
        return nx_cli_fail(error);
    const struct nx_triage_options with = {.codes = true};
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    g_autoptr(nx_triage) triage = nx_triage_new(engine, &with);
    g_autoptr(nx_mask) mask = nx_mask_new(nx_engine_rules(engine));
    struct suggest suggest = {.worker = worker, .triage = triage};
    nx_when since;
    if (!nx_cli_when(options->since, nx_cli_now(), true, &since, &error))
        return nx_cli_fail(error);
    if ((paths[0] != NULL) == (options->stored != FALSE)) {
        nx_cli_say("rules suggest: give paths, or --stored for the reports in the database");
        return NX_EXIT_USAGE;
    }
    if (options->stored && !read_store(&suggest, cli, since, &error))
        return nx_cli_fail(error);
    bool all = options->stored  ? true
               : options->lines ? nx_rules_each_line(paths, consider_line, &suggest)
                                : read_messages(&suggest, paths, &cli->config->limits);
    print(triage, mask);
    return all ? NX_EXIT_OK : NX_EXIT_FINDING;
}
