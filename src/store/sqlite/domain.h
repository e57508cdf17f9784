/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/domain.h - domains whose addresses say that they are dead; nothing is kept for it that the log and the entries do
 * not have. Inner; promises: store/store.h, decide/domain.h. */
#pragma once
#include "store/sqlite/apply.h"
#include "store/sqlite/write.h"

/* After an entry for bad_domain was made: the domain's own entry, where the settings let it be made by itself. */
gboolean nx_domain_weigh(struct nx_backend *backend, const struct nx_row *entry, nx_when now, GError **error);
/* Mail came that an address of the domain is proved to have sent: noted, and the domain is dead no longer. What reports of its
 * addresses, or nothing but those, made of it ends on probation, as nx_standing_is_tried has it: its own entry, and theirs for
 * bad_domain. Not where a person suppressed the domain. */
gboolean nx_domain_revive(struct nx_backend *backend, const struct nx_event *event, const struct nx_row *mail, nx_when now,
                          GError **error);
/* NX_ACT_DISMISS changes something only where nobody has refused already. */
gboolean nx_domain_is_refused(struct nx_db *db, struct nx_str key, bool *ret, GError **error);
gboolean nx_read_domains(struct nx_reader *reader, const struct nx_policy *policy, nx_when now, nx_domain_fn *fn, void *data,
                         GError **error);
