/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rules.h"

#include "base/error.h"

GArray *nx_rules_sources(const struct nx_config *config, const char *own, bool alone, GError **error)
{
    const char *local = own != NULL ? own : config->patterns_local;
    if (own != NULL && !g_file_test(own, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND, "%s: there is no such directory (give one that holds *.rules)", own);
        return NULL;
    }
    if (alone)
        return nx_engine_read_rules(own, false, error);
    return nx_engine_sources(config->patterns_directory, *local == '\0' ? NULL : local, error);
}

/* trials: as if what is on trial were in force. */
static struct nx_ruleset *load(const struct nx_config *config, const char *own, bool alone, bool examples, bool trials,
                               GError **error)
{
    g_autoptr(GArray) sources = nx_rules_sources(config, own, alone, error);
    if (sources == NULL)
        return NULL;
    if (!trials)
        nx_engine_drop_trials(sources);
    return nx_ruleset_new((const struct nx_source *)(const void *)sources->data, sources->len, examples, error);
}

/* One line a fault. */
static int fail(const GError *error)
{
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        nx_cli_say("%s", *line);
    return error->code == NX_ERROR_SYNTAX ? NX_EXIT_DATA : NX_EXIT_FINDING;
}

static int check(const struct nx_cli *cli, const struct nx_rules_options *options, char **args)
{
    g_autoptr(GError) error = NULL;
    if (options->alone && args[0] == NULL) {
        nx_cli_say("rules check: --alone needs a directory (nixie rules check --alone DIR)");
        return NX_EXIT_USAGE;
    }
    g_autoptr(nx_ruleset) rules = load(cli->config, args[0], options->alone, true, false, &error);
    g_autoptr(nx_ruleset) trial = rules == NULL ? NULL : load(cli->config, args[0], options->alone, false, true, &error);
    if (trial == NULL)
        return fail(error);
    size_t phrases = 0, hits = 0, misses = 0, expressions = 0, local = 0;
    for (size_t i = 0; i < nx_ruleset_count(rules); i++) {
        struct nx_rule_info info;
        nx_ruleset_rule(rules, i, &info);
        phrases += info.phrases;
        hits += info.hits;
        misses += info.misses;
        expressions += info.expression;
        local += info.local;
    }
    printf("%zu rules (%zu local) of %zu providers and in general: %zu phrases, %zu expressions; %zu hits and %zu misses hold; "
           "digest %.*s\n",
           nx_ruleset_count(rules), local, nx_ruleset_providers(rules), phrases, expressions, hits, misses,
           NX_FMT(nx_ruleset_digest(rules)));
    if (!nx_str_eq(nx_ruleset_digest(rules), nx_ruleset_digest(trial)))
        printf("with what is on trial: %zu rules; all is well; digest %.*s\n", nx_ruleset_count(trial),
               NX_FMT(nx_ruleset_digest(trial)));
    if (options->stamp != NULL &&
        !g_file_set_contents(options->stamp, nx_ruleset_digest(rules).p, (gssize)nx_ruleset_digest(rules).n, &error))
        return nx_cli_fail(error);
    return NX_EXIT_OK;
}

static bool fill(struct nx_report *report, const struct nx_rules_options *options)
{
    if (options->stage != NULL && !nx_stage_parse(nx_str_of(options->stage), &report->stage)) {
        nx_cli_say("--stage: unknown stage '%s' (connect, helo, auth, mail, rcpt or data)", options->stage);
        return false;
    }
    if (options->kind != NULL && !nx_kind_parse(nx_str_of(options->kind), &report->kind)) {
        nx_cli_say("--kind: unknown kind '%s' (failed, delayed, delivered, complaint, unsubscribe or autoreply)", options->kind);
        return false;
    }
    if (options->remote != NULL)
        report->remote_mta = nx_str_of(options->remote);
    if (options->format != NULL)
        report->format = nx_str_of(options->format);
    return true;
}

