/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that leapt drops nothing for its age: messages for triage, the ledger of what was sent, kept answers, tokens of webhooks.
 */
#include "store_fixture.h"

#include "base/error.h"

#include <sqlite3.h>

#define HOUR 3600
#define DAY 86400
#define T0 1700000000
#define LEAP (T0 + 100 * DAY)

static const struct nx_sent_limits ledger = {.age = 14 * DAY, .size = 1000};

static struct nx_str keep_message(struct fixture *f, nx_when now)
{
    struct nx_event event = {.origin = {.source = NX_STR("pipe"), .received_at = now},
                             .report = {.kind = NX_KIND_FAILED,
                                        .recipient = NX_STR("a@example.net"),
                                        .diagnostic = NX_STR("550 zork"),
                                        .key = nx_arena_printf(f->arena, "key-%u", f->ids++),
                                        .arrival_at = NX_WHEN_NONE,
                                        .last_attempt_at = NX_WHEN_NONE,
                                        .retry_until = NX_WHEN_NONE},
                             .verdict = {.class_ = NX_CLASS_SOFT, .cause = NX_CAUSE_UNKNOWN},
                             .raw = nx_arena_printf(f->arena, "message %u", f->ids)};
    event.id = nx_event_id(f->arena, &event.report);
    store_one(f, &event, now);
    return event.id;
}

static bool has_message(struct fixture *f, struct nx_str id)
{
    struct nx_raw raw;
    return nx_reader_raw(f->reader, f->arena, id, &raw, NULL) == 1;
}

static void send_one(struct fixture *f, const char *recipient, nx_when now)
{
    struct nx_recorded recorded;
    g_autoptr(GError) error = NULL;
    const struct nx_sent sent = {.message_id = nx_str_of(recipient), .recipient = nx_str_of(recipient)};
    if (!nx_store_sent(f->store, &sent, 1, &ledger, NULL, now, &recorded, &error))
        fail_msg("%s", error->message);
}

static void count_sent(struct nx_str stream, nx_when at, void *data)
{
    (void)stream, (void)at;
    ++*(int *)data;
}

static int sent_to(struct fixture *f, const char *recipient)
{
    int n = 0;
    assert_true(nx_reader_sent(f->reader, nx_str_of(recipient), count_sent, &n, NULL));
    return n;
}

static struct nx_once once_of(const char *token)
{
    return (struct nx_once){.claim = {.token = nx_str_of(token), .digest = NX_STR("digest")}, .answer = g_string_new(NULL)};
}

static void answer(struct fixture *f, const char *token, nx_when now)
{
    struct nx_once once = once_of(token);
    g_string_assign(once.answer, "200\nhere");
    assert_true(nx_store_keep(f->store, &once, now, NULL));
    g_string_free(once.answer, TRUE);
}

/* The writer and the reader say the same. */
static bool is_answered(struct fixture *f, const char *token, nx_when now)
{
    struct nx_once once = once_of(token), read = once_of(token);
    assert_true(nx_store_recall(f->store, &once, now, NULL));
    assert_int_equal(nx_reader_recall(f->reader, &read, now, NULL), once.repeated);
    assert_string_equal(once.answer->str, once.repeated ? "200\nhere" : "");
    g_string_free(once.answer, TRUE);
    g_string_free(read.answer, TRUE);
    return once.repeated;
}

struct outcome {
    _Atomic int code; /* 0: not yet */
};

static void answered(void *data, const GError *error)
{
    ((struct outcome *)data)->code = error == NULL ? 1 : -1;
}

static bool claims(struct fixture *f, const char *digest, nx_when now)
{
    struct outcome outcome = {0};
    const struct nx_claim one = {.token = NX_STR("token"), .digest = nx_str_of(digest)};
    assert_true(nx_store_submit(f->store, f->arena, NULL, 0, &one, NULL, now, NULL, answered, &outcome, NULL));
    while (outcome.code == 0)
        g_usleep(1000);
    return outcome.code > 0;
}

static void limit_messages(struct fixture *f)
{
    const struct nx_raw_limits limits = {.total = 1000000, .message = 10000, .age = 10 * DAY};
    nx_store_limit_raw(f->store, &limits);
}

struct before { /* what is there when the clock leaps */
    struct nx_str message;
};

static struct before begin(struct fixture *f)
{
    limit_messages(f);
    struct before before = {.message = keep_message(f, T0)};
    send_one(f, "a@example.net", T0);
    answer(f, "old", T0);
    assert_true(claims(f, "digest", T0));
    return before;
}

/* Each kind of writer comes by. */
static void go_by(struct fixture *f, nx_when now)
{
    keep_message(f, now);
    send_one(f, "b@example.net", now);
    answer(f, "new", now);
}

