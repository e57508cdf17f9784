/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cli.h - the frame that every subcommand stands in: options, settings, errors, exit codes.
 *
 * A command is one file cli/NAME.c with nx_cmd_NAME, declared here and named in main.c's table. It calls nx_cli_begin first, which
 * reads its options and the settings; then reports faults by nx_cli_fail, whose value is the exit code. Exit: 0, 1 (a finding, or
 * something could not be read), 64 usage, 65 data or settings are wrong, 75 try again. Main thread only. */
#pragma once
#include "config/config.h"
#include "serve/bind.h"
#include "store/store.h"

#include <stdint.h>
#include <stdio.h>

enum { NX_EXIT_OK = 0, NX_EXIT_FINDING = 1, NX_EXIT_USAGE = 64, NX_EXIT_DATA = 65, NX_EXIT_TEMPORARY = 75 };

struct nx_cmd {
    const char *name;
    int (*fn)(int argc, char **argv); /* argv[0] is the command's name */
    const char *summary;
};
/* main.c's table; ends with a NULL name. */
const struct nx_cmd *nx_cmds(void);

struct nx_cli {
    struct nx_config *config; /* settings, with --db and NIXIE_DB applied */
    char **args;              /* what is left of argv behind the options, NULL-terminated */
    int n_args;
    char *config_path, *db; /* as given */
};

struct nx_cli_usage {
    const char *arguments;   /* "PATH..." */
    const char *description; /* paragraphs behind the options in --help, or NULL */
    int min, max;            /* how many arguments; max -1: any */
};

/* Reads argv by the table (may be NULL) and --config, --db; false: *ret_exit is the exit code and all has been said. entries'
 * groups are the command's own. --help is printed, and ends the process. */
bool nx_cli_begin(struct nx_cli *cli, int argc, char **argv, const struct nx_cli_usage *usage, const GOptionEntry *entries,
                  int *ret_exit);
/* The same without saying anything: for `pipe`, whose faults have a form of their own. */
gboolean nx_cli_options(struct nx_cli *cli, int argc, char **argv, const struct nx_cli_usage *usage, const GOptionEntry *entries,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_cli_end(struct nx_cli *cli);

/* "nixie: what: why (what to do)" on stderr, one line a fault. */
void nx_cli_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Says the error and gives the exit code that belongs to it. */
int nx_cli_fail(const GError *error);
/* Says which verbs the command has, "check or show"; the exit code. */
int nx_cli_no_verb(const char *command, const char *given, const char *verbs);
/* Flushes stdout; a fault there (disk full, closed) is said and becomes the exit code, else `code` is. */
int nx_cli_finish(int code);

/* The store that the settings name (the engine: serve/bind.h); the directory of a new database is made. */
struct nx_store *nx_cli_store(const struct nx_config *config, enum nx_open_mode mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same to write to a database that is there already: what takes back or looks after what is known makes no new file. */
struct nx_store *nx_cli_store_there(const struct nx_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

int nx_cmd_allow(int argc, char **argv);
int nx_cmd_check(int argc, char **argv);
int nx_cmd_clean(int argc, char **argv);
int nx_cmd_config(int argc, char **argv);
int nx_cmd_db(int argc, char **argv);
int nx_cmd_domains(int argc, char **argv);
int nx_cmd_export(int argc, char **argv);
int nx_cmd_forget(int argc, char **argv);
int nx_cmd_history(int argc, char **argv);
int nx_cmd_holds(int argc, char **argv);
int nx_cmd_policy(int argc, char **argv);
int nx_cmd_reconcile(int argc, char **argv);
int nx_cmd_release(int argc, char **argv);
int nx_cmd_rules(int argc, char **argv);
int nx_cmd_stats(int argc, char **argv);
int nx_cmd_subject_access(int argc, char **argv);
int nx_cmd_suppress(int argc, char **argv);
int nx_cmd_triage(int argc, char **argv);
int nx_cmd_undo(int argc, char **argv);
int nx_cmd_explain(int argc, char **argv);
int nx_cmd_parse(int argc, char **argv);
int nx_cmd_pipe(int argc, char **argv);
int nx_cmd_import(int argc, char **argv);
int nx_cmd_ingest(int argc, char **argv);
int nx_cmd_token(int argc, char **argv);
int nx_cmd_sent(int argc, char **argv);
int nx_cmd_serve(int argc, char **argv);
int nx_cmd_verp(int argc, char **argv);

typedef struct nx_cli nx_cli; /* for g_auto only */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(nx_cli, nx_cli_end)
