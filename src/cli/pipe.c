/* SPDX-License-Identifier: Apache-2.0 */
/* One message from a mail server. Everything here serves one rule: the message is on disk and the exit code 0, or the code is 75
 * and the mail server keeps it. Any other code loses the report: a bounce has nobody it could be returned to. */
#include "cli/cli.h"

#include "base/error.h"
#include "ingest/drain.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_PAUSE 64     /* seconds between the last two tries to drain */
#define FORK_PAUSE_MS 640 /* the last of the pauses between tries to start a process; all are 1.3 s */
#define LOOK_US 20000     /* between two looks whether somebody else has drained the file */

struct envelope_options {
    char *sender, *recipient, *original, *queue_id;
};

static void give_up(int signal_number)
{
    static const char alarmed[] = "4.3.0 the message did not come in time\n", ended[] = "4.3.0 ended by a signal\n";
    bool late = signal_number == SIGALRM;
    ssize_t ignored = write(STDERR_FILENO, late ? alarmed : ended, late ? sizeof alarmed - 1 : sizeof ended - 1);
    (void)ignored;
    _exit(NX_EXIT_TEMPORARY);
}

static void catch_signals(void)
{
    static const int ending[] = {SIGTERM, SIGINT,  SIGHUP, SIGQUIT, SIGALRM, SIGXCPU, SIGXFSZ,
                                 SIGABRT, SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = give_up};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < G_N_ELEMENTS(ending); i++)
        sigaction(ending[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* the write says EFBIG instead */
}

static int keep_it(const char *why)
{
    g_autofree char *line = g_strdelimit(g_strdup(why), "\n", ';');
    fprintf(stderr, "4.3.0 nixie: %s\n", line);
    return NX_EXIT_TEMPORARY;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a != NULL ? a : b != NULL ? b : c;
}

/* The null reverse-path has three spellings (docs/operations.md): empty, <>, and what Postfix puts in its place. */
static const char *sender_of(const char *given)
{
    const char *sender = given != NULL ? given : g_getenv("SENDER");
    if (sender == NULL || strcmp(sender, "<>") == 0 || g_ascii_strcasecmp(sender, "MAILER-DAEMON") == 0)
        return "";
    return sender;
}

static gboolean drain(const struct nx_config *config, struct nx_spool *spool, GError **error)
{
    g_autoptr(nx_engine) engine = nx_bind_engine(config, error);
    g_autoptr(nx_store) store = engine == NULL ? NULL : nx_cli_store(config, NX_OPEN_WRITE, error);
    if (store == NULL)
        return FALSE;
    const struct nx_intake_options options = {.workers = 1};
    g_autoptr(nx_intake) intake = nx_intake_new(engine, store, &options);
    struct nx_drained drained;
    return nx_spool_drain(spool, intake, config->limits.message, &drained, error);
}

/* Drains unless somebody else does. Whoever wrote while the lock was held relies on one more look after it is given back. */
static gboolean drain_in_turn(const struct nx_config *config, struct nx_spool *spool, GError **error)
{
    gboolean drained = TRUE;
    while (drained && nx_spool_lock(spool)) {
        drained = drain(config, spool, error);
        nx_spool_unlock(spool);
        g_autoptr(GPtrArray) left = nx_spool_list(spool, 1, NULL);
        if (left == NULL || left->len == 0)
            break;
    }
    return drained;
}

/* fork, tried again while there are too many processes. */
static pid_t fork_in_time(void)
{
    pid_t child = fork();
    for (unsigned pause = 10; child < 0 && pause <= FORK_PAUSE_MS; pause *= 2) {
        g_usleep(pause * 1000);
        child = fork();
    }
    return child;
}

/* Drains in a process of its own, so that the mail server need not wait: it holds none of the server's descriptors. False: there
 * can be none. */
static bool drain_behind(const struct nx_config *config, struct nx_spool *spool)
{
    if (!nx_spool_lock(spool)) /* `serve`, or another pipe's: it will see the file */
        return true;
    nx_spool_unlock(spool);
    pid_t child = fork_in_time();
    if (child != 0)
        return child > 0;
    setsid();
    alarm(0);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; null >= 0 && fd < 3; fd++)
        dup2(null, fd);
    /* Nobody else would look at the spool before the next message. */
    for (unsigned pause = 1; !drain_in_turn(config, spool, NULL) && pause <= LAST_PAUSE; pause *= 2)
        sleep(pause);
    _exit(0);
}

