/* SPDX-License-Identifier: Apache-2.0 */
/* export/role.h - addresses that belong to a task and not to a person, and domains that look mistyped. Only named, never acted on.
 * Pure, any thread. The words are data: export/role.def, event/domain.def. */
#pragma once
#include "base/str.h"

/* A folded local part such as postmaster or info (RFC 2142 and custom). */
bool nx_role_is(struct nx_str local);
/* The well-known domain that this one misses by one slip (a letter too many, too few, other or swapped), or NULL: also for a domain
 * that is itself well known. */
const char *nx_typo_of(struct nx_str domain);
