/* SPDX-License-Identifier: Apache-2.0 */
/* triage/rejudge.h - what follows from judging the past anew: entries to lift and to make, holds to drop and to change.
 *
 * Each address with an event that is judged otherwise is played through twice in a store of its own (a file that has no name), with
 * the verdicts it got and with those of now, by today's policy and with all that was done by hand. Where the two end differently,
 * and the entry in force is what the first one gives, or an earlier replay's, it is changed into what the second one gives. Entries
 * by hand or import, complaints and unsubscribes are left alone. What an incident holds back, or would by the verdicts of now,
 * counts as what it would be released to: where the second one ends without it, it is dropped, and with another dead address's
 * cause, held for that. So a plan made again after it was carried out is empty. Called in the order below, each once but for _look
 * and _page. Memory is bounded: addresses are taken a few thousand at a time, and they and the changes are sorted in files without
 * a name (base/sorter.h) under TMPDIR. One thread. */
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
/* After the last one: how many addresses have a report that calls them dead and did not, and the reverse. */
gboolean nx_rejudge_looked(struct nx_rejudge *rejudge, size_t *ret_dead, size_t *ret_alive,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct nx_rejudge_sum {
    size_t acts, lift, put, drop, hold; /* of the plan; the others as in struct nx_rejudged */
    size_t entries;                     /* in force now */
};
/* Makes the plan of what was looked at. */
gboolean nx_rejudge_plan(struct nx_rejudge *rejudge, struct nx_reader *reader, nx_when now, struct nx_rejudge_sum *ret,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The next of the plan, in order of domain and local part, for one nx_store_rejudge: so many, and those of the last address to the
 * end; none: it is through. struct nx_rejudged; lives until the next call. */
#define NX_REJUDGE_PAGE 1000u
gboolean nx_rejudge_page(struct nx_rejudge *rejudge, const GArray **ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct nx_rejudge nx_rejudge; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_rejudge, nx_rejudge_free)
