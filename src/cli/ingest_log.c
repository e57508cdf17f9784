/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ingest_log.h"

#include "base/error.h"
#include "export/sent.h"
#include "ingest/logfile.h"
#include "ingest/moment.h"
#include "parse/log/log.h"

#include <inttypes.h>
#include <signal.h>

#define BATCH 500u     /* events in one commit */
#define PAUSE 1        /* seconds between two looks at a log that does not grow */
#define BUSY_TRIES 60u /* pauses to wait for a database that is locked, while following */

struct run {
    const struct nx_ingest_log *options;
    struct nx_store *store;
    struct nx_worker *worker;
    struct nx_log *log;
    struct nx_origin origin;
    sigset_t stop;
    bool stopped;
    GArray *events; /* struct nx_event, waiting for their commit */
    GArray *sent;   /* struct nx_sent, the same */
    const struct nx_sent_limits *limits;
    uint64_t recorded;
    uint64_t lines, kept, duplicates, suppressed, kinds[NX_KIND_COUNT];
};

static bool stop_asked(struct run *run, time_t seconds)
{
    const struct timespec wait = {.tv_sec = seconds};
    if (!run->stopped && sigtimedwait(&run->stop, NULL, &wait) > 0)
        run->stopped = true;
    return run->stopped;
}

/* What was sent goes before its bounces. */
static gboolean commit_sent(struct run *run, nx_when now, GError **error)
{
    struct nx_recorded done;
    if (run->sent->len > 0 && !nx_store_sent(run->store, (const struct nx_sent *)(const void *)run->sent->data, run->sent->len,
                                             run->limits, NULL, now, &done, error))
        return FALSE;
    run->recorded += run->sent->len > 0 ? done.kept : 0;
    g_array_set_size(run->sent, 0);
    return TRUE;
}

static gboolean commit_events(struct run *run, nx_when now, GError **error)
{
    size_t n = run->events->len;
    struct nx_arena *arena = nx_worker_arena(run->worker);
    const struct nx_event *events = (const struct nx_event *)(const void *)run->events->data;
    struct nx_stored *stored = nx_arena_array(arena, n, sizeof *stored);
    if (n > 0 && !nx_store_add(run->store, arena, events, n, now, stored, error))
        return FALSE;
    for (size_t i = 0; i < n; i++) {
        run->duplicates += stored[i].duplicate;
        run->kept += !stored[i].duplicate;
        run->suppressed += !stored[i].duplicate && stored[i].decision.action == NX_ACTION_SUPPRESS;
        if (!stored[i].duplicate)
            run->kinds[events[i].report.kind]++;
    }
    g_array_set_size(run->events, 0);
    return TRUE;
}

/* Commits what waits; the place in the log is remembered only after that. */
static gboolean commit(struct run *run, struct nx_logfile *file, GError **error)
{
    nx_when now = g_get_real_time() / G_USEC_PER_SEC;
    for (unsigned tries = 0;; tries++) {
        GError *why = NULL;
        if (commit_sent(run, now, &why) && commit_events(run, now, &why))
            break;
        bool again =
            run->options->follow && g_error_matches(why, NX_ERROR, NX_ERROR_BUSY) && tries < BUSY_TRIES && !stop_asked(run, PAUSE);
        if (!again) {
            g_propagate_error(error, why);
            return FALSE;
        }
        g_error_free(why);
    }
    nx_worker_reset(run->worker);
    return nx_logfile_mark(file, error);
}

/* Whatever was tried was sent. What was delivered is no event unless it is asked for. */
static void note_sent(struct run *run, struct nx_arena *arena, struct nx_report *reports, size_t *n)
{
    size_t left = 0;
    for (size_t i = 0; i < *n && run->options->sent; i++) {
        const struct nx_report *report = &reports[i];
        struct nx_address address;
        struct nx_str recipient = report->original_recipient.n > 0 ? report->original_recipient : report->recipient;
        const struct nx_sent sent = {nx_sent_id(report->original.message_id), recipient, run->origin.stream};
        if (sent.message_id.n > 0 && nx_address_fold(arena, recipient, NULL, &address, NULL) && address.local.n > 0)
            g_array_append_val(run->sent, sent);
    }
    for (size_t i = 0; i < *n; i++)
        if (run->options->deliveries || reports[i].kind != NX_KIND_DELIVERED)
            reports[left++] = reports[i];
    *n = left;
}

