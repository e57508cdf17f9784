/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"

struct release {
    struct nx_store *store;
    struct nx_str stream, reason, actor;
    nx_when now;
    size_t released, erased;
    int code;
};

static bool one(struct nx_str address, void *data)
{
    struct release *release = data;
    g_autoptr(GError) error = NULL;
    bool erased;
    if (nx_store_release(release->store, address, release->stream, release->reason, release->actor, release->now, &erased,
                         &error)) {
        release->released++;
        release->erased += erased;
        return true;
    }
    int code = nx_cli_fail(error);
    release->code = MAX(release->code, code);
    return g_error_matches(error, NX_ERROR, NX_ERROR_NOT_FOUND) || g_error_matches(error, NX_ERROR, NX_ERROR_USAGE);
}

int nx_cmd_release(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "ADDRESS... | -",
        "Takes addresses off the list; their soft counts start anew, their history stays.\n"
        "Exit: 0 all were released; 1 some were not on the list; 64 some are no addresses; 75 the database could not take it.",
        1, -1};
    g_autofree char *stream = NULL, *reason = NULL, *actor = NULL;
    const GOptionEntry entries[] = {
        NX_CLI_REASON(&reason),
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "Only the entry of this stream; else all of the address", "NAME"},
        NX_CLI_ACTOR(&actor),
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_store) store = nx_cli_store_there(cli.config, &error);
    if (store == NULL)
        return nx_cli_fail(error);
    struct release release = {.store = store,
                              .stream = nx_str_of(stream),
                              .reason = nx_str_of(reason),
                              .actor = nx_str_of(nx_cli_actor(actor)),
                              .now = nx_cli_now()};
    if (!nx_cli_each(&cli, one, &release, &error))
        return nx_cli_fail(error);
    printf("%zu released\n", release.released);
    if (release.erased > 0)
        printf("%zu of them had been erased: the hash that kept them suppressed is lifted, and nothing is known of them any more\n",
               release.erased);
    return nx_cli_finish(release.code);
}
