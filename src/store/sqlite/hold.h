/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/hold.h - incidents and what they hold back. Inner; promises: store/hold.h.
 *
 * The tables follow from the log: a row with action `hold`, an event or the act `hold` for what was suppressed before, opens or
 * continues the incident of (remote, until); acts `hold_release` and `hold_drop` end one hold, or without a key mark the incident;
 * `rehold` says that the report which is held back means something else, and counts no further address. Nothing is deleted when a
 * term is over, so a clock that ran ahead and came back loses nothing. */
#pragma once
#include "store/hold.h"
#include "store/sqlite/apply.h"
#include "store/sqlite/write.h"

struct nx_held_by {        /* what holds an event's suppression back */
    struct nx_str name;    /* a remote, or a source (event/remote.h); n == 0: nothing does */
    struct nx_surge surge; /* an incident where this event opened it */
};
/* Counts the event, and turns *decision from suppress into hold, or into none where the address is held already. First who brings
 * it is judged, where nobody vouches for it (source.c), then who answered. */
gboolean nx_hold_judge(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                       struct nx_str remote, nx_when at, nx_when now, struct nx_decision *decision, struct nx_held_by *ret,
                       GError **error);
enum nx_joined { NX_JOINED_NONE, NX_JOINED_RELEASED, NX_JOINED_HELD, NX_JOINED_BEFORE }; /* BEFORE: it was held already */
/* Into the incident of this name that is open, if there is one. HELD and BEFORE change *decision. */
gboolean nx_hold_join(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                      struct nx_str name, nx_when at, struct nx_decision *decision, enum nx_joined *ret, GError **error);
/* A new incident begins with this event; why: in words. */
void nx_hold_open(const struct nx_backend *backend, struct nx_arena *arena, struct nx_str why, nx_when at,
                  struct nx_decision *decision);
/* Once the event that opened it is kept: what went through in the surge's window is held, too, and on the list no more. Each
 * stands in the log as `hold`, as of its report. opening->remote: the incident's name. */
gboolean nx_hold_take_in(struct nx_backend *backend, const struct nx_surge *surge, const struct nx_row *opening, nx_when now,
                         GError **error);
/* source.c: the same for what nobody vouches for, by who brings it and by the ledger of what was sent. */
gboolean nx_source_judge(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event, struct nx_str key,
                         nx_when at, nx_when now, struct nx_decision *decision, struct nx_held_by *ret, GError **error);
/* Was this kept event one that the source of this name brought? body, origin: columns of its log row. */
gboolean nx_source_brought(struct nx_backend *backend, struct nx_arena *arena, struct nx_str name, struct nx_str body,
                           struct nx_str origin, nx_when at, bool *ret, GError **error);
/* Is there a hold of this key that a delivery drops? */
gboolean nx_hold_exists(struct nx_db *db, struct nx_str key, nx_when at, bool *ret, GError **error);
/* A delivery shows that what was held of this key was no hit. */
gboolean nx_hold_disprove(struct nx_db *db, struct nx_str key, nx_when at, GError **error);
gboolean nx_hold_settle(struct nx_backend *backend, const struct nx_settle *settle, const struct nx_str *keys, nx_when now,
                        size_t *ret_settled, GError **error);

/* For apply.c. */
gboolean nx_hold_put(struct nx_db *db, const struct nx_row *row, GError **error);
gboolean nx_hold_mark(struct nx_db *db, const struct nx_row *row, GError **error);
/* Ends holds of a key, of one stream or (NULL) of all; a key that is a domain: of all its addresses. */
gboolean nx_hold_end(struct nx_db *db, struct nx_str key, const struct nx_str *stream, GError **error);
/* Ends the hold of (key, scope) and makes *ret the suppression that it held back; ret->key.n == 0: there is none. */
gboolean nx_hold_take(struct nx_db *db, const struct nx_row *row, struct nx_row *ret, GError **error);

/* held.c */
gboolean nx_read_holds(struct nx_reader *reader, const struct nx_hold_filter *filter, struct nx_str after, nx_when now,
                       nx_hold_fn *fn, void *data, GError **error);
gboolean nx_read_incidents(struct nx_reader *reader, const struct nx_hold_filter *filter, nx_when now, nx_incident_fn *fn,
                           void *data, GError **error);
int nx_read_held(struct nx_reader *reader, struct nx_arena *arena, struct nx_str key, nx_when now, struct nx_hold *ret,
                 GError **error);
