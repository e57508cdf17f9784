/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/forget.h - erasing at somebody's wish. Inner; promises: store/ops.h, nx_store_forget. */
#pragma once
#include "store/sqlite/write.h"

gboolean nx_forget(struct nx_backend *backend, const struct nx_forget *forget, const struct nx_address *addresses, nx_when now,
                   struct nx_erased *ret, size_t *ret_messages, GError **error);
gboolean nx_forget_mentions(struct nx_backend *backend, const struct nx_address *addresses, size_t n,
                            const struct nx_fold_rules *rules, int64_t *after, size_t *rows, GError **error);
gboolean nx_forget_lose(struct nx_backend *backend, nx_when now, uint64_t *ret, GError **error);
gboolean nx_forget_wipe(struct nx_backend *backend, GError **error);