static void take(struct run *run, struct nx_str line)
{
    struct nx_arena *arena = nx_worker_arena(run->worker);
    struct nx_report *reports;
    run->lines++;
    nx_when now = g_get_real_time() / G_USEC_PER_SEC;
    line = nx_arena_dup(arena, line);
    size_t n = nx_log_read(run->log, arena, line, now, &reports);
    if (n == 0)
        return;
    note_sent(run, arena, reports, &n);
    if (n == 0)
        return;
    run->origin.received_at = run->options->as_now ? now : nx_moment_sane(reports[0].last_attempt_at, now);
    struct nx_input input = {.kind = NX_INPUT_LOG_LINE,
                             .bytes = line,
                             .provider = nx_str_of(run->options->kind),
                             .verified = NX_VERIFIED_PROVIDER,
                             .origin = &run->origin};
    g_array_append_vals(run->events, nx_worker_judge(run->worker, &input, reports, n), (guint)n);
}

/* Reads what is there; with --follow, until a signal. */
static gboolean read_file(struct run *run, struct nx_logfile *file, GError **error)
{
    struct nx_str line;
    unsigned since = 0; /* lines without an event fill the arena and move the place too */
    for (;;) {
        int got = nx_logfile_next(file, &line, error);
        if (got < 0)
            return FALSE;
        if (got > 0)
            take(run, line);
        if (got == 0 || run->events->len >= BATCH || run->sent->len >= BATCH || ++since >= 100 * BATCH) {
            if (!commit(run, file, error))
                return FALSE;
            since = 0;
        }
        if (got == 0 && (!run->options->follow || stop_asked(run, PAUSE)))
            return TRUE;
        if (got > 0 && since == 0 && run->options->follow && stop_asked(run, 0))
            return TRUE;
    }
}

static void summarise(const struct run *run)
{
    printf("%" PRIu64 " lines: %" PRIu64 " events kept, %" PRIu64 " known already, %" PRIu64 " suppressions\n", run->lines,
           run->kept, run->duplicates, run->suppressed);
    for (int kind = 0; kind < NX_KIND_COUNT; kind++)
        if (run->kinds[kind] > 0)
            printf("  %-11s %" PRIu64 "\n", nx_kind_name((enum nx_kind)kind), run->kinds[kind]);
    if (run->recorded > 0)
        printf("  sent        %" PRIu64 " recorded\n", run->recorded);
}

static int one_log(struct run *run, const char *path, const char *cursors)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_logfile) file = nx_logfile_open(path, cursors, &error);
    if (file == NULL) {
        nx_cli_say("%s", error->message);
        return NX_EXIT_FINDING;
    }
    run->origin.file = nx_str_of(path);
    if (!read_file(run, file, &error))
        return nx_cli_fail(error);
    if (!run->options->follow && nx_logfile_unfinished(file) > 0)
        nx_cli_say("%s: the last line has no end yet: it is left for the next run", path);
    return NX_EXIT_OK;
}

int nx_ingest_logs(struct nx_cli *cli, const struct nx_ingest_log *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_log) log = nx_log_new(nx_str_of(options->kind), options->deliveries || options->sent, &cli->config->limits);
    if (log == NULL) {
        nx_cli_say("--log: no log is called '%s' (one of %s)", options->kind, nx_log_kinds());
        return NX_EXIT_USAGE;
    }
    if (options->follow && cli->n_args > 1) {
        nx_cli_say("--follow: one log at a time (run one for each)");
        return NX_EXIT_USAGE;
    }
    sigset_t stop;
    sigemptyset(&stop);
    if (options->follow) { /* before the store has threads, which would take the signal */
        sigaddset(&stop, SIGTERM);
        sigaddset(&stop, SIGINT);
        pthread_sigmask(SIG_BLOCK, &stop, NULL);
    }
    g_autoptr(nx_engine) engine = nx_bind_engine(cli->config, &error);
    g_autoptr(nx_store) store = engine == NULL ? NULL : nx_cli_store(cli->config, NX_OPEN_WRITE, &error);
    if (store == NULL)
        return nx_cli_fail(error);
    g_autofree char *cursors = g_strconcat(cli->config->store_path, ".logs", NULL),
                    *source = g_strconcat("log:", options->kind, NULL);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    struct run run = {.options = options,
                      .store = store,
                      .worker = worker,
                      .log = log,
                      .stop = stop,
                      .events = g_array_new(FALSE, FALSE, sizeof(struct nx_event)),
                      .sent = g_array_new(FALSE, FALSE, sizeof(struct nx_sent)),
                      .limits = &cli->config->sent};
    run.origin = (struct nx_origin){.source = nx_str_of(source), .stream = nx_str_of(options->stream)};
    int code = NX_EXIT_OK;
    for (char **arg = cli->args; *arg != NULL; arg++) {
        int one = one_log(&run, *arg, cursors);
        code = one > code ? one : code;
    }
    summarise(&run);
    g_array_unref(run.events);
    g_array_unref(run.sent);
    return nx_cli_finish(code);
}
