/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/write.h - the writer's half of the back-end. Inner. */
#pragma once
#include "store/sqlite/feed.h"
#include "base/limits.h"
#include "store/ops.h"

struct nx_backend {
    struct nx_db *db;
    struct nx_feed *feed; /* the connection's */
    struct nx_policy policy;
    struct nx_arena *scratch; /* of one change */
    struct nx_hosts *hosts;
    struct nx_reader *within; /* on this connection; made when it is needed */
    struct {                  /* rate.c */
        GHashTable *limits;
        nx_when swept;
    } breaker;
    struct { /* clock.c */
        bool looked, believed;
        nx_when at;
    } clock;
    nx_when pack_due; /* pack.c */
    struct {          /* raw.c */
        struct nx_raw_limits limits;
        int64_t bytes; /* kept, about */
        nx_when swept;
    } raw;
};

gboolean nx_write_add(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event,
                      const struct nx_address *address, const char *why, nx_when now, struct nx_stored *ret, GError **error);
gboolean nx_write_act(struct nx_backend *backend, const struct nx_change *change, nx_when now, bool *ret_changed, bool *ret_erased,
                      GError **error);
/* load.c */
gboolean nx_write_import(struct nx_backend *backend, const struct nx_change *const *changes, size_t n, nx_when now,
                         size_t *ret_changed, size_t *ret_erased, GError **error);
/* An event's id as the log keeps it: hex as bytes, half the size; anything else as it stands. */
struct nx_str nx_write_id(struct nx_arena *arena, struct nx_str id);
/* answers.c; 1 known, 0 not, -1 error */
int nx_answers_recall(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, GString *ret, GError **error);
int nx_answers_answered(struct nx_reader *reader, const struct nx_claim *claim, nx_when now, GString *ret, GError **error);
gboolean nx_answers_keep(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, const GString *answer,
                         GError **error);
/* claims.c */
gboolean nx_write_claim(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, GError **error);
gboolean nx_write_mark(struct nx_backend *backend, struct nx_str name, int64_t value, GError **error);
/* rebuild.c */
gboolean nx_write_rebuild(struct nx_backend *backend, struct nx_rebuilt *ret, GError **error);
