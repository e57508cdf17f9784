/* SPDX-License-Identifier: Apache-2.0 */
/* Whole messages of what nobody could explain, packed, within a bound; and which events of the log those are. */
#include "store/sqlite/raw.h"

#include "base/buf.h"
#include "store/sqlite/clock.h"

#include <xxhash.h>

#define SWEEP_SECONDS 3600

static const char LINK[] = "INSERT OR IGNORE INTO unexplained(seq, raw) VALUES(?1,?2)";
static const char KNOWN[] = "SELECT id FROM raw WHERE digest=?1";
static const char KEEP[] = "INSERT INTO raw(digest, made, size, packed, body, alike) VALUES(?1,?2,?3,?4,?5,?6)";
static const char TOTAL[] = "SELECT coalesce(sum(packed), 0) FROM raw";
static const char OLDEST[] = "SELECT id, packed FROM raw ORDER BY made, id";
static const char DROP[] = "DELETE FROM raw WHERE id=?1";
/* The oldest behind the first ?2 of a group that has ?3 or more. */
static const char SURPLUS[] = "SELECT id, packed FROM raw WHERE alike=?1 AND (SELECT count(*) FROM raw WHERE alike=?1)>=?3"
                              " ORDER BY id LIMIT 1 OFFSET ?2";
static const char EXPIRE[] = "DELETE FROM raw WHERE made<?1";
static const char EACH[] = "SELECT id, body FROM raw";
static const char GET[] =
    "SELECT r.size, r.made, r.body FROM log l JOIN unexplained u ON u.seq=l.seq JOIN raw r ON r.id=u.raw WHERE l.id=?1";

static struct nx_str digest_of(struct nx_arena *arena, struct nx_str bytes, size_t size)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_withSeed(bytes.p, bytes.n, size));
    return nx_arena_dup(arena, (struct nx_str){(const char *)canonical.digest, sizeof canonical.digest});
}

/* Deletes the oldest until they fit, with room for some more. */
static gboolean make_room(struct nx_backend *backend, GError **error)
{
    struct nx_db *db = backend->db;
    int64_t goal = (int64_t)(backend->raw.limits.total - backend->raw.limits.total / 16);
    sqlite3_stmt *total = nx_db_statement(db, TOTAL, error), *oldest = nx_db_statement(db, OLDEST, error);
    if (total == NULL || oldest == NULL || nx_db_step(db, total, error) < 0)
        return FALSE;
    int64_t bytes = sqlite3_column_int64(total, 0);
    nx_db_reset(total);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int got = 1;
    if (bytes <= (int64_t)backend->raw.limits.total)
        goal = bytes;
    while (bytes > goal && (got = nx_db_step(db, oldest, error)) > 0) {
        int64_t id = sqlite3_column_int64(oldest, 0);
        bytes -= sqlite3_column_int64(oldest, 1);
        g_array_append_val(ids, id);
    }
    nx_db_reset(oldest);
    sqlite3_stmt *drop = got < 0 ? NULL : nx_db_statement(db, DROP, error);
    for (guint i = 0; drop != NULL && i < ids->len; i++) {
        sqlite3_bind_int64(drop, 1, g_array_index(ids, int64_t, i));
        if (!nx_db_run(db, drop, error))
            return FALSE;
    }
    backend->raw.bytes = bytes;
    return drop != NULL;
}

/* Makes room in its group: the first tell how it began, the newest how it goes on. */
static gboolean make_room_alike(struct nx_backend *backend, int64_t alike, GError **error)
{
    struct nx_db *db = backend->db;
    unsigned most = backend->raw.limits.group;
    sqlite3_stmt *surplus = nx_db_statement(db, SURPLUS, error), *drop = nx_db_statement(db, DROP, error);
    int got = -1;
    while (surplus != NULL && drop != NULL) {
        sqlite3_bind_int64(surplus, 1, alike);
        sqlite3_bind_int64(surplus, 2, most / 2);
        sqlite3_bind_int64(surplus, 3, most);
        got = nx_db_step(db, surplus, error);
        if (got <= 0)
            break;
        sqlite3_bind_int64(drop, 1, sqlite3_column_int64(surplus, 0));
        backend->raw.bytes -= sqlite3_column_int64(surplus, 1);
        nx_db_reset(surplus);
        if (!nx_db_run(db, drop, error))
            return FALSE;
    }
    return got == 0;
}

