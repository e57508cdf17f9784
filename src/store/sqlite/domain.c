/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/domain.h"

#include "store/sqlite/read.h"
#include "store/sqlite/tally.h"

#define DAY 86400

gboolean nx_domain_is_refused(struct nx_db *db, struct nx_str key, bool *ret, GError **error)
{
    static const char LAST[] =
        "SELECT act IN ('dismiss','release') FROM log WHERE key=?1 AND act IN ('dismiss','release','suppress',"
        "'import','domain') ORDER BY seq DESC LIMIT 1";
    static const char ALLOWED[] = "SELECT 1 FROM allowed WHERE key=?1";
    sqlite3_stmt *last = nx_db_statement(db, LAST, error), *allowed = nx_db_statement(db, ALLOWED, error);
    if (last == NULL || allowed == NULL)
        return FALSE;
    nx_db_bind_text(last, 1, key);
    int got = nx_db_step(db, last, error);
    *ret = got > 0 && sqlite3_column_int(last, 0) != 0;
    nx_db_reset(last);
    if (got < 0 || *ret)
        return got >= 0;
    nx_db_bind_text(allowed, 1, key);
    return nx_db_exists(db, allowed, ret, error);
}

/* The day of the last mail that somebody of it is proved to have sent. */
static gboolean find_mail(struct nx_db *db, struct nx_str domain, nx_when from, nx_when to, nx_when *ret, GError **error)
{
    static const char GET[] = "SELECT at FROM alive WHERE domain=?1 AND at>=?2 AND at<=?3";
    sqlite3_stmt *get = nx_db_statement(db, GET, error);
    if (get == NULL)
        return FALSE;
    nx_db_bind_text(get, 1, domain);
    sqlite3_bind_int64(get, 2, from);
    sqlite3_bind_int64(get, 3, to);
    int got = nx_db_step(db, get, error);
    *ret = got > 0 ? sqlite3_column_int64(get, 0) / DAY * DAY : NX_WHEN_NONE;
    nx_db_reset(get);
    return got >= 0;
}

/* The day of the last sign of life, looked for day by day: that is the order of the counters. */
static gboolean find_life(struct nx_db *db, struct nx_str domain, nx_when from, nx_when to, nx_when *ret, GError **error)
{
    static const char KINDS[] = "SELECT DISTINCT kind, cause FROM tally_names WHERE day=?1 AND domain=?2";
    sqlite3_stmt *kinds = nx_db_statement(db, KINDS, error);
    nx_when mail;
    *ret = NX_WHEN_NONE;
    if (!nx_tally_write(db, error) || !find_mail(db, domain, from, to, &mail, error))
        return FALSE;
    for (int64_t day = to / DAY; kinds != NULL && day >= from / DAY && *ret == NX_WHEN_NONE; day--) {
        int got;
        sqlite3_bind_int64(kinds, 1, day);
        nx_db_bind_text(kinds, 2, domain);
        while ((got = nx_db_step(db, kinds, error)) > 0) {
            enum nx_kind kind;
            if (!nx_kind_parse(nx_db_text(kinds, 0), &kind) || !nx_domain_is_life(kind, nx_db_cause(db, kinds, 1)))
                continue;
            *ret = day * DAY;
            nx_db_reset(kinds);
            break;
        }
        if (got < 0)
            return FALSE;
    }
    if (mail != NX_WHEN_NONE && (*ret == NX_WHEN_NONE || mail > *ret))
        *ret = mail;
    return kinds != NULL;
}

/* What is left to say of a domain whose addresses were counted. */
static gboolean fill_in(struct nx_db *db, const struct nx_policy *policy, struct nx_str key, nx_when now, struct nx_domain *ret,
                        GError **error)
{
    struct nx_standing standing;
    bool refused;
    if (!nx_apply_standing(db, key, NX_STR_NONE, &standing, error) || !nx_domain_is_refused(db, key, &refused, error) ||
        !find_life(db, ret->domain, now - policy->domain_quiet, now, &ret->alive, error))
        return FALSE;
    ret->state = nx_standing_holds(&standing, now) ? NX_DOMAIN_LISTED : refused ? NX_DOMAIN_REFUSED : NX_DOMAIN_PROPOSED;
    return TRUE;
}

