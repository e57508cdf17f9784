/* SPDX-License-Identifier: Apache-2.0 */
/* triage/local.h - the directory of the user's own rules ([patterns] local), for what writes there. Inner.
 *
 * A file is written or removed whole or not at all, and only where every set that is loaded then is good: the one in force, and the
 * one with what is on trial. Who changes the directory holds it, from reading the sources on. Names are those of sources: paths
 * below the directory. Errors: CONFIG (there is no such directory set), SYNTAX (a set would not be good), IO. Any thread. */
#pragma once
#include "config/config.h"
#include "engine/engine.h"

gboolean nx_local_needed(const struct nx_config *config, GError **error);
/* An open file, closed by the caller; -1: error is set. Others that want to hold it wait. */
int nx_local_hold(const struct nx_config *config, GError **error);
/* The shipped rules and the user's own: struct nx_source. */
GArray *nx_local_sources(const struct nx_config *config, GError **error);
/* The user's own of this name; NULL: there is none. */
const struct nx_source *nx_local_find(const GArray *sources, const char *name);
/* The set with this text in place of the user's own file of this name (text NULL: without it); trials: with the files on trial. */
struct nx_ruleset *nx_local_set(const GArray *sources, const char *name, const char *text, bool trials, GError **error);
gboolean nx_local_write(const struct nx_config *config, const GArray *sources, const char *name, const char *text, GError **error);
gboolean nx_local_remove(const struct nx_config *config, const GArray *sources, const char *name, GError **error);
