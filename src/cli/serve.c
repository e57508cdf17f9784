/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/error.h"
#include "hook/outbox.h"
#include "ingest/lmtp.h"
#include "serve/init.h"
#include "serve/log.h"
#include "serve/retain.h"
#include "serve/server.h"
#include "serve/watch.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>

#define LOOK_AFTER 2 /* seconds between two looks at the file of tokens */

struct daemon {
    struct nx_service *service;
    struct nx_server *server;
    GMainLoop *loop;
    const struct nx_cli *cli;
    const char *listen; /* of the command line, or NULL */
    struct nx_outbox *outbox;
    char *tokens_seen;
};

static gboolean read_log(const struct nx_config *config, struct nx_log_options *ret_options, GError **error)
{
    struct nx_log_options options = {.json = strcmp(config->log_format, "json") == 0, .hash_addresses = config->log_hash_addresses};
    if (!options.json && strcmp(config->log_format, "text") != 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "[log] format: '%s' is neither text nor json", config->log_format);
        return FALSE;
    }
    if (!nx_log_level_parse(config->log_level, &options.level)) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "[log] level: '%s' is none of error, warn, info, debug", config->log_level);
        return FALSE;
    }
    *ret_options = options;
    return TRUE;
}

static gboolean stop(gpointer data)
{
    struct daemon *daemon = data;
    g_main_loop_quit(daemon->loop);
    return G_SOURCE_REMOVE;
}

/* What is named on the command line stays in force. */
static void keep_command_line(struct nx_config *config, const struct daemon *daemon)
{
    const struct nx_config *now = daemon->service->setup->config;
    nx_config_set_store(config, now->store_path, nx_config_origin(now, "store", "path"));
    if (daemon->listen != NULL) {
        g_free(config->serve_listen);
        config->serve_listen = g_strdup(daemon->listen);
    }
}

/* All of it or nothing: settings, patterns, tokens, certificate, hooks, log. */
static gboolean reload(struct daemon *daemon, GError **error)
{
    struct nx_config *config = nx_config_load(daemon->cli->config_path, error);
    if (config == NULL)
        return FALSE;
    keep_command_line(config, daemon);
    g_autofree char *needs = nx_config_restart_needed(daemon->service->setup->config, config);
    g_autoptr(nx_setup) setup = nx_setup_new(config, error);
    struct nx_log_options log;
    if (setup == NULL || !read_log(config, &log, error))
        return FALSE;
    g_autoptr(nx_outbox_change) hooks = nx_outbox_plan(daemon->outbox, config, error);
    if (hooks == NULL || !nx_server_reload(daemon->server, setup, error))
        return FALSE;
    nx_log_setup(&log);
    nx_outbox_apply(g_steal_pointer(&hooks));
    nx_service_swap(daemon->service, g_steal_pointer(&setup));
    if (*needs != '\0')
        nx_log(NX_LOG_WARN, "serve", "some settings need a restart", "keys", needs, NULL);
    return TRUE;
}

static gboolean on_reload(gpointer data)
{
    struct daemon *daemon = data;
    g_autoptr(GError) error = NULL;
    nx_notify("RELOADING=1");
    bool done = reload(daemon, &error);
    nx_metrics_count(daemon->service->metrics, NX_METRIC_RELOADS, done ? "result=\"done\"" : "result=\"failed\"", 1);
    if (done)
        nx_log(NX_LOG_INFO, "serve", "reloaded", "rules", nx_setup_rules(daemon->service->setup), NULL);
    else
        nx_log(NX_LOG_ERROR, "serve", "reload failed, all is as before", "why", error->message, NULL);
    nx_notify("READY=1");
    return G_SOURCE_CONTINUE;
}

