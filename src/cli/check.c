/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "event/json.h"
#include "export/entry.h"
#include "store/hold.h"

struct check {
    struct nx_reader *reader;
    struct nx_arena *arena;
    struct nx_str stream;
    nx_when now;
    gboolean json, quiet;
    bool found, invalid;
    GError *error;
};

static struct nx_str day_of(struct nx_arena *arena, nx_when when)
{
    return nx_str_sub(nx_when_format(arena, when), 0, 10);
}

static void print(const struct check *check, struct nx_str address, const char *answer, const struct nx_entry *entry,
                  const char *why)
{
    if (check->quiet)
        return;
    struct nx_buf out;
    nx_buf_init(&out, check->arena, 1 << 20);
    if (check->json && entry != NULL) {
        nx_entry_line(&out, NX_ENTRY_JSONL, entry, "answer", answer);
    } else if (check->json) {
        nx_buf_add(&out, nx_arena_printf(check->arena, "{\"answer\":\"%s\",\"address\":", answer));
        nx_json_string(&out, address);
        nx_buf_add(&out, NX_STR(",\"reason\":"));
        nx_json_string(&out, nx_str_of(why));
        nx_buf_add(&out, NX_STR("}\n"));
    } else {
        nx_buf_add(&out, nx_arena_printf(check->arena, "%.*s\t%s", NX_FMT(address), answer));
        if (entry != NULL) {
            struct nx_str until = entry->until == NX_WHEN_NONE ? NX_STR("for ever") : day_of(check->arena, entry->until);
            nx_buf_add(&out, nx_arena_printf(check->arena, "\t%s\tsince %.*s\tuntil %.*s\t%.*s", nx_entry_cause_name(entry->cause),
                                             NX_FMT(day_of(check->arena, entry->since)), NX_FMT(until),
                                             NX_FMT(entry->diagnostic.n > 0 ? entry->diagnostic : entry->reason)));
        } else if (why != NULL) {
            nx_buf_add(&out, nx_arena_printf(check->arena, "\t%s", why));
        }
        nx_buf_addc(&out, '\n');
    }
    fwrite(out.p, 1, out.n, stdout);
}

static bool print_ok(struct check *check, struct nx_str address)
{
    struct nx_hold hold;
    int held = nx_reader_held(check->reader, check->arena, address, check->now, &hold, &check->error);
    const char *why = NULL;
    if (held > 0)
        why = nx_arena_cstr(check->arena, nx_arena_printf(check->arena, "until %.*s %.*s", NX_FMT(day_of(check->arena, hold.until)),
                                                          NX_FMT(hold.reason)));
    print(check, address, "ok", NULL, why);
    return held >= 0;
}

static bool one(struct nx_str address, void *data)
{
    struct check *check = data;
    struct nx_entry entry;
    bool allowed = false;
    g_autoptr(GError) error = NULL;
    nx_arena_reset(check->arena);
    int found = nx_reader_lookup(check->reader, check->arena, address, check->stream, check->now, &entry, &allowed, &error);
    if (found < 0 && g_error_matches(error, NX_ERROR, NX_ERROR_USAGE)) {
        check->invalid = true;
        print(check, address, "invalid", NULL, error->message);
        return true;
    }
    if (found < 0) {
        check->error = g_steal_pointer(&error);
        return false;
    }
    check->found = check->found || found > 0;
    if (found > 0)
        print(check, address, "suppressed", &entry, NULL);
    else if (allowed)
        print(check, address, "allowed", NULL, "on the allow list");
    else
        return print_ok(check, address);
    return true;
}

int nx_cmd_check(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "ADDRESS... | -",
        "One line an address: ok (and why a suppression is held back), suppressed (cause, since, until, why), allowed or invalid. "
        "- reads addresses from standard input, one a line; "
        "for millions `nixie clean` is faster.\nExit: 0 none is suppressed, 1 some are, 65 "
        "none is but some are no addresses, 75 could not tell: no database, a damaged one, without the key of erased addresses, or "
        "wrong settings; write to nobody then.",
        1, -1};
    g_autofree char *stream = NULL;
    struct check check = {0};
    const GOptionEntry entries[] = {
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "Ask for this stream; else only entries for all streams count", "NAME"},
        NX_CLI_JSON(&check.json),
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &check.quiet, "Only the exit code", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return nx_cli_question(code);
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_store) store = nx_cli_store(cli.config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_question(nx_cli_fail(error));
    g_autoptr(nx_arena) arena = nx_arena_new();
    check.reader = reader;
    check.arena = arena;
    check.stream = nx_str_of(stream);
    check.now = nx_cli_now();
    if (!nx_cli_each(&cli, one, &check, &error))
        return nx_cli_question(nx_cli_fail(error));
    if (check.error != NULL) {
        code = nx_cli_question(nx_cli_fail(check.error));
        g_clear_error(&check.error);
        return code;
    }
    code = check.found ? NX_EXIT_FINDING : check.invalid ? NX_EXIT_DATA : NX_EXIT_OK;
    return nx_cli_finish(NX_EXIT_OK) == NX_EXIT_OK ? code : NX_EXIT_TEMPORARY;
}
