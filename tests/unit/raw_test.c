/* SPDX-License-Identifier: Apache-2.0 */
/* Whole messages of what nobody could explain: kept with the event, found, bounded, forgotten. */
#include "store/sqlite/raw.h"
#include "store_fixture.h"

#define DAY 86400
#define T0 1700000000

static struct nx_str keep_event(struct fixture *f, const char *address, enum nx_cause cause, const char *group, struct nx_str raw,
                                nx_when when)
{
    static int serial;
    struct nx_stored stored;
    struct nx_event event = {.origin = {.source = NX_STR("pipe"), .received_at = when},
                             .report = {.kind = NX_KIND_FAILED,
                                        .recipient = nx_str_of(address),
                                        .diagnostic = NX_STR("550 zork"),
                                        .key = nx_arena_printf(f->arena, "key-%d", serial++),
                                        .arrival_at = NX_WHEN_NONE,
                                        .last_attempt_at = NX_WHEN_NONE,
                                        .retry_until = NX_WHEN_NONE},
                             .verdict = {.class_ = nx_cause_facts(cause)->class_, .cause = cause},
                             .raw = raw,
                             .group = nx_str_of(group)};
    event.id = nx_event_id(f->arena, &event.report);
    if (!nx_store_add(f->store, f->arena, &event, 1, when, &stored, NULL))
        fail_msg("not stored");
    return event.id;
}

static struct nx_str keep(struct fixture *f, const char *address, enum nx_cause cause, struct nx_str raw, nx_when when)
{
    return keep_event(f, address, cause, "", raw, when);
}

static struct nx_str keep_of_group(struct fixture *f, const char *address, const char *group, struct nx_str raw, nx_when when)
{
    return keep_event(f, address, NX_CAUSE_UNKNOWN, group, raw, when);
}

static int get(struct fixture *f, struct nx_str id, struct nx_raw *ret)
{
    g_autoptr(GError) error = NULL;
    int got = nx_reader_raw(f->reader, f->arena, id, ret, &error);
    assert_null(error);
    return got;
}

/* Bytes that do not pack. */
static struct nx_str noise(struct fixture *f, size_t n, uint32_t seed)
{
    char *bytes = nx_arena_alloc(f->arena, n);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)g_rand_int_range(rand, 0, 256);
    return (struct nx_str){bytes, n};
}

static int64_t number(struct fixture *f, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int64_t n = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return n;
}

static bool count_lines(const struct nx_logged *line, void *data)
{
    assert_non_null(line->event);
    ++*(size_t *)data;
    return true;
}

static void test_kept(void **state)
{
    struct fixture *f = *state;
    struct nx_str message = NX_STR("Subject: x\r\n\r\nzork <a@example.net> <b@example.net>\r\n");
    struct nx_raw raw;
    struct nx_str known = keep(f, "known@example.net", NX_CAUSE_MAILBOX_FULL, message, T0);
    struct nx_str a = keep(f, "a@example.net", NX_CAUSE_UNKNOWN, message, T0),
                  b = keep(f, "b@example.net", NX_CAUSE_UNKNOWN, message, T0);
    struct nx_str none = keep(f, "c@example.net", NX_CAUSE_UNKNOWN, NX_STR_NONE, T0);
    assert_int_equal(get(f, known, &raw), 0);
    assert_int_equal(get(f, none, &raw), 0);
    assert_int_equal(get(f, b, &raw), 1);
    assert_int_equal(get(f, a, &raw), 1);
    assert_true(nx_str_eq(raw.bytes, message));
    assert_int_equal(raw.size, message.n);
    assert_int_equal(raw.kept, T0);
    assert_int_equal(number(f, "SELECT count(*) FROM raw"), 1); /* one message, two recipients */
    size_t lines = 0;
    struct nx_log_filter filter = {.unexplained = true, .since = NX_WHEN_NONE};
    assert_true(nx_reader_log(f->reader, &filter, count_lines, &lines, NULL));
    assert_int_equal(lines, 3);
    filter.address = NX_STR("b@example.net");
    assert_true(nx_reader_log(f->reader, &filter, count_lines, &lines, NULL));
    assert_int_equal(lines, 4);
}

