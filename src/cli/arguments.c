/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"

#include <errno.h>

static gboolean each_line(nx_cli_word_fn *fn, void *data, GError **error)
{
    g_autofree char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, stdin)) >= 0) {
        struct nx_str word = nx_str_trim((struct nx_str){line, (size_t)n});
        if (word.n > 0 && !fn(word, data))
            return TRUE;
    }
    if (ferror(stdin) == 0)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "standard input: cannot be read: %s", g_strerror(errno));
    return FALSE;
}

gboolean nx_cli_each(const struct nx_cli *cli, nx_cli_word_fn *fn, void *data, GError **error)
{
    if (cli->n_args == 1 && strcmp(cli->args[0], "-") == 0)
        return each_line(fn, data, error);
    for (char **arg = cli->args; *arg != NULL; arg++)
        if (!fn(nx_str_of(*arg), data))
            break;
    return TRUE;
}

gboolean nx_cli_when(const char *text, nx_when now, bool back, nx_when *ret, GError **error)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}, {'y', 365 * 86400}};
    *ret = NX_WHEN_NONE;
    if (text == NULL)
        return TRUE;
    struct nx_str word = nx_str_of(text);
    unsigned long long number;
    for (size_t i = 0; word.n > 1 && i < G_N_ELEMENTS(units); i++)
        if (word.p[word.n - 1] == units[i].letter && nx_str_to_u64(nx_str_sub(word, 0, word.n - 1), &number) && number < 1000000) {
            int64_t span = (int64_t)number * units[i].seconds;
            *ret = back ? now - span : now + span;
            return TRUE;
        }
    *ret = nx_when_parse(word);
    if (*ret != NX_WHEN_NONE)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_USAGE,
                "'%s' is no moment (write 2026-01-31, 2026-01-31T12:00:00Z, or a span such as 30d)", text);
    return FALSE;
}

nx_when nx_cli_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

const char *nx_cli_actor(const char *given)
{
    const char *sudo = g_getenv("SUDO_USER");
    return given != NULL ? given : sudo != NULL ? sudo : g_get_user_name();
}

gboolean nx_cli_cause(const char *text, enum nx_cause *ret, GError **error)
{
    *ret = NX_CAUSE_NONE;
    if (text == NULL || nx_cause_parse(nx_str_of(text), ret))
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_USAGE, "'%s' is no cause (see `nixie help export` for the names)", text);
    return FALSE;
}

int nx_cli_question(int code)
{
    return code == NX_EXIT_FINDING || code == NX_EXIT_DATA ? NX_EXIT_TEMPORARY : code;
}
