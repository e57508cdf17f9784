/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.h - the contract of a store: events for ever, suppressions derived from them.
 *
 * A back-end implements struct nx_store_ops; the default is SQLite (store/sqlite/). One writer: nx_store_add and the manual verbs are called from any thread,
 * are grouped into one transaction by the writer thread, and return (or call back) only after the commit is on disk. Readers: one nx_reader a
 * thread. A repeated event id changes nothing and says so. Errors: BUSY, FULL, READ_ONLY, IO, CORRUPT (base/error.h), each with the path and what to do;
 * after an error nothing of the call was kept. */
#pragma once
#include "decide/decide.h"
#include "event/event.h"

struct nx_store;
struct nx_reader;

/* How an address is keyed (DESIGN 5): domain to lower-case A-label, local part in lower case. */
struct nx_entry { /* one suppression; slices live in the arena given */
    struct nx_str address; /* as first reported */
    struct nx_str key;     /* folded */
    struct nx_str stream;  /* "" is all */
    enum nx_cause cause;
    enum nx_class class_;
    nx_when since, until; /* until NX_WHEN_NONE: for ever */
    struct nx_str source, event_id, rule, reason, actor, diagnostic, status;
    unsigned renewals;
    int64_t sequence; /* grows with every change; the cursor of listings */
};

struct nx_stored { /* what became of one event */
    bool duplicate;
    struct nx_decision decision; /* reason lives in the caller's arena */
};

enum nx_open_mode { NX_OPEN_WRITE, NX_OPEN_READ }; /* READ never creates and runs no writer thread */

struct nx_store *nx_store_open(const char *path, enum nx_open_mode mode, const struct nx_policy *policy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_store_close(struct nx_store *store);

/* Keeps events of one message, decided and committed as one; ret_stored[i] for events[i]. Blocks until the commit (group commit with other callers). */
gboolean nx_store_add(struct nx_store *store, struct nx_arena *arena, const struct nx_event *events, size_t n, nx_when now, struct nx_stored *ret_stored,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_manual { /* a change made by hand or by import */
    struct nx_str address, stream;
    enum nx_cause cause;
    nx_when since, until;
    struct nx_str reason, actor, source;
};
/* Writes n entries in one transaction; *ret_new counts those that were not there. An address that is none: NX_ERROR_USAGE. */
gboolean nx_store_suppress(struct nx_store *store, const struct nx_manual *entries, size_t n, nx_when now, size_t *ret_new, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Lifts an entry; NX_ERROR_NOT_FOUND when there is none. */
gboolean nx_store_release(struct nx_store *store, struct nx_str address, struct nx_str stream, struct nx_str reason, struct nx_str actor, nx_when now,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Derives every suppression again from the events and the manual acts. *ret_changed counts entries that differ from what was there. */
gboolean nx_store_rebuild(struct nx_store *store, nx_when now, size_t *ret_changed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_reader *nx_reader_new(struct nx_store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_reader_free(struct nx_reader *reader);
/* 1 found and in force at now, 0 not, -1 error. An entry for all streams answers for every stream. */
int nx_reader_lookup(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address, struct nx_str stream, nx_when now, struct nx_entry *ret_entry,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_filter { /* absent fields match all */
    struct nx_str stream, domain;
    enum nx_cause cause;
    enum nx_class class_;
    nx_when since;
    int64_t after; /* sequence: the cursor */
    size_t limit;  /* 0: no limit */
    bool expired;  /* also those no longer in force */
};
/* Calls fn for each entry in order of sequence until it returns false; slices live for the call. */
typedef bool nx_entry_fn(const struct nx_entry *entry, void *data);
gboolean nx_reader_list(struct nx_reader *reader, const struct nx_filter *filter, nx_when now, nx_entry_fn *fn, void *data, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

typedef struct nx_store nx_store; /* for g_autoptr only */
typedef struct nx_reader nx_reader;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_store, nx_store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_reader, nx_reader_free)