static void test_bounds(void **state)
{
    struct fixture *f = *state;
    const struct nx_raw_limits limits = {.total = 100000, .message = 10000, .age = 10 * DAY};
    struct nx_raw raw;
    struct nx_str first = NX_STR_NONE, last = NX_STR_NONE;
    nx_store_limit_raw(f->store, &limits);
    for (unsigned i = 0; i < 40; i++) {
        last = keep(f, "a@example.net", NX_CAUSE_UNKNOWN, noise(f, 20000, i), T0 + i);
        first = i == 0 ? last : first;
    }
    assert_true(number(f, "SELECT sum(packed) FROM raw") <= 100000);
    assert_true(number(f, "SELECT count(*) FROM raw") >= 8);
    assert_int_equal(number(f, "SELECT count(*) FROM unexplained"), 40);
    assert_int_equal(get(f, first, &raw), 0); /* the oldest went */
    assert_int_equal(get(f, last, &raw), 1);
    assert_int_equal(raw.bytes.n, 10000); /* cut, and says so */
    assert_int_equal(raw.size, 20000);
    keep(f, "a@example.net", NX_CAUSE_MAILBOX_FULL, NX_STR_NONE, T0 + 11 * DAY); /* any event sweeps what is too old */
    assert_int_equal(get(f, last, &raw), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM raw"), 0);
    const struct nx_raw_limits off = {.total = 0, .message = 10000};
    nx_store_limit_raw(f->store, &off);
    last = keep(f, "a@example.net", NX_CAUSE_UNKNOWN, NX_STR("zork"), T0 + 12 * DAY);
    assert_int_equal(get(f, last, &raw), 0);
}

/* Of a group that is loud the first half and the newest stay, and what is rare stays whole. */
static void test_loud_group(void **state)
{
    struct fixture *f = *state;
    const struct nx_raw_limits limits = {.total = 1000000, .message = 10000, .group = 6},
                               fewer = {.total = 1000000, .message = 10000, .group = 4};
    struct nx_str ids[40], rare, alone;
    struct nx_raw raw;
    nx_store_limit_raw(f->store, &limits);
    rare = keep_of_group(f, "r@example.net", "rare", noise(f, 500, 1000), T0);
    alone = keep_of_group(f, "s@example.net", "", noise(f, 500, 1001), T0);
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++)
        ids[i] = keep_of_group(f, "a@example.net", "loud", noise(f, 500, i), T0 + i);
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++)
        assert_int_equal(get(f, ids[i], &raw), i < 3 || i >= G_N_ELEMENTS(ids) - 3);
    assert_int_equal(get(f, rare, &raw), 1);
    assert_int_equal(get(f, alone, &raw), 1); /* whose group nobody knows is of none */
    assert_int_equal(number(f, "SELECT count(*) FROM raw"), 8);
    assert_int_equal(number(f, "SELECT count(*) FROM unexplained"), 42); /* the events stay */
    nx_store_limit_raw(f->store, &fewer);
    struct nx_str last = keep_of_group(f, "a@example.net", "loud", noise(f, 500, 99), T0 + 99);
    assert_int_equal(number(f, "SELECT count(*) FROM raw"), 6);
    assert_int_equal(get(f, ids[0], &raw), 1);
    assert_int_equal(get(f, ids[1], &raw), 1);
    assert_int_equal(get(f, ids[39], &raw), 1);
    assert_int_equal(get(f, last, &raw), 1);
}

static void test_names(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *message;
        bool names;
    } rows[] = {
        {"To: Ann.Other@Example.net\r\n", true},
        {"To: ann.other=40example.net\r\n", true},
        {"x ann.oth=\r\ner@exam=\r\nple.net y", true},
        {"Return-Path: <b+ann.other=example.net@example.org>", true},
        {"http://example.org/?u=ann.other%40example.net", true},
        {"\r\n\r\nSGVsbG8gYW5uLm90aGVyQGV4YW1w\r\nbGUubmV0LCBob3cgYXJlIHlvdT8=\r\n", true}, /* over two lines */
        {"To: ann@example.net, other@example.net\r\n", false},
        {"", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (nx_raw_names(f->arena, nx_str_of(rows[i].message), NX_STR("ann.other@example.net")) != rows[i].names)
            fail_msg("row %zu", i);
}

static void test_forget(void **state)
{
    struct fixture *f = *state;
    struct nx_raw raw;
    struct nx_str a = keep(f, "a@example.net", NX_CAUSE_UNKNOWN, NX_STR("to <a@example.net> and <b@example.net>"), T0);
    struct nx_str c = keep(f, "c@example.net", NX_CAUSE_UNKNOWN, NX_STR("to <c@example.net>"), T0);
    struct nx_str d = keep(f, "d@example.net", NX_CAUSE_UNKNOWN, NX_STR("to <d@example.net>"), T0);
    nx_reader_free(f->reader);
    nx_store_close(f->store);
    struct nx_backend *backend = nx_sqlite_ops.open(f->path, &f->policy, NULL);
    assert_non_null(backend);
    const struct nx_str names[] = {NX_STR("nobody@example.net"), NX_STR("B@example.net")};
    size_t removed = 0;
    assert_true(nx_sqlite_ops.begin(backend, NULL));
    assert_true(nx_raw_forget(backend, names, 2, &removed, NULL));
    assert_int_equal(removed, 1);
    assert_true(nx_db_exec(backend->db, "DELETE FROM log WHERE key='example.net@c'", NULL));
    assert_true(nx_sqlite_ops.commit(backend, NULL));
    nx_sqlite_ops.close(backend);
    f->store = nx_store_open(f->path, NX_OPEN_WRITE, &f->policy, NULL, NULL);
    f->reader = nx_reader_new(f->store, NULL);
    assert_int_equal(get(f, a, &raw), 0);
    assert_int_equal(get(f, c, &raw), 0); /* went with its row of the log */
    assert_int_equal(get(f, d, &raw), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM raw"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM unexplained"), 2);
}

/* Its words have gone, so the message that holds them has, too; those of others stay. */
static void test_trimmed(void **state)
{
    struct fixture *f = *state;
    const struct nx_raw_limits limits = {.total = 100000, .message = 10000};
    const struct nx_retention retention = {.details = 30 * DAY, .believe_clock = true};
    struct nx_retained done;
    struct nx_raw raw;
    nx_store_limit_raw(f->store, &limits);
    struct nx_str old = keep(f, "a@example.net", NX_CAUSE_UNKNOWN, NX_STR("about a"), T0),
                  young = keep(f, "b@example.net", NX_CAUSE_UNKNOWN, NX_STR("about b"), T0 + 20 * DAY);
    assert_true(nx_store_retain(f->store, &retention, T0 + 31 * DAY, false, NULL, NULL, &done, NULL));
    assert_int_equal(done.details, 1);
    assert_int_equal(get(f, old, &raw), 0);
    assert_int_equal(get(f, young, &raw), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM raw"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM unexplained"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, make_store, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds, make_store, tear_down),
        cmocka_unit_test_setup_teardown(test_loud_group, make_store, tear_down),
        cmocka_unit_test_setup_teardown(test_names, make_store, tear_down),
        cmocka_unit_test_setup_teardown(test_forget, make_store, tear_down),
        cmocka_unit_test_setup_teardown(test_trimmed, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
