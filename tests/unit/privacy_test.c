/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing and retention: what goes, and what must stay as it was. */
#include "base/error.h"
#include "store/lookup.h"
#include "store/mention.h"
#include "store/pseudonym.h"
#include "store_fixture.h"

#define DAY 86400
#define T0 1700000000

/* ---- addresses inside text */

static bool is_jane(void *data, struct nx_str address)
{
    (void)data;
    struct nx_str low = {g_ascii_strdown(address.p, (gssize)address.n), address.n};
    bool jane = nx_str_eq(low, NX_STR("jane.doe@example.net")) || nx_str_eq(low, NX_STR("\"jane doe\"@example.net"));
    g_free((gpointer)(uintptr_t)low.p);
    return jane;
}

static bool may_be_jane(void *data, struct nx_str domain)
{
    (void)data;
    return nx_str_ieq(domain, NX_STR("example.net"));
}

/* Who is asked has been asked for the domain before. */
static bool is_jane_at_home(void *data, struct nx_str address)
{
    assert_true(may_be_jane(data, nx_str_from(address, nx_str_chr(address, '@') + 1)));
    return is_jane(data, address);
}

static void mentions_are_found_whole_and_nothing_else_is(void **state)
{
    static const struct {
        const char *source, *in, *out;
    } rows[] = {
        {"alone", "jane.doe@example.net", "[erased]"},
        {"RFC 5321 path", "550 5.1.1 <Jane.Doe@Example.NET>: unknown", "550 5.1.1 <[erased]>: unknown"},
        {"end of a sentence", "No jane.doe@example.net.", "No [erased]."},
        {"longer local part", "mary-jane.doe@example.net xjane.doe@example.net", "mary-[erased] xjane.doe@example.net"},
        {"longer domain", "jane.doe@example.net.au", "jane.doe@example.net.au"},
        {"shorter domain", "jane.doe@example.ne", "jane.doe@example.ne"},
        {"RFC 3464 type", "rfc822;jane.doe@example.net", "rfc822;[erased]"},
        {"a quote that is atext", "'jane.doe@example.net'", "'[erased]'"},
        {"VERP", "bounce+jane.doe=example.net@lists.example.com", "bounce+[erased]@lists.example.com"},
        {"twice", "jane.doe@example.net,jane.doe@example.net", "[erased],[erased]"},
        {"RFC 5321 quoted", "<\"jane doe\"@example.net>", "<[erased]>"},
        {"the same in JSON", "{\"to\":\"\\\"jane doe\\\"@example.net\"}", "{\"to\":\"[erased]\"}"},
        {"nothing", "@example.net jane.doe@ = @@", "@example.net jane.doe@ = @@"},
        {"empty", "", ""},
    };
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_str out = nx_mention_scrub(arena, nx_str_of(rows[i].in), NULL, is_jane, NULL, NULL);
        struct nx_str same = nx_mention_scrub(arena, nx_str_of(rows[i].in), may_be_jane, is_jane_at_home, NULL, NULL);
        if (!nx_str_eq(out, nx_str_of(rows[i].out)) || !nx_str_eq(same, out))
            fail_msg("%s: '%.*s', '%.*s'", rows[i].source, NX_FMT(out), NX_FMT(same));
    }
}

