/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.h - the contract of a store: a log for ever, suppressions derived from it.
 *
 * A back-end implements struct nx_store_ops (store/ops.h); the default is SQLite (store/sqlite/). One writer thread: events and
 * manual acts come from any thread, are grouped into one transaction, and are answered only after the commit is on disk. Readers:
 * one nx_reader a thread. A repeated event id changes nothing and says so. Errors: BUSY, FULL, READ_ONLY, IO, CORRUPT, NOT_FOUND,
 * CONFIG (written by a newer Nixie), each with the path and what to do; after an error nothing of the call was kept. Addresses are
 * folded here (address/key.h); one that is none: USAGE. */
#pragma once
#include "address/key.h"
#include "base/limits.h"
#include "decide/decide.h"
#include "event/event.h"

struct nx_store;
struct nx_reader;

struct nx_entry {          /* one suppression; slices live in the arena given, or for the call */
    struct nx_str address; /* as first reported */
    struct nx_str key;     /* folded, "user@example.net"; "@example.net" holds for the whole domain */
    struct nx_str stream;  /* "" is all */
    enum nx_cause cause;   /* NONE: by hand without a cause; nx_entry_cause_name says "manual" */
    enum nx_class class_;
    nx_when since, until; /* until NX_WHEN_NONE: for ever */
    struct nx_str source, event_id, rule, reason, actor, diagnostic, status;
    unsigned renewals;
    int64_t sequence; /* of the log row that made it */
    bool manual;      /* made by hand or import */
    bool erased;      /* the address was erased: all but the stream, since and until is gone, key is as asked */
};
const char *nx_entry_cause_name(enum nx_cause cause);

struct nx_stored { /* what became of one event */
    bool duplicate;
    struct nx_decision decision; /* reason lives in the caller's arena */
};

enum nx_open_mode { NX_OPEN_WRITE, NX_OPEN_READ }; /* READ never creates and runs no writer thread */

/* policy and rules are copied, its streams shared (rules may be NULL); "postgres://..." and the like name other back-ends, all else
 * is a path. */
