/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "cli/screen.h"

#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#define NEAR 2u /* edits: what is further off is another word, not a slip */

static int help(int argc, char **argv);
static int version(int argc, char **argv);

static const struct nx_cmd commands[] = {
    {"parse", nx_cmd_parse, "read bounces and print what each says, as JSON lines"},
    {"ingest", nx_cmd_ingest, "read bounces into the database"},
    {"serve", nx_cmd_serve, "the daemon: HTTP, LMTP, watched Maildirs, and the spool of `pipe`"},
    {"pipe", nx_cmd_pipe, "take one bounce from a mail server: keep it, exit 0, else 75"},
    {"check", nx_cmd_check, "may I write to this address?"},
    {"clean", nx_cmd_clean, "a mailing list in, its mailable lines out"},
    {"export", nx_cmd_export, "write the suppression list as CSV, JSON lines or text"},
    {"import", nx_cmd_import, "read the suppression list of another product"},
    {"reconcile", nx_cmd_reconcile, "how the list of a provider and this one differ, and how to mend it"},
    {"sent", nx_cmd_sent, "record what was sent to whom, so that bounces without a name find their recipient"},
    {"suppress", nx_cmd_suppress, "put addresses on the list by hand"},
    {"release", nx_cmd_release, "take addresses off the list"},
    {"forget", nx_cmd_forget, "erase what is known of an address, but keep it suppressed"},
    {"undo", nx_cmd_undo, "lift what an outage put on the list"},
    {"holds", nx_cmd_holds, "what an incident at a provider holds back: look, release, drop"},
    {"allow", nx_cmd_allow, "addresses that nothing suppresses"},
    {"domains", nx_cmd_domains, "domains that look dead: proposed, confirmed, refused"},
    {"policy", nx_cmd_policy, "what would the next bounce of an address do?"},
    {"history", nx_cmd_history, "what is known of an address, and why it is on the list"},
    {"subject-access", nx_cmd_subject_access, "all that is known of an address, as one document for its owner"},
    {"stats", nx_cmd_stats, "events counted by day, cause, domain and more"},
    {"db", nx_cmd_db, "check, rebuild or migrate the database"},
    {"explain", nx_cmd_explain, "what a reply, a code or a bounce means, in words"},
    {"token", nx_cmd_token, "make, list and revoke the tokens of the HTTP server"},
    {"verp", nx_cmd_verp, "sign return paths, and check them"},
    {"triage", nx_cmd_triage, "bounces that no rule explains, and rules for them"},
    {"rules", nx_cmd_rules, "check, test, list, explain and time the rules; suggest new ones"},
    {"config", nx_cmd_config, "check or show the settings"},
    {"help", help, "what a command does, and its options"},
    {"version", version, "the program's version"},
    {NULL, NULL, NULL},
};

const struct nx_cmd *nx_cmds(void)
{
    return commands;
}

static const struct nx_cmd *find(const char *name)
{
    for (const struct nx_cmd *cmd = commands; cmd->name != NULL; cmd++)
        if (strcmp(cmd->name, name) == 0)
            return cmd;
    return NULL;
}

static int unknown(const char *name)
{
    const struct nx_cmd *nearest = NULL;
    unsigned best = NEAR + 1;
    for (const struct nx_cmd *cmd = commands; cmd->name != NULL; cmd++) {
        unsigned d = nx_str_distance(nx_str_of(name), nx_str_of(cmd->name));
        if (d < best && d < strlen(cmd->name)) {
            best = d;
            nearest = cmd;
        }
    }
    if (nearest == NULL)
        nx_cli_say("%s: there is no such command (see `nixie help`)", name);
    else
        nx_cli_say("%s: there is no such command (is it `nixie %s`? see `nixie help`)", name, nearest->name);
    return NX_EXIT_USAGE;
}

static int too_many(const char *name)
{
    nx_cli_say("%s: too many arguments (see `nixie help`)", name);
    return NX_EXIT_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc > 2)
        return too_many(argv[0]);
    const struct nx_cmd *cmd = argc == 1 || strcmp(argv[1], "--help") == 0 ? find("help") : find(argv[1]);
    if (cmd == NULL)
        return unknown(argv[1]);
    if (cmd->fn != help && cmd->fn != version) {
        char name[64], option[] = "--help";
        g_snprintf(name, sizeof name, "%s", cmd->name);
        char *of_cmd[] = {name, option, NULL};
        return cmd->fn(2, of_cmd);
    }
    puts("usage: nixie COMMAND [OPTION...] [ARGUMENT...]\n\nNixie reads bounces, says what each means, and keeps the list of "
         "addresses to stop writing to.\n");
    for (cmd = commands; cmd->name != NULL; cmd++)
        printf("  %-14s %s\n", cmd->name, cmd->summary);
    puts("\n`nixie help COMMAND` tells more. With every command: --config FILE, --db PATH (or NIXIE_DB).");
    return nx_cli_finish(NX_EXIT_OK);
}

static int version(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return help(1, argv);
    if (argc > 1)
        return too_many(argv[0]);
    puts("nixie " NX_VERSION);
    return nx_cli_finish(NX_EXIT_OK);
}

/* A descriptor 0, 1 or 2 that the caller closed would go to the next file that is opened. These fail as closed ones do. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    nx_screen_guard();
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* GOption takes the text of options in the locale's charset; ours is always UTF-8 */
    if (argc < 2) {
        help(1, argv);
        return NX_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0)
        name = "version";
    const struct nx_cmd *cmd = find(name);
    return cmd == NULL ? unknown(name) : cmd->fn(argc - 1, argv + 1);
}
