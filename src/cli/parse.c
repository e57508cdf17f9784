/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "engine/engine.h"
#include "event/json.h"
#include "export/sisimai.h"
#include "ingest/mailbox.h"
#include "serve/webhook.h"

#include <unistd.h>

struct parse {
    struct nx_worker *worker;
    struct nx_limits limits;
    bool table, sisimai;
    bool unreadable;
    const char *webhook; /* the provider, or NULL: mail */
    struct nx_webhook_paths paths;
};

static void print_json(struct nx_arena *arena, const struct nx_event *event, bool sisimai)
{
    struct nx_buf line;
    nx_buf_init(&line, arena, SIZE_MAX / 2);
    if (sisimai)
        nx_sisimai_line(&line, event);
    else
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

static void print(struct parse *parse, const struct nx_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (parse->table)
            print_row(&events[i]);
        else
            print_json(nx_worker_arena(parse->worker), &events[i], parse->sisimai);
    }
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
    print(parse, events, n);
}

/* A file is one body of a provider. */
static void body(struct parse *parse, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize n_bytes;
    struct nx_webhook_body what;
    struct nx_event *events;
    nx_worker_reset(parse->worker);
    if (g_file_get_contents(g_str_equal(name, "-") ? "/dev/stdin" : name, &bytes, &n_bytes, &error)) {
        const struct nx_origin origin = {.source = NX_STR("file"), .file = nx_str_of(name), .received_at = NX_WHEN_NONE};
        const struct nx_input input = {
            .kind = NX_INPUT_EVENT, .bytes = {bytes, n_bytes}, .provider = nx_str_of(parse->webhook), .origin = &origin};
        if (nx_worker_webhook(parse->worker, NULL, &input, &parse->paths, &what, &events, &error)) {
            print(parse, events, what.n);
            return;
        }
    }
    nx_cli_say("%s: %s", name, error->message);
    parse->unreadable = true;
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
    g_autofree char *webhook = NULL, *format = NULL;
    const GOptionEntry entries[] = {
        {"table", 0, 0, G_OPTION_ARG_NONE, &table, "Columns for people", NULL},
        {"format", 0, 0, G_OPTION_ARG_STRING, &format, "json (default), or sisimai: the members that its users know", "FORMAT"},
        {"webhook", 0, 0, G_OPTION_ARG_STRING, &webhook,
         "Each PATH is a body that this mail provider posted (ses, sendgrid, ...), or that came to this [webhook NAME]", "NAME"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    const struct nx_config *config = cli.config;
    const struct nx_config_webhook *endpoint = webhook == NULL ? NULL : nx_config_webhook(config, nx_str_of(webhook));
    const char *provider = endpoint != NULL ? endpoint->provider : webhook;
    if (provider != NULL && nx_webhook_provider(nx_str_of(provider)) == NULL) {
        nx_cli_say("--webhook %s: there is no such provider and no [webhook %s] (docs/webhooks.md lists the providers)", webhook,
                   webhook);
        return NX_EXIT_USAGE;
    }
    bool sisimai = format != NULL && strcmp(format, "sisimai") == 0;
    if (format != NULL && !sisimai && strcmp(format, "json") != 0) {
        nx_cli_say("--format %s: there is no such format (json or sisimai)", format);
        return NX_EXIT_USAGE;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_engine) engine = nx_bind_engine(config, &error);
    if (engine == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    struct parse parse = {.worker = worker, .limits = config->limits, .table = table, .sisimai = sisimai, .webhook = provider};
    if (endpoint != NULL)
        parse.paths = nx_endpoint_paths(endpoint);
    if (table)
        printf("%-11s %-5s %-20s %-36s %-7s %s\n", "KIND", "CLASS", "CAUSE", "RECIPIENT", "STATUS", "DIAGNOSTIC");
    for (char **arg = cli.args; *arg != NULL; arg++)
        (webhook != NULL ? body : path)(&parse, *arg);
    return nx_cli_finish(parse.unreadable ? NX_EXIT_FINDING : NX_EXIT_OK);
}
