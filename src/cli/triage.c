/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "triage/export.h"
#include "triage/rule.h"

struct options {
    gboolean json, raw, redacted, force, trial, codes;
    char *since, *cause, *phrase;
    gint limit;
};

struct run { /* what every verb begins with */
    const struct nx_cli *cli;
    const struct options *options;
    nx_when since;
    enum nx_cause cause;
    struct nx_engine *engine;
    struct nx_reader *reader;
    struct nx_triage *triage;
    struct nx_arena *arena;
};

static int print_json(struct run *run, const struct nx_triage_group *group, bool whole)
{
    struct nx_buf out;
    nx_arena_reset(run->arena);
    nx_buf_init(&out, run->arena, SIZE_MAX / 2);
    nx_triage_group_to_json(&out, group, whole);
    nx_buf_addc(&out, '\n');
    return fwrite(out.p, 1, out.n, stdout) == out.n ? NX_EXIT_OK : NX_EXIT_FINDING;
}

static struct nx_str day(struct run *run, nx_when when)
{
    return when == NX_WHEN_NONE ? NX_STR("-") : nx_str_sub(nx_when_format(run->arena, when), 0, 10);
}

static int list(struct run *run)
{
    g_autoptr(GPtrArray) groups = nx_triage_groups(run->triage);
    size_t seen, unexplained;
    guint shown = run->options->limit > 0 ? MIN((guint)run->options->limit, groups->len) : groups->len;
    nx_triage_counts(run->triage, &seen, &unexplained);
    if (!run->options->json)
        printf("%zu events that no rule explains, in %u groups\n", unexplained, groups->len);
    for (guint i = 0; i < shown; i++) {
        const struct nx_triage_group *group = g_ptr_array_index(groups, i);
        if (run->options->json) {
            print_json(run, group, false);
            continue;
        }
        const char *example = group->texts->len > 0 ? (const char *)group->texts->pdata[0] : group->key;
        printf("%s  %6zu events  %4u domains  %.*s to %.*s%s%s\n    %.200s\n", group->id, group->count,
               g_hash_table_size(group->domains), NX_FMT(day(run, group->first)), NX_FMT(day(run, group->last)),
               run->options->codes ? "  now " : "", run->options->codes ? group->decided : "", example);
        nx_arena_reset(run->arena);
    }
    if (!run->options->json && shown < groups->len)
        printf("... and %u more groups (--limit 0 shows all)\n", groups->len - shown);
    return NX_EXIT_OK;
}

static int by_number(const void *a, const void *b, void *table)
{
    guint x = GPOINTER_TO_UINT(g_hash_table_lookup(table, a)), y = GPOINTER_TO_UINT(g_hash_table_lookup(table, b));
    return x != y ? (x > y ? -1 : 1) : strcmp(a, b);
}

static void print_table(const char *title, GHashTable *table)
{
    g_autoptr(GList) names = g_list_sort_with_data(g_hash_table_get_keys(table), by_number, table);
    guint shown = 0;
    for (const GList *at = names; at != NULL && shown < 15; at = at->next, shown++)
        printf("%-9s %6u  %s\n", shown == 0 ? title : "", GPOINTER_TO_UINT(g_hash_table_lookup(table, at->data)),
               (const char *)at->data);
    if (g_hash_table_size(table) > shown)
        printf("%-9s        ... and %u more\n", "", g_hash_table_size(table) - shown);
}

static int print_raw(struct run *run, const struct nx_triage_group *group)
{
    struct nx_raw raw;
    g_autoptr(GError) error = NULL;
    int got = nx_reader_raw(run->reader, run->arena, group->example.event.id, &raw, &error);
    if (got < 0)
        return nx_cli_fail(error);
    if (got == 0) {
        nx_cli_say("%s: its message is not kept (it came before messages were, or made room for others: [triage] size, age)",
                   group->id);
        return NX_EXIT_FINDING;
    }
    fwrite(raw.bytes.p, 1, raw.bytes.n, stdout);
    if (raw.size > raw.bytes.n)
        nx_cli_say("the first %zu of its %zu bytes ([triage] message_size)", raw.bytes.n, raw.size);
    return NX_EXIT_OK;
}

static const struct nx_triage_group *find(struct run *run, int *ret_code)
{
    g_autoptr(GError) error = NULL;
    const struct nx_triage_group *group = nx_triage_find(run->triage, nx_str_of(run->cli->args[1]), &error);
    if (group == NULL)
        *ret_code = nx_cli_fail(error);
    return group;
}