static void a_secret_is_made_once_and_tells_itself_apart(void **state)
{
    struct fixture *f = *state;
    g_autofree char *one = g_build_filename(f->directory, "one.key", NULL), *two = g_build_filename(f->directory, "two.key", NULL);
    g_autoptr(GError) error = NULL;
    unsigned char first[NX_PSEUDONYM], again[NX_PSEUDONYM], other[NX_PSEUDONYM];
    assert_null(nx_pseudonym_load(one, &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_NOT_FOUND));
    g_clear_error(&error);
    assert_true(nx_pseudonym_make(one, f->path, &error) && nx_pseudonym_make(one, f->path, &error) &&
                nx_pseudonym_make(two, f->path, &error));
    g_autoptr(nx_pseudonym) a = nx_pseudonym_load(one, &error), b = nx_pseudonym_load(two, &error);
    assert_true(a != NULL && b != NULL && strcmp(nx_pseudonym_id(a), nx_pseudonym_id(b)) != 0);
    g_autoptr(nx_pseudonym_hasher) x = nx_pseudonym_hasher_new(a), y = nx_pseudonym_hasher_new(b);
    nx_pseudonym_hash(x, NX_STR("example.net@jane"), first);
    nx_pseudonym_hash(x, NX_STR("example.net@kim"), other);
    nx_pseudonym_hash(x, NX_STR("example.net@jane"), again);
    assert_memory_equal(first, again, NX_PSEUDONYM);
    assert_memory_not_equal(first, other, NX_PSEUDONYM);
    nx_pseudonym_tag(a, NX_STR("example.net@jane"), other);
    assert_memory_equal(first, other, NX_PSEUDONYM_TAG);
    nx_pseudonym_tag(b, NX_STR("example.net@jane"), other);
    assert_memory_not_equal(first, other, NX_PSEUDONYM_TAG);
    nx_pseudonym_hash(y, NX_STR("example.net@jane"), other);
    assert_memory_not_equal(first, other, NX_PSEUDONYM);
    GStatBuf info;
    assert_int_equal(g_stat(one, &info), 0);
    assert_int_equal(info.st_mode & 0137, 0);
}

/* ---- a random history */

#define PEOPLE 60

static struct nx_str person(struct fixture *f, int i)
{
    return nx_arena_printf(f->arena, "person%02d@d%d.example", i, i % 7);
}

static void report(struct fixture *f, GRand *rand, int who, nx_when now, int serial)
{
    static const enum nx_cause causes[] = {NX_CAUSE_MAILBOX_UNKNOWN, NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, NX_CAUSE_UNKNOWN,
                                           NX_CAUSE_GREYLISTED,      NX_CAUSE_COMPLAINT,    NX_CAUSE_EXPIRED};
    static const char *const streams[] = {"", "news", "shop"};
    enum nx_cause cause = causes[g_rand_int_range(rand, 0, G_N_ELEMENTS(causes))];
    bool delivered = g_rand_int_range(rand, 0, 5) == 0;
    struct nx_event event = {.origin = {.source = NX_STR("pipe"),
                                        .received_at = now,
                                        .stream = nx_str_of(streams[g_rand_int_range(rand, 0, G_N_ELEMENTS(streams))])},
                             .report = {.kind = delivered                     ? NX_KIND_DELIVERED
                                                : cause == NX_CAUSE_COMPLAINT ? NX_KIND_COMPLAINT
                                                                              : NX_KIND_FAILED,
                                        .recipient = person(f, who),
                                        .reply = 550,
                                        .status = NX_STR("5.0.0"),
                                        .diagnostic = nx_arena_printf(f->arena, "550 5.0.0 <%.*s> no", NX_FMT(person(f, who))),
                                        .key = nx_arena_printf(f->arena, "key%d", serial),
                                        .original = {.to = person(f, (who + 1) % PEOPLE)},
                                        .arrival_at = NX_WHEN_NONE,
                                        .last_attempt_at = NX_WHEN_NONE,
                                        .retry_until = NX_WHEN_NONE},
                             .verdict = {.class_ = delivered ? NX_CLASS_NONE : nx_cause_facts(cause)->class_,
                                         .cause = delivered ? NX_CAUSE_DELIVERED : cause,
                                         .rule = NX_STR("test.rule")}};
    struct nx_stored stored;
    g_autoptr(GError) error = NULL;
    event.id = nx_event_id(f->arena, &event.report);
    if (!nx_store_add(f->store, f->arena, &event, 1, now, &stored, &error))
        fail_msg("%s", error->message);
}

