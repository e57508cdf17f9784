/* SPDX-License-Identifier: Apache-2.0 */
#include "store/hold.h"

#include "base/error.h"

#include "store_fixture.h"

#include <sqlite3.h>

#define HOUR 3600
#define DAY 86400
#define T0 1700006400 /* a midnight */
#define OUTAGE (T0 + 10 * DAY + 10 * HOUR)
#define MINIMUM 13 /* so many are beyond chance where two are the most that was seen at once */
#define BURST 50

static struct nx_event made(struct fixture *f, const char *address, const char *provider, enum nx_kind kind, enum nx_cause cause,
                            nx_when at)
{
    struct nx_event event = {
        .origin = {.source = NX_STR("pipe"), .received_at = at},
        .report = {.kind = kind,
                   .recipient = nx_str_of(address),
                   .reply = 550,
                   .diagnostic = NX_STR("550 5.1.1 no such user"),
                   .key = nx_arena_printf(f->arena, "event-%u", ++f->ids),
                   .arrival_at = NX_WHEN_NONE,
                   .last_attempt_at = NX_WHEN_NONE,
                   .retry_until = NX_WHEN_NONE},
        .verdict = {
            .class_ = nx_cause_facts(cause)->class_, .cause = cause, .rule = NX_STR("test.rule"), .provider = nx_str_of(provider)}};
    event.id = nx_event_id(f->arena, &event.report);
    return event;
}

static struct nx_stored report(struct fixture *f, const char *address, const char *provider, enum nx_kind kind, enum nx_cause cause,
                               nx_when at, nx_when now)
{
    const struct nx_event event = made(f, address, provider, kind, cause, at);
    return store_one(f, &event, now);
}

static enum nx_action unknown(struct fixture *f, const char *address, const char *provider, nx_when at)
{
    return report(f, address, provider, NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, at, at).decision.action;
}

/* Events of ten days: a few dead addresses at each of two providers. */
static int set_up(void **state)
{
    make_store(state);
    struct fixture *f = *state;
    for (int day = 0; day < 10; day++)
        for (int i = 0; i < 2; i++) {
            g_autofree char *a = g_strdup_printf("old%d.%d@gmail.com", day, i),
                            *b = g_strdup_printf("old%d.%d@example.net", day, i);
            assert_int_equal(unknown(f, a, "google", T0 + day * DAY + 9 * HOUR), NX_ACTION_SUPPRESS);
            assert_int_equal(unknown(f, b, "", T0 + day * DAY + 9 * HOUR), NX_ACTION_SUPPRESS);
        }
    return 0;
}

/* A bounce in the name of a server, about an address of a domain of its own. */
static struct nx_stored brought(struct fixture *f, const char *address, const char *server, enum nx_verified verified, nx_when at)
{
    g_autoptr(GError) error = NULL;
    struct nx_event event = {
        .origin = {.source = NX_STR("pipe"), .received_at = at},
        .report = {.kind = NX_KIND_FAILED,
                   .recipient = nx_str_of(address),
                   .reply = 550,
                   .diagnostic = NX_STR("550 5.1.1 no such user"),
                   .reporting_mta = nx_str_of(server),
                   .verified = verified,
                   .key = nx_arena_printf(f->arena, "event-%u", ++f->ids),
                   .arrival_at = NX_WHEN_NONE,
                   .last_attempt_at = NX_WHEN_NONE,
                   .retry_until = NX_WHEN_NONE},
        .verdict = {.class_ = NX_CLASS_HARD, .cause = NX_CAUSE_MAILBOX_UNKNOWN, .rule = NX_STR("test.rule")}};
    event.id = nx_event_id(f->arena, &event.report);
    struct nx_stored stored;
    if (!nx_store_add(f->store, f->arena, &event, 1, at, &stored, &error))
        fail_msg("%s", error->message);
    return stored;
}

/* Ten days: five bounces a day by our own server, one by a partner's. */
static int set_up_sources(void **state)
{
    make_store(state);
    struct fixture *f = *state;
    for (int day = 0; day < 10; day++)
        for (int i = 0; i < 6; i++) {
            g_autofree char *address = g_strdup_printf("old@d%dn%d.example", day, i);
            const char *server = i < 5 ? "mail.example.org" : "mx.partner.net";
            assert_int_equal(brought(f, address, server, NX_VERIFIED_NONE, T0 + day * DAY + 9 * HOUR).decision.action, NX_ACTION_SUPPRESS);
        }
    return 0;
}

/* n addresses, each at a domain of its own; server: a format with a number. How many were held. */
static int flood(struct fixture *f, const char *prefix, const char *server, enum nx_verified verified, int n, nx_when from)
{
    int n_held = 0;
    for (int i = 0; i < n; i++) {
        g_autofree char *address = g_strdup_printf("%s@v%d.example", prefix, i);
        g_autofree char *number = g_strdup_printf("%d", i);
        g_auto(GStrv) parts = g_strsplit(server, "#", 2);
        g_autofree char *name = parts[1] != NULL ? g_strconcat(parts[0], number, parts[1], NULL) : g_strdup(server);
        n_held += brought(f, address, name, verified, from + i).decision.action == NX_ACTION_HOLD;
    }
    return n_held;
}

