/* SPDX-License-Identifier: Apache-2.0 */
/* cli/rules.h - the parts of `nixie rules`, one function a verb. Each says its faults and returns the exit code. Main thread only.
 */
#pragma once
#include "cli/cli.h"
#include "engine/engine.h"

struct nx_rules_options {
    gboolean alone, lines, stored, apply, yes, force;
    char *remote, *stage, *format, *kind, *cause, *stamp, *since;
    int times;
};

/* The shipped rules and those of a directory of the user's own (NULL: the configured one), as texts for nx_ruleset_new. */
GArray *nx_rules_sources(const struct nx_config *config, const char *own, bool alone, GError **error);
/* Each line of each path (or of standard input, "-"), without its end; false: a path could not be read, which was said. */
bool nx_rules_each_line(char **paths, void (*each)(struct nx_str line, void *data), void *data);
int nx_rules_suggest(const struct nx_cli *cli, const struct nx_rules_options *options, char **paths);
int nx_rules_replay(const struct nx_cli *cli, const struct nx_rules_options *options, char **args);
/* What the rules on trial would change; and one file of them put in force. */
int nx_rules_trial(const struct nx_cli *cli, const struct nx_rules_options *options, char **args);
int nx_rules_promote(const struct nx_cli *cli, const struct nx_rules_options *options, char **args);
int nx_rules_bench(const struct nx_cli *cli, const struct nx_rules_options *options, char **paths);
