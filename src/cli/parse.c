/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "engine/engine.h"
#include "event/json.h"
#include "ingest/mailbox.h"

#include <unistd.h>

struct parse {
    struct nx_worker *worker;
    struct nx_limits limits;
    bool table;
    bool unreadable;
};

static void print_json(struct nx_arena *arena, const struct nx_event *event)
{
    struct nx_buf line;
    nx_buf_init(&line, arena, SIZE_MAX / 2);
    nx_event_to_json(&line, event);
    nx_buf_addc(&line, '\n');
    fwrite(line.p, 1, line.n, stdout);
}

static void print_row(const struct nx_event *event)
{
    const struct nx_report *report = &event->report;
    struct nx_str words = report->diagnostic.n > 0 ? report->diagnostic : report->text;
    printf("%-11s %-5s %-20s %-36.*s %-7.*s %.*s\n", nx_kind_name(report->kind), nx_class_name(event->verdict.class_),
           event->verdict.cause == NX_CAUSE_NONE ? "-" : nx_cause_name(event->verdict.cause), NX_FMT(report->recipient),
           NX_FMT(report->status), NX_FMT(nx_str_sub(words, 0, 120)));
}

static void one(struct parse *parse, const struct nx_message *message)
{
    const struct nx_origin origin = {
        .source = NX_STR("file"), .file = nx_str_of(message->path), .envelope_from = message->sender, .received_at = NX_WHEN_NONE};
    const struct nx_input input = {.kind = NX_INPUT_MAIL,
                                   .bytes = message->bytes,
                                   .origin = &origin,
                                   .notes = message->size > message->bytes.n ? NX_NOTE_TRUNCATED : 0};
    struct nx_event *events;
    nx_worker_reset(parse->worker);
    size_t n = nx_worker_process(parse->worker, &input, &events);
    for (size_t i = 0; i < n; i++) {
        if (parse->table)
            print_row(&events[i]);
        else
            print_json(nx_worker_arena(parse->worker), &events[i]);
    }
}

static void path(struct parse *parse, const char *name)
{
    g_autoptr(nx_mailbox) mailbox = nx_mailbox_open(name, parse->limits.message);
    struct nx_message message;
    int got;
    g_autoptr(GError) error = NULL;
    while ((got = nx_mailbox_next(mailbox, &message, &error)) != 0) {
        if (got > 0) {
            one(parse, &message);
            continue;
        }
        nx_cli_say("%s", error->message);
        g_clear_error(&error);
        parse->unreadable = true;
    }
}

int nx_cmd_parse(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "PATH...",
        "A PATH is a message, an mbox, a Maildir, a directory (read recursively, in order of name) or - for standard input. One "
        "line of JSON "
        "an event, in the order of the input; nothing is stored.\nExit: 0, or 1 when something could not be read.",
        1, -1};
    gboolean table = FALSE;
    const GOptionEntry entries[] = {
        {"table", 0, 0, G_OPTION_ARG_NONE, &table, "Columns for people", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    const struct nx_config *config = cli.config;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_engine) engine = nx_cli_engine(config, &error);
    if (engine == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    struct parse parse = {.worker = worker, .limits = config->limits, .table = table};
    if (table)
        printf("%-11s %-5s %-20s %-36s %-7s %s\n", "KIND", "CLASS", "CAUSE", "RECIPIENT", "STATUS", "DIAGNOSTIC");
    for (char **arg = cli.args; *arg != NULL; arg++)
        path(&parse, *arg);
    return nx_cli_finish(parse.unreadable ? NX_EXIT_FINDING : NX_EXIT_OK);
}