/* Good addresses 0 to n - 1 of a provider, all called unknown within minutes; how many were held. */
static int burst(struct fixture *f, const char *prefix, int n, nx_when from)
{
    int held = 0;
    for (int i = 0; i < n; i++) {
        g_autofree char *address = g_strdup_printf("%s%d@gmail.com", prefix, i);
        held += unknown(f, address, "google", from + i) == NX_ACTION_HOLD;
    }
    return held;
}

static int held(struct fixture *f, const char *address, nx_when now, struct nx_hold *ret)
{
    g_autoptr(GError) error = NULL;
    struct nx_hold hold;
    int found = nx_reader_held(f->reader, f->arena, nx_str_of(address), now, ret != NULL ? ret : &hold, &error);
    if (found < 0)
        fail_msg("%s", error->message);
    return found;
}

static void rebuilds(struct fixture *f)
{
    assert_int_equal(rebuild(f).changed, 0);
}

/* The same tables out of the log alone. */
static void rebuilds_from_nothing(struct fixture *f)
{
    close_store(f);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM holds; DELETE FROM incidents", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    open_store(f);
    assert_true(rebuild(f).changed > 0);
}

static size_t settle(struct fixture *f, bool release, const char *remote, const char *address, nx_when now, const char *fault)
{
    g_autoptr(GError) error = NULL;
    const struct nx_str one = nx_str_of(address);
    size_t n = 0;
    const struct nx_settle what = {.release = release,
                                   .remote = nx_str_of(remote),
                                   .addresses = &one,
                                   .n = address != NULL,
                                   .reason = NX_STR("asked them"),
                                   .actor = NX_STR("alice")};
    bool good = nx_store_settle(f->store, &what, now, &n, &error);
    if (good != (fault == NULL))
        fail_msg("%s", good ? "it was done" : error->message);
    if (fault != NULL && strstr(error->message, fault) == NULL)
        fail_msg("'%s' lacks '%s'", error->message, fault);
    return n;
}

struct seen {
    struct nx_arena *arena;
    unsigned n;
    struct nx_incident last;
};

static bool see(const struct nx_incident *incident, void *data)
{
    struct seen *seen = data;
    seen->n++;
    seen->last = *incident;
    seen->last.remote = nx_arena_dup(seen->arena, incident->remote);
    seen->last.state = nx_arena_dup(seen->arena, incident->state);
    seen->last.reason = nx_arena_dup(seen->arena, incident->reason);
    return true;
}

static struct nx_incident incident(struct fixture *f, nx_when now, unsigned want)
{
    struct seen seen = {.arena = f->arena};
    g_autoptr(GError) error = NULL;
    const struct nx_hold_filter filter = {.over = true};
    assert_true(nx_reader_incidents(f->reader, &filter, now, see, &seen, &error));
    assert_int_equal(seen.n, want);
    return seen.last;
}

static uint64_t hits(struct fixture *f, const char *remote)
{
    sqlite3 *db;
    sqlite3_stmt *sum;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT sum(hits) FROM rates WHERE remote=?1", -1, &sum, NULL), SQLITE_OK);
    sqlite3_bind_text(sum, 1, remote, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(sum), SQLITE_ROW);
    uint64_t n = (uint64_t)sqlite3_column_int64(sum, 0);
    sqlite3_finalize(sum);
    sqlite3_close(db);
    return n;
}

/* Of another stream it lifts another entry; of all of them what is held was no hit either. */
static void an_outage_is_held_back(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(burst(f, "good", BURST, OUTAGE), BURST - MINIMUM + 1);
    assert_int_equal(look(f, "good0@gmail.com", OUTAGE + BURST, NULL), 0); /* it was, before it was known */
    assert_int_equal(look(f, "good49@gmail.com", OUTAGE + BURST, NULL), 0);
    struct nx_hold hold;
    assert_int_equal(held(f, "good0@gmail.com", OUTAGE + BURST, &hold), 1);
    assert_true(hold.at == OUTAGE && hold.until == OUTAGE + MINIMUM - 1 + 2 * DAY && nx_str_eq(hold.remote, NX_STR("google")));
    assert_true(nx_str_ihas(hold.reason, NX_STR("held back: an incident at google, seen at 2023-11-25T10:00:12Z (mailbox_unknown: ")));
    assert_true(nx_str_eq(hold.diagnostic, NX_STR("550 5.1.1 no such user")));
    assert_int_equal(held(f, "Good49@gmail.com", OUTAGE + BURST, &hold), 1);
    assert_true(nx_str_eq(hold.remote, NX_STR("google")));
    assert_true(hold.at == OUTAGE + 49 && hold.until == OUTAGE + MINIMUM - 1 + 2 * DAY);
    assert_true(nx_str_ihas(hold.reason, NX_STR("held back: an incident at google since")));
    assert_true(nx_str_eq(hold.diagnostic, NX_STR("550 5.1.1 no such user")));
    struct nx_incident one = incident(f, OUTAGE + BURST, 1);
    assert_true(nx_str_eq(one.remote, NX_STR("google")) && nx_str_eq(one.state, NX_STR("open")));
    assert_true(one.held == BURST && one.holding == one.held && one.opened == OUTAGE + MINIMUM - 1 && one.since == OUTAGE);
    assert_true(nx_str_ihas(one.reason, NX_STR("held back: google called 13 addresses dead since")));
    /* The same address again is no second hold, another provider is none of it, nor is a recipient's wish. */
    assert_int_equal(unknown(f, "good49@gmail.com", "google", OUTAGE + HOUR), NX_ACTION_NONE);
    assert_int_equal(unknown(f, "good0@gmail.com", "google", OUTAGE + HOUR), NX_ACTION_NONE);
    assert_int_equal(unknown(f, "dead@example.net", "", OUTAGE + HOUR), NX_ACTION_SUPPRESS);
    assert_int_equal(
        report(f, "wish@gmail.com", "google", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, OUTAGE + HOUR, OUTAGE + HOUR).decision.action,
        NX_ACTION_SUPPRESS);
    assert_int_equal(
        report(f, "full@gmail.com", "google", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, OUTAGE + HOUR, OUTAGE + HOUR).decision.action,
        NX_ACTION_COUNT);
    assert_int_equal(incident(f, OUTAGE + HOUR, 1).held, BURST);
    rebuilds(f);
    rebuilds_from_nothing(f);
    assert_int_equal(held(f, "good0@gmail.com", OUTAGE + BURST, NULL), 1);
    assert_int_equal(held(f, "good49@gmail.com", OUTAGE + BURST, NULL), 1);
    one = incident(f, OUTAGE + BURST, 1);
    assert_true(one.held == BURST && one.since == OUTAGE && one.opened == OUTAGE + MINIMUM - 1);
}

