/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of today would have said of the reports of yesterday; with --apply also what follows from it. */
#include "cli/arguments.h"
#include "cli/rules.h"

#include "base/error.h"
#include "triage/replay.h"
#include "triage/trial.h"

#define SHOWN 10u

static void report(const struct nx_replay *replay)
{
    printf("%zu reports of failure or delay, %zu would be judged otherwise\n", replay->seen, replay->changed);
    for (guint i = 0; i < replay->changes->len; i++) {
        const struct nx_replay_change *change = replay->changes->pdata[i];
        printf("%7zu  %s\n", change->events, change->key);
        for (size_t k = 0; k < change->n_examples; k++)
            printf("         %s: %s\n", change->examples[k].address, change->examples[k].text);
    }
    if (replay->dead + replay->alive > 0)
        printf("Addresses that would be called dead and were not: %zu; that were and would not be: %zu\n", replay->dead,
               replay->alive);
    if (nx_replay_is_rash(replay))
        nx_cli_say(
            "rules replay: this rule set would call more than a tenth dead that was not (look at the first lines above before "
            "using it)");
}

static void print_act(const struct nx_rejudged *act)
{
    GString *what = g_string_new(NULL);
    if (act->drop)
        g_string_append_printf(what, "drop %s held back", nx_cause_name(act->dropped));
    if (act->lift)
        g_string_append_printf(what, "%slift %s", act->drop ? ", " : "", nx_entry_cause_name(act->lifted));
    if (act->put || act->hold)
        g_string_append_printf(what, "%s%s %s", what->len > 0 ? ", " : "", act->put ? "suppress for" : "hold back for",
                               nx_cause_name(act->cause));
    if (act->stream.n > 0)
        g_string_append_printf(what, " (stream %.*s)", NX_FMT(act->stream));
    printf("  %-30.*s %s\n", NX_FMT(act->address), what->str);
    g_string_free(what, TRUE);
}

/* What the plan would do, in words; acts: its first page; rash: more than anybody should take without a second look. */
static bool preview(const struct nx_replay *replay, const GArray *acts, const struct nx_rejudge_sum *sum)
{
    printf("%zu entries of %zu in force would be lifted, %zu would be made\n", sum->lift, sum->entries, sum->put);
    if (sum->drop + sum->hold > 0)
        printf("Of what incidents hold back %zu would be dropped, %zu held back for another cause\n", sum->drop, sum->hold);
    for (guint i = 0; i < MIN(acts->len, SHOWN); i++)
        print_act(&g_array_index(acts, struct nx_rejudged, i));
    if (sum->acts > SHOWN)
        printf("  ... and %zu more\n", sum->acts - SHOWN);
    return nx_replay_plan_is_rash(replay, sum);
}

/* From this page on. Each is whole or not at all. */
static gboolean carry_out(struct nx_store *store, struct nx_rejudge *rejudge, const GArray *page, nx_when now, size_t *done,
                          GError **error)
{
    struct nx_str actor = nx_str_of(nx_cli_actor(NULL));
    while (page->len > 0) {
        size_t n;
        if (!nx_store_rejudge(store, &g_array_index(page, struct nx_rejudged, 0), page->len, actor, now, &n, error))
            return FALSE;
        *done += n;
        if (!nx_rejudge_page(rejudge, &page, error))
            return FALSE;
    }
    return TRUE;
}

static int apply(const struct nx_replay *replay, struct nx_store *store, struct nx_reader *reader,
                 const struct nx_rules_options *options)
{
    g_autoptr(GError) error = NULL;
    struct nx_rejudge_sum sum;
    const GArray *first;
    size_t done = 0;
    nx_when now = nx_cli_now();
    if (!nx_rejudge_plan(replay->rejudge, reader, now, &sum, &error) || !nx_rejudge_page(replay->rejudge, &first, &error))
        return nx_cli_fail(error);
    bool rash = preview(replay, first, &sum);
    if (rash && !options->force) {
        nx_cli_say("rules replay: that is more than a tenth of the reports, or more than half of the list, so nothing is done "
                   "(look at the lines above; --force does it all the same)");
        return NX_EXIT_DATA;
    }
    if (sum.acts == 0)
        return NX_EXIT_OK;
    if (!options->yes) {
        printf("Nothing was changed; again with --yes does it\n");
        return NX_EXIT_FINDING;
    }
    if (!carry_out(store, replay->rejudge, first, now, &done, &error)) {
        g_prefix_error(&error, "rules replay: %zu of %zu made; the same command makes the rest: ", done, sum.acts);
        return nx_cli_fail(error);
    }
    printf("%zu changes made; each has its line in the history\n", done);
    return NX_EXIT_OK;
}