static int test(const struct nx_cli *cli, const struct nx_rules_options *options, char **args)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strjoinv(" ", args);
    g_autoptr(nx_engine) engine = nx_bind_engine(cli->config, &error);
    if (engine == NULL)
        return fail(error);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    struct nx_event event;
    nx_worker_reply(worker, nx_str_of(text), &event);
    if (!fill(&event.report, options))
        return NX_EXIT_USAGE;
    struct nx_rule_match *matches;
    size_t n = nx_classify_all(nx_worker_matcher(worker), nx_worker_arena(worker), &event.report, &event.verdict, &matches);
    struct nx_str provider = nx_ruleset_provider(nx_engine_rules(engine), event.report.remote_mta, event.report.recipient);
    printf("read     reply %u, status %.*s, stage %s, provider %.*s\n", event.report.reply,
           NX_FMT(event.report.status.n > 0 ? event.report.status : NX_STR("-")),
           event.report.stage == NX_STAGE_NONE ? "-" : nx_stage_name(event.report.stage),
           NX_FMT(provider.n > 0 ? provider : NX_STR("-")));
    printf("verdict  %s, %s, by %.*s%s%.*s%s\n", event.verdict.cause == NX_CAUSE_NONE ? "-" : nx_cause_name(event.verdict.cause),
           nx_class_name(event.verdict.class_), NX_FMT(event.verdict.rule.n > 0 ? event.verdict.rule : NX_STR("nothing")),
           event.verdict.matched.n > 0 ? " on \"" : "", NX_FMT(event.verdict.matched), event.verdict.matched.n > 0 ? "\"" : "");
    bool won = false;
    for (size_t i = 0; i < n; i++) {
        bool winner = nx_str_eq(matches[i].id, event.verdict.rule);
        won = won || winner;
        printf("%-8s %.*s (%s) at %.*s:%u on \"%.*s\"\n", winner ? "wins" : "also", NX_FMT(matches[i].id),
               nx_cause_name(matches[i].cause), NX_FMT(matches[i].file), matches[i].line, NX_FMT(matches[i].matched));
    }
    return won ? NX_EXIT_OK : NX_EXIT_FINDING;
}

static int list(const struct nx_cli *cli, const struct nx_rules_options *options, char **args)
{
    (void)args;
    g_autoptr(GError) error = NULL;
    enum nx_cause wanted = NX_CAUSE_NONE;
    if (options->cause != NULL && !nx_cause_parse(nx_str_of(options->cause), &wanted)) {
        nx_cli_say("--cause: unknown cause '%s' (docs/taxonomy.md lists them)", options->cause);
        return NX_EXIT_USAGE;
    }
    g_autoptr(nx_ruleset) rules = load(cli->config, NULL, false, false, false, &error);
    if (rules == NULL)
        return fail(error);
    for (size_t i = 0; i < nx_ruleset_count(rules); i++) {
        struct nx_rule_info info;
        nx_ruleset_rule(rules, i, &info);
        if (wanted == NX_CAUSE_NONE || info.cause == wanted)
            printf("%-8s %-34.*s %-20s %-5s %.*s:%u\n", info.tier, NX_FMT(info.id), nx_cause_name(info.cause),
                   nx_class_name(info.class_), NX_FMT(info.file), info.line);
    }
    return NX_EXIT_OK;
}

static void say_near(const struct nx_ruleset *rules, struct nx_str id)
{
    struct nx_str tail = nx_str_from(id, nx_str_chr(id, '.') + 1);
    for (size_t i = 0; i < nx_ruleset_count(rules); i++) {
        struct nx_rule_info info;
        nx_ruleset_rule(rules, i, &info);
        if ((tail.n > 2 && nx_str_ihas(info.id, tail)) || (id.n > 2 && nx_str_ihas(info.id, id))) {
            nx_cli_say("%.*s: there is no such rule (did you mean %.*s? `nixie rules list` shows all)", NX_FMT(id),
                       NX_FMT(info.id));
            return;
        }
    }
    nx_cli_say("%.*s: there is no such rule (`nixie rules list` shows all)", NX_FMT(id));
}

static int explain(const struct nx_cli *cli, const struct nx_rules_options *options, char **args)
{
    (void)options;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_ruleset) rules = load(cli->config, NULL, false, false, true, &error);
    if (rules == NULL)
        return fail(error);
    struct nx_str id = nx_str_of(args[0]);
    for (size_t i = 0; i < nx_ruleset_count(rules); i++) {
        struct nx_rule_info info;
        nx_ruleset_rule(rules, i, &info);
        if (!nx_str_eq(info.id, id))
            continue;
        printf("%.*s\n\n# %.*s:%u, tier %s, place %zu of %zu\n# %s: %s\n", NX_FMT(info.body), NX_FMT(info.file), info.line,
               info.tier, i + 1, nx_ruleset_count(rules), nx_cause_name(info.cause), nx_cause_facts(info.cause)->advice);
        return NX_EXIT_OK;
    }
    say_near(rules, id);
    return NX_EXIT_FINDING;
}

