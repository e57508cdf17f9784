/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops.h - what a back-end implements. Room-internal; the promises are those of store/store.h.
 *
 * store.c owns the queue, the writer thread and the grouping, and folds addresses; a back-end owns the connection. Between begin
 * and commit only the writer thread calls. Any function that fails leaves the transaction to be rolled back by the caller. Readers
 * are independent of the writer. */
#pragma once
#include "store/hold.h"
#include "store/pseudonym.h"
#include "store/table.h"

struct nx_backend; /* a writer's connection */

struct nx_change { /* one manual act, folded */
    enum nx_act act;
    struct nx_str key;     /* domain first */
    struct nx_str address; /* as given; n == 0: the same as folded */
    struct nx_str stream;
    enum nx_cause cause;
    nx_when since, until;
    struct nx_str reason, actor, source;
    struct nx_str remote;     /* of a hold; without a key: of an incident, which `until` tells from others */
    enum nx_class class_;     /* of a REJUDGE or REHOLD; else that of the cause */
    struct nx_str diagnostic; /* of a HOLD or REHOLD */
    /* only while the entry (of HOLD_DROP and REHOLD: the hold) of (key, stream) is that of this sequence, 0: none */
    bool planned;
    int64_t sequence;
    bool then, part; /* only if the change before it was done; counts as one with it */
};

struct nx_moment { /* another one after each commit of whoever */
    uint64_t words[6];
};
typedef void nx_scanned_fn(const struct nx_table_record *record, void *data);
struct nx_retain_cursor {
    int walk;
    int64_t sequence;
    char *key; /* g_free */
    bool done;
};
struct nx_hashed { /* an erased address that stays suppressed */
    unsigned char hash[NX_PSEUDONYM];
    struct nx_str stream;
    nx_when since, until;
};
typedef void nx_hashed_fn(const struct nx_hashed *row, void *data);
typedef void nx_changed_fn(struct nx_str key, void *data);

struct nx_sent_found { /* a row of the ledger */
    struct nx_str recipient, stream;
};

struct nx_backend_ops {
    const char *prefix; /* "postgres://"; "" takes every path */
    struct nx_backend *(*open)(const char *path, const struct nx_policy *policy, GError **error);
    void (*close)(struct nx_backend *backend);
    gboolean (*begin)(struct nx_backend *backend, GError **error);
    gboolean (*commit)(struct nx_backend *backend, GError **error);
    void (*rollback)(struct nx_backend *backend);
    /* address->key.n == 0: the event names no address; why says so when its recipient is none. */
    gboolean (*add)(struct nx_backend *backend, struct nx_arena *arena, const struct nx_event *event,
                    const struct nx_address *address, const char *why, nx_when now, struct nx_stored *ret, GError **error);
    /* One act; *ret_changed tells whether it changed anything, *ret_erased whether the address was erased before. */
    gboolean (*act)(struct nx_backend *backend, const struct nx_change *change, nx_when now, bool *ret_changed, bool *ret_erased,
                    GError **error);
    /* Many suppressions at once, sorted by key and stream, each once; reason, actor and source are those of the first. */
    gboolean (*import)(struct nx_backend *backend, const struct nx_change *const *changes, size_t n, nx_when now,
                       size_t *ret_changed, size_t *ret_erased, GError **error);
    /* keys[i] is addresses[i], folded. */
    gboolean (*settle)(struct nx_backend *backend, const struct nx_settle *settle, const struct nx_str *keys, nx_when now,
                       size_t *ret_settled, GError **error);
    gboolean (*claim)(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, GError **error);
    /* What was kept under the token: 1 and appended to ret, 0 nothing, -1 error (DENIED: with another digest). */
    int (*recall)(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, GString *ret, GError **error);
    gboolean (*keep)(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, const GString *answer, GError **error);
    /* Sees what the open transaction has written; the backend's own. Only for lookup and held. */
    struct nx_reader *(*reader_within)(struct nx_backend *backend, GError **error);
    gboolean (*sent)(struct nx_backend *backend, const struct nx_sent *sent, struct nx_str key, nx_when now,
                     struct nx_recorded *ret, GError **error);
    gboolean (*sweep_sent)(struct nx_backend *backend, const struct nx_sent_limits *limits, nx_when now, bool *ret_more,
                           GError **error);
    /* How many recipients of this Message-ID, two at most; -1 error. ret: the key given (n == 0: none) where it is one of them,
     * which *ret_named tells, else any. */
    int (*find_sent)(struct nx_backend *backend, struct nx_arena *arena, struct nx_str message_id, struct nx_str key,
                     struct nx_sent_found *ret, bool *ret_named, GError **error);
    gboolean (*mark)(struct nx_backend *backend, struct nx_str name, int64_t value, GError **error);
    /* forget: rows of their own, alone in a transaction; addresses are folded. mentions: moves *after on, 0 at the end. wipe: what
     * was deleted leaves the files; outside a transaction. */
    gboolean (*forget)(struct nx_backend *backend, const struct nx_forget *forget, const struct nx_address *addresses, nx_when now,
                       struct nx_erased *ret, size_t *ret_messages, GError **error);
    gboolean (*mentions)(struct nx_backend *backend, const struct nx_address *addresses, size_t n,
                         const struct nx_fold_rules *rules, int64_t *after, size_t *rows, GError **error);
    gboolean (*lose_erased)(struct nx_backend *backend, nx_when now, uint64_t *ret, GError **error);
    gboolean (*wipe)(struct nx_backend *backend, GError **error);
    /* One step; begins with a cursor of zeros, ends when it is done. */
    gboolean (*retain)(struct nx_backend *backend, const struct nx_retention *retention, nx_when now, bool dry,
                       struct nx_retain_cursor *cursor, struct nx_retained *ret, GError **error);
    void (*limit_raw)(struct nx_backend *backend, const struct nx_raw_limits *limits);
    gboolean (*rebuild)(struct nx_backend *backend, struct nx_rebuilt *ret, GError **error);
    gboolean (*shrink)(struct nx_backend *backend, bool dry, GError **error); /* outside a transaction */

