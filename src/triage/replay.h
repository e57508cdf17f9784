/* SPDX-License-Identifier: Apache-2.0 */
/* triage/replay.h - what a rule set would have said otherwise of the reports that are stored, counted and with examples.
 *
 * Used in this order: _read once, then rejudge for the plan of what follows (triage/rejudge.h). Texts and tables belong to the
 * replay; memory grows with the kinds of differences, not with the reports. Errors: those of the store and of the sorter. One
 * thread. */
#pragma once
#include "base/buf.h"
#include "config/config.h"
#include "triage/rejudge.h"

#define NX_REPLAY_EXAMPLES 3u

struct nx_replay_example {
    char *address, *text;
};

struct nx_replay_change { /* from one verdict to another, by one rule */
    char *key;            /* "unknown/soft -> mailbox_full/soft by local.x" */
    enum nx_cause was, now;
    enum nx_class was_class, now_class;
    char *rule; /* "": none */
    size_t events;
    struct nx_replay_example examples[NX_REPLAY_EXAMPLES];
    size_t n_examples;
};

struct nx_replay {
    struct nx_rejudge *rejudge;
    GHashTable *by_key;
    GPtrArray *changes;   /* struct nx_replay_change, most events first */
    size_t seen, changed; /* failures and delays */
    size_t recorded;      /* that rules on trial said otherwise of as they came */
    size_t dead, alive;   /* addresses with a report that calls them so, and did not */
};

/* All of the log since then (NX_WHEN_NONE: all of it). Clear it also when this fails. */
gboolean nx_replay_read(struct nx_replay *replay, const struct nx_ruleset *rules, const struct nx_config *config,
                        struct nx_reader *reader, nx_when since, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_replay_clear(struct nx_replay *replay);
/* Would more than a tenth of the reports make addresses dead that were not? */
bool nx_replay_is_rash(const struct nx_replay *replay);
/* Would the plan make entries of more than a tenth of the reports, or lift more than half of the list? */
bool nx_replay_plan_is_rash(const struct nx_replay *replay, const struct nx_rejudge_sum *sum);
/* Counts and changes, as members of an object that is open. */
void nx_replay_to_json(struct nx_buf *out, const struct nx_replay *replay);

typedef struct nx_replay nx_replay; /* for g_auto only */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(nx_replay, nx_replay_clear)
