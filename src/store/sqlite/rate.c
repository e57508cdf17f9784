/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/rate.h"

#include "event/remote.h"
#include "store/sqlite/pending.h"
#include "store/sqlite/read.h"

#define HOUR 3600
#define LIMITS_MAX 256u /* remotes whose limit of the hour is remembered */

struct limit { /* of one remote: fewer hits in the longest window need no second look in this hour */
    int64_t hour;
    uint64_t hits;
};

/* The row in which all of its sort are added up. */
static struct nx_str sum_of(struct nx_str remote)
{
    return nx_reporter_is(remote) ? NX_STR(NX_SOURCE) : NX_STR_NONE;
}

/* ---- of the open transaction */

struct hour {
    int64_t hour;
    unsigned hits, delivered;
};

struct pending { /* of one remote */
    struct nx_str remote;
    struct hour *hours; /* n, of room for `size` */
    size_t n, size;
    bool summed; /* kept: what the table's hits of the window up to this hour add up to */
    int64_t summed_hour;
    uint64_t kept;
    bool asked, known; /* of a source: whether it had hits up to this hour */
    int64_t asked_hour;
};

static struct pending *pending_of(struct nx_db *db, struct nx_str remote)
{
    bool new;
    struct nx_slots *rates = &db->pending->rates;
    struct pending *pending = nx_slots_get(rates, remote, sizeof *pending, &new);
    if (new)
        pending->remote = nx_arena_dup(rates->arena, remote);
    return pending;
}

static struct hour *hour_of(struct nx_db *db, struct pending *pending, int64_t hour)
{
    for (size_t i = 0; i < pending->n; i++)
        if (pending->hours[i].hour == hour)
            return &pending->hours[i];
    if (pending->n == pending->size) {
        size_t size = MAX(2 * pending->size, 4);
        struct hour *hours = nx_arena_array(db->pending->rates.arena, size, sizeof *hours);
        if (pending->n > 0)
            memcpy(hours, pending->hours, pending->n * sizeof *hours);
        pending->hours = hours;
        pending->size = size;
    }
    pending->hours[pending->n] = (struct hour){.hour = hour};
    db->pending->first_hour = MIN(db->pending->first_hour, hour);
    return &pending->hours[pending->n++];
}

static void add(struct nx_db *db, struct nx_str remote, nx_when at, unsigned hits, unsigned delivered)
{
    if (hits + delivered == 0 && remote.n > 0)
        return;
    struct hour *hour = hour_of(db, pending_of(db, remote), at / HOUR);
    hour->hits += hits;
    hour->delivered += delivered;
}

/* What was looked up beside them is worth nothing afterwards. */
gboolean nx_rate_write(struct nx_db *db, GError **error)
{
    static const char SEEN[] = "INSERT INTO rates(remote, hour, hits, delivered) VALUES(?1,?2,0,0) ON CONFLICT DO NOTHING";
    static const char ADD[] = "INSERT INTO rates(remote, hour, hits, delivered) VALUES(?1,?2,?3,?4)"
                              " ON CONFLICT DO UPDATE SET hits = hits + ?3, delivered = delivered + ?4";
    struct nx_slots *rates = &db->pending->rates;
    for (guint i = 0; i < rates->all->len; i++) {
        const struct pending *pending = rates->all->pdata[i];
        for (size_t k = 0; k < pending->n; k++) {
            const struct hour *hour = &pending->hours[k];
            bool counts = hour->hits + hour->delivered > 0;
            sqlite3_stmt *put = nx_db_statement(db, counts ? ADD : SEEN, error);
            if (put == NULL)
                return FALSE;
            nx_db_bind_text(put, 1, pending->remote);
            sqlite3_bind_int64(put, 2, hour->hour);
            if (counts) {
                sqlite3_bind_int64(put, 3, hour->hits);
                sqlite3_bind_int64(put, 4, hour->delivered);
            }
            if (!nx_db_run(db, put, error))
                return FALSE;
        }
    }
    nx_slots_clear(rates);
    db->pending->first_hour = INT64_MAX;
    return TRUE;
}

