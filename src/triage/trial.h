/* SPDX-License-Identifier: Apache-2.0 */
/* triage/trial.h - files of the user's own rules that are on trial (docs/rules.md): listed, put there, promoted, dropped.
 *
 * Whatever changes the directory is done whole or not at all, and only where the sets with and without what is on trial are good
 * then; two that change it at once wait for each other. What runs takes it at its next reload. Errors: CONFIG (no local
 * directory), NOT_FOUND (nothing like that is on trial), EXISTS, USAGE (a name), SYNTAX (a set would not be good), IO. Any thread.
 */
#pragma once
#include "config/config.h"
#include "engine/engine.h"

struct nx_trial_file {
    char *name;       /* "x.rules", below the local directory */
    GPtrArray *rules; /* char *: ids, in their order */
};

/* Those of sources (nx_engine_sources), by name: struct nx_trial_file, in a GPtrArray that owns them. */
GPtrArray *nx_trial_files(const GArray *sources);
/* The same of the directory, and the digests of the sets that it makes; *ret_rules, *ret_trial: freed with g_free, trial is NULL
 * where nothing is on trial. SYNTAX: the sets are not good, yet *ret_files is there. */
gboolean nx_trial_read(const struct nx_config *config, GPtrArray **ret_files, char **ret_rules, char **ret_trial,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts a new file of this name on trial; the line that says so is put before the text where it is not its first. EXISTS: a file of
 * the name is there. */
gboolean nx_trial_put(const struct nx_config *config, const char *name, struct nx_str text,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts a file on trial in force: the one of this name, or that has the rule of this id. *ret_file: its name, freed with g_free. */
gboolean nx_trial_promote(const struct nx_config *config, const char *name, char **ret_file,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes the file of this name, which is on trial. */
gboolean nx_trial_drop(const struct nx_config *config, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
