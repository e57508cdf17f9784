/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/db.h"

#include "base/error.h"
#include "store/sqlite/pack.h"
#include "store/sqlite/pending.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sent.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 5000
#define POLL_US 2000

gboolean nx_db_fail(struct nx_db *db, int code, GError **error)
{
    const char *path = db->path, *why = db->sqlite != NULL ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code);
    int system = db->sqlite != NULL ? sqlite3_system_errno(db->sqlite) : 0;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY,
                    "%s: locked by another process for %d s (try again, or find who holds it: fuser %s)", path, BUSY_MS / 1000,
                    path);
        return FALSE;
    case SQLITE_FULL:
        g_set_error(error, NX_ERROR, NX_ERROR_FULL, "%s: no space left (make room on that file system; nothing of this was kept)",
                    path);
        return FALSE;
    case SQLITE_READONLY:
        g_set_error(error, NX_ERROR, NX_ERROR_READ_ONLY,
                    "%s: cannot be written (check the owner and mode of the file and of its directory)", path);
        return FALSE;
    case SQLITE_CORRUPT:
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT,
                    "%s: damaged: %s (stop what writes to it; put back a copy, or save what can be read: sqlite3 %s .recover | "
                    "sqlite3 new.db)",
                    path, why, path);
        return FALSE;
    case SQLITE_NOTADB:
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: not a database (is it the right file?)", path);
        return FALSE;
    case SQLITE_IOERR:
        /* SQLite does not pass on why a write failed; a quota and a size limit look like this. */
        if (code == SQLITE_IOERR_WRITE || system == ENOSPC || system == EFBIG || system == EDQUOT) {
            g_set_error(error, NX_ERROR, NX_ERROR_FULL,
                        "%s: cannot be written: no space left, over a quota or over a size limit (make room or raise it; nothing "
                        "of this was kept)",
                        path);
            return FALSE;
        }
        break;
    case SQLITE_CANTOPEN:
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: cannot be opened: %s (check that its directory is there and may be written)",
                    path, system != 0 ? g_strerror(system) : why);
        return FALSE;
    default:
        break;
    }
    g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s%s%s (nothing of this was kept)", path, why, system != 0 ? ": " : "",
                system != 0 ? g_strerror(system) : "");
    return FALSE;
}

gboolean nx_db_exec(struct nx_db *db, const char *sql, GError **error)
{
    int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || nx_db_fail(db, code, error);
}

sqlite3_stmt *nx_db_statement(struct nx_db *db, const char *sql, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(db->statements, sql);
    if (statement != NULL)
        return statement;
    int code = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (code != SQLITE_OK) {
        nx_db_fail(db, code, error);
        return NULL;
    }
    g_hash_table_insert(db->statements, (gpointer)(guintptr)sql, statement);
    return statement;
}

void nx_db_reset(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
}

