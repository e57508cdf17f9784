/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/shrink.h"

#include "base/error.h"
#include "store/sqlite/read.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FRAME 24u /* bytes that the write-ahead log adds to a page */

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

/* Where SQLite puts files without a name (sqlite.org/tempfiles.html, 5). */
static const char *temporary(void)
{
    const char *const places[] = {g_getenv("SQLITE_TMPDIR"), g_getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp"};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        if (places[i] != NULL && g_file_test(places[i], G_FILE_TEST_IS_DIR) && access(places[i], W_OK | X_OK) == 0)
            return places[i];
    return ".";
}

/* Are so many bytes free there? Where that cannot be told, they are. */
static gboolean has_room(const char *directory, uint64_t need, const char *what, GError **error)
{
    struct statvfs about;
    if (statvfs(directory, &about) != 0)
        return TRUE;
    uint64_t left = (uint64_t)about.f_bavail * about.f_frsize;
    if (left >= need)
        return TRUE;
    g_set_error(error, NX_ERROR, NX_ERROR_FULL,
                "%s: %.1f MB are needed there for %s, and %.1f are free (make room%s; nothing was changed)", directory,
                (double)need / 1e6, what, (double)left / 1e6,
                strcmp(directory, temporary()) == 0 ? ", or name another directory: SQLITE_TMPDIR" : "");
    return FALSE;
}

/* What stays is written twice: to a file without a name, and from there through the write-ahead log, which lies beside the file. */
static gboolean has_rooms(struct nx_db *db, GError **error)
{
    static const char STAYS[] = "SELECT page_count - freelist_count, page_size"
                                " FROM pragma_page_count, pragma_page_size, pragma_freelist_count";
    g_autofree char *beside = g_path_get_dirname(db->path);
    const char *away = temporary();
    struct stat a, b;
    sqlite3_stmt *stays = nx_db_statement(db, STAYS, error);
    if (stays == NULL || nx_db_step(db, stays, error) <= 0)
        return FALSE;
    uint64_t pages = (uint64_t)sqlite3_column_int64(stays, 0), size = (uint64_t)sqlite3_column_int64(stays, 1);
    nx_db_reset(stays);
    if (stat(beside, &a) == 0 && stat(away, &b) == 0 && a.st_dev == b.st_dev)
        return has_room(beside, pages * (2 * size + FRAME), "the file to be written anew, twice", error);
    return has_room(beside, pages * (size + FRAME), "the write-ahead log", error) &&
           has_room(away, pages * size, "the file to be written anew", error);
}

gboolean nx_write_shrink(struct nx_backend *backend, bool dry, GError **error)
{
    if (!has_rooms(backend->db, error))
        return FALSE;
    return dry || (nx_db_exec(backend->db, "VACUUM", error) &&
                   nx_shrink_log(backend->db, "the file shrinks when that ends (nothing is left to do)", error));
}