/* ---- counting */

static gboolean sweep(struct nx_backend *backend, nx_when now, GError **error)
{
    static const char SWEEP[] = "DELETE FROM rates WHERE hour < (SELECT day * 24 FROM (SELECT DISTINCT hour / 24 AS day FROM rates"
                                " WHERE remote = '') ORDER BY day DESC LIMIT 1 OFFSET 38)";
    if (backend->breaker.swept != 0 && now >= backend->breaker.swept && now - backend->breaker.swept < HOUR)
        return TRUE;
    backend->breaker.swept = now;
    sqlite3_stmt *old = nx_rate_write(backend->db, error) ? nx_db_statement(backend->db, SWEEP, error) : NULL;
    return old != NULL && nx_db_run(backend->db, old, error);
}

gboolean nx_rate_add(struct nx_backend *backend, struct nx_str remote, nx_when at, nx_when now, unsigned hits, unsigned delivered,
                     GError **error)
{
    if (remote.n == 0)
        return TRUE;
    add(backend->db, sum_of(remote), at, hits, delivered);
    add(backend->db, remote, at, hits, delivered);
    return sweep(backend, now, error);
}

gboolean nx_rate_add_source(struct nx_backend *backend, struct nx_str source, bool new, nx_when at, nx_when now, GError **error)
{
    add(backend->db, NX_STR(NX_SOURCE), at, 1, 0);
    add(backend->db, source, at, 1, 0);
    if (new)
        add(backend->db, NX_STR(NX_SOURCE_NEW), at, 1, 0);
    return sweep(backend, now, error);
}

/* So late a hit of it is one of a source that was met before. */
static int64_t met_before(const struct nx_breaker *breaker, nx_when at)
{
    return at / HOUR - nx_breaker_hours(breaker, NX_BREAKER_WINDOWS - 1);
}

static gboolean is_known(struct nx_db *db, struct nx_str source, int64_t before, bool *ret, GError **error)
{
    static const char FIND[] = "SELECT EXISTS(SELECT 1 FROM rates WHERE remote=?1 AND hour<=?2 AND hits>0)"
                               " OR NOT EXISTS(SELECT 1 FROM rates WHERE remote='" NX_SOURCE "' AND hour<=?2 AND hits>0)";
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    if (find == NULL)
        return FALSE;
    nx_db_bind_text(find, 1, source);
    sqlite3_bind_int64(find, 2, before);
    if (nx_db_step(db, find, error) < 0)
        return FALSE;
    *ret = sqlite3_column_int(find, 0) != 0;
    nx_db_reset(find);
    return TRUE;
}

gboolean nx_rate_is_known(struct nx_backend *backend, struct nx_str source, nx_when at, bool *ret, GError **error)
{
    struct nx_db *db = backend->db;
    int64_t before = met_before(&backend->policy.breaker, at);
    if (db->pending->first_hour <= before && !nx_rate_write(db, error))
        return FALSE;
    struct pending *pending = pending_of(db, source);
    if (!pending->asked || pending->asked_hour != before) {
        if (!is_known(db, source, before, &pending->known, error))
            return FALSE;
        pending->asked = true;
        pending->asked_hour = before;
    }
    *ret = pending->known;
    return TRUE;
}

gboolean nx_read_knows_source(struct nx_reader *reader, const struct nx_breaker *breaker, struct nx_str source, nx_when at,
                              bool *ret, GError **error)
{
    struct nx_db *db = nx_sqlite_reader(reader)->db; /* the writer's own, where it is asked within a transaction */
    return (db->pending == NULL || nx_rate_write(db, error)) && is_known(db, source, met_before(breaker, at), ret, error);
}

