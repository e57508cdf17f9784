/* SPDX-License-Identifier: Apache-2.0 */
#include "event/remote.h"
#include "store/sqlite/domain.h"
#include "store/sqlite/forget.h"
#include "store/sqlite/pending.h"
#include "store/sqlite/rate.h"
#include "store/sqlite/raw.h"
#include "store/sqlite/hold.h"
#include "store/sqlite/read.h"
#include "store/sqlite/retain.h"
#include "store/sqlite/scan.h"
#include "store/sqlite/shrink.h"
#include "store/sqlite/sent.h"
#include "store/sqlite/tally.h"
#include "store/sqlite/write.h"

static const char BEGIN[] = "BEGIN IMMEDIATE";
static const char COMMIT[] = "COMMIT";

static struct nx_backend *backend_open(const char *path, const struct nx_policy *policy, GError **error)
{
    struct nx_db *db = nx_db_open(path, true, error);
    if (db == NULL)
        return NULL;
    struct nx_feed *feed = nx_feed_new(db, error);
    if (feed == NULL) {
        nx_db_close(db);
        return NULL;
    }
    struct nx_backend *backend = g_new0(struct nx_backend, 1);
    backend->db = db;
    backend->feed = feed;
    backend->policy = *policy;
    backend->scratch = nx_arena_new();
    backend->hosts = nx_hosts_new();
    nx_raw_limit(backend, &NX_RAW_LIMITS_DEFAULT);
    return backend;
}

static struct nx_reader *reader_within(struct nx_backend *backend, GError **error)
{
    (void)error;
    if (backend->within == NULL)
        backend->within = nx_read_within(backend->db);
    return backend->within;
}

static void backend_close(struct nx_backend *backend)
{
    g_clear_pointer(&backend->within, nx_read_free);
    nx_db_close(backend->db);
    nx_arena_free(backend->scratch);
    nx_hosts_free(backend->hosts);
    g_clear_pointer(&backend->breaker.limits, g_hash_table_unref);
    g_free(backend);
}

static gboolean begin(struct nx_backend *backend, GError **error)
{
    sqlite3_stmt *begin = nx_db_statement(backend->db, BEGIN, error);
    if (begin == NULL || !nx_db_run(backend->db, begin, error))
        return FALSE;
    nx_pending_begin(backend->db);
    return TRUE;
}

static gboolean commit(struct nx_backend *backend, GError **error)
{
    sqlite3_stmt *commit = nx_db_statement(backend->db, COMMIT, error);
    if (commit == NULL || !nx_pending_write(backend->db, error) || !nx_db_run(backend->db, commit, error))
        return FALSE;
    nx_pending_end(backend->db);
    return TRUE;
}

static void rollback(struct nx_backend *backend)
{
    nx_pending_end(backend->db);
    backend->clock.looked = false;                    /* its mark went, too */
    if (!sqlite3_get_autocommit(backend->db->sqlite)) /* a full disk has done it already */
        (void)!nx_db_exec(backend->db, "ROLLBACK", NULL);
}

const struct nx_backend_ops nx_sqlite_ops = {
    .prefix = "",
    .open = backend_open,
    .close = backend_close,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .add = nx_write_add,
    .act = nx_write_act,
    .import = nx_write_import,
    .settle = nx_hold_settle,
    .claim = nx_write_claim,
    .recall = nx_answers_recall,
    .answered = nx_answers_answered,
    .keep = nx_answers_keep,
    .reader_within = reader_within,
    .sent = nx_sent_add,
    .sweep_sent = nx_sent_sweep,
    .find_sent = nx_sent_find,
    .mark = nx_write_mark,
    .forget = nx_forget,
    .mentions = nx_forget_mentions,
    .wipe = nx_forget_wipe,
    .retain = nx_retain_step,
    .lose_erased = nx_forget_lose,
    .limit_raw = nx_raw_limit,
    .rebuild = nx_write_rebuild,
    .check = nx_read_check,
    .shrink = nx_write_shrink,
    .reader_new = nx_read_new,
    .reader_free = nx_read_free,
    .lookup = nx_read_lookup,
    .list = nx_read_list,
    .log = nx_read_log,
    .holds = nx_read_holds,
    .incidents = nx_read_incidents,
    .held = nx_read_held,
    .domains = nx_read_domains,
    .position = nx_read_position,
    .get_mark = nx_read_mark,
    .raw = nx_raw_read,
    .tally = nx_read_tally,
    .knows_source = nx_read_knows_source,
    .sent_to = nx_sent_read_all,
    .erased = nx_scan_erased,
    .size = nx_read_size,
    .forgotten_stamp = nx_scan_forgotten_stamp,
    .forgotten = nx_scan_forgotten,
    .hold = nx_scan_hold,
    .let_go = nx_scan_let_go,
    .about = nx_scan_about,
    .count = nx_scan_count,
    .scan = nx_scan_all,
    .changed = nx_scan_changed,
    .keys = nx_scan_keys,
    .moment = nx_scan_moment,
};