static void import_some(struct fixture *f, GRand *rand, nx_when now)
{
    struct nx_manual entries[80];
    g_autoptr(GError) error = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++)
        entries[i] =
            (struct nx_manual){.address = i < 6 ? person(f, g_rand_int_range(rand, 0, PEOPLE))
                                                : nx_arena_printf(f->arena, "i%zu.%d@list.example", i, (int)(now / DAY % 9)),
                               .since = NX_WHEN_NONE,
                               .until = g_rand_boolean(rand) ? now + g_rand_int_range(rand, 1, 100) * DAY : NX_WHEN_NONE,
                               .source = NX_STR("import:list")};
    if (!nx_store_suppress(f->store, entries, G_N_ELEMENTS(entries), now, NULL, &error))
        fail_msg("%s", error->message);
}

static void act(struct fixture *f, GRand *rand, int who, nx_when now)
{
    g_autoptr(GError) error = NULL;
    const struct nx_manual entry = {.address = person(f, who),
                                    .stream = g_rand_boolean(rand) ? NX_STR("news") : NX_STR_NONE,
                                    .since = NX_WHEN_NONE,
                                    .until = g_rand_boolean(rand) ? now + 20 * DAY : NX_WHEN_NONE};
    bool good = true;
    switch (g_rand_int_range(rand, 0, 6)) {
    case 0:
        good = nx_store_suppress(f->store, &entry, 1, now, NULL, &error);
        break;
    case 1:
    case 2:
    case 3:
        good = nx_store_release(f->store, entry.address, entry.stream, NX_STR_NONE, NX_STR_NONE, now, NULL, &error);
        break;
    case 4:
        good = nx_store_allow(f->store, entry.address, g_rand_boolean(rand), NX_STR_NONE, NX_STR_NONE, now, &error);
        break;
    default:
        import_some(f, rand, now);
    }
    if (!good && !g_error_matches(error, NX_ERROR, NX_ERROR_NOT_FOUND) && !g_error_matches(error, NX_ERROR, NX_ERROR_EXISTS))
        fail_msg("%s", error->message);
}

/* Days of it, a few things a day. */
static nx_when live(struct fixture *f, GRand *rand, nx_when now, int days, int *serial)
{
    for (int day = 0; day < days; day++, now += DAY)
        for (int i = g_rand_int_range(rand, 0, 5); i > 0; i--) {
            if (g_rand_int_range(rand, 0, 4) > 0)
                report(f, rand, g_rand_int_range(rand, 0, PEOPLE), now, (*serial)++);
            else
                act(f, rand, g_rand_int_range(rand, 0, PEOPLE), now);
        }
    return now;
}

static void must_be_sound(struct fixture *f, const char *when)
{
    g_autoptr(GError) error = NULL;
    struct nx_rebuilt rebuilt;
    if (!nx_store_check(f->store, &error))
        fail_msg("%s: %s", when, error->message);
    assert_true(nx_store_rebuild(f->store, &rebuilt, &error));
    assert_int_equal(rebuilt.changed, 0);
}

static bool add_line(const struct nx_entry *entry, void *data)
{
    g_string_append_printf(data, "%.*s %.*s %d %lld %lld %u %d\n", NX_FMT(entry->key), NX_FMT(entry->stream), entry->cause,
                           (long long)entry->since, (long long)entry->until, entry->renewals, entry->manual);
    return true;
}

/* What is in force, with all that an entry says; with `memory` also what is over but still tells of renewals. */
static char *entries_of(struct fixture *f, nx_when now)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const struct nx_filter filter = {.since = NX_WHEN_NONE, .before = NX_WHEN_NONE, .brief = true};
    assert_true(nx_reader_list(f->reader, &filter, now, add_line, text, &error));
    return g_string_free(text, FALSE);
}

