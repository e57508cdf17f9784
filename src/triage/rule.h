/* SPDX-License-Identifier: Apache-2.0 */
/* triage/rule.h - from a group of unexplained bounces to a rule in the local directory.
 *
 * A proposal is text and what a trial of it showed: the grammar and all examples of the whole set with it in place, whose examples
 * it would take away, and which stored events it would judge otherwise. Installing writes it to triage.rules of the local
 * directory, whole or not at all, and only when the set with it is good. Strings of a proposal are its own (g_free through _clear).
 * Errors: USAGE (phrase, cause), CONFIG (no local directory), SYNTAX (the set would not check), EXISTS (it would take what others
 * explain), IO. Any thread; two that install at once wait for each other. */
#pragma once
#include "config/config.h"
#include "triage/mask.h"
#include "triage/triage.h"

#define NX_TRIAGE_FILE "triage.rules"

struct nx_proposal {
    char *id, *phrase, *hit, *text; /* the rule as it would stand in the file */
    enum nx_cause cause;            /* NONE: to be filled in */
    char *why;                      /* where the cause is guessed: what of it is like which rule */
    char *faults;                   /* of the set with it, a line each; NULL: it is good */
    GPtrArray *taken;               /* char *: examples of other rules that it would win with another cause */
    GPtrArray *changes; /* char *: "12 mailbox_full/soft -> mailbox_unknown/hard" of stored events that others explain */
    size_t explains;    /* stored events that no words explain: nothing did, or a code alone */
    size_t others;      /* stored events that other rules explain */
    size_t seen;        /* stored failures and delays */
    size_t newly_hard;  /* addresses with an event that would be hard and was not */
};

/* cause NONE: guessed. phrase NULL: chosen. reader NULL: without history; since NX_WHEN_NONE: all of it. */
gboolean nx_triage_propose(const struct nx_config *config, const struct nx_triage_group *group, enum nx_cause cause,
                           const char *phrase, struct nx_reader *reader, nx_when since, struct nx_proposal *ret,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_proposal_clear(struct nx_proposal *proposal);
/* Would more than a tenth of what was seen become dead? */
bool nx_proposal_is_rash(const struct nx_proposal *proposal);
enum nx_install {
    NX_INSTALL_CAREFUL,
    NX_INSTALL_FORCE, /* also when it takes what other rules explain */
    NX_INSTALL_TRIAL  /* the same, in a file of its own that is on trial: it decides nothing yet */
};
/* ret_path: freed with g_free. */
gboolean nx_triage_install(const struct nx_config *config, const struct nx_proposal *proposal, enum nx_install how, char **ret_path,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_proposal_to_json(struct nx_buf *out, const struct nx_proposal *proposal);
/* A rule for the group without a trial, of cause unknown; NULL: there are no words to build a phrase of. Freed with g_free. */
char *nx_triage_sketch(const struct nx_mask *mask, const struct nx_triage_group *group);
/* The runs of words that could make a phrase, best first: char * in a GPtrArray that owns them. */
GPtrArray *nx_triage_phrases(struct nx_str text);