int nx_db_step(struct nx_db *db, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        nx_db_fail(db, code, error);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

gboolean nx_db_run(struct nx_db *db, sqlite3_stmt *statement, GError **error)
{
    int got = nx_db_step(db, statement, error);
    g_assert(got <= 0);
    return got == 0;
}

gboolean nx_db_run_number(struct nx_db *db, const char *sql, int64_t number, GError **error)
{
    sqlite3_stmt *statement = nx_db_statement(db, sql, error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, number);
    return nx_db_run(db, statement, error);
}

gboolean nx_db_run_text(struct nx_db *db, const char *sql, struct nx_str text, GError **error)
{
    sqlite3_stmt *statement = nx_db_statement(db, sql, error);
    if (statement == NULL)
        return FALSE;
    nx_db_bind_text(statement, 1, text);
    return nx_db_run(db, statement, error);
}

gboolean nx_db_exists(struct nx_db *db, sqlite3_stmt *statement, bool *ret, GError **error)
{
    int got = nx_db_step(db, statement, error);
    if (got > 0)
        nx_db_reset(statement);
    *ret = got > 0;
    return got >= 0;
}

void nx_db_bind_text(sqlite3_stmt *statement, int at, struct nx_str text)
{
    sqlite3_bind_text64(statement, at, text.n > 0 ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

void nx_db_bind_opt(sqlite3_stmt *statement, int at, struct nx_str text)
{
    if (text.n == 0)
        sqlite3_bind_null(statement, at);
    else
        nx_db_bind_text(statement, at, text);
}

void nx_db_bind_when(sqlite3_stmt *statement, int at, nx_when when)
{
    if (when == NX_WHEN_NONE)
        sqlite3_bind_null(statement, at);
    else
        sqlite3_bind_int64(statement, at, when);
}

void nx_db_bind_cause(struct nx_db *db, sqlite3_stmt *statement, int at, enum nx_cause cause)
{
    sqlite3_bind_int(statement, at, db->cause_ids[cause]);
}

struct nx_str nx_db_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return (struct nx_str){text, (size_t)sqlite3_column_bytes(statement, column)};
}

nx_when nx_db_when(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NX_WHEN_NONE : sqlite3_column_int64(statement, column);
}

enum nx_cause nx_db_cause(const struct nx_db *db, sqlite3_stmt *statement, int column)
{
    int id = sqlite3_column_int(statement, column);
    return id >= 0 && (guint)id < db->causes->len ? g_array_index(db->causes, enum nx_cause, id) : NX_CAUSE_UNKNOWN;
}

/* Classes are kept by the first letter of their name. */
void nx_db_bind_class(sqlite3_stmt *statement, int at, enum nx_class class_)
{
    sqlite3_bind_text(statement, at, nx_class_name(class_), 1, SQLITE_STATIC);
}

enum nx_class nx_db_class(sqlite3_stmt *statement, int column)
{
    const unsigned char *letter = sqlite3_column_text(statement, column);
    for (int i = 0; letter != NULL && i < NX_CLASS_COUNT; i++)
        if (nx_class_name((enum nx_class)i)[0] == (char)*letter)
            return (enum nx_class)i;
    return NX_CLASS_NONE;
}

static gboolean get_int(struct nx_db *db, const char *sql, int64_t *ret, GError **error)
{
    sqlite3_stmt *statement = nx_db_statement(db, sql, error);
    if (statement == NULL || nx_db_step(db, statement, error) < 0)
        return FALSE;
    *ret = sqlite3_column_int64(statement, 0);
    nx_db_reset(statement);
    return TRUE;
}

/* What kind of file this is: ret_version 0 for an empty one. */
static gboolean recognise(struct nx_db *db, int64_t *ret_version, GError **error)
{
    int64_t tables, application, version;
    if (!get_int(db, "SELECT count(*) FROM sqlite_master", &tables, error) ||
        !get_int(db, "PRAGMA application_id", &application, error) || !get_int(db, "PRAGMA user_version", &version, error))
        return FALSE;
    if (tables > 0 && application != NX_DB_APPLICATION) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s: a database of another program (name another file)", db->path);
        return FALSE;
    }
    if (version > NX_DB_SCHEMA) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG,
                    "%s: written by a newer Nixie (schema %d, this one knows %d): upgrade this one", db->path, (int)version,
                    NX_DB_SCHEMA);
        return FALSE;
    }
    *ret_version = tables == 0 ? 0 : version;
    return TRUE;
}

/* 'dictionary' is that of versions before 15. */
static gboolean create_dictionary(struct nx_db *db, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_str dictionary = nx_zip_dictionary(arena);
    sqlite3_stmt *insert = nx_db_statement(
        db, "INSERT OR IGNORE INTO meta(name, value) VALUES('records', ?1), ('uuid', lower(hex(randomblob(16))))", error);
    if (insert == NULL)
        return FALSE;
    sqlite3_bind_blob64(insert, 1, dictionary.p, dictionary.n, SQLITE_STATIC);
    return nx_db_run(db, insert, error);
}

static gboolean migrate_locked(struct nx_db *db, GError **error)
{
    int64_t version;
    if (!recognise(db, &version, error)) /* again: another process may have been faster */
        return FALSE;
    for (int64_t from = version; from < NX_DB_SCHEMA; from++)
        if (!nx_db_exec(db, nx_schema_migrations[from], error))
            return FALSE;
    if (!create_dictionary(db, error) || !nx_pack_all(db, error))
        return FALSE;
    sqlite3_stmt *name = nx_db_statement(db, "INSERT OR IGNORE INTO causes(name) VALUES(?1)", error);
    if (name == NULL)
        return FALSE;
    for (int i = NX_CAUSE_NONE + 1; i < NX_CAUSE_COUNT; i++) {
        nx_db_bind_text(name, 1, nx_str_of(nx_cause_name((enum nx_cause)i)));
        if (!nx_db_run(db, name, error))
            return FALSE;
    }
    g_autofree char *marks = g_strdup_printf("PRAGMA application_id=%d; PRAGMA user_version=%d", NX_DB_APPLICATION, NX_DB_SCHEMA);
    return nx_db_exec(db, marks, error);
}