static void what_is_past_its_time_goes_and_entries_stay(void **state)
{
    struct fixture *f = *state;
    for (guint32 seed = 1; seed <= 2; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        int serial = (int)seed * 100000;
        nx_when now = live(f, rand, T0 + seed * 3000 * (nx_when)DAY, 200, &serial);
        struct nx_retention retention = {.events = (60 + 40 * (int)seed) * DAY, .details = 20 * DAY, .believe_clock = true};
        struct nx_retained dry, done, again;
        g_autoptr(GError) error = NULL;
        retention.causes[NX_CAUSE_GREYLISTED] = 35 * DAY;
        for (int round = 0; round < 3; round++) {
            now = live(f, rand, now, 150, &serial);
            g_autofree char *before = entries_of(f, now);
            assert_true(nx_store_retain(f->store, &retention, now, true, NULL, NULL, &dry, &error));
            g_autofree char *between = entries_of(f, now);
            assert_string_equal(before, between);
            assert_true(nx_store_retain(f->store, &retention, now, false, NULL, NULL, &done, &error));
            assert_true(done.events > 0 && done.details > 0);
            assert_int_equal(dry.addresses, done.addresses);
            assert_true(nx_store_retain(f->store, &retention, now, false, NULL, NULL, &again, &error));
            assert_int_equal(again.events + again.details + again.addresses, 0);
            g_autofree char *after = entries_of(f, now);
            assert_string_equal(before, after);
            must_be_sound(f, "after retention");
            nx_arena_reset(f->arena);
        }
    }
}

static bool count_line(const struct nx_logged *line, void *data)
{
    size_t *n = data;
    n[0]++;
    n[1] += line->event != NULL && line->event->report.diagnostic.n > 0;
    return true;
}

static void count_log(struct fixture *f, const char *address, size_t ret[2])
{
    const struct nx_log_filter filter = {.address = nx_str_of(address), .since = NX_WHEN_NONE};
    g_autoptr(GError) error = NULL;
    ret[0] = ret[1] = 0;
    assert_true(nx_reader_log(f->reader, &filter, count_line, ret, &error));
}

static void what_an_entry_rests_on_stays(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    const struct nx_retention retention = {.events = 40 * DAY, .details = 30 * DAY, .believe_clock = true};
    struct nx_retained done;
    size_t n[2];
    struct nx_event event = {.origin = {.source = NX_STR("pipe"), .received_at = T0},
                             .report = {.kind = NX_KIND_FAILED,
                                        .recipient = NX_STR("dead@example.net"),
                                        .reply = 550,
                                        .diagnostic = NX_STR("550 no"),
                                        .key = NX_STR("k"),
                                        .arrival_at = NX_WHEN_NONE,
                                        .last_attempt_at = NX_WHEN_NONE,
                                        .retry_until = NX_WHEN_NONE},
                             .verdict = {.class_ = NX_CLASS_HARD, .cause = NX_CAUSE_MAILBOX_UNKNOWN}};
    struct nx_stored stored;
    event.id = nx_event_id(f->arena, &event.report);
    assert_true(nx_store_add(f->store, f->arena, &event, 1, T0, &stored, &error));
    event.report.recipient = NX_STR("released@example.net");
    event.id = nx_event_id(f->arena, &event.report);
    assert_true(nx_store_add(f->store, f->arena, &event, 1, T0, &stored, &error));
    assert_true(nx_store_release(f->store, event.report.recipient, NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0 + 1, NULL, &error));
    event.report.recipient = NX_STR("last@example.net"); /* the last row of the log is never given twice */
    event.verdict.cause = NX_CAUSE_GREYLISTED;
    event.id = nx_event_id(f->arena, &event.report);
    assert_true(nx_store_add(f->store, f->arena, &event, 1, T0 + 2, &stored, &error));
    assert_true(nx_store_retain(f->store, &retention, T0 + 400 * DAY, false, NULL, NULL, &done, &error));
    count_log(f, "dead@example.net", n);
    assert_true(n[0] == 1 && n[1] == 1);
    count_log(f, "released@example.net", n);
    assert_int_equal(n[0], 0);
    count_log(f, "last@example.net", n);
    assert_int_equal(n[0], 1);
    must_be_sound(f, "after retention");
}

