/* SPDX-License-Identifier: Apache-2.0 */
/* triage/inner.h - the parts that a proposal is made of. Inner. */
#pragma once
#include "triage/rule.h"

/* "local.locker_is_stuffed"; group: an id, for phrases without a Latin letter. Freed with g_free. */
char *nx_triage_rule_id(const char *phrase, const char *group);
/* The cause of the rule whose words are most alike; NONE: none is near. *ret_why: which and by what, freed with g_free. */
enum nx_cause nx_triage_guess(const struct nx_ruleset *rules, struct nx_str text, char **ret_why);
/* Judges the examples of all rules and the events of the log by both sets; fills taken, changes and counts. */
gboolean nx_triage_try(const struct nx_ruleset *now, const struct nx_ruleset *next, struct nx_reader *reader, nx_when since,
                       struct nx_proposal *proposal, GError **error) G_GNUC_WARN_UNUSED_RESULT;
