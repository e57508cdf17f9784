/* SPDX-License-Identifier: Apache-2.0 */
/* store/sieve.h - who is certainly not on the list, and what was answered about others lately, without asking the database.
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

enum nx_sieve_word {
    NX_SIEVE_ASK,    /* a reader, and _tell what it said */
    NX_SIEVE_CLEARS, /* as nx_sieve_clears */
    NX_SIEVE_KNOWS,  /* what was told is still so */
};
struct nx_sieve_place { /* of a question, for what a reader says to it */
    struct nx_str key;
    uint64_t hash, turn; /* turn 0: it is not to be told */
};
/* The text that was told about this address and stream last, unless something of it was changed since by whoever: in the arena.
 * ret_place has its key in the arena. */
enum nx_sieve_word nx_sieve_ask(struct nx_sieve *sieve, struct nx_arena *arena, struct nx_str address, struct nx_str stream,
                                nx_when now, struct nx_str *ret_text, struct nx_sieve_place *ret_place);
/* What a reader said after _ask, of an entry in the list that holds until then; not of an erased address. */
void nx_sieve_tell(struct nx_sieve *sieve, const struct nx_sieve_place *place, struct nx_str stream, nx_when until,
                   struct nx_str text);
/* Until what it has to do by itself is done; for tests. */
void nx_sieve_settle(struct nx_sieve *sieve);

typedef struct nx_sieve nx_sieve; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_sieve, nx_sieve_free)