/* Until the file is in the database, whoever drains it; 0 seconds: however long that takes. */
static gboolean drain_and_wait(const struct nx_config *config, struct nx_spool *spool, const char *name, unsigned seconds,
                               GError **error)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    for (;;) {
        if (!drain_in_turn(config, spool, error))
            return FALSE;
        if (!nx_spool_holds(spool, name))
            return TRUE;
        if (seconds > 0 && g_get_monotonic_time() >= end) {
            g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%s/new/%s: the process that drains the spool has not taken it yet",
                        nx_spool_directory(spool), name);
            return FALSE;
        }
        g_usleep(LOOK_US);
    }
}

static int keep(const struct nx_config *config, const struct envelope_options *options, bool wait, unsigned seconds)
{
    g_autoptr(GError) error = NULL;
    const struct nx_envelope envelope = {
        .source = "pipe",
        .from = sender_of(options->sender),
        .to =
            first_of(options->original, options->recipient, first_of(g_getenv("ORIGINAL_RECIPIENT"), g_getenv("RECIPIENT"), NULL)),
        .queue_id = first_of(options->queue_id, g_getenv("MESSAGE_ID"), NULL),
        .received_at = g_get_real_time() / G_USEC_PER_SEC,
    };
    g_autofree char *directory = nx_config_spool(config);
    g_autoptr(nx_spool) spool = nx_spool_open(directory, &error);
    g_autofree char *name = spool == NULL ? NULL : nx_spool_keep(spool, STDIN_FILENO, config->pipe_size, &envelope, &error);
    if (name == NULL)
        return keep_it(error->message);
    alarm(0);
    /* A file that nobody drains might lie there for ever: the mail server keeps the message instead. Should somebody have begun
     * with it, it comes twice, and is told to be a duplicate. */
    if (!wait && !drain_behind(config, spool) && nx_spool_remove(spool, name, NULL))
        return keep_it("no process can be started to drain the spool (see the limit of processes)");
    if (wait && !drain_and_wait(config, spool, name, seconds, &error)) /* it is safe in the spool all the same */
        nx_cli_say("%s", error->message);
    return NX_EXIT_OK;
}

int nx_cmd_pipe(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"",
                                              "Reads one message from standard input, keeps it in the spool and exits 0; anything "
                                              "else that can happen is exit 75 with a line \"4.3.0 why\", "
                                              "so that the mail server keeps the message. `nixie serve` takes it from there; where "
                                              "none runs, a process behind this one does.",
                                              0, 0};
    struct envelope_options options = {0};
    gboolean wait = FALSE;
    int timeout = -1;
    const GOptionEntry entries[] = {
        {"from", 'f', 0, G_OPTION_ARG_STRING, &options.sender, "Envelope sender (SENDER)", "ADDRESS"},
        {"recipient", 'r', 0, G_OPTION_ARG_STRING, &options.recipient, "Envelope recipient (RECIPIENT)", "ADDRESS"},
        {"original-recipient", 'o', 0, G_OPTION_ARG_STRING, &options.original, "Recipient before rewriting (ORIGINAL_RECIPIENT)",
         "ADDRESS"},
        {"queue-id", 'q', 0, G_OPTION_ARG_STRING, &options.queue_id, "The mail server's queue id", "ID"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &timeout, "Give up after so many seconds", "SECONDS"},
        {"wait", 0, 0, G_OPTION_ARG_NONE, &wait,
         "Exit when the message is in the database, whoever drains the spool; wait for that no longer than the time-out", NULL},
        G_OPTION_ENTRY_NULL,
    };
    catch_signals();
    alarm(60); /* until the settings say otherwise */
    umask(077);
    g_auto(nx_cli) cli;
    g_autoptr(GError) error = NULL;
    int code = NX_EXIT_TEMPORARY;
    if (!nx_cli_options(&cli, argc, argv, &usage, entries, &error)) {
        keep_it(error->message);
    } else {
        unsigned seconds = timeout >= 0 ? (unsigned)timeout : (unsigned)MIN(cli.config->pipe_timeout, G_MAXINT);
        alarm(seconds);
        code = keep(cli.config, &options, wait, seconds);
    }
    g_free(options.sender);
    g_free(options.recipient);
    g_free(options.original);
    g_free(options.queue_id);
    return code;
}
