/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "export/hold.h"

#define SHOWN 10u

struct holds {
    struct nx_cli *cli;
    struct nx_arena *arena;
    struct nx_hold_filter filter;
    nx_when now;
    gboolean json;
    size_t n;
    GPtrArray *addresses; /* char *: given, or found by the filter */
};

static bool print_buf(const struct nx_buf *out)
{
    return fwrite(out->p, 1, out->n, stdout) == out->n;
}

static bool print_hold(const struct nx_hold *hold, void *data)
{
    struct holds *holds = data;
    struct nx_buf out;
    nx_arena_reset(holds->arena);
    nx_buf_init(&out, holds->arena, 1 << 20);
    holds->n++;
    if (holds->json)
        nx_hold_to_json(&out, hold);
    else
        nx_buf_add(&out,
                   nx_arena_printf(holds->arena, "%.*s\t%.*s\t%s\tsince %.*s\tuntil %.*s\t%.*s", NX_FMT(hold->address),
                                   NX_FMT(hold->remote), nx_cause_name(hold->cause), NX_FMT(nx_when_format(holds->arena, hold->at)),
                                   NX_FMT(nx_when_format(holds->arena, hold->until)),
                                   NX_FMT(hold->diagnostic.n > 0 ? hold->diagnostic : hold->reason)));
    nx_buf_addc(&out, '\n');
    return print_buf(&out);
}

static bool print_incident(const struct nx_incident *incident, void *data)
{
    struct holds *holds = data;
    struct nx_arena *arena = holds->arena;
    struct nx_buf out;
    nx_arena_reset(arena);
    nx_buf_init(&out, arena, 1 << 20);
    holds->n++;
    if (holds->json) {
        nx_incident_to_json(&out, incident);
        nx_buf_addc(&out, '\n');
        return print_buf(&out);
    }
    nx_buf_add(&out, nx_arena_printf(arena, "%-24.*s %-8.*s since %.*s until %.*s: %llu addresses held back, %llu of them still\n",
                                     NX_FMT(incident->remote), NX_FMT(incident->state),
                                     NX_FMT(nx_when_format(arena, incident->since)), NX_FMT(nx_when_format(arena, incident->until)),
                                     (unsigned long long)incident->held, (unsigned long long)incident->holding));
    if (incident->reason.n > 0)
        nx_buf_add(&out, nx_arena_printf(arena, "  %.*s\n", NX_FMT(incident->reason)));
    return print_buf(&out);
}

static gboolean list(struct holds *holds, struct nx_reader *reader, bool addresses, GError **error)
{
    if (addresses ? !nx_reader_holds(reader, &holds->filter, holds->now, print_hold, holds, error)
                  : !nx_reader_incidents(reader, &holds->filter, holds->now, print_incident, holds, error))
        return FALSE;
    if (holds->n == 0 && !holds->json)
        puts(holds->filter.over ? "nothing was ever held back" : "nothing is held back");
    return TRUE;
}

static bool take_hold(const struct nx_hold *hold, void *data)
{
    g_ptr_array_add(((struct holds *)data)->addresses, g_strndup(hold->key.p, hold->key.n));
    return true;
}

static bool take_word(struct nx_str word, void *data)
{
    g_ptr_array_add(((struct holds *)data)->addresses, g_strndup(word.p, word.n));
    return true;
}

static int preview(struct holds *holds, bool release)
{
    printf("%u addresses would be %s; again with --yes does it\n", holds->addresses->len,
           release ? "suppressed after all" : "dropped: they stay as they are");
    for (guint i = 0; i < MIN(holds->addresses->len, SHOWN); i++)
        printf("  %s\n", (const char *)holds->addresses->pdata[i]);
    if (holds->addresses->len > SHOWN)
        puts("  ... (all of them: nixie holds --addresses)");
    return nx_cli_finish(NX_EXIT_OK);
}

/* Each of them is held; else says which is not. */
static gboolean all_held(struct holds *holds, struct nx_reader *reader, GError **error)
{
    struct nx_hold hold;
    for (guint i = 0; i < holds->addresses->len; i++) {
        struct nx_str address = nx_str_of(holds->addresses->pdata[i]);
        int found = nx_reader_held(reader, holds->arena, address, holds->now, &hold, error);
        if (found == 0)
            g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND, "%.*s: is not held back, or no longer (see: nixie history)",
                        NX_FMT(address));
        if (found <= 0)
            return FALSE;
    }
    return TRUE;
}