/* The incident opens within the transaction that its reports come in. */
static void an_outage_in_one_group_is_held_back(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    struct nx_event events[BURST + 1];
    struct nx_stored stored[BURST + 1];
    int n_held = 0;
    for (int i = 0; i < BURST; i++)
        events[i] = made(f, nx_arena_printf(f->arena, "good%d@gmail.com%c", i, '\0').p, "google", NX_KIND_FAILED,
                         NX_CAUSE_MAILBOX_UNKNOWN, OUTAGE + i);
    events[BURST] = made(f, "good7@gmail.com", "google", NX_KIND_DELIVERED, NX_CAUSE_NONE, OUTAGE + BURST);
    if (!nx_store_add(f->store, f->arena, events, BURST + 1, OUTAGE + BURST, stored, &error))
        fail_msg("%s", error->message);
    for (int i = 0; i < BURST; i++)
        n_held += stored[i].decision.action == NX_ACTION_HOLD;
    assert_int_equal(n_held, BURST - MINIMUM + 1);
    assert_int_equal(look(f, "good0@gmail.com", OUTAGE + BURST, NULL), 0);
    assert_int_equal(held(f, "good0@gmail.com", OUTAGE + BURST, NULL), 1);
    assert_int_equal(held(f, "good7@gmail.com", OUTAGE + BURST, NULL), 0); /* disproved */
    assert_int_equal(held(f, "good49@gmail.com", OUTAGE + BURST, NULL), 1);
    struct nx_incident one = incident(f, OUTAGE + BURST, 1);
    assert_true(one.held == BURST && one.opened == OUTAGE + MINIMUM - 1 && one.since == OUTAGE);
    assert_int_equal(hits(f, "google"), 2 * 10 + BURST - 1);
    rebuilds(f);
}

static void it_lapses_and_the_next_report_decides(void **state)
{
    struct fixture *f = *state;
    burst(f, "good", BURST, OUTAGE);
    nx_when end = OUTAGE + MINIMUM - 1 + 2 * DAY;
    assert_int_equal(held(f, "good49@gmail.com", end - 1, NULL), 1);
    assert_int_equal(held(f, "good49@gmail.com", end, NULL), 0);
    assert_true(nx_str_eq(incident(f, end, 1).state, NX_STR("over")));
    assert_int_equal(look(f, "good49@gmail.com", end, NULL), 0);
    settle(f, true, NULL, "good49@gmail.com", end, "lapsed at 20");
    settle(f, false, "google", NULL, end, "nothing of it is held back");
    assert_int_equal(look(f, "good49@gmail.com", end, NULL), 0);
    assert_int_equal(unknown(f, "good49@gmail.com", "google", end + DAY), NX_ACTION_SUPPRESS);
    assert_int_equal(unknown(f, "good0@gmail.com", "google", end + DAY), NX_ACTION_SUPPRESS);
    /* As many again are no surprise any more: nobody said that they were wrong. */
    assert_int_equal(burst(f, "other", BURST, end + 2 * DAY), 0);
    rebuilds(f);
}

