/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/forgotten.h - erased addresses that stay suppressed: what is known of them is a keyed hash. Inner to the
 * back-end.
 *
 * A row of `forgotten` follows from the one log row (act forget) that carries its hash; when the row gives way the hash is
 * taken out of that log row too, so that nothing keeps a hash but the table and one row. The secret is PATH.key, read when the
 * first question needs it. While nothing was ever erased all of this costs one small query. Errors: CONFIG the secret is gone
 * or another one's. */
#pragma once
#include "decide/stream.h"
#include "store/ops.h"
#include "store/pseudonym.h"
#include "store/sqlite/db.h"

struct nx_forgotten { /* of one address and stream, the strongest of the rows that answer for it */
    unsigned char hash[NX_PSEUDONYM];
    bool some;                   /* somebody was erased */
    bool known;                  /* this one was */
    struct nx_standing standing; /* manual, no cause; since is when it was erased */
    struct nx_str stream;        /* of that row, in the arena given; "" for all */
    int64_t sequence;
};

/* When nobody was erased the hash is not made. With no key only `some` is told. */
gboolean nx_forgotten_find(struct nx_db *db, const struct nx_streams *streams, struct nx_arena *arena, struct nx_str key,
                           struct nx_str stream, nx_when at, struct nx_forgotten *ret, GError **error);
/* Makes the secret where there is none yet and hashes. Inside a write transaction. */
gboolean nx_forgotten_hash(struct nx_db *db, struct nx_str key, unsigned char ret[NX_PSEUDONYM], GError **error);
/* The hash under the secret that is there; the reader's, for its life. NULL and no error: nothing was erased. */
const struct nx_pseudonym *nx_forgotten_secret(struct nx_db *db, GError **error);

/* Does it hold as long as `until` asks? */
bool nx_forgotten_covers(const struct nx_forgotten *forgotten, nx_when until, nx_when at);

struct nx_forgotten_act { /* why a hash is kept or lifted */
    struct nx_str reason, actor, source;
    nx_when now;
};
/* Suppressed from now on by its hash alone, as long as `until`; what gives way goes. hash NULL: only the line in the log. */
gboolean nx_forgotten_keep(struct nx_db *db, const unsigned char *hash, struct nx_str stream, nx_when until,
                           const struct nx_forgotten_act *act, GError **error);
/* Lifts as nx_store_release does: stream "" all of them. *ret: any? Writes no log row. */
gboolean nx_forgotten_lift(struct nx_db *db, const unsigned char hash[NX_PSEUDONYM], struct nx_str stream, bool *ret,
                           GError **error);
/* Does any address in the text stand erased? The text without them, in the arena. */
gboolean nx_forgotten_scrub(struct nx_db *db, struct nx_arena *arena, struct nx_str text, struct nx_str *ret, GError **error);