static bool all_there(struct fixture *f, const struct before *before, nx_when now)
{
    bool message = has_message(f, before->message), sent = sent_to(f, "a@example.net") == 1, kept = is_answered(f, "old", now),
         claimed = !claims(f, "other", now);
    assert_int_equal(message, sent);
    assert_int_equal(message, kept);
    assert_int_equal(message, claimed);
    return message;
}

static void after_a_leap_all_stays(void **state)
{
    struct fixture *f = *state;
    struct before before = begin(f);
    for (int i = 0; i < 5; i++) { /* also much later by that clock, and in another process */
        go_by(f, LEAP + i * 10 * DAY);
        assert_true(all_there(f, &before, LEAP + i * 10 * DAY));
        close_store(f);
        open_store(f);
        limit_messages(f);
    }
    go_by(f, T0 + HOUR); /* it is put right */
    assert_true(all_there(f, &before, T0 + HOUR));
    for (int day = 10; day <= 40; day += 10)
        go_by(f, T0 + day * DAY);
    assert_false(all_there(f, &before, T0 + 40 * DAY));
}

static void in_small_steps_all_goes(void **state)
{
    struct fixture *f = *state;
    struct before before = begin(f);
    go_by(f, T0 + 15 * DAY);
    assert_false(all_there(f, &before, T0 + 15 * DAY));
}

static void a_clock_that_is_insisted_on_is_believed(void **state)
{
    struct fixture *f = *state;
    struct before before = begin(f);
    struct nx_retention retention = {.sent = ledger};
    struct nx_retained done;
    go_by(f, LEAP);
    assert_false(nx_store_retain(f->store, &retention, LEAP, false, NULL, NULL, &done, NULL));
    assert_true(all_there(f, &before, LEAP));
    retention.believe_clock = true;
    assert_true(nx_store_retain(f->store, &retention, LEAP, false, NULL, NULL, &done, NULL));
    go_by(f, LEAP + 2 * HOUR);
    assert_false(all_there(f, &before, LEAP + 2 * HOUR));
}

/* The first thing that this version writes into a file that was there before. */
static void a_file_without_the_mark_is_judged_by_its_newest_row(void **state)
{
    struct fixture *f = *state;
    struct before before = begin(f);
    assert_true(nx_store_mark(f->store, NX_STR("retain"), NX_WHEN_NONE, NULL));
    close_store(f);
    open_store(f);
    limit_messages(f);
    for (int i = 0; i < 3; i++) {
        go_by(f, LEAP + i * DAY);
        assert_true(all_there(f, &before, LEAP + i * DAY));
    }
}

static int64_t kept(struct fixture *f)
{
    sqlite3 *db;
    sqlite3_stmt *rows;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM answers", -1, &rows, NULL), SQLITE_OK);
    int64_t n = sqlite3_step(rows) == SQLITE_ROW ? sqlite3_column_int64(rows, 0) : -1;
    sqlite3_finalize(rows);
    sqlite3_close(db);
    return n;
}

static void an_answer_is_kept_for_four_days(void **state)
{
    struct fixture *f = *state;
    answer(f, "old", T0);
    assert_true(is_answered(f, "old", T0 + 4 * DAY));
    assert_false(is_answered(f, "old", T0 + 4 * DAY + 1));
    answer(f, "new", T0 + 4 * DAY);
    assert_int_equal(kept(f), 2);
    answer(f, "newest", T0 + 4 * DAY + 1); /* the next one takes it out of the file */
    assert_int_equal(kept(f), 2);
}

static void an_answer_that_is_too_large_is_refused(void **state)
{
    struct fixture *f = *state;
    struct nx_once once = once_of("large");
    g_autoptr(GError) error = NULL;
    g_string_set_size(once.answer, NX_ANSWER_MAX + 1);
    memset(once.answer->str, 'a', once.answer->len);
    assert_false(nx_store_keep(f->store, &once, T0, &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_LIMIT));
    assert_non_null(strstr(error->message, "1048576 bytes"));
    assert_int_equal(kept(f), 0);
    g_string_truncate(once.answer, NX_ANSWER_MAX);
    assert_true(nx_store_keep(f->store, &once, T0, NULL));
    assert_true(nx_store_recall(f->store, &once, T0, NULL) && once.repeated);
    assert_int_equal(once.answer->len, NX_ANSWER_MAX);
    g_string_free(once.answer, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(after_a_leap_all_stays, make_store, tear_down),
        cmocka_unit_test_setup_teardown(in_small_steps_all_goes, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_is_insisted_on_is_believed, make_store, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_is_kept_for_four_days, make_store, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_is_too_large_is_refused, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_file_without_the_mark_is_judged_by_its_newest_row, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
