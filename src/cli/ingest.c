/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/ingest_log.h"

#include "ingest/intake.h"
#include "ingest/mailbox.h"
#include "ingest/moment.h"

#include <pthread.h>
#include <unistd.h>

#define TICK (G_USEC_PER_SEC / 10) /* between two pictures of the progress bar */

struct ingest {
    struct nx_intake *intake;
    const struct nx_limits *limits;
    const char *stream;
    bool as_now; /* not when the message says it arrived */
    bool unreadable;
    /* for the bar; total 0: there is none */
    uint64_t total, before;
    gint64 drawn;
    pthread_mutex_t lock; /* guards all below, which workers write */
    uint64_t messages, kept, duplicates, suppressed, held, failed, kinds[NX_KIND_COUNT];
    GError *error; /* the first one */
};

struct item { /* one message on its way */
    struct nx_job job;
    struct nx_input input;
    struct nx_origin origin;
    char *bytes, *path, *sender;
    struct ingest *ingest;
};

static void done(struct nx_job *job, const struct nx_outcome *outcome)
{
    struct item *item = job->data;
    struct ingest *ingest = item->ingest;
    pthread_mutex_lock(&ingest->lock);
    ingest->messages++;
    if (outcome->error != NULL) {
        ingest->failed++;
        if (ingest->error == NULL)
            ingest->error = g_error_copy(outcome->error);
    }
    for (size_t i = 0; i < outcome->n; i++) {
        if (outcome->duplicates[i]) {
            ingest->duplicates++;
            continue;
        }
        ingest->kept++;
        ingest->kinds[outcome->events[i].report.kind]++;
        ingest->suppressed += outcome->events[i].decision.action == NX_ACTION_SUPPRESS;
        ingest->held += outcome->events[i].decision.action == NX_ACTION_HOLD;
    }
    pthread_mutex_unlock(&ingest->lock);
    g_free(item->bytes);
    g_free(item->path);
    g_free(item->sender);
    g_free(item);
}

static void send(struct ingest *ingest, const struct nx_message *message)
{
    struct item *item = g_new0(struct item, 1);
    item->bytes = g_memdup2(message->bytes.p, message->bytes.n);
    item->path = g_strdup(message->path);
    item->sender = g_strndup(message->sender.p, message->sender.n);
    item->ingest = ingest;
    nx_when now = g_get_real_time() / G_USEC_PER_SEC;
    item->origin = (struct nx_origin){.source = NX_STR("file"),
                                      .file = nx_str_of(item->path),
                                      .envelope_from = nx_str_of(item->sender),
                                      .stream = nx_str_of(ingest->stream),
                                      .received_at = ingest->as_now ? now : nx_moment_of(message, now)};
    item->input = (struct nx_input){.kind = NX_INPUT_MAIL,
                                    .bytes = {item->bytes, message->bytes.n},
                                    .notes = message->size > message->bytes.n ? NX_NOTE_TRUNCATED : 0,
                                    .origin = &item->origin};
    item->job = (struct nx_job){.inputs = &item->input, .n_inputs = 1, .done = done, .data = item};
    nx_intake_put(ingest->intake, &item->job);
}

static void draw(struct ingest *ingest, uint64_t consumed)
{
    gint64 now = g_get_monotonic_time();
    if (ingest->total == 0 || now - ingest->drawn < TICK)
        return;
    ingest->drawn = now;
    pthread_mutex_lock(&ingest->lock);
    uint64_t messages = ingest->messages;
    pthread_mutex_unlock(&ingest->lock);
    int share = (int)(MIN(consumed, ingest->total) * 40 / ingest->total);
    fprintf(stderr, "\r[%.*s%.*s] %3d %%  %" G_GUINT64_FORMAT " messages", share, "########################################",
            40 - share, "                                        ", share * 100 / 40, messages);
}

static void path(struct ingest *ingest, const char *name)
{
    g_autoptr(nx_mailbox) mailbox = nx_mailbox_open(name, ingest->limits->message);
    struct nx_message message = {0};
    int got;
    g_autoptr(GError) error = NULL;
    while ((got = nx_mailbox_next(mailbox, &message, &error)) != 0) {
        if (got > 0) {
            send(ingest, &message);
            draw(ingest, ingest->before + message.consumed);
            continue;
        }
        nx_cli_say("%s", error->message);
        g_clear_error(&error);
        ingest->unreadable = true;
    }
    ingest->before += message.consumed;
}

