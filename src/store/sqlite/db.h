/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite/db.h - one SQLite connection: opening, the schema and its migrations, statements, errors. Inner to the back-end.
 *
 * WAL, synchronous FULL: a commit that returned is on disk. A connection belongs to one thread. Statements are prepared once and
 * kept; nx_db_step resets one that is done or failed, so a loop needs no clean-up; a caller that stops early calls nx_db_reset.
 * Slices of columns live until the next step. Schema: docs/store.md. Errors: store/store.h. */
#pragma once
#include "event/names.h"
#include "base/when.h"
#include "store/pseudonym.h"
#include "store/sqlite/zip.h"

#include <sqlite3.h>

/* Lookup tables hold whole keys; those made before are of another database then. */
#define NX_DB_RENEW "UPDATE main.meta SET value=lower(hex(randomblob(16))) WHERE name='uuid';"
#define NX_DB_SCHEMA 15

struct nx_db {
    sqlite3 *sqlite;
    char *path;
    int64_t waiting_since;  /* for another process's lock, microseconds */
    GHashTable *statements; /* SQL text (by pointer) to sqlite3_stmt */
    struct nx_zip *zip;
    struct nx_pending *pending;  /* counters (pending.h); NULL: of a reader */
    struct nx_pseudonym *secret; /* of erased addresses; NULL until it is needed */
    struct nx_pseudonym_hasher *hasher;
    int cause_ids[NX_CAUSE_COUNT]; /* ids in this file; names are what counts */
    GArray *causes;                /* the reverse */
};

struct nx_db *nx_db_open(const char *path, bool write, GError **error);
void nx_db_close(struct nx_db *db);
/* Sets error from the result code; always FALSE. */
gboolean nx_db_fail(struct nx_db *db, int code, GError **error);
gboolean nx_db_exec(struct nx_db *db, const char *sql, GError **error);
/* Prepared at first use. The text's address is the key, so it must be static. */
sqlite3_stmt *nx_db_statement(struct nx_db *db, const char *sql, GError **error);
/* 1 a row, 0 done, -1 error. */
int nx_db_step(struct nx_db *db, sqlite3_stmt *statement, GError **error);
void nx_db_reset(sqlite3_stmt *statement);
/* Steps a statement that gives no row. */
gboolean nx_db_run(struct nx_db *db, sqlite3_stmt *statement, GError **error);
/* The same of a text (as of nx_db_statement) with one number, or one text, bound. */
gboolean nx_db_run_number(struct nx_db *db, const char *sql, int64_t number, GError **error);
gboolean nx_db_run_text(struct nx_db *db, const char *sql, struct nx_str text, GError **error);
/* Does a bound statement give a row? It is reset. */
gboolean nx_db_exists(struct nx_db *db, sqlite3_stmt *statement, bool *ret, GError **error);

/* Bytes stay the caller's until the statement is done. An absent slice is bound as '', by _opt as NULL. */
void nx_db_bind_text(sqlite3_stmt *statement, int at, struct nx_str text);
void nx_db_bind_opt(sqlite3_stmt *statement, int at, struct nx_str text);
void nx_db_bind_when(sqlite3_stmt *statement, int at, nx_when when);
void nx_db_bind_cause(struct nx_db *db, sqlite3_stmt *statement, int at, enum nx_cause cause);
void nx_db_bind_class(sqlite3_stmt *statement, int at, enum nx_class class_);
enum nx_class nx_db_class(sqlite3_stmt *statement, int column);
struct nx_str nx_db_text(sqlite3_stmt *statement, int column);
nx_when nx_db_when(sqlite3_stmt *statement, int column);
enum nx_cause nx_db_cause(const struct nx_db *db, sqlite3_stmt *statement, int column);

typedef struct nx_db nx_db; /* for g_autoptr only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nx_db, nx_db_close)
