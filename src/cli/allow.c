/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"

struct allow {
    struct nx_store *store;
    struct nx_str reason, actor;
    nx_when now;
    gboolean remove;
    size_t done;
    int code;
};

static bool one(struct nx_str address, void *data)
{
    struct allow *allow = data;
    g_autoptr(GError) error = NULL;
    if (nx_store_allow(allow->store, address, !allow->remove, allow->reason, allow->actor, allow->now, &error)) {
        allow->done++;
        return true;
    }
    int code = nx_cli_fail(error);
    allow->code = MAX(allow->code, code);
    return g_error_matches(error, NX_ERROR, NX_ERROR_NOT_FOUND) || g_error_matches(error, NX_ERROR, NX_ERROR_EXISTS) ||
           g_error_matches(error, NX_ERROR, NX_ERROR_USAGE);
}

int nx_cmd_allow(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"ADDRESS... | -",
                                              "An address on the allow list is never suppressed, whatever is reported of it; "
                                              "@example.net allows every address of that domain. What was on the suppression list "
                                              "stays there and counts again when the address comes off the allow list.\nExit: 0; 1 "
                                              "some were not on it (--remove); 64 some are no addresses; 75 the database could "
                                              "not take it.",
                                              1, -1};
    g_autofree char *reason = NULL, *actor = NULL;
    struct allow allow = {0};
    const GOptionEntry entries[] = {
        {"remove", 0, 0, G_OPTION_ARG_NONE, &allow.remove, "Take it off the allow list", NULL},
        NX_CLI_REASON(&reason),
        NX_CLI_ACTOR(&actor),
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_store) store =
        allow.remove ? nx_cli_store_there(cli.config, &error) : nx_cli_store(cli.config, NX_OPEN_WRITE, &error);
    if (store == NULL)
        return nx_cli_fail(error);
    allow.store = store;
    allow.reason = nx_str_of(reason);
    allow.actor = nx_str_of(nx_cli_actor(actor));
    allow.now = nx_cli_now();
    if (!nx_cli_each(&cli, one, &allow, &error))
        return nx_cli_fail(error);
    printf("%zu %s the allow list\n", allow.done, allow.remove ? "taken off" : "put on");
    return nx_cli_finish(allow.code);
}
