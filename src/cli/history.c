/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "export/trail.h"
#include "store/hold.h"

struct history {
    struct nx_arena *arena;
    gboolean json;
    size_t n;
};

static void print_text(struct nx_buf *out, const struct nx_logged *line)
{
    struct nx_str at = nx_when_format(out->arena, line->at);
    if (line->event != NULL) {
        const struct nx_event *event = line->event;
        nx_buf_add(out, nx_arena_printf(out->arena, "%.*s  %-9s %-18s %s: %.*s\n", NX_FMT(at), nx_kind_name(event->report.kind),
                                        nx_cause_name(event->verdict.cause), nx_action_name(event->decision.action),
                                        NX_FMT(event->decision.reason)));
        nx_buf_add(out, nx_arena_printf(out->arena, "%20s  %.*s, rule %.*s%s%.*s\n", "", NX_FMT(line->source),
                                        NX_FMT(event->verdict.rule), event->report.diagnostic.n > 0 ? ": " : "",
                                        NX_FMT(event->report.diagnostic)));
        return;
    }
    nx_buf_add(
        out, nx_arena_printf(out->arena, "%.*s  %-9s %-18s", NX_FMT(at), nx_act_name(line->act), nx_entry_cause_name(line->cause)));
    if (line->actor.n > 0)
        nx_buf_add(out, nx_arena_printf(out->arena, " by %.*s", NX_FMT(line->actor)));
    if (line->source.n > 0)
        nx_buf_add(out, nx_arena_printf(out->arena, " (%.*s)", NX_FMT(line->source)));
    if (line->reason.n > 0)
        nx_buf_add(out, nx_arena_printf(out->arena, ": %.*s", NX_FMT(line->reason)));
    nx_buf_addc(out, '\n');
}

static bool one(const struct nx_logged *line, void *data)
{
    struct history *history = data;
    struct nx_buf out;
    nx_arena_reset(history->arena);
    nx_buf_init(&out, history->arena, 16u << 20);
    if (!history->json)
        print_text(&out, line);
    else
        nx_logged_to_json(&out, line);
    if (history->json)
        nx_buf_addc(&out, '\n');
    history->n++;
    return fwrite(out.p, 1, out.n, stdout) == out.n;
}

static void print_standing(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address)
{
    struct nx_entry entry;
    struct nx_hold hold;
    bool allowed;
    nx_when now = nx_cli_now();
    int found = nx_reader_lookup(reader, arena, address, NX_STR_NONE, now, &entry, &allowed, NULL);
    if (allowed)
        puts("now: on the allow list");
    else if (found == 0 && nx_reader_held(reader, arena, address, now, &hold, NULL) > 0)
        printf("now: not suppressed; %s by %.*s is held back until %.*s (nixie holds)\n", nx_cause_name(hold.cause),
               NX_FMT(hold.remote), NX_FMT(nx_when_format(arena, hold.until)));
    else if (found == 0)
        puts("now: not suppressed");
    else if (found > 0)
        printf("now: suppressed (%s) until %.*s\n", nx_entry_cause_name(entry.cause),
               NX_FMT(entry.until == NX_WHEN_NONE ? NX_STR("for ever") : nx_when_format(arena, entry.until)));
}

int nx_cmd_history(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"ADDRESS",
                                              "All that is known of an address, in order of writing: each report with the decision "
                                              "and its reason, each act by hand or import "
                                              "with who and why.\nExit: 0; 1 nothing is known.",
                                              1, 1};
    struct history history = {0};
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &history.json, "JSON lines, with the whole event", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_store) store = nx_cli_store(cli.config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_arena) arena = nx_arena_new();
    history.arena = arena;
    struct nx_log_filter filter = {.address = nx_str_of(cli.args[0]), .since = NX_WHEN_NONE};
    if (!nx_reader_log(reader, &filter, one, &history, &error))
        return nx_cli_fail(error);
    if (history.n == 0)
        nx_cli_say("%s: nothing is known of it", cli.args[0]);
    else if (!history.json)
        print_standing(reader, arena, filter.address);
    return nx_cli_finish(history.n > 0 ? NX_EXIT_OK : NX_EXIT_FINDING);
}