int nx_rules_replay(const struct nx_cli *cli, const struct nx_rules_options *options, char **args)
{
    (void)args;
    g_autoptr(GError) error = NULL;
    nx_when since = NX_WHEN_NONE;
    if (!nx_cli_when(options->since, nx_cli_now(), true, &since, &error))
        return nx_cli_fail(error);
    if ((options->yes || options->force) && !options->apply) {
        nx_cli_say("rules replay: --yes and --force go with --apply");
        return NX_EXIT_USAGE;
    }
    bool write = options->apply && options->yes;
    g_autoptr(nx_engine) engine = nx_bind_engine(cli->config, &error);
    g_autoptr(nx_store) store = engine == NULL ? NULL
                                : write        ? nx_cli_store_there(cli->config, &error)
                                               : nx_cli_store(cli->config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_fail(error);
    g_auto(nx_replay) replay = {0};
    if (!nx_replay_read(&replay, nx_engine_rules(engine), cli->config, reader, since, &error))
        return nx_cli_fail(error);
    report(&replay);
    if (options->apply)
        return apply(&replay, store, reader, options);
    return replay.changed > 0 ? NX_EXIT_FINDING : NX_EXIT_OK;
}

static void list_trials(const struct nx_engine *engine, const GArray *sources)
{
    g_autoptr(GPtrArray) files = nx_trial_files(sources);
    for (guint i = 0; i < files->len; i++) {
        const struct nx_trial_file *file = files->pdata[i];
        printf("%s: %u rules\n", file->name, file->rules->len);
    }
    printf("on trial as rule set %.*s; in force is %.*s\n", NX_FMT(nx_ruleset_digest(nx_engine_trial(engine))),
           NX_FMT(nx_ruleset_digest(nx_engine_rules(engine))));
}

int nx_rules_trial(const struct nx_cli *cli, const struct nx_rules_options *options, char **args)
{
    (void)args;
    g_autoptr(GError) error = NULL;
    nx_when since = NX_WHEN_NONE;
    struct nx_rejudge_sum sum;
    const GArray *first;
    if (!nx_cli_when(options->since, nx_cli_now(), true, &since, &error))
        return nx_cli_fail(error);
    g_autoptr(nx_engine) engine = nx_bind_engine(cli->config, &error);
    g_autoptr(GArray) sources = engine == NULL ? NULL : nx_rules_sources(cli->config, NULL, false, &error);
    if (sources == NULL)
        return nx_cli_fail(error);
    if (nx_engine_trial(engine) == NULL) {
        puts("no rules are on trial (a file of your own whose first line is `trial`; nixie triage install --trial)");
        return NX_EXIT_OK;
    }
    g_autoptr(nx_store) store = nx_cli_store(cli->config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_fail(error);
    list_trials(engine, sources);
    g_auto(nx_replay) replay = {0};
    if (!nx_replay_read(&replay, nx_engine_trial(engine), cli->config, reader, since, &error))
        return nx_cli_fail(error);
    report(&replay);
    if (!nx_rejudge_plan(replay.rejudge, reader, nx_cli_now(), &sum, &error) || !nx_rejudge_page(replay.rejudge, &first, &error))
        return nx_cli_fail(error);
    printf("recorded as they came: %zu that the rules on trial judged otherwise\n", replay.recorded);
    (void)preview(&replay, first, &sum);
    return replay.changed > 0 ? NX_EXIT_FINDING : NX_EXIT_OK;
}

int nx_rules_promote(const struct nx_cli *cli, const struct nx_rules_options *options, char **args)
{
    (void)options;
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL;
    if (!nx_trial_promote(cli->config, args[0], &file, &error)) {
        g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            nx_cli_say("%s", *line);
        return error->code == NX_ERROR_SYNTAX || error->code == NX_ERROR_CONFIG ? NX_EXIT_DATA : NX_EXIT_FINDING;
    }
    printf("%s is on trial no more: its rules decide.\nA running daemon takes it at its next reload (SIGHUP, or systemctl reload "
           "nixie).\n",
           file);
    printf("What is stored keeps its verdict: nixie rules replay shows what it would change, with --apply it does.\n");
    return NX_EXIT_OK;
}
