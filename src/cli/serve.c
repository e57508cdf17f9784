/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/error.h"
#include "serve/log.h"
#include "serve/server.h"
#include "serve/watch.h"

#include <glib-unix.h>
#include <signal.h>

static gboolean set_log(const struct nx_config *config, GError **error)
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
    nx_log_setup(&options);
    return TRUE;
}

static gboolean stop(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static void run(struct nx_service *service, const struct nx_server *server)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autofree char *port = g_strdup_printf("%u", nx_server_port(server));
    g_unix_signal_add(SIGTERM, stop, loop);
    g_unix_signal_add(SIGINT, stop, loop);
    nx_log(NX_LOG_INFO, "serve", "listening", "address", service->setup->config->serve_listen, "port", port, NULL);
    g_main_loop_run(loop);
    service->ending = true;
    nx_log(NX_LOG_INFO, "serve", "stopping", NULL);
}

static int serve(struct nx_cli *cli, GError **error)
{
    struct nx_config *config = cli->config;
    if (!set_log(config, error))
        return NX_EXIT_DATA;
    g_autofree char *directory = nx_config_spool(config);
    g_autoptr(nx_engine) engine = nx_cli_engine(config, error);
    g_autoptr(nx_store) store = engine == NULL ? NULL : nx_cli_store(config, NX_OPEN_WRITE, error);
    g_autoptr(nx_spool) spool = store == NULL ? NULL : nx_spool_open(directory, error);
    if (spool == NULL)
        return NX_EXIT_FINDING;
    cli->config = NULL; /* the service has it from here on */
    g_autoptr(nx_service) service = nx_service_new(nx_setup_new(config, g_steal_pointer(&engine)), g_steal_pointer(&store));
    g_autoptr(nx_server) server = nx_server_new(service, config->serve_listen, error);
    if (server == NULL)
        return NX_EXIT_FINDING;
    g_autoptr(nx_watch) watch = nx_watch_new(service, g_steal_pointer(&spool), error);
    if (watch == NULL)
        return NX_EXIT_FINDING;
    run(service, server);
    return NX_EXIT_OK;
}

int nx_cmd_serve(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "",
        "Runs in the foreground and logs to standard error. SIGTERM stops it once what was taken is stored.\nExit: 0 when it was "
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
        cli.config->serve_listen = g_steal_pointer(&listen);
    }
    g_autoptr(GError) error = NULL;
    code = serve(&cli, &error);
    return error == NULL ? code : nx_cli_fail(error);
}