/* *ret: the row that holds these bytes, 0 when they are not kept. */
static gboolean keep(struct nx_backend *backend, struct nx_str raw, struct nx_str group, nx_when now, int64_t *ret, GError **error)
{
    struct nx_db *db = backend->db;
    const struct nx_raw_limits *limits = &backend->raw.limits;
    struct nx_str bytes = nx_str_sub(raw, 0, limits->message);
    *ret = 0;
    if (limits->total == 0 || bytes.n == 0)
        return TRUE;
    struct nx_str digest = digest_of(backend->scratch, bytes, raw.n);
    sqlite3_stmt *known = nx_db_statement(db, KNOWN, error), *insert = nx_db_statement(db, KEEP, error);
    if (known == NULL || insert == NULL)
        return FALSE;
    sqlite3_bind_blob64(known, 1, digest.p, digest.n, SQLITE_STATIC);
    int got = nx_db_step(db, known, error);
    if (got < 0)
        return FALSE;
    if (got > 0) { /* another recipient of the same report */
        *ret = sqlite3_column_int64(known, 0);
        nx_db_reset(known);
        return TRUE;
    }
    struct nx_str packed = nx_zip_pack_list(db->zip, backend->scratch, bytes);
    if (packed.n > limits->total)
        return TRUE;
    int64_t alike = (int64_t)XXH3_64bits(group.p, group.n);
    if (limits->group > 0 && group.n > 0 && !make_room_alike(backend, alike, error))
        return FALSE;
    sqlite3_bind_blob64(insert, 1, digest.p, digest.n, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, now);
    sqlite3_bind_int64(insert, 3, (sqlite3_int64)raw.n);
    sqlite3_bind_int64(insert, 4, (sqlite3_int64)packed.n);
    sqlite3_bind_null(insert, 6);
    if (group.n > 0)
        sqlite3_bind_int64(insert, 6, alike);
    sqlite3_bind_blob64(insert, 5, packed.p, packed.n, SQLITE_STATIC);
    if (!nx_db_run(db, insert, error))
        return FALSE;
    *ret = sqlite3_last_insert_rowid(db->sqlite);
    backend->raw.bytes += (int64_t)packed.n;
    return TRUE;
}

gboolean nx_raw_keep(struct nx_backend *backend, const struct nx_event *event, int64_t sequence, nx_when now, GError **error)
{
    int64_t row;
    sqlite3_stmt *link = nx_db_statement(backend->db, LINK, error);
    if (link == NULL || !keep(backend, event->raw, event->group, now, &row, error))
        return FALSE;
    sqlite3_bind_int64(link, 1, sequence);
    sqlite3_bind_null(link, 2);
    if (row > 0)
        sqlite3_bind_int64(link, 2, row);
    if (!nx_db_run(backend->db, link, error))
        return FALSE;
    return backend->raw.bytes <= (int64_t)backend->raw.limits.total || make_room(backend, error);
}

gboolean nx_raw_sweep(struct nx_backend *backend, nx_when now, GError **error)
{
    if (now - backend->raw.swept < SWEEP_SECONDS && now >= backend->raw.swept)
        return TRUE;
    backend->raw.swept = now;
    backend->raw.bytes = INT64_MAX / 2; /* another process may have written: counted anew when the next one is kept */
    if (backend->raw.limits.age == 0 || !nx_clock_is_believed(backend))
        return TRUE;
    sqlite3_stmt *expire = nx_db_statement(backend->db, EXPIRE, error);
    if (expire == NULL)
        return FALSE;
    sqlite3_bind_int64(expire, 1, now - backend->raw.limits.age);
    return nx_db_run(backend->db, expire, error);
}

void nx_raw_limit(struct nx_backend *backend, const struct nx_raw_limits *limits)
{
    backend->raw.limits = *limits;
    backend->raw.swept = INT64_MIN / 2;
}

/* The text of base64 lines in a message, decoded, all runs after each other. */
static struct nx_str decode_runs(struct nx_arena *arena, struct nx_str text)
{
    struct nx_buf out;
    struct nx_str line;
    gint state = 0;
    guint save = 0;
    nx_buf_init(&out, arena, text.n + 64);
    while (nx_str_next_line(&text, &line)) {
        size_t n = 0;
        while (n < line.n && (g_ascii_isalnum(line.p[n]) || strchr("+/=", line.p[n]) != NULL))
            n++;
        if (n < line.n || n == 0) {
            nx_buf_addc(&out, '\n');
            state = 0;
            save = 0;
            continue;
        }
        guchar *plain = nx_arena_alloc(arena, line.n);
        gsize got = g_base64_decode_step(line.p, line.n, plain, &state, &save);
        nx_buf_add(&out, (struct nx_str){(const char *)plain, got});
    }
    return nx_buf_str(&out);
}