static int show(struct run *run)
{
    int code = NX_EXIT_OK;
    const struct nx_triage_group *group = find(run, &code);
    if (group == NULL || run->options->raw)
        return group == NULL ? code : print_raw(run, group);
    if (run->options->json)
        return print_json(run, group, true);
    printf("group     %s\nevents    %zu, %.*s to %.*s\nnow       %s\ntext      %s\n", group->id, group->count,
           NX_FMT(day(run, group->first)), NX_FMT(day(run, group->last)), group->decided, group->key);
    for (guint i = 0; i < group->texts->len; i++)
        printf("%-9s %s\n", i == 0 ? "as" : "", (const char *)group->texts->pdata[i]);
    print_table("status", group->statuses);
    print_table("domains", group->domains);
    print_table("remote", group->hosts);
    printf("example   event %.*s (--raw prints its message)\n", NX_FMT(group->example.event.id));
    return NX_EXIT_OK;
}

static void comment(const char *title, const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        printf("# %s %s\n", title, (const char *)lines->pdata[i]);
}

static void print_proposal(const struct nx_proposal *proposal)
{
    printf("%s\n", proposal->text);
    if (proposal->why != NULL)
        printf("# cause: %s\n", proposal->why);
    else if (proposal->cause == NX_CAUSE_NONE)
        printf("# cause: nothing known is like it; fill it in (--cause NAME)\n");
    if (proposal->faults != NULL) {
        g_auto(GStrv) lines = g_strsplit(proposal->faults, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            printf("# fault: %s\n", *line);
        return;
    }
    printf("# checked: grammar and all examples hold\n");
    comment("takes the example of", proposal->taken);
    printf("# of %zu stored failures and delays it explains %zu that nobody could, and matches %zu that other rules explain\n",
           proposal->seen, proposal->explains, proposal->others);
    comment("would change", proposal->changes);
    printf("# %zu addresses would be dead by it that were not\n", proposal->newly_hard);
    if (nx_proposal_is_rash(proposal))
        printf("# warning: that is more than a tenth of what was seen\n");
}

static int propose_or_install(struct run *run, bool install)
{
    int code = NX_EXIT_OK;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    struct nx_proposal proposal;
    const struct nx_triage_group *group = find(run, &code);
    if (group == NULL)
        return code;
    if (!nx_triage_propose(run->cli->config, group, run->cause, run->options->phrase, run->reader, NX_WHEN_NONE, &proposal, &error))
        return nx_cli_fail(error);
    if (install && run->cause == NX_CAUSE_NONE)
        proposal.cause = NX_CAUSE_NONE; /* a guess is not enough */
    if (!install) {
        if (run->options->json) {
            struct nx_buf out;
            nx_buf_init(&out, run->arena, SIZE_MAX / 2);
            nx_proposal_to_json(&out, &proposal);
            printf("%.*s\n", NX_FMT(nx_buf_str(&out)));
        } else {
            print_proposal(&proposal);
        }
        code = proposal.faults != NULL ? NX_EXIT_DATA : NX_EXIT_OK;
    } else if (nx_triage_install(run->cli->config, &proposal,
                                 run->options->trial   ? NX_INSTALL_TRIAL
                                 : run->options->force ? NX_INSTALL_FORCE
                                                       : NX_INSTALL_CAREFUL,
                                 &path, &error)) {
        printf("%s stands in %s\nA running daemon takes it at its next reload (SIGHUP, or systemctl reload nixie).\n", proposal.id,
               path);
        printf("What is stored keeps its verdict: nixie rules replay shows what it would change, with --apply it does.\n");
    } else {
        g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            nx_cli_say("%s", *line);
        code = g_error_matches(error, NX_ERROR, NX_ERROR_USAGE) ? NX_EXIT_USAGE
               : g_error_matches(error, NX_ERROR, NX_ERROR_IO)  ? NX_EXIT_FINDING
                                                                : NX_EXIT_DATA;
    }
    nx_proposal_clear(&proposal);
    return code;
}

static int propose(struct run *run)
{
    return propose_or_install(run, false);
}

static int install(struct run *run)
{
    return propose_or_install(run, true);
}

static int export(struct run *run)
{
    struct nx_buf out;
    if (!run->options->redacted) {
        nx_cli_say("triage export: only as --redacted, without addresses, hosts and names (what is stored whole: nixie triage "
                   "show, nixie history)");
        return NX_EXIT_USAGE;
    }
    nx_buf_init(&out, run->arena, SIZE_MAX / 2);
    nx_triage_export(&out, run->triage, nx_engine_rules(run->engine), run->options->limit > 0 ? (size_t)run->options->limit : 0);
    return fwrite(out.p, 1, out.n, stdout) == out.n ? NX_EXIT_OK : NX_EXIT_FINDING;
}

static const struct {
    const char *name;
    int (*fn)(struct run *run);
    int arguments;
} verbs[] = {{"list", list, 0}, {"show", show, 1}, {"propose", propose, 1}, {"install", install, 1}, {"export", export, 0}};

static int run_verb(const struct nx_cli *cli, const struct options *options)
{
    const char *name = cli->n_args > 0 ? cli->args[0] : "list";
    size_t verb = 0;
    while (verb < G_N_ELEMENTS(verbs) && strcmp(verbs[verb].name, name) != 0)
        verb++;
    if (verb == G_N_ELEMENTS(verbs))
        return nx_cli_no_verb("triage", name, "list, show GROUP, propose GROUP, install GROUP or export");
    if (MAX(cli->n_args - 1, 0) != verbs[verb].arguments) {
        nx_cli_say("triage %s: give one group (nixie triage lists them), and nothing else", name);
        return NX_EXIT_USAGE;
    }
    g_autoptr(GError) error = NULL;
    struct run run = {.cli = cli, .options = options};
    const struct nx_triage_options with = {.codes = options->codes};
    if (!nx_cli_cause(options->cause, &run.cause, &error) || !nx_cli_when(options->since, nx_cli_now(), true, &run.since, &error))
        return nx_cli_fail(error);
    g_autoptr(nx_engine) engine = nx_bind_engine(cli->config, &error);
    g_autoptr(nx_store) store = engine == NULL ? NULL : nx_cli_store(cli->config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_triage) triage = nx_triage_new(engine, &with);
    g_autoptr(nx_arena) arena = nx_arena_new();
    run.engine = engine;
    run.reader = reader;
    run.triage = triage;
    run.arena = arena;
    if (!nx_triage_read(triage, reader, run.since, &error))
        return nx_cli_fail(error);
    return verbs[verb].fn(&run);
}

int nx_cmd_triage(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "[list|show GROUP|propose GROUP|install GROUP|export]",
        "list            groups of stored bounces that no rule of now explains, most first\n"
        "show GROUP      its texts, domains, remote hosts and statuses; --raw: the message of its example\n"
        "propose GROUP   a rule for it, tried on all examples and on what is stored; nothing is changed\n"
        "install GROUP   writes that rule to triage.rules in the directory of [patterns] local, if the whole set is good with it\n"
        "export          with --redacted: a file to share: texts without addresses, hosts, ids and names, and counts\n"
        "A GROUP is an id of the list, or the beginning of one.\n"
        "Exit: 0; 1 there is no such group or message; 64 usage; 65 the rule is not good.",
        0, 2};
    struct options options = {.limit = 50};
    const GOptionEntry entries[] = {
        {"since", 0, 0, G_OPTION_ARG_STRING, &options.since, "Only what came since then: 2026-01-31, or 30d", "WHEN"},
        {"limit", 0, 0, G_OPTION_ARG_INT, &options.limit, "At most so many groups (50; 0: all)", "N"},
        NX_CLI_JSON(&options.json),
        {"codes", 0, 0, G_OPTION_ARG_NONE, &options.codes, "Also what a code alone decided, for want of words", NULL},
        {"raw", 0, 0, G_OPTION_ARG_NONE, &options.raw, "show: the message of the example, as it came", NULL},
        {"cause", 0, 0, G_OPTION_ARG_STRING, &options.cause, "propose, install: what these bounces mean (docs/taxonomy.md)",
         "NAME"},
        {"phrase", 0, 0, G_OPTION_ARG_STRING, &options.phrase, "propose, install: the words that carry it; else chosen", "TEXT"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "install: also when it takes what other rules explain", NULL},
        {"trial", 0, 0, G_OPTION_ARG_NONE, &options.trial,
         "install: on trial, in a file of its own: it is asked, and decides nothing", NULL},
        {"redacted", 0, 0, G_OPTION_ARG_NONE, &options.redacted, "export: without what names anybody", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    code = run_verb(&cli, &options);
    g_free(options.since);
    g_free(options.cause);
    g_free(options.phrase);
    return nx_cli_finish(code);
}