static gboolean read_rates(struct nx_db *db, struct nx_str remote, int64_t hour, int64_t window, GArray *ret, GError **error)
{
    static const char GET[] = "SELECT hour, hits, delivered FROM rates WHERE remote=?1 AND hour>?2 AND hour<=?3 ORDER BY hour";
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    int got;
    if (get == NULL)
        return FALSE;
    nx_db_bind_text(get, 1, remote);
    sqlite3_bind_int64(get, 2, hour - window - NX_BREAKER_BASE_HOURS);
    sqlite3_bind_int64(get, 3, hour);
    while ((got = nx_db_step(db, get, error)) > 0) {
        const struct nx_rate rate = {.hour = sqlite3_column_int64(get, 0),
                                     .hits = (uint64_t)sqlite3_column_int64(get, 1),
                                     .delivered = (uint64_t)sqlite3_column_int64(get, 2)};
        g_array_append_val(ret, rate);
    }
    return got == 0;
}

/* What the table has, and what is to come into it. */
static gboolean count_window(struct nx_db *db, struct nx_str remote, int64_t hour, int64_t window, uint64_t *ret, GError **error)
{
    static const char SUM[] = "SELECT coalesce(sum(hits), 0) FROM rates WHERE remote=?1 AND hour>?2 AND hour<=?3";
    struct pending *pending = pending_of(db, remote);
    if (!pending->summed || pending->summed_hour != hour) {
        sqlite3_stmt *sum = nx_db_statement(db, SUM, error);
        if (sum == NULL)
            return FALSE;
        nx_db_bind_text(sum, 1, remote);
        sqlite3_bind_int64(sum, 2, hour - window);
        sqlite3_bind_int64(sum, 3, hour);
        if (nx_db_step(db, sum, error) < 0)
            return FALSE;
        pending->kept = (uint64_t)sqlite3_column_int64(sum, 0);
        pending->summed = true;
        pending->summed_hour = hour;
        nx_db_reset(sum);
    }
    *ret = pending->kept;
    for (size_t i = 0; i < pending->n; i++)
        if (pending->hours[i].hour > hour - window && pending->hours[i].hour <= hour)
            *ret += pending->hours[i].hits;
    return TRUE;
}

/* The limit of the hour, where it was worked out already. */
static struct limit *limit_of(struct nx_backend *backend, struct nx_str remote)
{
    g_autofree char *name = g_strndup(remote.p, remote.n);
    if (backend->breaker.limits == NULL)
        backend->breaker.limits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GHashTable *limits = backend->breaker.limits;
    struct limit *limit = g_hash_table_lookup(limits, name);
    if (limit != NULL)
        return limit;
    if (g_hash_table_size(limits) >= LIMITS_MAX)
        g_hash_table_remove_all(limits);
    limit = g_new0(struct limit, 1);
    g_hash_table_insert(limits, g_steal_pointer(&name), limit);
    return limit;
}

gboolean nx_rate_judge(struct nx_backend *backend, struct nx_str remote, nx_when at, struct nx_surge *ret, GError **error)
{
    const struct nx_breaker *policy = &backend->policy.breaker;
    int64_t hour = at / HOUR, window = nx_breaker_hours(policy, NX_BREAKER_WINDOWS - 1);
    uint64_t hits;
    *ret = (struct nx_surge){.judged = false};
    if (!policy->enabled || remote.n == 0)
        return TRUE;
    if (!count_window(backend->db, remote, hour, window, &hits, error))
        return FALSE;
    if (hits < policy->minimum)
        return TRUE;
    struct limit *limit = limit_of(backend, remote);
    if (limit->hour == hour && hits < limit->hits)
        return TRUE;
    g_autoptr(GArray) own = g_array_new(FALSE, FALSE, sizeof(struct nx_rate));
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct nx_rate));
    if (!nx_rate_write(backend->db, error) || !read_rates(backend->db, remote, hour, window, own, error) ||
        !read_rates(backend->db, sum_of(remote), hour, window, all, error))
        return FALSE;
    const struct nx_rates rates = {.of_remote = (const struct nx_rate *)(const void *)own->data,
                                   .of_all = (const struct nx_rate *)(const void *)all->data,
                                   .n_remote = own->len,
                                   .n_all = all->len};
    if (!nx_reporter_is(remote) || !nx_breaker_is_most(&rates, at))
        nx_breaker_judge(policy, &rates, at, ret);
    *limit = (struct limit){hour, ret->judged ? hits + ret->limit - MIN(ret->limit, ret->hits) : UINT64_MAX};
    return TRUE;
}