    struct nx_reader *(*reader_new)(const char *path, GError **error);
    void (*reader_free)(struct nx_reader *reader);
    gboolean (*check)(struct nx_reader *reader, GError **error);
    int (*lookup)(struct nx_reader *reader, struct nx_arena *arena, const struct nx_address *address, struct nx_str stream,
                  nx_when now, struct nx_entry *ret_entry, bool *ret_allowed, GError **error);
    /* The filter's address is a key, here and of holds. */
    gboolean (*list)(struct nx_reader *reader, const struct nx_filter *filter, nx_when now, nx_entry_fn *fn, void *data,
                     GError **error);
    gboolean (*log)(struct nx_reader *reader, const struct nx_log_filter *filter, struct nx_str key, nx_logged_fn *fn, void *data,
                    GError **error);
    /* after: the cursor's address, folded. */
    gboolean (*holds)(struct nx_reader *reader, const struct nx_hold_filter *filter, struct nx_str after, nx_when now,
                      nx_hold_fn *fn, void *data, GError **error);
    gboolean (*incidents)(struct nx_reader *reader, const struct nx_hold_filter *filter, nx_when now, nx_incident_fn *fn,
                          void *data, GError **error);
    int (*held)(struct nx_reader *reader, struct nx_arena *arena, struct nx_str key, nx_when now, struct nx_hold *ret,
                GError **error);
    gboolean (*domains)(struct nx_reader *reader, const struct nx_policy *policy, nx_when now, nx_domain_fn *fn, void *data,
                        GError **error);
    int (*answered)(struct nx_reader *reader, const struct nx_claim *claim, nx_when now, GString *ret, GError **error); /* recall */
    gboolean (*position)(struct nx_reader *reader, int64_t *ret, GError **error);
    int (*get_mark)(struct nx_reader *reader, struct nx_str name, int64_t *ret, GError **error);
    int (*raw)(struct nx_reader *reader, struct nx_arena *arena, struct nx_str event_id, struct nx_raw *ret, GError **error);
    gboolean (*tally)(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                      nx_tally_fn *fn, void *data, GError **error);
    gboolean (*knows_source)(struct nx_reader *reader, const struct nx_breaker *breaker, struct nx_str source, nx_when at, bool *ret,
                             GError **error);
    gboolean (*sent_to)(struct nx_reader *reader, struct nx_str key, nx_sent_fn *fn, void *data, GError **error);
    gboolean (*erased)(struct nx_reader *reader, nx_when now, uint64_t *ret, GError **error);
    gboolean (*size)(struct nx_reader *reader, struct nx_size *ret, GError **error);
    /* What the lookup table is not to hold whole: *ret_stamp differs when the set has changed; fn gets each row and *ret_secret
     * what they are hashed with (NULL: there are none), the reader's. */
    gboolean (*forgotten_stamp)(struct nx_reader *reader, int64_t *ret_stamp, GError **error);
    gboolean (*forgotten)(struct nx_reader *reader, nx_hashed_fn *fn, void *data, const struct nx_pseudonym **ret_secret,
                          GError **error);
    /* For the lookup table and the sieve. Between hold and let_go all answers are of one moment. */
    gboolean (*hold)(struct nx_reader *reader, GError **error);
    void (*let_go)(struct nx_reader *reader);
    gboolean (*about)(struct nx_reader *reader, struct nx_table_about *ret, GError **error);
    gboolean (*count)(struct nx_reader *reader, uint64_t *ret, GError **error); /* of entries, about */
    /* Every entry and allow-list entry, in order of key; or those of one key. */
    gboolean (*scan)(struct nx_reader *reader, struct nx_str key, nx_scanned_fn *fn, void *data, GError **error);
    /* Keys changed by log rows behind `after`, some twice; *ret_many is set instead when there are more than `most`. */
    gboolean (*changed)(struct nx_reader *reader, int64_t after, uint64_t most, nx_changed_fn *fn, void *data, bool *ret_many,
                        GError **error);
    /* At most `most` keys behind `after` (n == 0: from the first), in order, some twice: of entries, allow-list entries and holds.
     */
    gboolean (*keys)(struct nx_reader *reader, struct nx_str after, unsigned most, nx_changed_fn *fn, void *data, GError **error);
    /* At the cost of a look into memory, at any time; false: it cannot be told. */
    bool (*moment)(struct nx_reader *reader, struct nx_moment *ret);
};

struct nx_reader { /* a back-end's reader begins with this */
    const struct nx_backend_ops *ops;
    const struct nx_fold_rules *rules; /* the store's */
    const struct nx_streams *streams;  /* the same; NULL: none is declared */
};

/* The address of a question, folded by the store's rules; USAGE where it is none. */
gboolean nx_reader_fold(struct nx_reader *reader, struct nx_arena *arena, struct nx_str text, struct nx_address *ret,
                        GError **error);

extern const struct nx_backend_ops nx_sqlite_ops;