/* An old mailbox is read today, or the clock of who sent it was behind: what was learned today is kept from today on. */
static void a_late_report_has_its_term(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    const struct nx_retention retention = {.events = 40 * DAY, .details = 30 * DAY, .believe_clock = true};
    struct nx_retained done;
    size_t n[2];
    struct nx_event event = {.origin = {.source = NX_STR("file"), .received_at = T0 - 500 * DAY},
                             .report = {.kind = NX_KIND_FAILED,
                                        .recipient = NX_STR("late@example.net"),
                                        .diagnostic = NX_STR("450 later"),
                                        .key = NX_STR("k"),
                                        .arrival_at = NX_WHEN_NONE,
                                        .last_attempt_at = NX_WHEN_NONE,
                                        .retry_until = NX_WHEN_NONE},
                             .verdict = {.class_ = NX_CLASS_SOFT, .cause = NX_CAUSE_GREYLISTED}};
    event.id = nx_event_id(f->arena, &event.report);
    (void)store_one(f, &event, T0);
    event.report.recipient = NX_STR("last@example.net");
    event.id = nx_event_id(f->arena, &event.report);
    (void)store_one(f, &event, T0);
    assert_true(nx_store_retain(f->store, &retention, T0 + 29 * DAY, false, NULL, NULL, &done, &error));
    count_log(f, "late@example.net", n);
    assert_true(n[0] == 1 && n[1] == 1);
    assert_true(nx_store_retain(f->store, &retention, T0 + 39 * DAY, false, NULL, NULL, &done, &error));
    count_log(f, "late@example.net", n);
    assert_true(n[0] == 1 && n[1] == 0);
    assert_true(nx_store_retain(f->store, &retention, T0 + 41 * DAY, false, NULL, NULL, &done, &error));
    count_log(f, "late@example.net", n);
    assert_int_equal(n[0], 0);
}

static void report_cause(struct fixture *f, const char *address, const char *words, enum nx_cause cause, nx_when at)
{
    struct nx_event event = {.origin = {.source = NX_STR("pipe"), .received_at = at},
                             .report = {.kind = NX_KIND_FAILED,
                                        .recipient = nx_str_of(address),
                                        .diagnostic = nx_str_of(words),
                                        .key = nx_arena_printf(f->arena, "%lld", (long long)at),
                                        .arrival_at = NX_WHEN_NONE,
                                        .last_attempt_at = NX_WHEN_NONE,
                                        .retry_until = NX_WHEN_NONE},
                             .verdict = {.class_ = nx_cause_facts(cause)->class_, .cause = cause}};
    event.id = nx_event_id(f->arena, &event.report);
    (void)store_one(f, &event, at);
}

static void report_full(struct fixture *f, const char *address, nx_when at)
{
    report_cause(f, address, "452 full", NX_CAUSE_MAILBOX_FULL, at);
}

static void report_dead(struct fixture *f, const char *address, nx_when at)
{
    report_cause(f, address, "550 no such user", NX_CAUSE_MAILBOX_UNKNOWN, at);
}

/* An entry that is over makes the next one longer for a year, so what it came from stays as long; a place on the allow list keeps
 * what is known of its address. */
static void what_is_remembered_stays(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    const struct nx_retention retention = {.events = 40 * DAY, .details = 30 * DAY, .believe_clock = true};
    struct nx_retained done;
    size_t n[2];
    const struct nx_str allowed = NX_STR("allowed@example.net");
    for (int day = 0; day <= 8; day += 4)
        report_full(f, "full@example.net", T0 + day * DAY);
    assert_int_equal(look(f, "full@example.net", T0 + 9 * DAY, NULL), 1);
    report_full(f, "allowed@example.net", T0);
    assert_true(nx_store_allow(f->store, allowed, true, NX_STR_NONE, NX_STR_NONE, T0 + 1, &error));
    report_full(f, "last@example.net", T0 + 9 * DAY);
    assert_true(nx_store_retain(f->store, &retention, T0 + 300 * DAY, false, NULL, NULL, &done, &error));
    assert_int_equal(look(f, "full@example.net", T0 + 300 * DAY, NULL), 0);
    count_log(f, "full@example.net", n);
    assert_int_equal(n[0], 3);
    assert_true(nx_store_retain(f->store, &retention, T0 + 500 * DAY, false, NULL, NULL, &done, &error));
    count_log(f, "full@example.net", n);
    assert_int_equal(n[0], 0);
    count_log(f, "allowed@example.net", n);
    assert_int_equal(n[0], 2);
    must_be_sound(f, "after retention");
}

