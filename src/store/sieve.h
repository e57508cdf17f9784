/* SPDX-License-Identifier: Apache-2.0 */
/* store/sieve.h - who is certainly not on the list, without asking the database.
 *
 * A set of what every entry, hold and erased address leaves as a hash: it may know too many, never too few, so its "no" is exact
 * and its "perhaps" is for a reader. Whatever was committed before the question is in it, also what another process wrote: each
 * question looks at the mark that the database changes with a commit, and takes up what the log has to say first. It only grows,
 * two bytes a key. A thread of its own fills it at the start and after many changes; until that is done, and while another thread
 * takes up changes, the answer is "perhaps". One for a process; any thread may ask. */
#pragma once
#include "store/store.h"

struct nx_sieve;

/* store: outlives the sieve. */
struct nx_sieve *nx_sieve_new(struct nx_store *store);
void nx_sieve_free(struct nx_sieve *sieve);
/* True: this is an address, and nothing suppresses, allows or holds it, in whatever stream. False: ask a reader. */
bool nx_sieve_clears(struct nx_sieve *sieve, struct nx_arena *arena, struct nx_str address);
/* Until what it has to do by itself is done; for tests. */
void nx_sieve_settle(struct nx_sieve *sieve);

typedef struct nx_sieve nx_sieve; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_sieve, nx_sieve_free)
