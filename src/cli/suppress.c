/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"

#define AT_ONCE 10000 /* addresses in one transaction */

struct suppress {
    GArray *entries; /* struct nx_manual */
    struct nx_arena *arena;
    struct nx_manual pattern;
    struct nx_store *store;
    nx_when now;
    size_t given, new, erased;
    GError *error;
};

static bool write_out(struct suppress *suppress)
{
    struct nx_suppressed done;
    if (!nx_store_suppress(suppress->store, (const struct nx_manual *)(void *)suppress->entries->data, suppress->entries->len,
                           suppress->now, &done, &suppress->error))
        return false;
    suppress->new += done.changed;
    suppress->erased += done.erased;
    suppress->given += suppress->entries->len;
    g_array_set_size(suppress->entries, 0);
    nx_arena_reset(suppress->arena);
    return true;
}

static bool one(struct nx_str address, void *data)
{
    struct suppress *suppress = data;
    struct nx_manual entry = suppress->pattern;
    entry.address = nx_arena_dup(suppress->arena, address);
    g_array_append_val(suppress->entries, entry);
    return suppress->entries->len < AT_ONCE || write_out(suppress);
}

int nx_cmd_suppress(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "ADDRESS... | -",
        "@example.net stands for every address of that domain. An address that is suppressed already, and for longer, stays as it "
        "is.\n"
        "Exit: 0; 64 one is no address (then none of its 10,000 was written); 75 the database could not take it.",
        1, -1};
    g_autofree char *stream = NULL, *reason = NULL, *cause = NULL, *until = NULL, *actor = NULL;
    const GOptionEntry entries[] = {
        NX_CLI_REASON(&reason),
        {"cause", 0, 0, G_OPTION_ARG_STRING, &cause, "A cause, such as unsubscribe; else: by hand", "NAME"},
        {"until", 0, 0, G_OPTION_ARG_STRING, &until, "2026-12-31, or 30d from now; else for ever", "WHEN"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "For this stream only", "NAME"},
        NX_CLI_ACTOR(&actor),
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(struct nx_manual));
    struct suppress suppress = {.entries = array, .arena = arena, .now = nx_cli_now()};
    suppress.pattern = (struct nx_manual){.stream = nx_str_of(stream),
                                          .since = NX_WHEN_NONE,
                                          .reason = nx_str_of(reason),
                                          .actor = nx_str_of(nx_cli_actor(actor)),
                                          .source = NX_STR("cli")};
    if (!nx_cli_when(until, suppress.now, false, &suppress.pattern.until, &error) ||
        !nx_cli_cause(cause, &suppress.pattern.cause, &error))
        return nx_cli_fail(error);
    if (until != NULL && suppress.pattern.until <= suppress.now) {
        nx_cli_say("--until %s: is past (give a moment to come)", until);
        return NX_EXIT_USAGE;
    }
    g_autoptr(nx_store) store = nx_cli_store(cli.config, NX_OPEN_WRITE, &error);
    if (store == NULL)
        return nx_cli_fail(error);
    suppress.store = store;
    if (!nx_cli_each(&cli, one, &suppress, &error))
        return nx_cli_fail(error);
    if (suppress.error == NULL && array->len > 0)
        write_out(&suppress);
    if (suppress.error != NULL) {
        code = nx_cli_fail(suppress.error);
        g_clear_error(&suppress.error);
        return code;
    }
    printf("%zu suppressed", suppress.new);
    printf(suppress.given > suppress.new ? ", %zu were already\n" : "\n", suppress.given - suppress.new);
    if (suppress.erased > 0)
        printf("%zu of them were erased before: they stay suppressed by their hash, the address is not written\n", suppress.erased);
    return nx_cli_finish(NX_EXIT_OK);
}