struct nx_store *nx_store_open(const char *path, enum nx_open_mode mode, const struct nx_policy *policy,
                               const struct nx_fold_rules *rules, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_store_close(struct nx_store *store); /* writes what is queued first */
const char *nx_store_path(const struct nx_store *store);

/* Keeps events of one message, decided and committed as one; ret_stored[i] for events[i]. Blocks until the commit (group commit
 * with other callers). */
gboolean nx_store_add(struct nx_store *store, struct nx_arena *arena, const struct nx_event *events, size_t n, nx_when now,
                      struct nx_stored *ret_stored, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same without blocking: fn is called once from the writer thread, after the commit (error NULL) or the failure. Arena, events
 * and ret_stored are the writer's until then. BUSY when too much is queued: fn is not called. */
typedef void nx_stored_fn(void *data, const GError *error);
struct nx_claim { /* a token that may come again with the same content (digest), but with no other: DENIED, nothing is kept;
                     remembered NX_CLAIM_DAYS */
    struct nx_str token, digest;
};
#define NX_CLAIM_DAYS 4
#define NX_ANSWERS_MOST 100000   /* kept for repeats; the oldest go first */
#define NX_ANSWER_MAX (1u << 20) /* bytes of one */

struct nx_acted {
    size_t changed, erased; /* as in nx_suppressed */
};
/* Writes what the act is answered with, in its transaction: the reader (for lookups) sees what was done. 1: kept with it, 0:
 * nothing was done that a repeat may not do, -1: all is undone. On the writer's thread, perhaps twice. */
typedef int nx_once_fn(void *data, struct nx_reader *reader, const struct nx_acted *acted, GString *answer, GError **error);
struct nx_once { /* an act that is done once and answered, and then answered the same; DENIED: its token came with another digest */
    struct nx_claim claim; /* token n == 0: done each time */
    nx_once_fn *fn;
    void *data;
    GString *answer; /* the caller's; filled */
    bool repeated;   /* it was done before: nothing was done now */
};
/* For acts that are more than one transaction: before, and after. */
gboolean nx_store_recall(struct nx_store *store, struct nx_once *once, nx_when now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same by a reader, without waiting for the writer: 1 answered before, 0 not, -1 error. */
struct nx_reader;
int nx_reader_recall(struct nx_reader *reader, struct nx_once *once, nx_when now, GError **error);
gboolean nx_store_keep(struct nx_store *store, struct nx_once *once, nx_when now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* claim: NULL, or made in the same transaction; its slices live until fn is called. once: NULL, or what the events are answered
 * with; *ret_stored is written before its fn is called, and not at all where it was repeated. */
gboolean nx_store_submit(struct nx_store *store, struct nx_arena *arena, const struct nx_event *events, size_t n,
                         const struct nx_claim *claim, struct nx_once *once, nx_when now, struct nx_stored *ret_stored,
                         nx_stored_fn *fn, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A number kept under a name: how far somebody has read the log. Blocks until the commit. */
gboolean nx_store_mark(struct nx_store *store, struct nx_str name, int64_t value, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_sent {              /* one message to one recipient */
    struct nx_str message_id; /* without <> */
    struct nx_str recipient, stream;
};
struct nx_recorded {
    size_t kept, known, erased; /* erased: about somebody who was erased, so not kept */
};
/* Into the ledger of what was sent, all of it or nothing: a report that names nobody is then about the one recipient of the message
 * that it returns. once: NULL, or what it is answered with; *ret is written before its fn is called. */
gboolean nx_store_sent(struct nx_store *store, const struct nx_sent *sent, size_t n, const struct nx_sent_limits *limits,
                       struct nx_once *once, nx_when now, struct nx_recorded *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How much of what nobody can explain is kept whole (nx_event.raw), from now on; the defaults until then. */
void nx_store_limit_raw(struct nx_store *store, const struct nx_raw_limits *limits);

struct nx_manual { /* a change made by hand or by import */
    struct nx_str address, stream;
    enum nx_cause cause;  /* NONE: no cause but the wish */
    nx_when since, until; /* since NX_WHEN_NONE: now */
    struct nx_str reason, actor, source;
    int64_t sequence;     /* of a release: only while the entry is that of this row of the log; 0: whatever is there */
    struct nx_once *once; /* of the first one, for all of them; NULL: none */
};
struct nx_suppressed {
    size_t changed; /* something */
    size_t erased;  /* of those that were erased: they stay suppressed by their hash, the address is not written */
};
/* Writes n entries in one transaction, in force at once; ret may be NULL. */
gboolean nx_store_suppress(struct nx_store *store, const struct nx_manual *entries, size_t n, nx_when now,
                           struct nx_suppressed *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lifts the entry of one stream, or with stream "" every entry of the address, or with NX_STREAM_UNNAMED only the one that holds
 * for all streams; NOT_FOUND when there is none. *ret_erased (may be NULL): it was erased, and its hash is lifted. */
#define NX_STREAM_UNNAMED "*"
gboolean nx_store_release(struct nx_store *store, struct nx_str address, struct nx_str stream, struct nx_str reason,
                          struct nx_str actor, nx_when now, bool *ret_erased, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lifts entries in one transaction; those that are gone, or are others by now, are no fault. The cause is what the log says was
 * lifted. */
gboolean nx_store_release_all(struct nx_store *store, const struct nx_manual *entries, size_t n, nx_when now, size_t *ret_lifted,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts an address (or "@domain") on the allow list, which outranks every entry, or takes it off (NOT_FOUND when it is not on it).
 * EXISTS: it was erased and is to be released first. */
gboolean nx_store_allow(struct nx_store *store, struct nx_str address, bool allow, struct nx_str reason, struct nx_str actor,
                        nx_when now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Refuses what is proposed for a domain ("example.net"): it is proposed no more until somebody suppresses it. Without once,
 * NOT_FOUND: it is refused already. */
gboolean nx_store_dismiss(struct nx_store *store, struct nx_str domain, struct nx_str reason, struct nx_str actor,
                          struct nx_once *once, nx_when now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Suppresses all of it, for the term of bad_domain. */
gboolean nx_store_confirm(struct nx_store *store, const struct nx_policy *policy, struct nx_str domain, const struct nx_manual *by,
                          nx_when now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_erased {              /* of one address */
    bool before;                /* it was erased before */
    bool listed;                /* it was suppressed, and not by the allow list free */
    bool kept;                  /* a keyed hash is kept: it stays suppressed */
    size_t events, acts, lines; /* taken out; lines: of imports */
};
struct nx_forget {
    const struct nx_str *addresses; /* "@example.net" is refused: a domain is nobody */
    size_t n;
    bool suppress; /* also those that may be written to now: suppressed for every stream, for ever */
    struct nx_str reason, actor;
};
struct nx_cleared {  /* besides the addresses' own rows */
    size_t mentions; /* rows of others that named one */
    size_t messages; /* raw messages that named one */
};
/* Erases addresses: what is suppressed stays so by a keyed hash, as long as it would have; of others nothing is kept. Rows of
 * others that name one have it taken out, in steps between which others may write; the file is written over and lookup tables go.
 * Again does what an interruption left. ret: one an address. BUSY: a reader held the old content; all is erased, but bytes remain
 * until the next time. */
gboolean nx_store_forget(struct nx_store *store, const struct nx_forget *forget, nx_when now, struct nx_erased *ret,
                         struct nx_cleared *ret_cleared, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives up the hashes of erased addresses, whose key is lost: they are suppressed no longer. EXISTS: the key is there. */
gboolean nx_store_lose_erased(struct nx_store *store, nx_when now, uint64_t *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* USAGE: it is no address, or a whole domain. */
gboolean nx_reader_forgettable(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define NX_SOURCE_REPLAY "rules replay" /* the source of what nx_store_rejudge does */
struct nx_rejudged {                    /* what changes because events are judged otherwise (triage/rejudge.h) */
    struct nx_str address, stream;
    int64_t sequence; /* of the entry there when it was planned, in force or not, 0: none; another by now: nothing is done */
    int64_t held;     /* the same of what is held back there */
    bool drop, lift;  /* what is held back, the entry there goes; */
    bool put, hold;   /* one of them: this entry comes; this is held back, also in the place of what was */
    enum nx_cause dropped, lifted; /* of what goes */
    enum nx_cause cause;           /* of what comes */
    enum nx_class class_;
    nx_when since, until;
    struct nx_str remote; /* whose incident holds it back */
    nx_when lapses;
    struct nx_str reason, diagnostic;
};
/* All in one transaction; *ret_done counts those that changed something. Those of one address are side by side and in one call: one
 * that somebody was faster with takes those behind it along. Such an entry is none by hand: reports may lift it. */
gboolean nx_store_rejudge(struct nx_store *store, const struct nx_rejudged *acts, size_t n, struct nx_str actor, nx_when now,
                          size_t *ret_done, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_retention {               /* seconds; 0: for ever */
    int64_t events;                 /* events, acts and lines of imports */
    int64_t details;                /* of an event: the words of the other side, the returned message's fields, tags */
    int64_t causes[NX_CAUSE_COUNT]; /* in place of events */
    struct nx_sent_limits sent;
    bool believe_clock; /* also one that went further at once than NX_CLOCK_LEAP */
};
#define NX_CLOCK_LEAP (30 * 86400) /* seconds in which nothing was written and no retention ran */
struct nx_retained {
    size_t events, details; /* rows that went, rows that lost their details */
    size_t addresses;       /* of which nothing is known any more */
    size_t hashes;          /* of erased addresses whose term is over */
};
/* Drops what is past its time, in steps between which others may write, as long as go_on (may be NULL) says so. What an entry in
 * force rests on stays, as does what may still count, and what tells whether an entry is renewed. dry: only counts. DENIED: the
 * clock leapt (store/sqlite/clock.h); nothing was dropped, and nothing else goes for its age until it is right or believed. */
gboolean nx_store_retain(struct nx_store *store, const struct nx_retention *retention, nx_when now, bool dry,
                         bool (*go_on)(void *data), void *data, struct nx_retained *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_size { /* bytes of the file, and of them bytes that hold nothing: they are used again */
    uint64_t all, spare;
};
gboolean nx_reader_size(struct nx_reader *reader, struct nx_size *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives back what holds nothing: the file is written anew, in one go; nobody else can write meanwhile, and as much again as is left
 * has to be free, twice: FULL says where how much is, before anything is done. dry: only looks whether it is. BUSY: it is done, but
 * a reader holds the old content, so the file shrinks when that ends. */
gboolean nx_store_shrink(struct nx_store *store, bool dry, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_rebuilt {
    size_t entries; /* derived from the log */
    size_t changed; /* of them and of those there before: that differ */
};
/* Derives every suppression again from the log, beside the table in use, compares, and swaps when they differ. */
gboolean nx_store_rebuild(struct nx_store *store, struct nx_rebuilt *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks the file itself and that suppressions follow from the log; CORRUPT says what is wrong. Only reads, and keeps nobody from
 * writing. */
gboolean nx_store_check(struct nx_store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_reader *nx_reader_new(struct nx_store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void nx_reader_free(struct nx_reader *reader);
/* 1 found and in force at now, 0 not, -1 error. An entry for all streams or for the domain answers for every stream and address of
 * it, one for NX_STREAM_BULK for every stream that is not declared transactional. An address on the allow list: 0, and *ret_allowed
 * (may be NULL) is set. */
int nx_reader_lookup(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address, struct nx_str stream, nx_when now,
                     struct nx_entry *ret_entry, bool *ret_allowed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_filter {         /* absent fields match all; zero is absent but for since */
    struct nx_str address; /* of this one and of its whole domain */
    struct nx_str stream, domain;
    enum nx_cause cause;
    enum nx_class class_;
    struct nx_str remote;  /* made by a report of this remote */
    nx_when since, before; /* NX_WHEN_NONE or 0: absent */
    struct nx_str after;   /* the cursor: what nx_entry_cursor gave for the last entry seen */
    size_t limit;          /* 0: no limit */
    bool expired;          /* also those no longer in force */
    bool once;             /* each address once, by one of its entries, however many streams have one */
    bool brief;            /* do not fetch source, event_id, rule, reason, actor, diagnostic, status: several times faster */
};
/* Calls fn for each entry in order of domain, local part and stream until it returns false; slices live for the call. */
typedef bool nx_entry_fn(const struct nx_entry *entry, void *data);
gboolean nx_reader_list(struct nx_reader *reader, const struct nx_filter *filter, nx_when now, nx_entry_fn *fn, void *data,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the ledger has of one address, oldest first: the stream, and when it was recorded. */
typedef void nx_sent_fn(struct nx_str stream, nx_when made, void *data);
gboolean nx_reader_sent(struct nx_reader *reader, struct nx_str address, nx_sent_fn *fn, void *data,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many erased addresses are suppressed by their hash: they cannot be listed. */
gboolean nx_reader_erased(struct nx_reader *reader, nx_when now, uint64_t *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where to go on after this entry; plain text, safe in a URL after percent-encoding. */
struct nx_str nx_entry_cursor(struct nx_arena *arena, const struct nx_entry *entry);

/* Domains with so many addresses suppressed for bad_domain, in order of name; reads all entries. */
typedef bool nx_domain_fn(const struct nx_domain *domain, void *data);
gboolean nx_reader_domains(struct nx_reader *reader, const struct nx_policy *policy, nx_when now, nx_domain_fn *fn, void *data,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum nx_act {
    NX_ACT_EVENT,
    NX_ACT_SUPPRESS,
    NX_ACT_RELEASE,
    NX_ACT_ALLOW,
    NX_ACT_DISALLOW,
    NX_ACT_IMPORT,
    NX_ACT_HOLD_RELEASE,
    NX_ACT_HOLD_DROP,
    NX_ACT_FORGET,
    NX_ACT_REJUDGE,
    NX_ACT_DOMAIN,
    NX_ACT_DISMISS,
    NX_ACT_HOLD,
    NX_ACT_REHOLD,
    NX_ACT_REVIVE
};
#define NX_ACT_COUNT 15
const char *nx_act_name(enum nx_act act);
struct nx_logged { /* one line of the log; slices live for the call */
    int64_t sequence;
    enum nx_act act;
    nx_when at, made; /* when it counts for, when it was written */
    struct nx_str address, stream, reason, actor, source;
    struct nx_str remote; /* who answered (event/remote.h), for events and holds */
    enum nx_cause cause;  /* of the entry, for acts */
    nx_when until;
    const struct nx_event *event;  /* with its decision; NULL for acts */
    const struct nx_logged *lines; /* n_lines: of an import, where the filter asks for them: address to reason */
    size_t n_lines;
};
struct nx_log_filter {
    struct nx_str address; /* n == 0: of all */
    int64_t after;         /* sequence */
    nx_when since;         /* NX_WHEN_NONE or 0: absent */
    enum nx_kind kind;     /* NX_KIND_OTHER: all */
    enum nx_cause cause;
    bool unexplained; /* only events that nobody could explain when they came */
    bool lines;       /* with the lines of each import */
    size_t limit;
};
typedef bool nx_logged_fn(const struct nx_logged *line, void *data);
/* The log in order of writing. With an address also what imports said of it. */
gboolean nx_reader_log(struct nx_reader *reader, const struct nx_log_filter *filter, nx_logged_fn *fn, void *data,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The sequence of the last log row, 0 for an empty store: it grows with every change, so it serves as an ETag. */
gboolean nx_reader_position(struct nx_reader *reader, int64_t *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What nx_store_mark kept; 1 found, 0 nothing, -1 error. */
int nx_reader_mark(struct nx_reader *reader, struct nx_str name, int64_t *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct nx_raw {          /* what an unexplained event was read from */
    struct nx_str bytes; /* in the arena */
    size_t size;         /* of the whole; more than bytes.n: it was cut */
    nx_when kept;
};
/* 1 found, 0 not kept (any more), -1 error. */
int nx_reader_raw(struct nx_reader *reader, struct nx_arena *arena, struct nx_str event_id, struct nx_raw *ret,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum nx_tally {
    NX_TALLY_DAY,
    NX_TALLY_KIND,
    NX_TALLY_CAUSE,
    NX_TALLY_CLASS,
    NX_TALLY_ACTION,
    NX_TALLY_SOURCE,
    NX_TALLY_STREAM,
    NX_TALLY_DOMAIN,
    NX_TALLY_REMOTE
};
#define NX_TALLY_COUNT 9
const char *nx_tally_name(enum nx_tally by);
/* "cause", or "day,cause" for two; one alone is both. */
bool nx_tally_parse(struct nx_str words, enum nx_tally *ret_by, enum nx_tally *ret_then);
#define NX_TALLY_NAMES "day, kind, cause, class, action, source, stream, domain, remote"
struct nx_tally_filter {
    nx_when since, before; /* whole days, UTC; NX_WHEN_NONE or 0: absent */
    enum nx_kind kind;     /* NX_KIND_OTHER: all */
    enum nx_cause cause;
    enum nx_class class_;
    struct nx_str domain, remote, stream, source, action;
    size_t limit; /* 0: no limit */
};
/* Events counted by one or two of the dimensions (then: equal to by for one), most first, days in order. From counters kept with
 * each event: a year answers at once. What was forgotten stays counted. */
typedef bool nx_tally_fn(struct nx_str first, struct nx_str second, uint64_t n, void *data);
gboolean nx_reader_tally(struct nx_reader *reader, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter,
                         nx_tally_fn *fn, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct nx_store nx_store; /* for g_autoptr only */
typedef struct nx_reader nx_reader;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_store, nx_store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_reader, nx_reader_free)
