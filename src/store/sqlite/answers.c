/* SPDX-License-Identifier: Apache-2.0 */
/* What repeated requests are answered with. */
#include "store/sqlite/clock.h"
#include "store/sqlite/read.h"

#include "base/error.h"

static const char LOOK[] = "SELECT digest, answer, made FROM answers WHERE token=?1";
static const char KEEP[] = "INSERT OR REPLACE INTO answers(token, digest, made, answer) VALUES(?1,?2,?3,?4)";
static const char EXPIRE[] = "DELETE FROM answers WHERE made<?1";
static const char BOUND[] = "DELETE FROM answers WHERE id<=(SELECT max(id) FROM answers)-?1";

/* Is what was kept at that time past its days? A clock that leapt does not say so. */
static gboolean is_past(struct nx_db *db, nx_when made, nx_when now, bool *ret, GError **error)
{
    nx_when leap = NX_WHEN_NONE;
    *ret = made < now - NX_CLAIM_DAYS * 86400;
    if (*ret && !nx_clock_judge(db, now, &leap, error))
        return FALSE;
    *ret = *ret && leap == NX_WHEN_NONE;
    return TRUE;
}

static int recall(struct nx_db *db, const struct nx_claim *claim, nx_when now, GString *ret, GError **error)
{
    sqlite3_stmt *look = nx_db_statement(db, LOOK, error);
    if (look == NULL)
        return -1;
    sqlite3_bind_blob64(look, 1, claim->token.p, claim->token.n, SQLITE_STATIC);
    int got = nx_db_step(db, look, error);
    if (got <= 0)
        return got;
    struct nx_str digest = {sqlite3_column_blob(look, 0), (size_t)sqlite3_column_bytes(look, 0)}, answer = nx_db_text(look, 1);
    bool same = nx_str_eq(digest, claim->digest), past, told = is_past(db, sqlite3_column_int64(look, 2), now, &past, error);
    if (!told || past) {
        nx_db_reset(look);
        return told ? 0 : -1;
    }
    if (same)
        g_string_append_len(ret, answer.p, (gssize)answer.n);
    nx_db_reset(look);
    if (!same)
        g_set_error(error, NX_ERROR, NX_ERROR_DENIED, "this key came before, with another request");
    return same ? 1 : -1;
}

int nx_answers_recall(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, GString *ret, GError **error)
{
    return recall(backend->db, claim, now, ret, error);
}

int nx_answers_answered(struct nx_reader *reader, const struct nx_claim *claim, nx_when now, GString *ret, GError **error)
{
    return recall(nx_sqlite_reader(reader)->db, claim, now, ret, error);
}

static gboolean drop(struct nx_db *db, const char *sql, int64_t value, GError **error)
{
    sqlite3_stmt *statement = nx_db_statement(db, sql, error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, value);
    return nx_db_run(db, statement, error);
}

gboolean nx_answers_keep(struct nx_backend *backend, const struct nx_claim *claim, nx_when now, const GString *answer,
                         GError **error)
{
    struct nx_db *db = backend->db;
    sqlite3_stmt *keep = nx_db_statement(db, KEEP, error);
    if (keep == NULL || !nx_clock_look(backend, now, error))
        return FALSE;
    sqlite3_bind_blob64(keep, 1, claim->token.p, claim->token.n, SQLITE_STATIC);
    sqlite3_bind_blob64(keep, 2, claim->digest.p, claim->digest.n, SQLITE_STATIC);
    sqlite3_bind_int64(keep, 3, now);
    nx_db_bind_text(keep, 4, (struct nx_str){answer->str, answer->len});
    return nx_db_run(db, keep, error) && (!nx_clock_is_believed(backend) || drop(db, EXPIRE, now - NX_CLAIM_DAYS * 86400, error)) &&
           drop(db, BOUND, NX_ANSWERS_MOST, error);
}
