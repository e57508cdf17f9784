/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/error.h"
#include "cli/screen.h"
#include "decide/stream.h"

#include <errno.h>

#define NOT_COMPLETE "standard output: %s (what was printed is not complete)"

void nx_cli_say(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *text = g_strdup_vprintf(format, list);
    va_end(list);
    fflush(stdout);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        fprintf(stderr, "nixie: %s\n", *line);
}

int nx_cli_fail(const GError *error)
{
    nx_cli_say("%s", error->message);
    if (error->domain == G_OPTION_ERROR)
        return NX_EXIT_USAGE;
    if (error->domain != NX_ERROR)
        return NX_EXIT_FINDING;
    switch ((enum nx_error)error->code) {
    case NX_ERROR_USAGE:
        return NX_EXIT_USAGE;
    case NX_ERROR_SYNTAX:
    case NX_ERROR_CONFIG:
    case NX_ERROR_LIMIT:
    case NX_ERROR_CORRUPT:
        return NX_EXIT_DATA;
    case NX_ERROR_BUSY:
    case NX_ERROR_FULL:
        return NX_EXIT_TEMPORARY;
    case NX_ERROR_IO:
    case NX_ERROR_NOT_FOUND:
    case NX_ERROR_EXISTS:
    case NX_ERROR_READ_ONLY:
    case NX_ERROR_DENIED:
        return NX_EXIT_FINDING;
    }
    return NX_EXIT_FINDING;
}

int nx_cli_no_verb(const char *command, const char *given, const char *verbs)
{
    nx_cli_say("%s %s: it is %s (see `nixie help %s`)", command, given, verbs, command);
    return NX_EXIT_USAGE;
}

int nx_cli_finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    nx_cli_say(NOT_COMPLETE, g_strerror(errno));
    return NX_EXIT_FINDING;
}

static const char *summary_of(const char *name)
{
    for (const struct nx_cmd *cmd = nx_cmds(); cmd->name != NULL; cmd++)
        if (strcmp(cmd->name, name) == 0)
            return cmd->summary;
    return "";
}

/* What is wrong in any command: a path that is empty, a stream that none can be called, less than nothing. */
static gboolean check_words(const struct nx_cli *cli, const GOptionEntry *entries, GError **error)
{
    if ((cli->config_path != NULL && *cli->config_path == '\0') || (cli->db != NULL && *cli->db == '\0')) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--%s: the path is empty (give one, or leave it out)",
                    cli->config_path != NULL && *cli->config_path == '\0' ? "config" : "db");
        return FALSE;
    }
    for (const GOptionEntry *entry = entries; entry != NULL && entry->long_name != NULL; entry++) {
        const char *stream = strcmp(entry->long_name, "stream") == 0 ? *(char **)entry->arg_data : NULL;
        if (stream != NULL && !nx_stream_is_scope(nx_str_of(stream))) {
            g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--stream: '%s' is no name of a stream (" NX_STREAM_NAMES ")", stream);
            return FALSE;
        }
        if (strcmp(entry->long_name, "limit") == 0 && *(gint *)entry->arg_data < 0) {
            g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "--limit: '%d' is less than 0", *(gint *)entry->arg_data);
            return FALSE;
        }
    }
    return TRUE;
}

/* --help: printed, and the end; false: it could not be printed. GOption's own does not look whether it was. */
static gboolean print_help(GOptionContext *context, GError **error)
{
    g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
    g_autofree char *wrapped = nx_screen_wrap(text, nx_screen_columns());
    if (fputs(wrapped, stdout) >= 0 && fflush(stdout) == 0)
        exit(NX_EXIT_OK);
    g_set_error(error, NX_ERROR, NX_ERROR_IO, NOT_COMPLETE, g_strerror(errno));
    return FALSE;
}

gboolean nx_cli_options(struct nx_cli *cli, int argc, char **argv, const struct nx_cli_usage *usage, const GOptionEntry *entries,
                        GError **error)
{
    *cli = (struct nx_cli){0};
    gboolean help = FALSE;
    const GOptionEntry common[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &cli->config_path, "Settings (NIXIE_CONFIG; else /etc/nixie/nixie.conf)", "FILE"},
        {"db", 0, 0, G_OPTION_ARG_FILENAME, &cli->db, "The database (NIXIE_DB; else [store] path)", "PATH"},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "This text", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree char *name = g_strconcat("nixie ", argv[0], NULL);
    g_autofree char *title =
        g_strdup_printf("%s%s- %s", usage->arguments, *usage->arguments != '\0' ? " " : "", summary_of(argv[0]));
    g_autoptr(GOptionContext) context = g_option_context_new(title);
    g_set_prgname(name);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, common, NULL);
    g_option_context_set_description(context, usage->description);
    g_option_context_set_help_enabled(context, FALSE);

    /* GOption takes words out of the vector; the strings stay ours. */
    g_autofree char **words = g_memdup2(argv, ((gsize)argc + 1) * sizeof *argv);
    g_autoptr(GError) wrong = NULL;
    if (!g_option_context_parse(context, &argc, &words, &wrong)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "%s (see `%s --help`)",
                    wrong->domain == G_CONVERT_ERROR ? "the text of an option is not UTF-8" : wrong->message, name);
        return FALSE;
    }
    if (help)
        return print_help(context, error);
    int first = argc > 1 && strcmp(words[1], "--") == 0 ? 2 : 1;
    cli->n_args = argc - first;
    if (cli->n_args < usage->min || (usage->max >= 0 && cli->n_args > usage->max)) {
        g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "%s: %s (usage: %s%s%s; see `%s --help`)", argv[0],
                    cli->n_args < usage->min ? "an argument is missing" : "too many arguments", name,
                    *usage->arguments != '\0' ? " " : "", usage->arguments, name);
        return FALSE;
    }
    if (!check_words(cli, entries, error))
        return FALSE;
    cli->args = g_strdupv(words + first);
    cli->config = nx_config_load(cli->config_path, error);
    if (cli->config == NULL)
        return FALSE;
    const char *from_environment = g_getenv("NIXIE_DB");
    if (cli->db != NULL)
        nx_config_set_store(cli->config, cli->db, "--db");
    else if (from_environment != NULL && *from_environment != '\0')
        nx_config_set_store(cli->config, from_environment, "NIXIE_DB");
    return TRUE;
}

bool nx_cli_begin(struct nx_cli *cli, int argc, char **argv, const struct nx_cli_usage *usage, const GOptionEntry *entries,
                  int *ret_exit)
{
    g_autoptr(GError) error = NULL;
    if (nx_cli_options(cli, argc, argv, usage, entries, &error))
        return true;
    *ret_exit = nx_cli_fail(error);
    return false;
}

void nx_cli_end(struct nx_cli *cli)
{
    g_clear_pointer(&cli->config, nx_config_free);
    g_clear_pointer(&cli->args, g_strfreev);
    g_clear_pointer(&cli->config_path, g_free);
    g_clear_pointer(&cli->db, g_free);
}
