/* SPDX-License-Identifier: Apache-2.0 */
/* store/hold.h - what the incident breaker holds back: suppressions that wait for a person to say whether they were right.
 *
 * An incident is of one remote (event/remote.h) and has one end; all that it holds ends with it. What the remote called dead in the
 * window before it was recognised is part of it: such an entry is taken off the list and held. A held address may be written to.
 * It ends by release (it is suppressed after all, as of its report), drop (it was wrong), a delivery, or by itself when its time is
 * over: then nothing was done, and the next report decides. A released incident holds no more; a dropped one goes on. Slices handed
 * out live for the call, or in the arena given. Errors and threads: store/store.h. */
#pragma once
#include "store/store.h"

struct nx_hold {
    struct nx_str address, key, stream; /* as in struct nx_entry */
    struct nx_str remote;
    enum nx_cause cause;
    enum nx_class class_;
    nx_when at, until;                /* reported; lapses */
    int64_t sequence;                 /* of the log row that made it */
    struct nx_str reason, diagnostic; /* n == 0 where the log knows no more */
};
struct nx_incident {
    struct nx_str remote;
    nx_when since, opened, until; /* its first report; recognised; over */
    uint64_t held, holding;       /* addresses in all; of them still */
    struct nx_str state;          /* "open", "released", "dropped", "over" */
    struct nx_str reason;         /* the numbers in words */
};
struct nx_hold_filter {
    struct nx_str address; /* n == 0: all */
    struct nx_str remote;  /* n == 0: all */
    struct nx_str after;   /* of holds: what nx_hold_cursor gave for the last one seen */
    bool over;             /* also what has ended */
    size_t limit;          /* 0: none */
};
typedef bool nx_hold_fn(const struct nx_hold *hold, void *data);
typedef bool nx_incident_fn(const struct nx_incident *incident, void *data);
/* In order of domain, local part and stream. */
gboolean nx_reader_holds(struct nx_reader *reader, const struct nx_hold_filter *filter, nx_when now, nx_hold_fn *fn, void *data,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The latest first. */
gboolean nx_reader_incidents(struct nx_reader *reader, const struct nx_hold_filter *filter, nx_when now, nx_incident_fn *fn,
                             void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* 1 a suppression of it is held back, 0 none is, -1 error. */
int nx_reader_held(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address, nx_when now, struct nx_hold *ret,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Was this source (event/remote.h) met before a report of that moment came, as the breaker asks? */
gboolean nx_reader_knows_source(struct nx_reader *reader, const struct nx_breaker *breaker, struct nx_str source, nx_when at,
                                bool *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct nx_str nx_hold_cursor(struct nx_arena *arena, const struct nx_hold *hold);

struct nx_settle {
    bool release;                   /* else drop */
    struct nx_str remote;           /* all that it holds, and its incident itself; or */
    const struct nx_str *addresses; /* these; */
    size_t n;
    struct nx_str reason, actor, source;
    struct nx_once *once; /* NULL: none */
};
/* All or nothing, in one transaction; NOT_FOUND says which address is not held, or is no more. */
gboolean nx_store_settle(struct nx_store *store, const struct nx_settle *settle, nx_when now, size_t *ret_settled,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
