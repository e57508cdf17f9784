/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "export/tally.h"

struct stats {
    enum nx_tally by, then;
    gboolean json;
    struct nx_arena *arena;
    uint64_t all;
};

static bool one(struct nx_str first, struct nx_str second, uint64_t n, void *data)
{
    struct stats *stats = data;
    stats->all += n;
    if (stats->json) {
        struct nx_buf out;
        nx_arena_reset(stats->arena);
        nx_buf_init(&out, stats->arena, 1 << 16);
        nx_tally_to_json(&out, stats->by, stats->then, first, second, n);
        nx_buf_addc(&out, '\n');
        return fwrite(out.p, 1, out.n, stdout) == out.n;
    }
    first = first.n > 0 ? first : NX_STR("-");
    second = second.n > 0 ? second : NX_STR("-");
    if (stats->then != stats->by)
        return printf("%-30.*s %-24.*s %10" G_GUINT64_FORMAT "\n", NX_FMT(first), NX_FMT(second), n) > 0;
    return printf("%-30.*s %10" G_GUINT64_FORMAT "\n", NX_FMT(first), n) > 0;
}

/* Words of the options, as the counters know them; false: one of them is none, which was said. */
static bool read_words(const char *kind, const char *cause, const char *class_, const char *action, struct nx_tally_filter *filter)
{
    enum nx_action known;
    const char *wrong = NULL, *value = NULL;
    if (kind != NULL && !nx_kind_parse(nx_str_of(kind), &filter->kind))
        wrong = "kind", value = kind;
    else if (cause != NULL && !nx_cause_parse(nx_str_of(cause), &filter->cause))
        wrong = "cause", value = cause;
    else if (class_ != NULL && !nx_class_parse(nx_str_of(class_), &filter->class_))
        wrong = "class", value = class_;
    else if (action != NULL && !nx_action_parse(nx_str_of(action), &known))
        wrong = "action", value = action;
    if (wrong != NULL)
        nx_cli_say("--%s %s: there is no such %s (docs/schema.md lists them)", wrong, value, wrong);
    return wrong == NULL;
}

int nx_cmd_stats(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "",
        "Counts events by one or two dimensions, most first, days in order. Days are UTC. remote is who answered: the provider "
        "where "
        "the rules know it, else the domain of its server, else that of the recipient. The counters are kept with each event, so a "
        "year answers at once; what was forgotten stays counted.\nExit: 0; 1 there is no database; 64 usage.",
        0, 0};
    g_autofree char *by = NULL, *since = NULL, *before = NULL, *kind = NULL, *cause = NULL, *class_ = NULL, *action = NULL;
    g_autofree char *source = NULL, *domain = NULL, *remote = NULL, *stream = NULL;
    gint limit = 0;
    struct stats stats = {0};
    const GOptionEntry entries[] = {
        {"by", 0, 0, G_OPTION_ARG_STRING, &by, "One of " NX_TALLY_NAMES ", or two as day,cause; else cause", "WHAT"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &since, "From that day on: 2026-01-31, or 30d", "WHEN"},
        {"before", 0, 0, G_OPTION_ARG_STRING, &before, "Before that day", "WHEN"},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &kind, "Only failed, delayed, delivered, complaint, unsubscribe or autoreply", "KIND"},
        {"cause", 0, 0, G_OPTION_ARG_STRING, &cause, "Only this cause", "NAME"},
        {"class", 0, 0, G_OPTION_ARG_STRING, &class_, "Only hard, soft or block", "CLASS"},
        {"action", 0, 0, G_OPTION_ARG_STRING, &action, "Only what was decided so: suppress, count, clear, hold or none", "ACTION"},
        {"source", 0, 0, G_OPTION_ARG_STRING, &source, "Only what came this way: pipe, http, webhook:ses", "NAME"},
        {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "Only recipients of this domain", "NAME"},
        {"remote", 0, 0, G_OPTION_ARG_STRING, &remote, "Only what this remote said: google, example.net", "NAME"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "Only this stream", "NAME"},
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most so many lines", "N"},
        NX_CLI_JSON(&stats.json),
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    nx_when now = nx_cli_now();
    struct nx_tally_filter filter = {.domain = nx_str_of(domain),
                                     .remote = nx_str_of(remote),
                                     .stream = nx_str_of(stream),
                                     .source = nx_str_of(source),
                                     .action = nx_str_of(action),
                                     .limit = limit > 0 ? (size_t)limit : 0};
    if (!nx_tally_parse(nx_str_of(by != NULL ? by : "cause"), &stats.by, &stats.then)) {
        nx_cli_say("--by %s: one, or two that differ, parted by a comma, of " NX_TALLY_NAMES, by);
        return NX_EXIT_USAGE;
    }
    if (!nx_cli_when(since, now, true, &filter.since, &error) || !nx_cli_when(before, now, true, &filter.before, &error))
        return nx_cli_fail(error);
    if (!read_words(kind, cause, class_, action, &filter))
        return NX_EXIT_USAGE;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_store) store = nx_cli_store(cli.config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    stats.arena = arena;
    if (reader == NULL || !nx_reader_tally(reader, stats.by, stats.then, &filter, one, &stats, &error))
        return nx_cli_fail(error);
    if (!stats.json)
        printf("%" G_GUINT64_FORMAT " events\n", stats.all);
    return nx_cli_finish(NX_EXIT_OK);
}
