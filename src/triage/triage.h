/* SPDX-License-Identifier: Apache-2.0 */
/* triage/triage.h - what no rule explains, in groups that say the same (nx_triage_key).
 *
 * Events are judged by the engine's rules of now, so a group is gone once a rule explains it. A group's id is a digest of its
 * normalised text: the same everywhere and always. Texts and tables belong to the triage and live as long. At most NX_TRIAGE_GROUPS
 * are told apart; what comes past that is counted. One thread. */
#pragma once
#include "base/buf.h"
#include "engine/engine.h"
#include "store/store.h"

#define NX_TRIAGE_GROUPS 20000u
#define NX_TRIAGE_TEXTS 10u   /* different wordings that a group remembers */
#define NX_TRIAGE_NAMES 1000u /* different domains, hosts, statuses */

struct nx_triage;

struct nx_triage_group {
    char id[13];
    char *key;           /* normalised */
    const char *decided; /* "unknown", or a cause's name where a code alone decided */
    size_t count;
    nx_when first, last;                    /* NX_WHEN_NONE: not told */
    GPtrArray *texts;                       /* char *, as they stood; the first is the example's; may be empty */
    GHashTable *domains, *hosts, *statuses; /* name to count, GUINT_TO_POINTER */
    struct {                                /* the example: the last event met */
        struct nx_arena *arena;
        struct nx_event event; /* slices in the arena */
    } example;
};

struct nx_triage_options {
    bool codes; /* also what an enhanced or reply code alone decided */
};
struct nx_triage *nx_triage_new(struct nx_engine *engine, const struct nx_triage_options *options);
void nx_triage_free(struct nx_triage *triage);
/* An event whose verdict is that of the engine's rules. */
void nx_triage_add(struct nx_triage *triage, const struct nx_event *event, nx_when at);
/* Events of the log since then (NX_WHEN_NONE: all), judged anew. */
gboolean nx_triage_read(struct nx_triage *triage, struct nx_reader *reader, nx_when since,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Most events first. */
GPtrArray *nx_triage_groups(struct nx_triage *triage);
/* By id, or by the beginning of one that is no other's, of 4 digits at least; NOT_FOUND. */
const struct nx_triage_group *nx_triage_find(struct nx_triage *triage, struct nx_str id, GError **error);
void nx_triage_counts(const struct nx_triage *triage, size_t *ret_seen, size_t *ret_unexplained);
/* One JSON object; whole: also the texts, domains, hosts and statuses. */
void nx_triage_group_to_json(struct nx_buf *out, const struct nx_triage_group *group, bool whole);

typedef struct nx_triage nx_triage; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_triage, nx_triage_free)