static gboolean is_current(struct nx_db *db, bool *ret, GError **error)
{
    int64_t version, causes;
    if (!recognise(db, &version, error))
        return FALSE;
    if (version == NX_DB_SCHEMA && !get_int(db, "SELECT count(*) FROM causes", &causes, error))
        return FALSE;
    *ret = version == NX_DB_SCHEMA && causes >= NX_CAUSE_COUNT - 1;
    return TRUE;
}

/* Creates or migrates, in one transaction. */
static gboolean make_current(struct nx_db *db, GError **error)
{
    bool current;
    if (!is_current(db, &current, error))
        return FALSE;
    if (current)
        return TRUE;
    if (!nx_sent_functions(db, error) || !nx_db_exec(db, "BEGIN IMMEDIATE", error))
        return FALSE;
    if (migrate_locked(db, error) && nx_db_exec(db, "COMMIT", error))
        return TRUE;
    (void)!nx_db_exec(db, "ROLLBACK", NULL);
    return FALSE;
}

static gboolean load_causes(struct nx_db *db, GError **error)
{
    db->causes = g_array_new(FALSE, TRUE, sizeof(enum nx_cause)); /* id 0 is NX_CAUSE_NONE */
    g_array_set_size(db->causes, 1);
    sqlite3_stmt *all = nx_db_statement(db, "SELECT id, name FROM causes ORDER BY id", error);
    int got;
    if (all == NULL)
        return FALSE;
    while ((got = nx_db_step(db, all, error)) > 0) {
        int id = sqlite3_column_int(all, 0);
        enum nx_cause cause = NX_CAUSE_UNKNOWN; /* of a later version */
        bool known = nx_cause_parse(nx_db_text(all, 1), &cause);
        if (id <= 0 || id > 10000)
            continue;
        while (db->causes->len <= (guint)id)
            g_array_append_vals(db->causes, &(enum nx_cause){NX_CAUSE_UNKNOWN}, 1);
        g_array_index(db->causes, enum nx_cause, id) = cause;
        if (known)
            db->cause_ids[cause] = id;
    }
    return got == 0;
}

/* Its bytes are the statement's; n == 0: there is none. */
static gboolean get_dictionary(struct nx_db *db, const char *sql, sqlite3_stmt **ret_row, struct nx_str *ret, GError **error)
{
    *ret_row = nx_db_statement(db, sql, error);
    int got = *ret_row == NULL ? -1 : nx_db_step(db, *ret_row, error);
    *ret = NX_STR_NONE;
    if (got > 0)
        *ret = (struct nx_str){sqlite3_column_blob(*ret_row, 0), (size_t)sqlite3_column_bytes(*ret_row, 0)};
    return got >= 0;
}

static gboolean load_dictionary(struct nx_db *db, GError **error)
{
    sqlite3_stmt *rows[2];
    struct nx_str now, former;
    if (!get_dictionary(db, "SELECT value FROM meta WHERE name='records'", &rows[0], &now, error) ||
        !get_dictionary(db, "SELECT value FROM meta WHERE name='dictionary'", &rows[1], &former, error))
        return FALSE;
    if (now.n > 0)
        db->zip = nx_zip_new(now, former);
    else
        g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: its dictionary is gone, so its events cannot be read (put back a copy)",
                    db->path);
    nx_db_reset(rows[0]);
    nx_db_reset(rows[1]);
    return now.n > 0;
}

/* SQLite's own pauses grow to 100 ms, and hardly ever meet the gap that a busy writer leaves (store/writer.c). */
static int wait_for_lock(void *data, int tries)
{
    struct nx_db *db = data;
    int64_t now = g_get_monotonic_time();
    if (tries == 0)
        db->waiting_since = now;
    if (now - db->waiting_since >= BUSY_MS * 1000)
        return 0;
    g_usleep(POLL_US);
    return 1;
}

