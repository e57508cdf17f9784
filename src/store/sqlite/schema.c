/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/schema.h"

#include "store/sqlite/db.h"

const char *const nx_schema_migrations[] = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE causes(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    /* Append-only. counts: 1 toward a threshold, 2 forgets what counted before. */
    "CREATE TABLE log("
    " seq INTEGER PRIMARY KEY, id BLOB UNIQUE, act TEXT NOT NULL, at INTEGER NOT NULL, made INTEGER NOT NULL,"
    " key TEXT, stream TEXT, address TEXT, kind TEXT, cause INTEGER, class TEXT, counts INTEGER NOT NULL DEFAULT 0,"
    " action TEXT, scope TEXT, until INTEGER, reason TEXT, actor TEXT, source TEXT,"
    " status TEXT, rule TEXT, diagnostic TEXT, body BLOB);"
    "CREATE INDEX log_key ON log(key, counts, at) WHERE key IS NOT NULL;"
    "CREATE INDEX log_change ON log(seq) WHERE action IN ('suppress','clear','done');"
    "CREATE TABLE chunks(seq INTEGER PRIMARY KEY, lo TEXT NOT NULL, hi TEXT NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL);"
    /* Derived from the log. Absent address: the key's own spelling. */
    "CREATE TABLE suppressions("
    " key TEXT NOT NULL, stream TEXT NOT NULL, address TEXT, cause INTEGER NOT NULL, class TEXT NOT NULL, since INTEGER NOT NULL,"
    " until INTEGER, renewals INTEGER NOT NULL, manual INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(key, stream)) WITHOUT ROWID;"
    "CREATE TABLE allowed(key TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;",
    /* What came with a signature that does not cover the content; and how far readers of the log have come. */
    "CREATE TABLE claims(token BLOB PRIMARY KEY, digest BLOB NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX claims_made ON claims(made);"
    "CREATE TABLE marks(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;",
    /* Events counted as they are kept, so that a year of them is added up from a few rows. */
    "CREATE TABLE tally(day INTEGER NOT NULL, kind TEXT NOT NULL, cause INTEGER NOT NULL, class TEXT NOT NULL, action TEXT NOT "
    "NULL, source TEXT NOT NULL,"
    " stream TEXT NOT NULL, domain TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(day, kind, cause, class, action, source, stream, "
    "domain)) WITHOUT ROWID;"
    "INSERT INTO tally SELECT at / 86400, kind, cause, class, action, coalesce(source, ''), coalesce(stream, ''),"
    " coalesce(substr(key, 1, instr(key, '@') - 1), ''), count(*) FROM log WHERE act = 'event' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;",
    /* Events that nobody could explain, and the messages that they were read from, as long as there is room. */
    "CREATE TABLE raw(id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, made INTEGER NOT NULL, size INTEGER NOT NULL,"
    " packed INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX raw_made ON raw(made, packed);"
    "CREATE TABLE unexplained(seq INTEGER PRIMARY KEY, raw INTEGER);"
    "CREATE INDEX unexplained_raw ON unexplained(raw) WHERE raw IS NOT NULL;"
    "CREATE TRIGGER raw_gone AFTER DELETE ON raw BEGIN UPDATE unexplained SET raw = NULL WHERE raw = old.id; END;"
    "CREATE TRIGGER unexplained_gone AFTER DELETE ON log WHEN EXISTS(SELECT 1 FROM unexplained WHERE seq = old.seq) BEGIN"
    " DELETE FROM raw WHERE id = (SELECT raw FROM unexplained WHERE seq = old.seq); DELETE FROM unexplained WHERE seq = old.seq; "
    "END;"
    "INSERT INTO unexplained(seq) SELECT seq FROM log WHERE kind IN ('failed','delayed') AND"
    " cause = (SELECT id FROM causes WHERE name = 'unknown');",
    /* Who answered. Counters once without names, so that a year is a few thousand rows, and once with them; those of before have no
     * remote. */
    "ALTER TABLE log ADD COLUMN remote TEXT;"
    "DROP INDEX log_change;"
    "CREATE INDEX log_change ON log(seq) WHERE action IN ('suppress','clear','done','hold');"
    "ALTER TABLE tally RENAME TO tally_old;"
    "CREATE TABLE tally(day INTEGER NOT NULL, kind TEXT NOT NULL, cause INTEGER NOT NULL, class TEXT NOT NULL, action TEXT NOT "
    "NULL, source TEXT NOT NULL, stream TEXT NOT NULL, n INTEGER NOT NULL,"
    " PRIMARY KEY(day, kind, cause, class, action, source, stream)) WITHOUT ROWID;"
    "CREATE TABLE tally_names(day INTEGER NOT NULL, domain TEXT NOT NULL, remote TEXT NOT NULL, kind TEXT NOT NULL, cause INTEGER "
    "NOT NULL, class TEXT NOT NULL, action TEXT NOT NULL, source TEXT NOT NULL, stream TEXT NOT NULL, n INTEGER NOT NULL,"
    " PRIMARY KEY(day, domain, remote, kind, cause, class, action, source, stream)) WITHOUT ROWID;"
    "INSERT INTO tally SELECT day, kind, cause, class, action, source, stream, sum(n) FROM tally_old GROUP BY 1, 2, 3, 4, 5, 6, 7;"
    "INSERT INTO tally_names SELECT day, domain, '', kind, cause, class, action, source, stream, n FROM tally_old;"
    "DROP TABLE tally_old;"
    /* Per remote and hour, '' for all: what the incident breaker judges by. */
    "CREATE TABLE rates(remote TEXT NOT NULL, hour INTEGER NOT NULL, hits INTEGER NOT NULL, delivered INTEGER NOT NULL,"
    " PRIMARY KEY(remote, hour)) WITHOUT ROWID;"
    /* Derived from the log, as suppressions are. */
    "CREATE TABLE holds(key TEXT NOT NULL, stream TEXT NOT NULL, address TEXT, cause INTEGER NOT NULL, class TEXT NOT NULL,"
    " at INTEGER NOT NULL, until INTEGER NOT NULL, remote TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(key, stream)) WITHOUT "
    "ROWID;"
    "CREATE INDEX holds_remote ON holds(remote, until);"
    "CREATE TABLE incidents(remote TEXT NOT NULL, until INTEGER NOT NULL, opened INTEGER NOT NULL, held INTEGER NOT NULL,"
    " state TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(remote, until)) WITHOUT ROWID;",
    /* Erased addresses that stay suppressed, by their keyed hash alone; and log rows whose details were dropped for their age. */
    "CREATE TABLE forgotten(hash BLOB NOT NULL, stream TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER, seq INTEGER NOT NULL,"
    " PRIMARY KEY(hash, stream)) WITHOUT ROWID;ALTER TABLE log ADD COLUMN trimmed INTEGER NOT NULL DEFAULT 0;",
    /* What a request is answered with that comes again under its key; ids grow, so that the oldest are known. */
    "CREATE TABLE answers(id INTEGER PRIMARY KEY, token BLOB NOT NULL UNIQUE, digest BLOB NOT NULL, made INTEGER NOT NULL,"
    " answer TEXT NOT NULL);"
    "CREATE INDEX answers_made ON answers(made);",
    /* Counters with names of days that are over: pack.h. */
    "CREATE TABLE tally_words(id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);"
    "CREATE TABLE tally_sorts(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, cause INTEGER NOT NULL, class TEXT NOT NULL, action TEXT "
    "NOT NULL, source TEXT NOT NULL, stream TEXT NOT NULL, UNIQUE(kind, cause, class, action, source, stream));"
    "CREATE TABLE tally_packed(day INTEGER NOT NULL, part INTEGER NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY(day, part));",
    /* The first report that an incident holds: what went through before it was seen is taken in. */
    "ALTER TABLE incidents ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
    "UPDATE incidents SET since = coalesce((SELECT min(l.at) FROM log l WHERE l.action IN ('suppress','clear','done','hold')"
    " AND l.action = 'hold' AND l.remote = incidents.remote AND l.until = incidents.until), opened);",
    /* Unexplained messages that say the same; those of before are of no group. */
    ("ALTER TABLE raw ADD COLUMN alike INTEGER;"
     "CREATE INDEX raw_alike ON raw(alike) WHERE alike IS NOT NULL;"),
    /* What was sent: a Message-ID's hash and whose it was, in the order of recording. No part of the log. */
    "CREATE TABLE sent(n INTEGER PRIMARY KEY, id INTEGER NOT NULL, key TEXT NOT NULL, stream TEXT, made INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX sent_id ON sent(id, key);",
    /* The ledger by recipient, too: a short hash of the key (sent.h) serves both indexes, and is smaller than two keys. */
    "ALTER TABLE sent ADD COLUMN who INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX sent_id;"
    "UPDATE sent SET who = nx_who(key);"
    "CREATE UNIQUE INDEX sent_id ON sent(id, who);"
    "CREATE INDEX sent_who ON sent(who);",
    /* When mail last came that somebody of a domain is proved to have sent. No part of the log. */
    "CREATE TABLE alive(domain TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;",
    /* What held an event's suppression back, where that is not the remote. */
    "ALTER TABLE log ADD COLUMN holder TEXT;",
    "DROP INDEX log_change;"
    "CREATE INDEX log_change ON log(seq) WHERE (action='suppress' OR action='clear' OR action='done' OR action='hold');",
};
/* Two branches that each raise it by one do not build together. */
G_STATIC_ASSERT(G_N_ELEMENTS(nx_schema_migrations) == NX_DB_SCHEMA);
