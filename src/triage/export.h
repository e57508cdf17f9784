/* SPDX-License-Identifier: Apache-2.0 */
/* triage/export.h - what no rule explains, in a form that can be given away.
 *
 * JSON lines: text (masked, triage/mask.h), counts, statuses, the provider where the rule files know it, the format. No address,
 * host, id, name or day. Groups whose masked texts are the same are one line. */
#pragma once
#include "triage/mask.h"
#include "triage/triage.h"

/* limit 0: all groups. */
void nx_triage_export(struct nx_buf *out, struct nx_triage *triage, const struct nx_ruleset *rules, size_t limit);