static gboolean set_up(struct nx_db *db, bool write, GError **error)
{
    sqlite3_extended_result_codes(db->sqlite, 1);
    sqlite3_busy_handler(db->sqlite, wait_for_lock, db);
    int64_t version;
    if (!recognise(db, &version, error)) /* before anything is written: the file may be somebody else's */
        return FALSE;
    if (write &&
        !nx_db_exec(
            db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-65536;"
            "PRAGMA wal_autocheckpoint=4000;" /* pages, what one region of the WAL's index finds; the same ones come again and again
                                               */
            "PRAGMA secure_delete=ON",        /* what is erased is written over */
            error))
        return FALSE;
    if (!write && !nx_db_exec(db, "PRAGMA query_only=1; PRAGMA mmap_size=1073741824", error))
        return FALSE;
    if (write)
        return make_current(db, error) && load_causes(db, error) && load_dictionary(db, error);
    if (version != NX_DB_SCHEMA) {
        g_set_error(error, NX_ERROR, version == 0 ? NX_ERROR_NOT_FOUND : NX_ERROR_CONFIG,
                    version == 0 ? "%s: empty, nothing was ever stored here (is it the right file?)"
                                 : "%s: of an older Nixie (run: nixie db migrate)",
                    db->path);
        return FALSE;
    }
    return load_causes(db, error) && load_dictionary(db, error);
}

/* A reader of a clean file in a directory that it may not write cannot make the shared memory that WAL needs; nobody else can write
 * there either, or the file would not be at rest, so it may be read as it lies. */
static int open_at_rest(struct nx_db *db)
{
    g_autofree char *wal = g_strconcat(db->path, "-wal", NULL);
    g_autofree char *directory = g_path_get_dirname(db->path);
    if (access(wal, F_OK) == 0 || access(directory, W_OK) == 0)
        return SQLITE_CANTOPEN;
    g_autofree char *escaped = g_uri_escape_string(db->path, "/", TRUE);
    g_autofree char *uri = g_strdup_printf("file:%s?immutable=1", escaped);
    sqlite3_close(db->sqlite);
    return sqlite3_open_v2(uri, &db->sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
}

static void finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

/* Its count of memory in use is nobody's business here, and a lock that all threads meet at. */
static void set_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct nx_db *nx_db_open(const char *path, bool write, GError **error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_library);
    g_autoptr(nx_db) db = g_new0(struct nx_db, 1);
    struct stat info;
    db->path = g_strdup(path);
    db->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, finalize);
    db->pending = write ? nx_pending_new() : NULL;
    if (!write && stat(path, &info) != 0 && errno == ENOENT) {
        g_set_error(error, NX_ERROR, NX_ERROR_NOT_FOUND,
                    "%s: there is no such database (nothing was stored yet, or name it: --db PATH)", path);
        return NULL;
    }
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: a directory (name a file in it)", path);
        return NULL;
    }
    int flags = (write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
    if (code == SQLITE_OK && !write) {
        int probe = sqlite3_exec(db->sqlite, "SELECT 1 FROM sqlite_master", NULL, NULL, NULL) & 0xff;
        if (probe == SQLITE_CANTOPEN || probe == SQLITE_READONLY)
            code = open_at_rest(db);
    }
    if (code != SQLITE_OK) {
        nx_db_fail(db, code, error);
        return NULL;
    }
    if (write && sqlite3_db_readonly(db->sqlite, "main") == 1) {
        nx_db_fail(db, SQLITE_READONLY, error);
        return NULL;
    }
    return set_up(db, write, error) ? g_steal_pointer(&db) : NULL;
}

void nx_db_close(struct nx_db *db)
{
    if (db == NULL)
        return;
    g_hash_table_unref(db->statements);
    nx_pending_free(db->pending);
    sqlite3_close(db->sqlite);
    nx_zip_free(db->zip);
    nx_pseudonym_hasher_free(db->hasher);
    nx_pseudonym_free(db->secret);
    if (db->causes != NULL)
        g_array_unref(db->causes);
    g_free(db->path);
    g_free(db);
}