static void a_released_hold_is_a_suppression_of_its_report(void **state)
{
    struct fixture *f = *state;
    burst(f, "good", BURST, OUTAGE);
    nx_when now = OUTAGE + HOUR;
    assert_int_equal(settle(f, true, NULL, "good49@gmail.com", now, NULL), 1);
    struct nx_entry entry;
    assert_int_equal(look(f, "good49@gmail.com", now, &entry), 1);
    assert_true(entry.since == OUTAGE + 49 && entry.until == NX_WHEN_NONE && !entry.manual);
    assert_true(nx_str_eq(entry.diagnostic, NX_STR("550 5.1.1 no such user")));
    settle(f, true, NULL, "good49@gmail.com", now, "is not held back");
    settle(f, true, NULL, "old0.0@gmail.com", now, "is not held back");
    assert_int_equal(settle(f, true, NULL, "good0@gmail.com", now, NULL), 1); /* one that was suppressed before it was seen */
    assert_int_equal(look(f, "good0@gmail.com", now, &entry), 1);
    assert_true(entry.since == OUTAGE && entry.until == NX_WHEN_NONE && !entry.manual);
    assert_true(nx_str_eq(entry.diagnostic, NX_STR("550 5.1.1 no such user")));
    settle(f, true, NULL, "nothing", now, "no address");
    assert_int_equal(unknown(f, "more@gmail.com", "google", now), NX_ACTION_HOLD); /* it goes on */
    assert_int_equal(settle(f, true, "google", NULL, now, NULL), BURST - 2 + 1);
    assert_int_equal(look(f, "good48@gmail.com", now, NULL), 1);
    assert_int_equal(look(f, "good1@gmail.com", now, NULL), 1);
    assert_true(nx_str_eq(incident(f, now, 1).state, NX_STR("released")));
    settle(f, true, "google", NULL, now, "nothing of it is held back");
    assert_int_equal(burst(f, "still", BURST, now), 0); /* they are right, so nothing more of it is held */
    rebuilds(f);
    rebuilds_from_nothing(f);
    assert_true(nx_str_eq(incident(f, now, 1).state, NX_STR("released")));
}

static void a_dropped_hold_was_nothing(void **state)
{
    struct fixture *f = *state;
    burst(f, "good", BURST, OUTAGE);
    nx_when now = OUTAGE + HOUR, end = OUTAGE + MINIMUM - 1 + 2 * DAY;
    assert_int_equal(settle(f, false, "google", NULL, now, NULL), BURST);
    assert_int_equal(held(f, "good0@gmail.com", now, NULL), 0);
    assert_int_equal(look(f, "good0@gmail.com", now, NULL), 0);
    assert_int_equal(held(f, "good49@gmail.com", now, NULL), 0);
    assert_int_equal(look(f, "good49@gmail.com", now, NULL), 0);
    settle(f, false, "google", NULL, now, "nothing of it is held back");
    assert_int_equal(unknown(f, "more@gmail.com", "google", now), NX_ACTION_HOLD); /* the outage may go on */
    assert_int_equal(settle(f, false, "google", NULL, now, NULL), 1);
    /* The outage is not what is usual from now on. */
    assert_int_equal(burst(f, "again", BURST, end + DAY), BURST - MINIMUM + 1);
    rebuilds(f);
    rebuilds_from_nothing(f);
}

static void what_else_ends_a_hold(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    burst(f, "good", BURST, OUTAGE);
    nx_when now = OUTAGE + HOUR;
    struct nx_stored arrived = report(f, "good40@gmail.com", "google", NX_KIND_DELIVERED, NX_CAUSE_DELIVERED, now, now);
    assert_int_equal(arrived.decision.action, NX_ACTION_CLEAR);
    assert_int_equal(held(f, "good40@gmail.com", now, NULL), 0);
    assert_true(nx_store_allow(f->store, NX_STR("good41@gmail.com"), true, NX_STR_NONE, NX_STR_NONE, now, &error));
    assert_int_equal(held(f, "good41@gmail.com", now, NULL), 0);
    assert_int_equal(unknown(f, "good41@gmail.com", "google", now), NX_ACTION_NONE);
    const struct nx_manual by_hand = {.address = NX_STR("good42@gmail.com"), .since = NX_WHEN_NONE, .until = NX_WHEN_NONE};
    assert_true(nx_store_suppress(f->store, &by_hand, 1, now, NULL, &error));
    assert_int_equal(held(f, "good42@gmail.com", now, NULL), 0);
    assert_int_equal(look(f, "good42@gmail.com", now, NULL), 1);
    struct nx_manual many[100];
    for (int i = 0; i < 100; i++)
        many[i] = (struct nx_manual){
            .address = nx_arena_printf(f->arena, "good%d@gmail.com", 43 + i), .since = NX_WHEN_NONE, .until = NX_WHEN_NONE};
    assert_true(nx_store_suppress(f->store, many, 3, now, NULL, &error));
    assert_true(nx_store_suppress(f->store, many, 100, now, NULL, &error)); /* kept as an import */
    assert_int_equal(held(f, "good45@gmail.com", now, NULL), 0);
    assert_int_equal(held(f, "good49@gmail.com", now, NULL), 0);
    assert_int_equal(held(f, "good39@gmail.com", now, NULL), 1);
    assert_true(nx_store_allow(f->store, NX_STR("@gmail.com"), true, NX_STR_NONE, NX_STR_NONE, now, &error));
    assert_int_equal(held(f, "good39@gmail.com", now, NULL), 0);
    assert_int_equal(incident(f, now, 1).holding, 0);
    rebuilds(f);
    rebuilds_from_nothing(f);
}