static int settle(struct holds *holds, bool release, bool yes, struct nx_str reason, struct nx_str actor)
{
    g_autoptr(GError) error = NULL;
    bool by_provider = holds->filter.remote.n > 0;
    if (by_provider == (holds->addresses->len > 0)) {
        nx_cli_say("holds %s: say which: addresses, or --provider NAME", release ? "release" : "drop");
        return NX_EXIT_USAGE;
    }
    const struct nx_config *config = holds->cli->config;
    g_autoptr(nx_store) store = yes ? nx_cli_store_there(config, &error) : nx_cli_store(config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_fail(error);
    if (!yes) {
        if (by_provider ? !nx_reader_holds(reader, &holds->filter, holds->now, take_hold, holds, &error)
                        : !all_held(holds, reader, &error))
            return nx_cli_fail(error);
        return preview(holds, release);
    }
    g_autofree struct nx_str *addresses = g_new0(struct nx_str, holds->addresses->len + 1);
    for (guint i = 0; i < holds->addresses->len; i++)
        addresses[i] = nx_str_of(holds->addresses->pdata[i]);
    const struct nx_settle what = {.release = release,
                                   .remote = holds->filter.remote,
                                   .addresses = addresses,
                                   .n = holds->addresses->len,
                                   .reason = reason,
                                   .actor = actor,
                                   .source = NX_STR("cli")};
    size_t n;
    if (!nx_store_settle(store, &what, holds->now, &n, &error))
        return nx_cli_fail(error);
    printf("%zu addresses %s\n", n, release ? "suppressed" : "dropped");
    return nx_cli_finish(NX_EXIT_OK);
}

int nx_cmd_holds(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "[release|drop [ADDRESS... | -]]",
        "When a provider suddenly calls far more addresses dead than it usually does, they are held back instead of suppressed: an "
        "incident. Without a verb: the incidents. release: they were right, suppress them after all (for a whole provider the "
        "incident ends, too). drop: they were wrong, leave them alone; what it reports until the incident ends is held back still. "
        "Both only tell what they would do without --yes. What nobody settles lapses, and the next report decides.\nExit: 0; 1 it "
        "is not held back, or no longer; 64 it does not say which; 75 the database could not take it.",
        0, -1};
    g_autofree char *provider = NULL, *reason = NULL, *actor = NULL;
    gboolean addresses = FALSE, over = FALSE, yes = FALSE, json = FALSE;
    const GOptionEntry entries[] = {
        {"provider", 0, 0, G_OPTION_ARG_STRING, &provider, "Only this provider: google, or example.net", "NAME"},
        {"addresses", 0, 0, G_OPTION_ARG_NONE, &addresses, "The addresses, a line each", NULL},
        {"over", 0, 0, G_OPTION_ARG_NONE, &over, "Also what has ended", NULL},
        NX_CLI_REASON(&reason),
        NX_CLI_ACTOR(&actor),
        NX_CLI_YES(&yes),
        NX_CLI_JSON(&json),
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *name = provider != NULL ? g_ascii_strdown(provider, -1) : NULL;
    struct holds holds = {.cli = &cli,
                          .arena = arena,
                          .filter = {.remote = nx_str_of(name), .over = over},
                          .now = nx_cli_now(),
                          .json = json,
                          .addresses = words};
    if (cli.n_args == 0) {
        g_autoptr(nx_store) store = nx_cli_store(cli.config, NX_OPEN_READ, &error);
        g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
        if (reader == NULL || !list(&holds, reader, addresses, &error))
            return nx_cli_fail(error);
        return nx_cli_finish(NX_EXIT_OK);
    }
    bool release = strcmp(cli.args[0], "release") == 0;
    if (!release && strcmp(cli.args[0], "drop") != 0)
        return nx_cli_no_verb("holds", cli.args[0], "release, drop or nothing");
    struct nx_cli rest = {.args = cli.args + 1, .n_args = cli.n_args - 1};
    if (!nx_cli_each(&rest, take_word, &holds, &error))
        return nx_cli_fail(error);
    return settle(&holds, release, yes, nx_str_of(reason), nx_str_of(nx_cli_actor(actor)));
}
