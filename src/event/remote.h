/* SPDX-License-Identifier: Apache-2.0 */
/* event/remote.h - who answered: one name for all that comes from one receiving provider.
 *
 * The provider that the rule files know by its hosts or domains ("google"); else the organisation of the remote server
 * ("example.net" of mx2.mail.example.net); else that of the recipient's domain. Organisations are told by the last two labels, or
 * three where the second is a word that registries sell below (co.uk); no list of public suffixes is asked. In: any bytes; a name
 * that is no host name of the internet (an IP, one label, .local and the like, over 253 bytes, 8-bit) is passed over. Out: lower
 * case, at most 253 bytes, in the arena or `known` itself; n == 0: nobody can be named. Pure, any thread. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

struct nx_str nx_remote_name(struct nx_arena *arena, struct nx_str known, struct nx_str remote_mta, struct nx_str domain);
