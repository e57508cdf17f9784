/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/write.h - the writer's half of the back-end. Inner. */
#pragma once
#include "store/sqlite/db.h"
#include "store/ops.h"

struct nx_backend {
    struct nx_db *db;
    struct nx_policy policy;
    struct nx_arena *scratch; /* of one change */
};

gboolean nx_write_add(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event,
                      const struct nx_address *address, const char *why, nx_when now, struct nx_stored *ret, GError **error);
gboolean nx_write_act(struct nx_backend *backend, const struct nx_change *change, nx_when now, bool *ret_changed, GError **error);
gboolean nx_write_import(struct nx_backend *backend, const struct nx_change *const *changes, size_t n, nx_when now,
                         size_t *ret_changed, GError **error);
/* claims.c */
gboolean nx_write_claim(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, GError **error);
gboolean nx_write_mark(struct nx_backend *backend, struct nx_str name, int64_t value, GError **error);
gboolean nx_write_rebuild(struct nx_backend *backend, bool swap, struct nx_rebuilt *ret, GError **error);
gboolean nx_write_check(struct nx_backend *backend, GError **error);