static const struct {
    const char *name;
    int (*fn)(const struct nx_cli *cli, const struct nx_rules_options *options, char **args);
    int min, max;
    const char *usage;
} verbs[] = {
    {"check", check, 0, 1, "check [DIR]"},
    {"test", test, 1, -1, "test TEXT"},
    {"list", list, 0, 0, "list"},
    {"explain", explain, 1, 1, "explain ID"},
    {"suggest", nx_rules_suggest, 0, -1, "suggest PATH... | --stored"},
    {"bench", nx_rules_bench, 0, -1, "bench [PATH...]"},
    {"replay", nx_rules_replay, 0, 0, "replay [--since WHEN] [--apply [--yes]]"},
    {"trial", nx_rules_trial, 0, 0, "trial [--since WHEN]"},
    {"promote", nx_rules_promote, 1, 1, "promote FILE | ID"},
};

static int run_verb(const struct nx_cli *cli, const struct nx_rules_options *options)
{
    int n = cli->n_args - 1;
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(cli->args[0], verbs[i].name) != 0)
            continue;
        if (n >= verbs[i].min && (verbs[i].max < 0 || n <= verbs[i].max))
            return verbs[i].fn(cli, options, cli->args + 1);
        nx_cli_say("rules: %s (usage: nixie rules %s)", n < verbs[i].min ? "an argument is missing" : "too many arguments",
                   verbs[i].usage);
        return NX_EXIT_USAGE;
    }
    return nx_cli_no_verb("rules", cli->args[0], "check, test, list, explain, suggest, replay, trial, promote or bench");
}

int nx_cmd_rules(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "check|test|list|explain|suggest|replay|trial|promote|bench [ARGUMENT...]",
        "check [DIR]      all rules with their examples; DIR holds rules of your own, on top of the shipped ones (--alone: a set "
        "for itself)\n"
        "test TEXT        which rule reads a reply so, on which words, and which others would have\n"
        "list             the rules in the order in which they are tried\n"
        "explain ID       one rule as written\n"
        "suggest PATH...  groups what no rule explains in messages (or --lines of replies, or --stored in the database) and "
        "proposes rules\n"
        "replay           what these rules would have said otherwise of the reports in the database (exit 1 when there is "
        "something);\n"
        "                 with --apply the entries that would follow, and with --yes they are lifted and made\n"
        "trial            what the rules on trial said otherwise of reports as they came, and what they would of all that is "
        "stored (exit 1 when there is something)\n"
        "promote FILE|ID  puts a file on trial in force: its line `trial` goes, if the whole set is good\n"
        "bench [PATH...]  how long loading and matching take, and their share in reading the messages given\n"
        "How to write rules: docs/rules.md. Exit: 0; 1 nothing matched or found; 65 a rule is wrong.",
        1, -1};
    struct nx_rules_options options = {.times = 5};
    const GOptionEntry entries[] = {
        {"alone", 0, 0, G_OPTION_ARG_NONE, &options.alone, "check: DIR is a whole set", NULL},
        {"stamp", 0, 0, G_OPTION_ARG_FILENAME, &options.stamp, "check: write the digest here when all is well", "FILE"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.remote, "test: the server that said it", "HOST"},
        {"stage", 0, 0, G_OPTION_ARG_STRING, &options.stage, "test: where in the SMTP dialogue", "STAGE"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format, "test: how the report was read", "FORMAT"},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &options.kind, "test: of what kind the report is", "KIND"},
        {"cause", 0, 0, G_OPTION_ARG_STRING, &options.cause, "list: only rules for this cause", "CAUSE"},
        {"lines", 0, 0, G_OPTION_ARG_NONE, &options.lines, "suggest, bench: a reply a line instead of messages", NULL},
        {"stored", 0, 0, G_OPTION_ARG_NONE, &options.stored, "suggest: the reports in the database", NULL},
        {"since", 0, 0, G_OPTION_ARG_STRING, &options.since,
         "suggest --stored, replay, trial: only reports since then: 2026-01-31, or 30d", "WHEN"},
        {"apply", 0, 0, G_OPTION_ARG_NONE, &options.apply, "replay: also what it means for the list; changes nothing without --yes",
         NULL},
        {"yes", 0, 0, G_OPTION_ARG_NONE, &options.yes, "replay --apply: do it", NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force,
         "replay --apply: also when it is a tenth of the reports or half of the list", NULL},
        {"times", 0, 0, G_OPTION_ARG_INT, &options.times, "bench: rounds (5)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    code = run_verb(&cli, &options);
    char **texts[] = {&options.remote, &options.stage, &options.format, &options.kind,
                      &options.cause,  &options.stamp, &options.since};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(*texts[i]);
    return nx_cli_finish(code);
}