static bool has_address(struct nx_str text, struct nx_str local, struct nx_str domain)
{
    static const char *const at[] = {"@", "=40", "%40", "+40", "&#64;", "="}; /* plain, in encodings, in a return path */
    for (size_t i = 0; i < G_N_ELEMENTS(at); i++) {
        g_autofree char *form = g_strdup_printf("%.*s%s%.*s", NX_FMT(local), at[i], NX_FMT(domain));
        if (nx_str_ihas(text, nx_str_of(form)))
            return true;
    }
    return false;
}

/* Soft line ends of quoted-printable part a word. */
static struct nx_str join_soft(struct nx_arena *arena, struct nx_str text)
{
    struct nx_buf out;
    nx_buf_init(&out, arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        size_t end = i + 1;
        if (text.p[i] == '=' && end < text.n && text.p[end] == '\r')
            end++;
        if (text.p[i] == '=' && end < text.n && text.p[end] == '\n')
            i = end;
        else
            nx_buf_addc(&out, text.p[i]);
    }
    return nx_buf_str(&out);
}

bool nx_raw_names(struct nx_arena *arena, struct nx_str message, struct nx_str address)
{
    size_t at = address.n;
    while (at > 0 && address.p[at - 1] != '@')
        at--;
    if (at == 0)
        return false;
    struct nx_str local = nx_str_sub(address, 0, at - 1), domain = nx_str_from(address, at);
    if (has_address(message, local, domain) || has_address(join_soft(arena, message), local, domain))
        return true;
    return has_address(decode_runs(arena, message), local, domain);
}

gboolean nx_raw_forget(struct nx_backend *backend, const struct nx_str *addresses, size_t n, size_t *ret_removed, GError **error)
{
    struct nx_db *db = backend->db;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *each = nx_db_statement(db, EACH, error), *drop = nx_db_statement(db, DROP, error);
    int got = -1;
    while (each != NULL && drop != NULL && (got = nx_db_step(db, each, error)) > 0) {
        struct nx_str packed = {sqlite3_column_blob(each, 1), (size_t)sqlite3_column_bytes(each, 1)}, plain;
        int64_t id = sqlite3_column_int64(each, 0);
        nx_arena_reset(arena);
        bool names = !nx_zip_unpack(db->zip, arena, packed, &plain); /* what cannot be read cannot be cleared of it */
        for (size_t i = 0; i < n && !names; i++)
            names = nx_raw_names(arena, plain, addresses[i]);
        if (names)
            g_array_append_val(ids, id);
    }
    for (guint i = 0; got == 0 && i < ids->len; i++) {
        sqlite3_bind_int64(drop, 1, g_array_index(ids, int64_t, i));
        got = nx_db_run(db, drop, error) ? 0 : -1;
    }
    if (got == 0 && ret_removed != NULL)
        *ret_removed = ids->len;
    return got == 0;
}

int nx_raw_read(struct nx_reader *reader, struct nx_arena *arena, struct nx_str event_id, struct nx_raw *ret, GError **error)
{
    struct nx_db *db = nx_sqlite_reader(reader)->db;
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL)
        return -1;
    struct nx_str id = nx_write_id(arena, event_id);
    sqlite3_bind_blob64(get, 1, id.n > 0 ? id.p : "", id.n, SQLITE_STATIC);
    int got = nx_db_step(db, get, error);
    if (got <= 0)
        return got;
    struct nx_str packed = {sqlite3_column_blob(get, 2), (size_t)sqlite3_column_bytes(get, 2)};
    *ret = (struct nx_raw){.size = (size_t)sqlite3_column_int64(get, 0), .kept = sqlite3_column_int64(get, 1)};
    bool good = nx_zip_unpack(db->zip, arena, packed, &ret->bytes);
    nx_db_reset(get);
    if (good)
        return 1;
    g_set_error(error, NX_ERROR, NX_ERROR_CORRUPT, "%s: the message of event %.*s cannot be read (put back a copy)", db->path,
                NX_FMT(event_id));
    return -1;
}