static void summarise(const struct ingest *ingest)
{
    if (ingest->total > 0)
        fprintf(stderr, "\r%79s\r", "");
    printf("%" G_GUINT64_FORMAT " messages: %" G_GUINT64_FORMAT " events kept, %" G_GUINT64_FORMAT
           " known already, %" G_GUINT64_FORMAT " suppressions\n",
           ingest->messages, ingest->kept, ingest->duplicates, ingest->suppressed);
    if (ingest->held > 0)
        printf("  %" G_GUINT64_FORMAT " held back: an incident (nixie holds)\n", ingest->held);
    for (int kind = 0; kind < NX_KIND_COUNT; kind++)
        if (ingest->kinds[kind] > 0)
            printf("  %-11s %" G_GUINT64_FORMAT "\n", nx_kind_name((enum nx_kind)kind), ingest->kinds[kind]);
}

static int finish(struct ingest *ingest)
{
    int code = ingest->unreadable ? NX_EXIT_FINDING : NX_EXIT_OK;
    nx_intake_wait(ingest->intake);
    summarise(ingest);
    if (ingest->failed > 0) {
        nx_cli_say("%" G_GUINT64_FORMAT
                   " messages were not kept (put the fault right and run the same again: what is kept is known)",
                   ingest->failed);
        code = nx_cli_fail(ingest->error);
    }
    g_clear_error(&ingest->error);
    return nx_cli_finish(code);
}

int nx_cmd_ingest(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "PATH...",
        "A PATH is a message, an mbox, a Maildir, a directory (read recursively) or - for standard input. Whatever was ingested "
        "before is known "
        "and changes nothing.\nExit: 0; 1 when something could not be read; 75 when the database could not take it.",
        1, -1};
    g_autofree char *stream = NULL, *log = NULL, *received = NULL;
    gboolean quiet = FALSE, follow = FALSE, deliveries = FALSE, sent = FALSE;
    const GOptionEntry entries[] = {
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "The stream (mailing, tenant) that the reports belong to", "NAME"},
        {"received", 0, 0, G_OPTION_ARG_STRING, &received,
         "When reports count: when the message or line says it arrived (message; of logs the default), or now", "message|now"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "No progress bar", NULL},
        {"log", 0, 0, G_OPTION_ARG_STRING, &log, "PATH is a delivery log: postfix, exim, sendmail, opensmtpd, powermta or kumomta",
         "MTA"},
        {"follow", 0, 0, G_OPTION_ARG_NONE, &follow, "With --log: wait for more, over rotation, until SIGTERM or SIGINT", NULL},
        {"deliveries", 0, 0, G_OPTION_ARG_NONE, &deliveries, "With --log: keep also what was delivered (it clears soft counts)",
         NULL},
        {"sent", 0, 0, G_OPTION_ARG_NONE, &sent, "With --log: record what was sent to whom (nixie help sent)", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    if (received != NULL && strcmp(received, "message") != 0 && strcmp(received, "now") != 0) {
        nx_cli_say("--received: '%s' is neither message nor now", received);
        return NX_EXIT_USAGE;
    }
    bool as_now = received != NULL ? strcmp(received, "now") == 0 : log == NULL; /* our own log is believed unasked */
    if (log != NULL) {
        const struct nx_ingest_log options = {
            .kind = log, .stream = stream, .follow = follow, .deliveries = deliveries, .sent = sent, .as_now = as_now};
        return nx_ingest_logs(&cli, &options);
    }
    if (follow || deliveries || sent) {
        nx_cli_say("--follow, --deliveries and --sent: only with --log (the kind of the log)");
        return NX_EXIT_USAGE;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_engine) engine = nx_bind_engine(cli.config, &error);
    g_autoptr(nx_store) store = engine == NULL ? NULL : nx_cli_store(cli.config, NX_OPEN_WRITE, &error);
    if (store == NULL)
        return nx_cli_fail(error);
    const struct nx_intake_options options = {0};
    g_autoptr(nx_intake) intake = nx_intake_new(engine, store, &options);
    struct ingest ingest = {.intake = intake, .limits = &cli.config->limits, .stream = stream, .as_now = as_now};
    pthread_mutex_init(&ingest.lock, NULL);
    bool bar = !quiet && isatty(STDERR_FILENO);
    for (char **arg = cli.args; *arg != NULL && bar; arg++)
        ingest.total += nx_mailbox_measure(*arg);
    for (char **arg = cli.args; *arg != NULL; arg++)
        path(&ingest, *arg);
    code = finish(&ingest);
    pthread_mutex_destroy(&ingest.lock);
    return code;
}