static void count_of(struct fixture *f, const char *address, size_t want)
{
    size_t n[2];
    count_log(f, address, n);
    if (n[0] != want)
        fail_msg("%s: %zu rows, not %zu", address, n[0], want);
}

/* What was decided about a domain is nobody's datum, and remembered: a proposal that was refused is not made again. */
static void what_was_decided_about_a_domain_stays(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    const struct nx_retention retention = {.events = 40 * DAY, .details = 30 * DAY, .believe_clock = true};
    const struct nx_manual over = {.address = NX_STR("@over.example"), .since = T0, .until = T0 + DAY},
                           person = {.address = NX_STR("a@over.example"), .since = T0, .until = T0 + DAY};
    struct nx_retained done;
    assert_true(nx_store_dismiss(f->store, NX_STR("odd.example"), NX_STR("it is fine"), NX_STR("bob"), NULL, T0, &error));
    assert_true(nx_store_suppress(f->store, &over, 1, T0, NULL, &error));
    assert_true(nx_store_suppress(f->store, &person, 1, T0, NULL, &error));
    report_full(f, "last@example.net", T0);
    assert_true(nx_store_retain(f->store, &retention, T0 + 800 * DAY, false, NULL, NULL, &done, &error));
    count_of(f, "@odd.example", 1);
    count_of(f, "@over.example", 1);
    count_of(f, "a@over.example", 0);
    must_be_sound(f, "after retention");
}

/* What is held back, and what was a year ago: when it is put on the list after all, the row of its report is what it rests on. */
static void what_was_held_back_stays(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    const struct nx_sent_limits limits = {.age = 90 * DAY, .size = 1000};
    const struct nx_sent sent = {.message_id = NX_STR("1@example.org"), .recipient = NX_STR("b@example.net")};
    const struct nx_retention retention = {.events = 40 * DAY, .details = 30 * DAY, .sent = limits, .believe_clock = true};
    struct nx_recorded recorded;
    struct nx_retained done;
    size_t n[2];
    f->policy.breaker.unsent = true;
    f->policy.breaker.hold = 100 * DAY;
    close_store(f);
    open_store(f);
    assert_true(nx_store_sent(f->store, &sent, 1, &limits, NULL, T0 - 9 * DAY, &recorded, &error));
    report_dead(f, "held@example.net", T0);
    report_full(f, "last@example.net", T0 + DAY);
    assert_true(nx_store_retain(f->store, &retention, T0 + 50 * DAY, false, NULL, NULL, &done, &error)); /* held still */
    count_log(f, "held@example.net", n);
    assert_true(n[0] == 1 && n[1] == 1); /* and with its words */
    assert_true(
        nx_store_retain(f->store, &retention, T0 + 400 * DAY, false, NULL, NULL, &done, &error)); /* over, for less than a year */
    count_of(f, "held@example.net", 1);
    assert_true(nx_store_retain(f->store, &retention, T0 + 500 * DAY, false, NULL, NULL, &done, &error));
    count_of(f, "held@example.net", 0);
    must_be_sound(f, "after retention");
}

static void erase(struct fixture *f, struct nx_str address, nx_when now, bool want_kept)
{
    const struct nx_forget forget = {.addresses = &address, .n = 1};
    struct nx_erased erased;
    struct nx_cleared cleared;
    g_autoptr(GError) error = NULL;
    if (!nx_store_forget(f->store, &forget, now, &erased, &cleared, &error))
        fail_msg("%s", error->message);
    assert_int_equal(erased.kept, want_kept);
}