gboolean nx_domain_weigh(struct nx_backend *backend, const struct nx_row *entry, nx_when now, GError **error)
{
    static const char COUNT[] = "SELECT count(DISTINCT key), min(since), max(since) FROM suppressions WHERE key>?1 AND key<?2 AND "
                                "cause=?3 AND (until IS NULL OR until>?4)";
    const struct nx_policy *policy = &backend->policy;
    struct nx_db *db = backend->db;
    struct nx_domain domain = {.domain = nx_str_sub(entry->key, 0, nx_str_chr(entry->key, '@'))};
    if (policy->domain_entries != NX_DOMAIN_ENTRIES_AUTO || entry->action != NX_ACTION_SUPPRESS ||
        entry->cause != NX_CAUSE_BAD_DOMAIN || entry->scope.n > 0 || nx_domain_is_big(domain.domain))
        return TRUE;
    g_autoptr(nx_arena) arena = nx_arena_new(); /* nx_write_act resets the backend's */
    struct nx_str key = nx_arena_printf(arena, "%.*s@", NX_FMT(domain.domain));
    sqlite3_stmt *count = nx_db_statement(db, COUNT, error);
    if (count == NULL)
        return FALSE;
    nx_db_bind_text(count, 1, key);
    nx_db_bind_text(count, 2, nx_arena_printf(arena, "%.*sA", NX_FMT(domain.domain))); /* behind '@' */
    nx_db_bind_cause(db, count, 3, NX_CAUSE_BAD_DOMAIN);
    sqlite3_bind_int64(count, 4, now);
    if (nx_db_step(db, count, error) < 0)
        return FALSE;
    domain.addresses = (uint64_t)sqlite3_column_int64(count, 0);
    nx_db_reset(count);
    if (domain.addresses < policy->domain_threshold)
        return TRUE;
    if (!fill_in(db, policy, key, now, &domain, error))
        return FALSE;
    if (!nx_domain_is_clear(&domain, policy->domain_threshold))
        return TRUE;
    const struct nx_policy_cause *rule = &policy->causes[NX_CAUSE_BAD_DOMAIN];
    const struct nx_change change = {
        .act = NX_ACT_DOMAIN,
        .key = key,
        .cause = NX_CAUSE_BAD_DOMAIN,
        .since = entry->at,
        .until = rule->ttl > 0 ? entry->at + rule->ttl : NX_WHEN_NONE,
        .reason = nx_arena_printf(arena, "%llu addresses of the domain are suppressed for it, and it shows no sign of life",
                                  (unsigned long long)domain.addresses),
        .actor = NX_STR("nixie"),
        .source = NX_STR("policy")};
    bool changed, erased;
    return nx_write_act(backend, &change, now, &changed, &erased, error);
}

static gboolean note_mail(struct nx_db *db, struct nx_str domain, nx_when at, GError **error)
{
    static const char NOTE[] = "INSERT INTO alive(domain, at) VALUES(?1,?2) ON CONFLICT DO UPDATE SET at=max(at, excluded.at)";
    sqlite3_stmt *note = nx_db_statement(db, NOTE, error);
    if (note == NULL)
        return FALSE;
    nx_db_bind_text(note, 1, domain);
    sqlite3_bind_int64(note, 2, at);
    return nx_db_run(db, note, error);
}

struct refuted { /* an entry */
    struct nx_str key, stream;
};

