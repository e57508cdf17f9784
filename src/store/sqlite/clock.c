/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/clock.h"

#define HOUR 3600
#define BELIEVED "retain" /* the mark, by the name of who first wrote it */

static const char LAST[] = "SELECT value FROM marks WHERE name='" BELIEVED "'";
static const char WRITTEN[] = "SELECT made FROM log ORDER BY seq DESC";
static const char MOVE[] = "INSERT OR REPLACE INTO marks(name, value) VALUES('" BELIEVED "', ?1)";

static gboolean last_believed(struct nx_db *db, nx_when *ret, GError **error)
{
    sqlite3_stmt *last = nx_db_statement(db, LAST, error);
    int got = last == NULL ? -1 : nx_db_step(db, last, error);
    if (got < 0)
        return FALSE;
    *ret = got > 0 ? sqlite3_column_int64(last, 0) : NX_WHEN_NONE;
    nx_db_reset(last);
    return TRUE;
}

/* Back from now to the mark, or to the newest row where there is none. */
static gboolean find_leap(struct nx_db *db, nx_when now, nx_when mark, nx_when *ret, GError **error)
{
    sqlite3_stmt *rows = nx_db_statement(db, WRITTEN, error);
    nx_when from = now, made;
    int got = -1;
    *ret = NX_WHEN_NONE;
    while (rows != NULL && (got = nx_db_step(db, rows, error)) > 0) {
        made = MAX(sqlite3_column_int64(rows, 0), mark); /* NX_WHEN_NONE is before all */
        if (made < from - NX_CLOCK_LEAP)
            *ret = made;
        from = MIN(from, made);
        if (*ret != NX_WHEN_NONE || from <= mark || mark == NX_WHEN_NONE)
            break;
    }
    if (rows != NULL)
        nx_db_reset(rows);
    if (got == 0 && mark != NX_WHEN_NONE && mark < from - NX_CLOCK_LEAP)
        *ret = mark;
    return got >= 0;
}

static gboolean judge(struct nx_db *db, nx_when now, nx_when *ret_mark, nx_when *ret_leap, GError **error)
{
    *ret_leap = NX_WHEN_NONE;
    if (!last_believed(db, ret_mark, error))
        return FALSE;
    bool near = *ret_mark != NX_WHEN_NONE && now - *ret_mark <= NX_CLOCK_LEAP;
    return near || find_leap(db, now, *ret_mark, ret_leap, error);
}

gboolean nx_clock_judge(struct nx_db *db, nx_when now, nx_when *ret_leap, GError **error)
{
    nx_when mark;
    return judge(db, now, &mark, ret_leap, error);
}

gboolean nx_clock_look(struct nx_backend *backend, nx_when now, GError **error)
{
    nx_when mark, leap;
    if (backend->clock.looked && now >= backend->clock.at && now - backend->clock.at < HOUR)
        return TRUE;
    if (!judge(backend->db, now, &mark, &leap, error))
        return FALSE;
    if (leap == NX_WHEN_NONE)
        return nx_clock_believe(backend, now, error);
    backend->clock.looked = true;
    backend->clock.believed = false;
    backend->clock.at = now;
    /* What is written from here on is no sign that the time before it went by. */
    return mark != NX_WHEN_NONE || nx_db_run_number(backend->db, MOVE, leap, error);
}

bool nx_clock_is_believed(const struct nx_backend *backend)
{
    return backend->clock.believed;
}

gboolean nx_clock_believe(struct nx_backend *backend, nx_when now, GError **error)
{
    backend->clock.looked = backend->clock.believed = true;
    backend->clock.at = now;
    return nx_db_run_number(backend->db, MOVE, now, error);
}
