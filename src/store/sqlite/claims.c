/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that came with a webhook, and marks of readers. */
#include "store/sqlite/clock.h"

#include "base/error.h"

static const char FORGET[] = "DELETE FROM claims WHERE made<?1";
static const char LOOK[] = "SELECT digest FROM claims WHERE token=?1";
static const char CLAIM[] = "INSERT INTO claims(token, digest, made) VALUES(?1,?2,?3)";
static const char MARK[] = "INSERT OR REPLACE INTO marks(name, value) VALUES(?1,?2)";

static void bind_bytes(sqlite3_stmt *statement, int at, struct nx_str bytes)
{
    sqlite3_bind_blob64(statement, at, bytes.n > 0 ? bytes.p : "", bytes.n, SQLITE_STATIC);
}

gboolean nx_write_claim(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *forget = nx_db_statement(db, FORGET, error), *look = nx_db_statement(db, LOOK, error),
                 *insert = nx_db_statement(db, CLAIM, error);
    if (forget == NULL || look == NULL || insert == NULL || !nx_clock_look(backend, now, error))
        return FALSE;
    sqlite3_bind_int64(forget, 1, now - NX_CLAIM_DAYS * 86400);
    if (nx_clock_is_believed(backend) && !nx_db_run(db, forget, error))
        return FALSE;
    bind_bytes(look, 1, claim->token);
    int got = nx_db_step(db, look, error);
    if (got < 0)
        return FALSE;
    if (got > 0) {
        struct nx_str digest = {sqlite3_column_blob(look, 0), (size_t)sqlite3_column_bytes(look, 0)};
        bool same = nx_str_eq(digest, claim->digest);
        nx_db_reset(look);
        if (!same)
            g_set_error(error, NX_ERROR, NX_ERROR_DENIED, "this token came before, with other content");
        return same;
    }
    bind_bytes(insert, 1, claim->token);
    bind_bytes(insert, 2, claim->digest);
    sqlite3_bind_int64(insert, 3, now);
    return nx_db_run(db, insert, error);
}

gboolean nx_write_mark(struct nx_backend *backend, struct nx_str name, int64_t value, GError **error)
{
    sqlite3_stmt *mark = nx_db_statement(backend->db, MARK, error);
    if (mark == NULL)
        return FALSE;
    nx_db_bind_text(mark, 1, name);
    sqlite3_bind_int64(mark, 2, value);
    return nx_db_run(backend->db, mark, error);
}