static void something_stronger_stays(void **state)
{
    struct fixture *f = *state;
    burst(f, "good", BURST, OUTAGE);
    nx_when now = OUTAGE + HOUR;
    struct nx_entry entry;
    report(f, "good49@gmail.com", "google", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, now, now);
    assert_int_equal(held(f, "good49@gmail.com", now, NULL), 1); /* for all streams, the complaint for bulk alone */
    settle(f, true, "google", NULL, now + 1, NULL);
    assert_int_equal(look(f, "good49@gmail.com", now + 2, &entry), 1);
    assert_int_equal(entry.cause, NX_CAUSE_COMPLAINT);
    rebuilds(f);
}

static void one_that_is_not_held_spoils_all(void **state)
{
    struct fixture *f = *state;
    burst(f, "good", BURST, OUTAGE);
    const struct nx_str addresses[] = {NX_STR("good49@gmail.com"), NX_STR("stranger@gmail.com")};
    const struct nx_settle what = {.release = true, .addresses = addresses, .n = 2};
    size_t n = 77;
    g_autoptr(GError) error = NULL;
    assert_false(nx_store_settle(f->store, &what, OUTAGE + HOUR, &n, &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_NOT_FOUND));
    assert_non_null(strstr(error->message, "stranger@gmail.com: is not held back"));
    assert_int_equal(n, 77);
    assert_int_equal(held(f, "good49@gmail.com", OUTAGE + HOUR, NULL), 1);
    assert_int_equal(look(f, "good49@gmail.com", OUTAGE + HOUR, NULL), 0);
}

static void clocks_that_jump(void **state)
{
    struct fixture *f = *state;
    /* The clock runs ten years ahead for an outage, then comes back. */
    nx_when ahead = OUTAGE + (nx_when)3650 * DAY;
    assert_int_equal(burst(f, "ahead", BURST, ahead), 0); /* nothing is known of the weeks before */
    assert_int_equal(burst(f, "good", BURST, OUTAGE), BURST - MINIMUM + 1);
    /* A clock that stands ahead for a moment sees them lapse, and loses none. */
    nx_when later = OUTAGE + (nx_when)30 * DAY;
    assert_int_equal(held(f, "good49@gmail.com", later, NULL), 0);
    settle(f, false, "google", NULL, later, "nothing of it is held back");
    assert_int_equal(held(f, "good49@gmail.com", OUTAGE + HOUR, NULL), 1);
    /* Events of before the incident are none of it, whenever they arrive. */
    assert_int_equal(report(f, "late@gmail.com", "google", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, OUTAGE - DAY, OUTAGE + HOUR)
                         .decision.action,
                     NX_ACTION_SUPPRESS);
    /* One that says it is of tomorrow counts for now. */
    assert_int_equal(
        report(f, "early@gmail.com", "google", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, OUTAGE + 9 * DAY, OUTAGE + HOUR)
            .decision.action,
        NX_ACTION_HOLD);
    assert_int_equal(incident(f, OUTAGE + HOUR, 1).held, BURST + 1);
    rebuilds(f);
}

/* What somebody has settled before the incident is seen stays as it is. */
static void what_was_settled_before_is_left_alone(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    burst(f, "early", 5, OUTAGE);
    nx_when now = OUTAGE + 60;
    const struct nx_manual lifted[] = {{.address = NX_STR("early0@gmail.com"), .stream = NX_STR(NX_STREAM_UNNAMED)},
                                       {.address = NX_STR("early1@gmail.com"), .stream = NX_STR(NX_STREAM_UNNAMED)}},
                           by_hand = {.address = NX_STR("early1@gmail.com"), .since = now, .until = NX_WHEN_NONE};
    size_t n;
    assert_true(nx_store_release_all(f->store, lifted, 2, now, &n, &error));
    assert_true(nx_store_suppress(f->store, &by_hand, 1, now, NULL, &error));
    assert_true(nx_store_allow(f->store, NX_STR("early2@gmail.com"), true, NX_STR_NONE, NX_STR_NONE, now, &error));
    assert_int_equal(burst(f, "good", MINIMUM, OUTAGE + 120), MINIMUM - (MINIMUM - 1 - 3)); /* two of the five are hits no more */
    now = OUTAGE + 300;
    struct nx_entry entry;
    assert_int_equal(held(f, "early0@gmail.com", now, NULL), 0);
    assert_int_equal(look(f, "early0@gmail.com", now, NULL), 0);
    assert_int_equal(held(f, "early1@gmail.com", now, NULL), 0);
    assert_int_equal(look(f, "early1@gmail.com", now, &entry), 1);
    assert_true(entry.manual);
    assert_int_equal(held(f, "early2@gmail.com", now, NULL), 0);
    assert_int_equal(held(f, "early3@gmail.com", now, NULL), 1);
    assert_int_equal(look(f, "early3@gmail.com", now, NULL), 0);
    assert_int_equal(look(f, "old9.0@gmail.com", now, NULL), 1); /* of before its window */
    assert_int_equal(incident(f, now, 1).held, MINIMUM + 2);
    rebuilds(f);
    rebuilds_from_nothing(f);
}

