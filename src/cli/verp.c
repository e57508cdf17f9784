/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

static struct nx_str fold(const struct nx_config *config, struct nx_arena *arena, const char *address)
{
    struct nx_address folded;
    const char *why;
    if (nx_address_fold(arena, nx_str_of(address), config->fold, &folded, &why))
        return folded.folded;
    nx_cli_say("%s: is no address: %s", address, why);
    return NX_STR_NONE;
}

static int sign(const struct nx_config *config, char **addresses, const char *stream)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_verp) verp = nx_bind_verp(config, &error);
    if (verp == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_arena) arena = nx_arena_new();
    int code = NX_EXIT_OK;
    for (; *addresses != NULL; addresses++) {
        struct nx_str folded = fold(config, arena, *addresses);
        if (folded.n == 0) {
            code = NX_EXIT_DATA;
            continue;
        }
        struct nx_str path =
            nx_verp_sign(verp, arena, folded, nx_str_of(stream), g_get_real_time() / G_USEC_PER_SEC, config->verp_lifetime);
        printf("%.*s\n", NX_FMT(path));
    }
    return nx_cli_finish(code);
}

static int verify(const struct nx_config *config, const char *path, const char *recipient)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_verp) verp = nx_bind_verp(config, &error);
    if (verp == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_verp_token token;
    nx_verp_read(verp, nx_str_of(path), g_get_real_time() / G_USEC_PER_SEC, &token);
    static const char *const words[] = {"foreign: no return path of ours", "bad: forged, cut, or signed with a key that is gone",
                                        "expired", "good"};
    printf("%s\n", words[token.state]);
    bool names = true;
    if (token.state == NX_VERP_GOOD || token.state == NX_VERP_EXPIRED) {
        printf("key %c, expires %.*s\n", token.key, NX_FMT(nx_when_format(arena, token.expires)));
        if (token.stream.n > 0)
            printf("stream %.*s\n", NX_FMT(token.stream));
        if (recipient != NULL) {
            struct nx_str folded = fold(config, arena, recipient);
            names = nx_verp_names(verp, &token, folded);
            printf("%s %s\n", names ? "made for" : "not made for", recipient);
        }
    }
    return nx_cli_finish(token.state == NX_VERP_GOOD && names ? NX_EXIT_OK : NX_EXIT_FINDING);
}

/* What the forms of the settings make of return paths; exit 1 when one names nobody. */
static int decode(const struct nx_config *config, char **addresses)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_paths) paths = nx_paths_new(config->verp_forms, &error);
    if (paths == NULL)
        return nx_cli_fail(error);
    g_autoptr(nx_arena) arena = nx_arena_new();
    int code = NX_EXIT_OK;
    for (; *addresses != NULL; addresses++) {
        struct nx_path path;
        nx_paths_read(paths, arena, nx_str_of(*addresses), &path);
        struct nx_str recipient = path.recipient.n > 0 ? path.recipient : NX_STR("-"),
                      stream = path.stream.n > 0 ? path.stream : NX_STR("-");
        if (path.recipient.n + path.stream.n == 0)
            code = NX_EXIT_FINDING;
        printf("%s\t%.*s\t%.*s\t%.*s\n", *addresses, NX_FMT(recipient), NX_FMT(stream),
               NX_FMT(path.form.n > 0 ? path.form : NX_STR("no form fits")));
    }
    return nx_cli_finish(code);
}

static int keygen(const char *id)
{
    g_autofree char *line = id == NULL ? nx_verp_new_key('a') : strlen(id) == 1 ? nx_verp_new_key(*id) : NULL;
    if (line == NULL) {
        nx_cli_say("keygen: '%s' is no key id (one of a-z 2-7)", id);
        return NX_EXIT_USAGE;
    }
    printf("%s\n", line);
    return nx_cli_finish(NX_EXIT_OK);
}

int nx_cmd_verp(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {
        "sign ADDRESS... | verify RETURNPATH [RECIPIENT] | decode RETURNPATH... | keygen [ID]",
        "Mail sent from a signed return path proves its bounces: anybody can write a bounce, but not one that comes to a token "
        "made for that recipient.\n"
        "`sign` prints the return path for a mail to each address; `verify` says what one is worth; `decode` prints what [verp] "
        "forms read in one of another system: the "
        "recipient, the stream and the form, - for none; `keygen` prints a line for the file that [verp] keys_file "
        "names (mode 0600; put a new key first, keep the old one for its lifetime).\n"
        "Exit: 0; 1 verify: it is not good, decode: one says nothing; 64 usage; 65 no keys are set, or they are wrong.",
        1, -1};
    g_autofree char *stream = NULL;
    const GOptionEntry entries[] = {
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "sign: the stream that the token carries (one of [verp] streams)", "NAME"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    const char *verb = cli.args[0];
    if (strcmp(verb, "sign") == 0 && cli.n_args > 1)
        return sign(cli.config, cli.args + 1, stream);
    if (strcmp(verb, "verify") == 0 && (cli.n_args == 2 || cli.n_args == 3))
        return verify(cli.config, cli.args[1], cli.args[2]);
    if (strcmp(verb, "decode") == 0 && cli.n_args > 1)
        return decode(cli.config, cli.args + 1);
    if (strcmp(verb, "keygen") == 0 && cli.n_args <= 2)
        return keygen(cli.args[1]);
    return nx_cli_no_verb("verp", verb, "sign ADDRESS..., verify RETURNPATH [RECIPIENT], decode RETURNPATH... or keygen [ID]");
}
