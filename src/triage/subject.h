/* SPDX-License-Identifier: Apache-2.0 */
/* triage/subject.h - an address of a replay: what stands and is held of it, and how it ends by either verdicts. Inner.
 *
 * Slices live in the arena that the batch gives (`names`), as long as the batch; lists are the subject's own. One thread. */
#pragma once
#include "store/store.h"

struct nx_stand { /* an entry, as much as matters */
    struct nx_str stream;
    enum nx_cause cause;
    enum nx_class class_;
    nx_when since, until;
    int64_t sequence;
    bool manual, from_event, from_replay;
};

struct nx_held { /* what an incident that is not over holds back */
    struct nx_str stream, remote, diagnostic;
    enum nx_cause cause;
    enum nx_class class_;
    nx_when at, until;
    int64_t sequence;
    bool from_replay;
    bool dropped; /* it did, until a replay dropped it */
    bool any;     /* for who brought the report: whatever it makes, and not only a dead address */
    bool would;   /* it does not, but would have held back what this report makes by the verdicts of now */
};

struct nx_subject {
    struct nx_str key, address;
    struct nx_str reason;  /* of the last event that is judged otherwise */
    GArray *listed;        /* struct nx_stand; NULL: none */
    GArray *held;          /* struct nx_held; NULL: none */
    GArray *was, *is;      /* how it ends by the old verdicts, and by the new; NULL: none */
    bool lifted_by_replay; /* the last thing that lifted an entry was a replay */
};

void nx_subject_clear(struct nx_subject *subject);
/* Into one of the lists. */
void nx_subject_stand(GArray **list, struct nx_arena *names, const struct nx_entry *entry);
void nx_subject_hold(struct nx_subject *subject, const struct nx_held *held);
/* One for all streams that nobody but a person takes away leaves nothing to do. */
bool nx_subject_is_settled(const struct nx_subject *subject);
/* A line of its log: which of what stands and is held comes from events, and which from a replay. */
void nx_subject_trace(struct nx_subject *subject, const struct nx_logged *line);
/* Was this act a replay's? */
bool nx_is_replay(const struct nx_logged *line);