gboolean nx_rate_take_back(struct nx_db *db, struct nx_str remote, nx_when at, GError **error)
{
    static const char TAKE[] = "UPDATE rates SET hits = hits - 1 WHERE remote IN (?3, ?1) AND hour=?2 AND hits > 0";
    sqlite3_stmt *take = nx_rate_write(db, error) ? nx_db_statement(db, TAKE, error) : NULL;
    if (take == NULL)
        return FALSE;
    nx_db_bind_text(take, 1, remote);
    sqlite3_bind_int64(take, 2, at / HOUR);
    nx_db_bind_text(take, 3, sum_of(remote));
    return nx_db_run(db, take, error);
}

/* sql: hits of the rows of a key and its streams that are about to go. */
static gboolean take_back_rows(struct nx_backend *backend, const char *sql, struct nx_str key, struct nx_str stream, GError **error)
{
    sqlite3_stmt *take = nx_rate_write(backend->db, error) ? nx_db_statement(backend->db, sql, error) : NULL;
    if (take == NULL)
        return FALSE;
    nx_db_bind_text(take, 1, key);
    nx_db_bind_text(take, 2, stream);
    if (backend->breaker.limits != NULL)
        g_hash_table_remove_all(backend->breaker.limits);
    return nx_db_run(backend->db, take, error);
}

#define OF_STREAM(column) "(?2='' OR " column "=?2 OR (?2='" NX_STREAM_UNNAMED "' AND " column "=''))"
#define TAKE_BACK(rows)                                                                                                            \
    "UPDATE rates SET hits = hits - 1 WHERE hits > 0 AND (remote, hour) IN (WITH gone AS (" rows                                   \
    ") SELECT remote, hour FROM gone UNION SELECT CASE WHEN remote LIKE '" NX_SOURCE "%' THEN '" NX_SOURCE                         \
    "' ELSE '' END, hour FROM gone)"

gboolean nx_rate_take_back_entries(struct nx_backend *backend, struct nx_str key, struct nx_str stream, GError **error)
{
    static const char TAKE[] = TAKE_BACK(
        "SELECT l.remote, l.at / 3600 AS hour FROM suppressions s JOIN log l ON l.seq = s.seq WHERE s.key=?1 AND " OF_STREAM(
            "s.stream") " AND s.class='h' AND s.manual=0 AND l.remote IS NOT NULL");
    return take_back_rows(backend, TAKE, key, stream, error);
}

gboolean nx_rate_take_back_holds(struct nx_backend *backend, struct nx_str key, struct nx_str stream, GError **error)
{
    static const char TAKE[] = TAKE_BACK("SELECT remote, at / 3600 AS hour FROM holds WHERE key=?1 AND " OF_STREAM("stream"));
    return take_back_rows(backend, TAKE, key, stream, error);
}

gboolean nx_rate_wipe(struct nx_db *db, struct nx_str remote, nx_when since, nx_when until, GError **error)
{
    static const char REST[] =
        "UPDATE rates SET hits = max(0, hits - coalesce((SELECT o.hits FROM rates o WHERE o.remote=?1 AND o.hour=rates.hour), 0))"
        " WHERE remote=?4 AND hour BETWEEN ?2 AND ?3";
    static const char OWN[] = "UPDATE rates SET hits=0 WHERE remote=?1 AND hour BETWEEN ?2 AND ?3";
    static const char *const both[] = {REST, OWN};
    if (!nx_rate_write(db, error))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        sqlite3_stmt *wipe = nx_db_statement(db, both[i], error);
        if (wipe == NULL)
            return FALSE;
        nx_db_bind_text(wipe, 1, remote);
        sqlite3_bind_int64(wipe, 2, since / HOUR);
        sqlite3_bind_int64(wipe, 3, until / HOUR);
        if (i == 0)
            nx_db_bind_text(wipe, 4, sum_of(remote));
        if (!nx_db_run(db, wipe, error))
            return FALSE;
    }
    return TRUE;
}
