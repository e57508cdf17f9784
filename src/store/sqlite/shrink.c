/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/shrink.h"

#include "base/error.h"
#include "store/sqlite/read.h"

gboolean nx_read_size(struct nx_reader *reader, struct nx_size *ret, GError **error)
{
    static const char SIZE[] = "SELECT page_count * page_size, freelist_count * page_size"
                               " FROM pragma_page_count, pragma_page_size, pragma_freelist_count";
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *size = nx_db_statement(db, SIZE, error);
    if (size == NULL || nx_db_step(db, size, error) <= 0)
        return FALSE;
    *ret = (struct nx_size){(uint64_t)sqlite3_column_int64(size, 0), (uint64_t)sqlite3_column_int64(size, 1)};
    nx_db_reset(size);
    return TRUE;
}

gboolean nx_shrink_log(struct nx_db *db, const char *then, GError **error)
{
    static const char CHECKPOINT[] = "PRAGMA wal_checkpoint(TRUNCATE)";
    sqlite3_stmt *checkpoint = nx_db_statement(db, CHECKPOINT, error);
    if (checkpoint == NULL || nx_db_step(db, checkpoint, error) < 0)
        return FALSE;
    bool busy = sqlite3_column_int(checkpoint, 0) != 0;
    nx_db_reset(checkpoint);
    if (busy)
        g_set_error(error, NX_ERROR, NX_ERROR_BUSY, "%s-wal: somebody reads what was there before, so %s", db->path, then);
    return !busy;
}

gboolean nx_write_shrink(struct nx_backend *backend, GError **error)
{
    return nx_db_exec(backend->db, "VACUUM", error) &&
           nx_shrink_log(backend->db, "the file shrinks when that ends (nothing is left to do)", error);
}
