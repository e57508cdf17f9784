/* SPDX-License-Identifier: Apache-2.0 */
/* cli/arguments.h - arguments that several commands take: addresses or "-", moments, an actor. Main thread only. */
#pragma once
#include "cli/cli.h"

/* Rows of a command's table of options: what means the same everywhere is told in the same words. at: where the value goes, a
 * char * (freed by the command) or a gboolean. */
#define NX_CLI_REASON(at)                                                                                                          \
    {                                                                                                                              \
        "reason", 0, 0, G_OPTION_ARG_STRING, (at), "Why; it stands in the history", "TEXT"                                         \
    }
#define NX_CLI_ACTOR(at)                                                                                                           \
    {                                                                                                                              \
        "actor", 0, 0, G_OPTION_ARG_STRING, (at), "Who does it; else the login name", "NAME"                                       \
    }
#define NX_CLI_YES(at)                                                                                                             \
    {                                                                                                                              \
        "yes", 0, 0, G_OPTION_ARG_NONE, (at), "Do it", NULL                                                                        \
    }
#define NX_CLI_JSON(at)                                                                                                            \
    {                                                                                                                              \
        "json", 0, 0, G_OPTION_ARG_NONE, (at), "JSON lines", NULL                                                                  \
    }
#define NX_CLI_COLUMN(at)                                                                                                          \
    {                                                                                                                              \
        "column", 'c', 0, G_OPTION_ARG_STRING, (at), "The column of addresses: its name, or its number from 1", "NAME"             \
    }
#define NX_CLI_DELIMITER(at)                                                                                                       \
    {                                                                                                                              \
        "delimiter", 'd', 0, G_OPTION_ARG_STRING, (at), "One character, or tab, comma, semicolon, pipe", "CHAR"                    \
    }

/* Calls fn for each argument, or with the one argument "-" for each line of standard input that is not empty; stops when it returns
 * false. FALSE: the input could not be read. */
typedef bool nx_cli_word_fn(struct nx_str word, void *data);
gboolean nx_cli_each(const struct nx_cli *cli, nx_cli_word_fn *fn, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "2026-01-31", RFC 3339, or a time span counted from now: forward ("30d") or, with back, into the past. NULL gives NX_WHEN_NONE.
 */
gboolean nx_cli_when(const char *text, nx_when now, bool back, nx_when *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
nx_when nx_cli_now(void);
/* Who does it: as given, else the login name. */
const char *nx_cli_actor(const char *given);
gboolean nx_cli_cause(const char *text, enum nx_cause *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The exit code of a question that failed with this one, where 1 means that something was found and 65 that something was no
 * address: 75, could not tell. */
int nx_cli_question(int code);
