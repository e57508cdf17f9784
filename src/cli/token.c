/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/error.h"
#include "serve/token.h"

/* A file of tokens that is not there means that there are none, where the database is that it would stand beside; else the path is
 * likely misspelt. */
static gboolean is_there(const struct nx_config *config, const char *path, GError **error)
{
    bool beside = *config->serve_tokens == '\0';
    if (g_file_test(path, G_FILE_TEST_EXISTS) || (beside && g_file_test(config->store_path, G_FILE_TEST_EXISTS)))
        return TRUE;
    if (beside)
        g_set_error(
            error, NX_ERROR, NX_ERROR_NOT_FOUND,
            "%s: there is no such file, nor the database %s beside which it would stand (no token was made yet, or name the "
            "database: --db PATH)",
            path, config->store_path);
    else
        g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND,
                    "%s: there is no such file (no token was made yet, or mend [serve] tokens)", path);
    return FALSE;
}

static int create(const char *path, const char *name, const char *roles, const char *stream, GError **error)
{
    g_autofree char *token = NULL;
    if (!nx_tokens_create(path, name, roles, stream, &token, error))
        return NX_EXIT_FINDING;
    puts(token);
    fprintf(stderr, "This is the only time the token is shown. A running daemon knows it within a few seconds.\n");
    return NX_EXIT_OK;
}

static int list(const char *path, GError **error)
{
    g_autoptr(nx_tokens) tokens = nx_tokens_load(path, error);
    guint n;
    if (tokens == NULL)
        return NX_EXIT_FINDING;
    const struct nx_token *all = nx_tokens_list(tokens, &n);
    for (guint i = 0; i < n; i++) {
        printf("%-24s", all[i].name);
        for (enum nx_role role = NX_ROLE_INGEST; role <= NX_ROLE_ADMIN; role++)
            if (all[i].roles & 1u << role)
                printf(" %s", nx_role_name(role));
        printf("%s%s\n", *all[i].stream != '\0' ? " stream=" : "", all[i].stream);
    }
    return NX_EXIT_OK;
}

int nx_cmd_token(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "create NAME|list|revoke NAME",
        "Tokens say who may ask the HTTP server what. While there is none, programs on this machine may ask everything and nobody "
        "else anything. Roles: ingest (send reports), read, write (suppress and release; includes read), admin.\n"
        "Exit: 0; 1 there is no such token, or its file cannot be read or written; 64 usage.",
        1, 2};
    g_autofree char *roles = NULL, *stream = NULL;
    const GOptionEntry entries[] = {
        {"role", 0, 0, G_OPTION_ARG_STRING, &roles, "create: what it may do", "ROLE,..."},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "create: the stream that its reports belong to", "NAME"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    g_autofree char *path = nx_config_tokens(cli.config);
    g_autoptr(GError) error = NULL;
    const char *verb = cli.args[0], *name = cli.args[1];
    code = NX_EXIT_OK;
    if (strcmp(verb, "create") == 0 && name != NULL && roles != NULL)
        code = create(path, name, roles, stream, &error);
    else if (strcmp(verb, "create") == 0)
        g_set_error(&error, NX_ERROR, NX_ERROR_USAGE, "token create: a NAME and --role are needed (see `nixie token --help`)");
    else if (strcmp(verb, "list") == 0 && name == NULL)
        code = is_there(cli.config, path, &error) ? list(path, &error) : NX_EXIT_FINDING;
    else if (strcmp(verb, "revoke") != 0 || name == NULL)
        return nx_cli_no_verb("token", verb, "create NAME, list or revoke NAME");
    else if (!is_there(cli.config, path, &error) || !nx_tokens_revoke(path, name, &error))
        code = NX_EXIT_FINDING;
    return error == NULL ? nx_cli_finish(code) : nx_cli_fail(error);
}
