/* SPDX-License-Identifier: Apache-2.0 */
/* triage/looked.h - the addresses of which a report is judged otherwise, however many. Inner.
 *
 * Added once a report, then _end, then handed out once each in order of the store's keys. What is beyond `memory` bytes is in a
 * file without a name under TMPDIR (base/sorter.h, whose errors these are). One thread. */
#pragma once
#include "base/str.h"

#include <glib.h>

enum { NX_LOOK_OTHER = '-', NX_LOOK_DEAD = 'd', NX_LOOK_ALIVE = 'a' }; /* what such a report says of its address */

struct nx_looked;

struct nx_looked *nx_looked_new(size_t memory);
void nx_looked_free(struct nx_looked *looked);
gboolean nx_looked_add(struct nx_looked *looked, struct nx_str key, char what, GError **error);
/* How many have a report that calls them dead and did not, and the reverse. */
gboolean nx_looked_end(struct nx_looked *looked, size_t *ret_dead, size_t *ret_alive, GError **error);
/* 1, 0 behind the last, -1; the key lives until the next call. */
int nx_looked_next(struct nx_looked *looked, struct nx_str *ret_key, GError **error);