/* A token that was made or revoked is in force within seconds, without a signal. */
static gboolean look_at_tokens(gpointer data)
{
    struct daemon *daemon = data;
    g_autofree char *path = nx_config_tokens(daemon->service->setup->config);
    GStatBuf about;
    g_autofree char *seen = g_stat(path, &about) == 0 ? g_strdup_printf("%ld.%ld.%ld", (long)about.st_ino,
                                                                        (long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec)
                                                      : g_strdup("");
    if (daemon->tokens_seen != NULL && strcmp(seen, daemon->tokens_seen) != 0)
        on_reload(daemon);
    g_free(daemon->tokens_seen);
    daemon->tokens_seen = g_steal_pointer(&seen);
    return G_SOURCE_CONTINUE;
}

static gboolean tick(gpointer data)
{
    nx_server_tick(((struct daemon *)data)->server);
    return G_SOURCE_CONTINUE;
}

static gboolean watchdog(gpointer data)
{
    (void)data;
    nx_notify("WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

static void run(struct daemon *daemon)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autofree char *port = g_strdup_printf("%u", nx_server_port(daemon->server));
    unsigned beat = nx_notify_interval();
    daemon->loop = loop;
    look_at_tokens(daemon);
    g_unix_signal_add(SIGTERM, stop, daemon);
    g_unix_signal_add(SIGINT, stop, daemon);
    g_unix_signal_add(SIGHUP, on_reload, daemon);
    g_timeout_add_seconds(LOOK_AFTER, look_at_tokens, daemon);
    g_timeout_add_seconds(1, tick, daemon);
    if (beat > 0)
        g_timeout_add(beat, watchdog, NULL);
    nx_log(NX_LOG_INFO, "serve", "listening", "address", daemon->service->setup->config->serve_listen, "port", port, "rules",
           nx_setup_rules(daemon->service->setup), NULL);
    nx_notify("READY=1");
    g_main_loop_run(loop);
    nx_notify("STOPPING=1");
    daemon->service->ending = true;
    nx_log(NX_LOG_INFO, "serve", "stopping", NULL);
    g_free(daemon->tokens_seen);
}

static struct nx_lmtp *open_lmtp(struct nx_service *service, int listener, GError **error)
{
    const struct nx_config *config = service->setup->config;
    const struct nx_lmtp_settings settings = {.listen = config->lmtp_listen,
                                              .listener = listener,
                                              .group = config->lmtp_group,
                                              .hostname =
                                                  *config->lmtp_hostname != '\0' ? config->lmtp_hostname : g_get_host_name(),
                                              .sessions = config->lmtp_sessions,
                                              .recipients = config->lmtp_recipients,
                                              .message = config->limits.message,
                                              .idle = config->lmtp_idle,
                                              .domains = config->lmtp_domains};
    struct nx_lmtp *lmtp = nx_lmtp_new(service->intake, &settings, error);
    if (lmtp == NULL)
        return NULL;
    g_autofree char *port = nx_lmtp_port(lmtp) > 0 ? g_strdup_printf("%u", nx_lmtp_port(lmtp)) : NULL;
    nx_log(NX_LOG_INFO, "lmtp", "open", "address", config->lmtp_listen, "port", port, NULL);
    return lmtp;
}

static void say_hook(const char *hook, const char *what, const char *why)
{
    nx_log(why == NULL ? NX_LOG_INFO : NX_LOG_WARN, "hook", what, "hook", hook, "why", why, NULL);
}

static int serve(struct nx_cli *cli, const char *listen, GError **error)
{
    struct nx_config *config = g_steal_pointer(&cli->config);
    g_autofree char *directory = nx_config_spool(config);
    g_autoptr(nx_setup) setup = nx_setup_new(config, error);
    struct nx_log_options log;
    if (setup == NULL || !read_log(config, &log, error))
        return NX_EXIT_FINDING;
    nx_log_setup(&log);
    g_autoptr(nx_store) store = nx_cli_store(config, NX_OPEN_WRITE, error);
    g_autoptr(nx_spool) spool = store == NULL ? NULL : nx_spool_open(directory, error);
    if (spool == NULL)
        return NX_EXIT_FINDING;
    struct nx_sockets sockets;
    nx_sockets_inherited(&sockets);
    g_autoptr(nx_service) service = nx_service_new(g_steal_pointer(&setup), g_steal_pointer(&store));
    g_autoptr(nx_server) server = nx_server_new(service, sockets.http, config->serve_listen, error);
    if (server == NULL)
        return NX_EXIT_FINDING;
    g_autoptr(nx_retain) retain = nx_retain_new(service, error);
    if (retain == NULL)
        return NX_EXIT_FINDING;
    g_autoptr(nx_watch) watch = nx_watch_new(service, g_steal_pointer(&spool), error);
    if (watch == NULL)
        return NX_EXIT_FINDING;
    g_autoptr(nx_lmtp) lmtp = NULL;
    if ((sockets.lmtp >= 0 || *config->lmtp_listen != '\0') && (lmtp = open_lmtp(service, sockets.lmtp, error)) == NULL)
        return NX_EXIT_FINDING;
    g_autoptr(nx_outbox) outbox = nx_outbox_new(service->store, service->setup->config, say_hook, error);
    if (outbox == NULL)
        return NX_EXIT_FINDING;
    struct daemon daemon = {.service = service, .server = server, .cli = cli, .listen = listen, .outbox = outbox};
    run(&daemon);
    return NX_EXIT_OK;
}

int nx_cmd_serve(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "",
        "Runs in the foreground and logs to standard error. SIGTERM stops it once what was taken is stored; SIGHUP reads settings, "
        "rules, tokens and certificate anew, all or nothing.\nExit: 0 when it was "
        "stopped; 75 when the port or the database is in use.",
        0, 0};
    g_autofree char *listen = NULL;
    const GOptionEntry entries[] = {
        {"listen", 0, 0, G_OPTION_ARG_STRING, &listen, "Address and port; port 0 takes a free one ([serve] listen)",
         "ADDRESS:PORT"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    if (listen != NULL) {
        g_free(cli.config->serve_listen);
        cli.config->serve_listen = g_strdup(listen);
    }
    g_autoptr(GError) error = NULL;
    code = serve(&cli, listen, &error);
    return error == NULL ? code : nx_cli_fail(error);
}