/* One in three hours is nothing within two, and far too many within two days. */
static void a_small_senders_outage_is_held_back(void **state)
{
    struct fixture *f = *state;
    int at_once = 0;
    for (int i = 0; i < 26; i++) {
        g_autofree char *address = g_strdup_printf("good%d@gmail.com", i);
        at_once += unknown(f, address, "google", OUTAGE + i * 100 * (nx_when)60) == NX_ACTION_HOLD;
    }
    nx_when now = OUTAGE + 26 * 100 * (nx_when)60;
    assert_in_range(at_once, 1, 12);
    assert_int_equal(held(f, "good0@gmail.com", now, NULL), 1);
    assert_int_equal(held(f, "good25@gmail.com", now, NULL), 1);
    struct nx_incident one = incident(f, now, 1);
    assert_true(one.opened > OUTAGE + 12 * HOUR && one.since <= OUTAGE);
    rebuilds(f);
    rebuilds_from_nothing(f);
}

static void who_is_erased_is_counted_still(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    burst(f, "good", BURST, OUTAGE);
    const struct nx_str gone[] = {NX_STR("good0@gmail.com"), NX_STR("good49@gmail.com")};
    struct nx_erased erased[2];
    struct nx_cleared cleared;
    const struct nx_forget what = {.addresses = gone, .n = 2};
    assert_true(nx_store_forget(f->store, &what, OUTAGE + HOUR, erased, &cleared, &error));
    assert_int_equal(erased[0].events, 1);
    assert_int_equal(erased[0].acts, 1);
    assert_int_equal(held(f, "good0@gmail.com", OUTAGE + HOUR, NULL), 0);
    struct nx_incident one = incident(f, OUTAGE + HOUR, 1);
    assert_true(one.held == BURST && one.holding == BURST - 2);
    rebuilds(f);
    rebuilds_from_nothing(f);
    assert_int_equal(incident(f, OUTAGE + HOUR, 1).held, BURST);
}

static void incidents_of_an_older_file_keep_their_beginning(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    burst(f, "good", BURST, OUTAGE);
    close_store(f);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "ALTER TABLE incidents DROP COLUMN since; DROP INDEX raw_alike; ALTER TABLE raw DROP COLUMN "
                                  "alike; DROP TABLE sent; DROP TABLE alive; ALTER TABLE log DROP COLUMN holder; PRAGMA user_version = 8",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    open_store(f);
    assert_true(incident(f, OUTAGE + HOUR, 1).since == OUTAGE);
    rebuilds(f);
}

static bool collect(const struct nx_entry *entry, void *data)
{
    GString *all = data;
    g_string_append_printf(all, "%.*s ", NX_FMT(entry->key));
    return true;
}

static void entries_are_found_by_their_remote(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    burst(f, "good", 3, OUTAGE);
    unknown(f, "dead@example.net", "", OUTAGE + 1);
    const struct nx_manual by_hand = {.address = NX_STR("hand@gmail.com"), .since = OUTAGE, .until = NX_WHEN_NONE};
    assert_true(nx_store_suppress(f->store, &by_hand, 1, OUTAGE, NULL, &error));
    g_autoptr(GString) all = g_string_new(NULL);
    const struct nx_filter filter = {.remote = NX_STR("google"), .since = OUTAGE, .before = NX_WHEN_NONE};
    assert_true(nx_reader_list(f->reader, &filter, OUTAGE + 9, collect, all, &error));
    assert_string_equal(all->str, "good0@gmail.com good1@gmail.com good2@gmail.com ");
    /* Lifted together; a second time there is nothing left to lift, and that is no fault. */
    struct nx_manual lift[3];
    size_t lifted;
    for (int i = 0; i < 3; i++)
        lift[i] =
            (struct nx_manual){.address = nx_arena_printf(f->arena, "good%d@gmail.com", i), .stream = NX_STR(NX_STREAM_UNNAMED)};
    assert_true(nx_store_release_all(f->store, lift, 3, OUTAGE + 10, &lifted, &error));
    assert_int_equal(lifted, 3);
    assert_true(nx_store_release_all(f->store, lift, 3, OUTAGE + 11, &lifted, &error));
    assert_int_equal(lifted, 0);
    rebuilds(f);
}

static void a_release_ends_the_holds_of_its_streams(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    const struct nx_str address = NX_STR("good20@gmail.com");
    const struct nx_manual news = {.address = address, .stream = NX_STR("news"), .since = NX_WHEN_NONE, .until = NX_WHEN_NONE};
    burst(f, "good", BURST, OUTAGE);
    uint64_t before = hits(f, "google"), all = hits(f, "");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(held(f, address.p, OUTAGE + 60, NULL), 1);
        assert_true(nx_store_suppress(f->store, &news, 1, OUTAGE + 60, NULL, &error));
        struct nx_str stream = i == 0 ? NX_STR("news") : NX_STR_NONE;
        assert_true(nx_store_release(f->store, address, stream, NX_STR_NONE, NX_STR_NONE, OUTAGE + 61, NULL, &error));
    }
    assert_int_equal(held(f, address.p, OUTAGE + 62, NULL), 0);
    assert_int_equal(hits(f, "google"), before - 1);
    assert_int_equal(hits(f, ""), all - 1);
    rebuilds(f);
}