static void must_be_absent(struct fixture *f, struct nx_str address)
{
    static const char *const suffixes[] = {"", "-wal", ".lookup"};
    size_t at = nx_str_chr(address, '@');
    struct nx_str key =
        nx_arena_printf(f->arena, "%.*s@%.*s", NX_FMT(nx_str_from(address, at + 1)), NX_FMT(nx_str_sub(address, 0, at)));
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL), *bytes = NULL;
        gsize n;
        if (!g_file_get_contents(path, &bytes, &n, NULL))
            continue;
        if (memmem(bytes, n, address.p, address.n) != NULL || memmem(bytes, n, key.p, key.n) != NULL)
            fail_msg("%s still holds %.*s", path, NX_FMT(address));
    }
}

/* Whoever may be written to may be so after erasing, who may not may not, by every way to ask; and nothing of them is left. */
static void erasing_changes_what_is_kept_and_not_who_is_written_to(void **state)
{
    struct fixture *f = *state;
    static const char *const streams[] = {"", "news", "shop"};
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autoptr(GError) error = NULL;
    int serial = 0, suppressed = 0;
    nx_when now = live(f, rand, T0, 300, &serial);
    for (int who = 0; who < PEOPLE; who += 2) {
        struct nx_str address = person(f, who);
        struct nx_entry entry;
        int before[3], kept = 0;
        bool allowed = false;
        for (int i = 0; i < 3; i++)
            kept += before[i] =
                nx_reader_lookup(f->reader, f->arena, address, nx_str_of(streams[i]), now, &entry, &allowed, &error);
        if (who % 4 == 0) {
            erase(f, address, now, kept > 0);
            must_be_absent(f, address);
        }
        for (int i = 0; i < 3; i++)
            if (nx_reader_lookup(f->reader, f->arena, address, nx_str_of(streams[i]), now, &entry, &allowed, &error) != before[i])
                fail_msg("%.*s, stream '%s': was %d", NX_FMT(address), streams[i], before[i]);
        suppressed += kept > 0;
    }
    assert_true(suppressed > 5);
    must_be_sound(f, "after erasing");
    g_autoptr(nx_lookup) lookup = nx_lookup_new(f->store, &error);
    assert_non_null(lookup);
    for (int who = 0; who < PEOPLE; who++)
        for (int i = 0; i < 3; i++) {
            struct nx_address address;
            struct nx_entry entry;
            struct nx_hit hit;
            bool allowed;
            assert_true(nx_lookup_fold(lookup, f->arena, person(f, who), &address, NULL));
            nx_lookup_find(lookup, &address.key, 1, nx_str_of(streams[i]), now, &hit);
            int found = nx_reader_lookup(f->reader, f->arena, person(f, who), nx_str_of(streams[i]), now, &entry, &allowed, &error);
            assert_int_equal(hit.answer == NX_ANSWER_SUPPRESSED, found);
        }
    /* Life goes on, and those who are erased stay out of the files. */
    now = live(f, rand, now, 120, &serial);
    must_be_sound(f, "a while after");
    struct nx_retention retention = {.events = 60 * DAY, .believe_clock = true};
    struct nx_retained done;
    assert_true(nx_store_retain(f->store, &retention, now + 400 * DAY, false, NULL, NULL, &done, &error));
    must_be_sound(f, "after erasing and retention");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mentions_are_found_whole_and_nothing_else_is),
        cmocka_unit_test_setup_teardown(a_secret_is_made_once_and_tells_itself_apart, make_store, tear_down),
        cmocka_unit_test_setup_teardown(what_is_past_its_time_goes_and_entries_stay, make_store, tear_down),
        cmocka_unit_test_setup_teardown(what_an_entry_rests_on_stays, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_late_report_has_its_term, make_store, tear_down),
        cmocka_unit_test_setup_teardown(what_is_remembered_stays, make_store, tear_down),
        cmocka_unit_test_setup_teardown(what_was_decided_about_a_domain_stays, make_store, tear_down),
        cmocka_unit_test_setup_teardown(what_was_held_back_stays, make_store, tear_down),
        cmocka_unit_test_setup_teardown(erasing_changes_what_is_kept_and_not_who_is_written_to, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