/* Whose domain somebody has suppressed by hand has none. */
static gboolean find_refuted(struct nx_db *db, struct nx_arena *arena, struct nx_str domain, nx_when at, GArray *ret,
                             GError **error)
{
    static const char FIND[] =
        "SELECT s.key, s.stream, s.manual AND coalesce(l.act, '')<>'domain', s.since<?4 AND (s.renewals=0 OR ?4-s.since>31536000) "
        "FROM suppressions s"
        " LEFT JOIN log l ON l.seq=s.seq WHERE s.key>=?1 AND s.key<?2 AND s.cause=?3 AND (s.until IS NULL OR s.until>?4)"
        " AND (s.manual=0 OR s.key=?1) ORDER BY s.key"; /* the domain's own comes first */
    sqlite3_stmt *find = nx_db_statement(db, FIND, error);
    int got;
    if (find == NULL)
        return FALSE;
    nx_db_bind_text(find, 1, nx_arena_printf(arena, "%.*s@", NX_FMT(domain)));
    nx_db_bind_text(find, 2, nx_arena_printf(arena, "%.*sA", NX_FMT(domain))); /* behind '@' */
    nx_db_bind_cause(db, find, 3, NX_CAUSE_BAD_DOMAIN);
    sqlite3_bind_int64(find, 4, at);
    while ((got = nx_db_step(db, find, error)) > 0) {
        const struct refuted refuted = {nx_arena_dup(arena, nx_db_text(find, 0)), nx_arena_dup(arena, nx_db_text(find, 1))};
        if (sqlite3_column_int(find, 2) != 0) {
            nx_db_reset(find);
            return TRUE;
        }
        if (sqlite3_column_int(find, 3) != 0)
            g_array_append_val(ret, refuted);
    }
    return got == 0;
}

gboolean nx_domain_revive(struct nx_backend *backend, const struct nx_event *event, const struct nx_row *mail, nx_when now,
                          GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new(); /* nx_write_act resets the backend's */
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct refuted));
    struct nx_str domain = nx_arena_dup(arena, nx_str_sub(mail->key, 0, nx_str_chr(mail->key, '@')));
    struct nx_str how = event->report.n_tags > 0 ? event->report.tags[0].value : NX_STR_NONE;
    struct nx_str reason = nx_arena_printf(
        arena, "mail from the domain itself (%.*s): it is tried once more, and the next report decides", NX_FMT(how));
    nx_when at = mail->at;
    if (!note_mail(backend->db, domain, at, error) || !find_refuted(backend->db, arena, domain, at, all, error))
        return FALSE;
    for (guint i = 0; i < all->len; i++) {
        const struct refuted *entry = &g_array_index(all, struct refuted, i);
        const struct nx_change change = {.act = NX_ACT_REVIVE,
                                         .key = entry->key,
                                         .stream = entry->stream,
                                         .cause = NX_CAUSE_BAD_DOMAIN,
                                         .since = at,
                                         .until = at,
                                         .reason = reason,
                                         .actor = NX_STR("nixie"),
                                         .source = NX_STR("policy")};
        bool changed, erased;
        if (!nx_write_act(backend, &change, now, &changed, &erased, error))
            return FALSE;
    }
    return TRUE;
}

gboolean nx_read_domains(struct nx_reader *reader, const struct nx_policy *policy, nx_when now, nx_domain_fn *fn, void *data,
                         GError **error)
{
    static const char DOMAINS[] =
        "SELECT substr(key, 1, instr(key, '@')), count(DISTINCT key), min(since), max(since) FROM suppressions WHERE cause=?1 AND"
        " instr(key, '@')<length(key) AND (until IS NULL OR until>?2) GROUP BY 1 HAVING count(DISTINCT key)>=?3 ORDER BY 1";
    struct nx_sqlite_reader *own = nx_sqlite_reader(reader);
    struct nx_db *db = own->db;
    sqlite3_stmt *domains = nx_db_statement(db, DOMAINS, error);
    int got = 0;
    if (domains == NULL)
        return FALSE;
    nx_db_bind_cause(db, domains, 1, NX_CAUSE_BAD_DOMAIN);
    sqlite3_bind_int64(domains, 2, now);
    sqlite3_bind_int64(domains, 3, policy->domain_threshold);
    while (policy->domain_entries != NX_DOMAIN_ENTRIES_OFF && (got = nx_db_step(db, domains, error)) > 0) {
        nx_arena_reset(own->arena);
        struct nx_str key = nx_arena_dup(own->arena, nx_db_text(domains, 0));
        struct nx_domain domain = {.domain = nx_str_sub(key, 0, key.n - 1),
                                   .addresses = (uint64_t)sqlite3_column_int64(domains, 1),
                                   .since = sqlite3_column_int64(domains, 2),
                                   .last = sqlite3_column_int64(domains, 3)};
        bool good = fill_in(db, policy, key, now, &domain, error);
        if (good && fn(&domain, data))
            continue;
        nx_db_reset(domains);
        return good;
    }
    return got == 0;
}
