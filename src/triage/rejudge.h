/* SPDX-License-Identifier: Apache-2.0 */
/* triage/rejudge.h - what follows from judging the past anew: entries to lift and to make, holds to drop and to change.
 *
 * Each address with an event that is judged otherwise is played through twice in a store of its own (a file that has no name), with
 * the verdicts it got and with those of now, by today's policy and with all that was done by hand. Where the two end differently,
 * and the entry in force is what the first one gives, or an earlier replay's, it is changed into what the second one gives. Entries
 * by hand or import, complaints and unsubscribes are left alone. What an incident holds back counts as what it would be released
 * to: where the second one ends without it, it is dropped, and with another dead address's cause, held for that. So a plan made
 * again after it was carried out is empty. Addresses are taken a few thousand at a time. One thread; slices of a plan live as long
 * as the rejudge. */
#pragma once
#include "engine/engine.h"
#include "store/store.h"

struct nx_rejudge;

/* rules: those to judge by; referenced. */
struct nx_rejudge *nx_rejudge_new(const struct nx_ruleset *rules, const struct nx_policy *policy, const struct nx_fold_rules *fold,
                                  nx_when since);
void nx_rejudge_free(struct nx_rejudge *rejudge);
/* A line of the log since then; an event is judged: *ret_now, and true when it is another cause or class. */
bool nx_rejudge_look(struct nx_rejudge *rejudge, const struct nx_logged *line, struct nx_verdict *ret_now);
/* Makes the plan of what was looked at; *ret_entries: those in force now. */
gboolean nx_rejudge_plan(struct nx_rejudge *rejudge, struct nx_reader *reader, nx_when now, size_t *ret_entries,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* struct nx_rejudged, for nx_store_rejudge. */
const GArray *nx_rejudge_acts(const struct nx_rejudge *rejudge);

typedef struct nx_rejudge nx_rejudge; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_rejudge, nx_rejudge_free)