static void names_never_met_are_counted_together(void **state)
{
    struct fixture *f = *state;
    struct nx_hold hold;
    struct nx_entry entry;
    assert_int_equal(flood(f, "good", "mx.forger#.net", NX_VERIFIED_NONE, BURST, OUTAGE), BURST - 9); /* where none was ever new */
    struct nx_incident open = incident(f, OUTAGE + HOUR, 1);
    assert_string_equal(nx_arena_cstr(f->arena, open.remote), "source:new");
    assert_int_equal(open.holding, BURST);
    assert_int_equal(held(f, "good@v0.example", OUTAGE + HOUR, &hold), 1); /* what went through before is taken in */
    assert_int_equal(look(f, "good@v0.example", OUTAGE + HOUR, NULL), 0);
    assert_non_null(strstr(nx_arena_cstr(f->arena, hold.reason), "names never met before, which nobody vouches for"));
    /* Who is known, and what somebody vouches for, is believed as before; and no remote has a hit of it. */
    assert_int_equal(brought(f, "dead@a.example", "mail.example.org", NX_VERIFIED_NONE, OUTAGE + HOUR).decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(brought(f, "dead@b.example", "mx.forger1.net", NX_VERIFIED_SIGNED, OUTAGE + HOUR).decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(brought(f, "dead@c.example", "mx.another.net", NX_VERIFIED_NONE, OUTAGE + HOUR).decision.action, NX_ACTION_HOLD);
    assert_int_equal(brought(f, "dead@c.example", "mx.third.net", NX_VERIFIED_NONE, OUTAGE + HOUR).decision.action, NX_ACTION_NONE);
    rebuilds(f);
    rebuilds_from_nothing(f);
    assert_int_equal(settle(f, false, "source:new", NULL, OUTAGE + 2 * HOUR, NULL), BURST + 1);
    assert_int_equal(brought(f, "dead@c.example", "mx.fourth.net", NX_VERIFIED_NONE, OUTAGE + 3 * HOUR).decision.action, NX_ACTION_HOLD);
    assert_int_equal(settle(f, true, NULL, "dead@c.example", OUTAGE + 4 * HOUR, NULL), 1);
    assert_int_equal(look(f, "dead@c.example", OUTAGE + 4 * HOUR, &entry), 1);
    rebuilds(f);
}

static void a_source_far_above_its_own_rate_is_held(void **state)
{
    struct fixture *f = *state;
    struct nx_hold hold;
    assert_int_equal(flood(f, "good", "mx2.partner.net", NX_VERIFIED_NONE, BURST, OUTAGE), BURST - 9); /* one at a time was usual: ten are not */
    assert_int_equal(held(f, "good@v0.example", OUTAGE + HOUR, &hold), 1);
    assert_string_equal(nx_arena_cstr(f->arena, hold.remote), "source:partner.net");
    assert_int_equal(look(f, "good@v1.example", OUTAGE + HOUR, NULL), 0);
    /* Of the server that brings most of all it says nothing: more mail has more bounces. */
    assert_int_equal(flood(f, "more", "mail.example.org", NX_VERIFIED_NONE, BURST, OUTAGE), 0);
    assert_int_equal(brought(f, "good@v0.example", "mail.example.org", NX_VERIFIED_NONE, OUTAGE + HOUR).decision.action, NX_ACTION_SUPPRESS);
    rebuilds(f);
    assert_int_equal(held(f, "good@v2.example", OUTAGE + 3 * DAY, NULL), 0); /* it lapses */
}

/* A sender who has all he sends in the ledger. */
static void whom_nobody_wrote_to_is_held(void **state)
{
    struct fixture *f = *state;
    struct nx_hold hold;
    struct nx_recorded recorded;
    g_autoptr(GError) error = NULL;
    const struct nx_sent_limits limits = {.age = 14 * DAY, .size = 1000};
    const struct nx_sent early = {.message_id = NX_STR("1@example.org"), .recipient = NX_STR("known@a.example")},
                         late = {.message_id = NX_STR("2@example.org"), .recipient = NX_STR("written@b.example")};
    f->policy.breaker.unsent = true;
    close_store(f);
    open_store(f);
    assert_int_equal(brought(f, "x@z.example", "mail.example.org", NX_VERIFIED_NONE, OUTAGE).decision.action, NX_ACTION_SUPPRESS); /* no ledger */
    assert_true(nx_store_sent(f->store, &early, 1, &limits, NULL, OUTAGE, &recorded, &error));
    nx_when then = OUTAGE + 4 * DAY;
    assert_int_equal(brought(f, "y@z.example", "mail.example.org", NX_VERIFIED_NONE, then).decision.action, NX_ACTION_SUPPRESS); /* too young */
    then += 2 * DAY;
    assert_true(nx_store_sent(f->store, &late, 1, &limits, NULL, then, &recorded, &error));
    assert_int_equal(brought(f, "never@b.example", "mail.example.org", NX_VERIFIED_NONE, then).decision.action, NX_ACTION_HOLD);
    assert_int_equal(brought(f, "nor@b.example", "mail.example.org", NX_VERIFIED_NONE, then).decision.action, NX_ACTION_HOLD);
    assert_int_equal(brought(f, "nor@b.example", "mail.example.org", NX_VERIFIED_NONE, then + HOUR).decision.action, NX_ACTION_NONE);
    assert_int_equal(brought(f, "Written@B.example", "mail.example.org", NX_VERIFIED_NONE, then).decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(brought(f, "vouched@b.example", "mail.example.org", NX_VERIFIED_PROVIDER, then).decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(held(f, "never@b.example", then + HOUR, &hold), 1);
    assert_string_equal(nx_arena_cstr(f->arena, hold.remote), "source:unsent");
    assert_non_null(strstr(nx_arena_cstr(f->arena, hold.reason), "the ledger has nothing sent to this address"));
    assert_int_equal(settle(f, true, "source:unsent", NULL, then + HOUR, NULL), 2);
    assert_int_equal(look(f, "never@b.example", then + HOUR, NULL), 1);
    assert_int_equal(brought(f, "third@b.example", "mail.example.org", NX_VERIFIED_NONE, then + 2 * HOUR).decision.action, NX_ACTION_SUPPRESS);
    rebuilds(f);
}

/* What a source's incident holds back for another cause is one hit of the source's, and none of anybody else's. */
static void what_a_source_brought_is_held_for_another_cause(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    struct nx_hold hold;
    size_t done;
    flood(f, "good", "mx2.partner.net", NX_VERIFIED_NONE, BURST, OUTAGE);
    assert_int_equal(held(f, "good@v0.example", OUTAGE + HOUR, &hold), 1);
    uint64_t own = hits(f, "source:partner.net"), all = hits(f, "source:"), remotes = hits(f, "");
    struct nx_rejudged act = {.address = NX_STR("good@v0.example"),
                              .held = hold.sequence,
                              .hold = true,
                              .dropped = hold.cause,
                              .cause = NX_CAUSE_MAILBOX_DISABLED,
                              .class_ = NX_CLASS_HARD,
                              .since = hold.at,
                              .until = NX_WHEN_NONE,
                              .remote = hold.remote,
                              .lapses = hold.until};
    assert_true(nx_store_rejudge(f->store, &act, 1, NX_STR("alice"), OUTAGE + HOUR, &done, &error));
    assert_int_equal(done, 1);
    assert_int_equal(hits(f, "source:partner.net"), own);
    assert_int_equal(hits(f, "source:"), all);
    assert_int_equal(hits(f, ""), remotes);
    assert_true(nx_store_rejudge(f->store, &act, 1, NX_STR("alice"), OUTAGE + HOUR, &done, &error)); /* it is another hold by now */
    assert_int_equal(done, 0);
    assert_int_equal(held(f, "good@v0.example", OUTAGE + HOUR, &hold), 1);
    assert_int_equal(hold.cause, NX_CAUSE_MAILBOX_DISABLED);
    act.held = hold.sequence;
    act.hold = false;
    act.drop = true;
    assert_true(nx_store_rejudge(f->store, &act, 1, NX_STR("alice"), OUTAGE + HOUR, &done, &error));
    assert_int_equal(done, 1);
    assert_int_equal(hits(f, "source:partner.net"), own - 1);
    assert_int_equal(hits(f, "source:"), all - 1);
    assert_int_equal(hits(f, ""), remotes);
    rebuilds(f);
}

static void sources_can_be_left_alone(void **state)
{
    struct fixture *f = *state;
    f->policy.breaker.sources = false;
    close_store(f);
    open_store(f);
    assert_int_equal(flood(f, "good", "mx.forger#.net", NX_VERIFIED_NONE, BURST, OUTAGE), 0);
}

static void it_can_be_switched_off(void **state)
{
    struct fixture *f = *state;
    close_store(f);
    f->policy.breaker.enabled = false;
    open_store(f);
    assert_int_equal(burst(f, "good", BURST, OUTAGE), 0);
    close_store(f);
    f->policy.breaker.enabled = true; /* what was counted meanwhile is known */
    open_store(f);
    assert_int_equal(burst(f, "more", 2, OUTAGE + 100), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_outage_is_held_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_outage_in_one_group_is_held_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_lapses_and_the_next_report_decides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_released_hold_is_a_suppression_of_its_report, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dropped_hold_was_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_else_ends_a_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(something_stronger_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_not_held_spoils_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clocks_that_jump, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_settled_before_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_small_senders_outage_is_held_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_erased_is_counted_still, set_up, tear_down),
        cmocka_unit_test_setup_teardown(incidents_of_an_older_file_keep_their_beginning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_are_found_by_their_remote, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_release_ends_the_holds_of_its_streams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_never_met_are_counted_together, set_up_sources, tear_down),
        cmocka_unit_test_setup_teardown(a_source_far_above_its_own_rate_is_held, set_up_sources, tear_down),
        cmocka_unit_test_setup_teardown(whom_nobody_wrote_to_is_held, set_up_sources, tear_down),
        cmocka_unit_test_setup_teardown(what_a_source_brought_is_held_for_another_cause, set_up_sources, tear_down),
        cmocka_unit_test_setup_teardown(sources_can_be_left_alone, set_up_sources, tear_down),
        cmocka_unit_test_setup_teardown(it_can_be_switched_off, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
