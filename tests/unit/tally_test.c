/* SPDX-License-Identifier: Apache-2.0 */
/* Counters: what is asked of them is what the events give when they are counted one by one, wherever the counters stand. */
#include "store_fixture.h"
#include "base/error.h"
#include "store/sqlite/pack.h"

#include <sqlite3.h>

#define DAY 86400
#define T0 (20000 * (nx_when)DAY)
#define DAYS 40
#define EVENTS 1000u

static const char *const domains[] = {"example.net", "example.com", "mail.example.org", "one.example.net"};
static const char *const sources[] = {"http", "lmtp"}, *const streams[] = {"", "news", "bills"};
static const struct {
    enum nx_kind kind;
    enum nx_cause cause;
    enum nx_class class_;
} said[] = {{NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD},
            {NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_BLOCK},
            {NX_KIND_DELAYED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT},
            {NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE}};

struct told { /* what one event is counted by, in words */
    nx_when at;
    const char *words[NX_TALLY_COUNT];
};

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % below;
}

/* One event of that day or somewhat later; its counted form in *ret. */
static struct nx_event make(struct fixture *f, uint64_t *state, nx_when at, struct told *ret)
{
    static const char *const kinds[] = {"failed", "failed", "delayed", "delivered"};
    size_t what = draw(state, 4), domain = draw(state, 4), source = draw(state, 2), stream = draw(state, 3);
    bool other = draw(state, 3) == 0; /* somebody else answers for the domain */
    *ret = (struct told){.at = at};
    ret->words[NX_TALLY_DAY] = nx_arena_printf(f->arena, "%.10s", nx_when_format(f->arena, at).p).p;
    ret->words[NX_TALLY_KIND] = kinds[what];
    ret->words[NX_TALLY_CAUSE] = nx_cause_name(said[what].cause);
    ret->words[NX_TALLY_CLASS] = nx_class_name(said[what].class_);
    ret->words[NX_TALLY_SOURCE] = sources[source];
    ret->words[NX_TALLY_STREAM] = streams[stream];
    ret->words[NX_TALLY_DOMAIN] = domains[domain];
    return (struct nx_event){
        .id = nx_arena_printf(f->arena, "%032x", f->ids++),
        .origin = {.source = nx_str_of(sources[source]), .stream = nx_str_of(streams[stream]), .received_at = at},
        .report = {.kind = said[what].kind,
                   .recipient = nx_arena_printf(f->arena, "u%u@%s", (unsigned)draw(state, 50), domains[domain]),
                   .remote_mta = other ? NX_STR("mx.host.example") : NX_STR_NONE,
                   .arrival_at = NX_WHEN_NONE,
                   .last_attempt_at = NX_WHEN_NONE,
                   .retry_until = NX_WHEN_NONE},
        .verdict = {.cause = said[what].cause, .class_ = said[what].class_},
        .decision = {.until = NX_WHEN_NONE}};
}

static void keep(struct fixture *f, const struct nx_event *event, nx_when now, struct told *told)
{
    g_autoptr(GError) error = NULL;
    struct nx_stored stored;
    if (!nx_store_add(f->store, f->arena, event, 1, now, &stored, &error))
        fail_msg("%s", error->message);
    assert_false(stored.duplicate);
    told->words[NX_TALLY_ACTION] = nx_action_name(stored.decision.action);
    if (!nx_store_add(f->store, f->arena, event, 1, now, &stored, &error))
        fail_msg("%s", error->message);
    assert_true(stored.duplicate); /* a second delivery counts nothing */
}

/* Who answered, as the log has it. */
static bool note_remote(const struct nx_logged *line, void *data)
{
    GArray *all = data;
    for (guint i = 0; i < all->len; i++) {
        struct told *told = &g_array_index(all, struct told, i);
        if (told->words[NX_TALLY_REMOTE] == NULL) {
            g_autofree char *remote = g_strndup(line->remote.p, line->remote.n);
            told->words[NX_TALLY_REMOTE] = g_intern_string(remote);
            return true;
        }
    }
    return true;
}

/* A sum for each pair of words, as "first\tsecond". */
static GHashTable *count(const GArray *all, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter)
{
    GHashTable *sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < all->len; i++) {
        const struct told *told = &g_array_index(all, struct told, i);
        const struct {
            enum nx_tally by;
            struct nx_str word;
        } asked[] = {{NX_TALLY_DOMAIN, filter->domain},
                     {NX_TALLY_REMOTE, filter->remote},
                     {NX_TALLY_SOURCE, filter->source},
                     {NX_TALLY_STREAM, filter->stream},
                     {NX_TALLY_CLASS, filter->class_ == NX_CLASS_NONE ? NX_STR_NONE : nx_str_of(nx_class_name(filter->class_))}};
        bool out = (filter->since != 0 && told->at < filter->since) || (filter->before != 0 && told->at >= filter->before);
        for (size_t k = 0; k < G_N_ELEMENTS(asked); k++)
            out = out || (asked[k].word.n > 0 && !nx_str_eq(asked[k].word, nx_str_of(told->words[asked[k].by])));
        if (out)
            continue;
        char *key = g_strdup_printf("%s\t%s", told->words[by], told->words[then]);
        g_hash_table_replace(sums, key, GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(sums, key)) + 1));
    }
    return sums;
}

struct check {
    GHashTable *wanted;
    uint64_t last;
    guint n;
    bool days;
};

static bool compare(struct nx_str first, struct nx_str second, uint64_t n, void *data)
{
    struct check *check = data;
    g_autofree char *key = g_strdup_printf("%.*s\t%.*s", NX_FMT(first), NX_FMT(second));
    guint wanted = GPOINTER_TO_UINT(g_hash_table_lookup(check->wanted, key));
    if (n != wanted)
        fail_msg("%s: %u, not %u", key, (unsigned)n, wanted);
    assert_true(check->days || n <= check->last);
    check->last = n;
    check->n++;
    return true;
}

static void ask(struct fixture *f, const GArray *all, enum nx_tally by, enum nx_tally then, const struct nx_tally_filter *filter)
{
    g_autoptr(GError) error = NULL;
    struct check check = {.wanted = count(all, by, then, filter), .last = UINT64_MAX, .days = by == NX_TALLY_DAY};
    if (!nx_reader_tally(f->reader, by, then, filter, compare, &check, &error))
        fail_msg("%s", error->message);
    guint size = g_hash_table_size(check.wanted);
    assert_int_equal(check.n, filter->limit > 0 ? MIN(size, filter->limit) : size);
    g_hash_table_unref(check.wanted);
}

static void ask_all(struct fixture *f, const GArray *all)
{
    const struct nx_tally_filter filters[] = {
        {.since = 0},
        {.since = T0 + 3 * DAY, .before = T0 + 20 * DAY},
        {.class_ = NX_CLASS_HARD, .source = NX_STR("http")},
        {.domain = NX_STR("example.com"), .stream = NX_STR("news")},
        {.remote = NX_STR("host.example"), .limit = 3},
        {.domain = NX_STR("nobody.example")},
        {.before = T0 + DAYS * DAY, .limit = 2},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
        for (int by = 0; by < NX_TALLY_COUNT; by++)
            for (int then = 0; then < NX_TALLY_COUNT; then++)
                ask(f, all, (enum nx_tally)by, (enum nx_tally)then, &filters[i]);
}

static int number(struct fixture *f, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *get;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &get, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(get), SQLITE_ROW);
    int n = sqlite3_column_int(get, 0);
    sqlite3_finalize(get);
    sqlite3_close(db);
    return n;
}

static void check_store(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    if (!nx_store_check(f->store, &error))
        fail_msg("%s", error->message);
}

/* Some of each day come days late, so rows of days that are packed come again. */
static void fill(struct fixture *f, GArray *all)
{
    uint64_t state = 7;
    for (unsigned i = 0; i < EVENTS; i++) {
        nx_when now = T0 + (nx_when)i * DAYS * DAY / EVENTS, at = draw(&state, 10) == 0 ? now - 5 * DAY : now;
        struct told told;
        struct nx_event event = make(f, &state, at, &told);
        keep(f, &event, now, &told);
        g_array_append_val(all, told);
    }
    const struct nx_log_filter events = {.since = NX_WHEN_NONE};
    assert_true(nx_reader_log(f->reader, &events, note_remote, all, NULL));
}

static void test_counts_are_those_of_the_events(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct told));
    fill(f, all);
    assert_true(number(f, "SELECT count(*) FROM tally_packed") >= DAYS - 2);
    assert_true(number(f, "SELECT count(*) FROM tally_names") > 0);
    ask_all(f, all);
    check_store(f);
    uint64_t draws = 11;
    struct told told;
    struct nx_event event = make(f, &draws, T0 + 400 * DAY, &told);
    for (int i = 0; i < 100; i++) { /* a clock that jumps a year ahead, and back: days are over, and then are not */
        event.id = nx_arena_printf(f->arena, "%032x", f->ids++);
        keep(f, &event, T0 + 400 * DAY + i * 2, &told);
        told.words[NX_TALLY_REMOTE] = NULL;
        g_array_append_val(all, told);
    }
    event = make(f, &draws, T0 + DAYS * DAY, &told);
    keep(f, &event, T0 + DAYS * DAY, &told);
    g_array_append_val(all, told);
    for (guint i = 0; i < all->len; i++)
        g_array_index(all, struct told, i).words[NX_TALLY_REMOTE] = NULL;
    const struct nx_log_filter events = {.since = NX_WHEN_NONE};
    assert_true(nx_reader_log(f->reader, &events, note_remote, all, NULL));
    assert_int_equal(number(f, "SELECT count(*) FROM tally_names WHERE day < 20039"), 0);
    ask_all(f, all);
    check_store(f);
}

static char *text(struct fixture *f, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *get;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &get, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(get), SQLITE_ROW);
    char *ret = g_strdup((const char *)sqlite3_column_text(get, 0));
    sqlite3_finalize(get);
    sqlite3_close(db);
    return ret;
}

static void note_answer(void *data, const GError *error)
{
    *(int *)data = error == NULL ? 1 : error->code + 2;
}

/* What is written together is counted as if each was alone; what is refused among them takes the sums of nobody with it. */
static void test_a_group_counts_as_its_events(void **state)
{
    enum { MANY = 120, EACH = 31 };
    static const char SUMS[] =
        "SELECT (SELECT group_concat(a, ';') FROM (SELECT day || kind || cause || action || source || stream || n a FROM tally))"
        " || '|' || (SELECT group_concat(a, ';') FROM (SELECT day || domain || remote || kind || cause || action || stream || n a"
        "  FROM tally_names))"
        " || '|' || (SELECT group_concat(a, ';')"
        "  FROM (SELECT remote || ' ' || hour || ' ' || hits || ' ' || delivered a FROM rates))";
    struct fixture *f = *state;
    g_autoptr(nx_arena) arena = nx_arena_new(); /* the writer's */
    g_autofree struct nx_event *events = g_new(struct nx_event, MANY);
    g_autofree struct nx_stored *stored = g_new0(struct nx_stored, MANY);
    g_autofree int *answers = g_new0(int, MANY);
    const struct nx_claim first = {.token = NX_STR("token"), .digest = NX_STR("one")};
    const struct nx_claim other = {.token = NX_STR("token"), .digest = NX_STR("another")};
    uint64_t draws = 3;
    int taken, kept = 0;
    for (int i = 0; i < MANY; i++) {
        struct told told;
        events[i] = make(f, &draws, T0 + i % 5 * 1800, &told);
    }
    assert_true(nx_store_submit(f->store, arena, NULL, 0, &first, NULL, T0 + DAY, NULL, note_answer, &taken, NULL));
    for (int i = 0; i < MANY; i++)
        assert_true(nx_store_submit(f->store, arena, &events[i], 1, i % EACH == 3 ? &other : NULL, NULL, T0 + DAY, &stored[i],
                                    note_answer, &answers[i], NULL));
    close_store(f); /* all is answered */
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(answers[i], i % EACH == 3 ? NX_ERROR_DENIED + 2 : 1);
        kept += answers[i] == 1;
    }
    g_autofree char *together = text(f, SUMS);
    assert_int_equal(number(f, "SELECT sum(n) FROM tally"), kept);
    g_free(f->path);
    f->path = g_build_filename(f->directory, "one-by-one.db", NULL);
    open_store(f);
    for (int i = 0; i < MANY; i++)
        if (i % EACH != 3)
            store_one(f, &events[i], T0 + DAY);
    g_autofree char *alone = text(f, SUMS);
    assert_string_equal(together, alone);
    check_store(f);
}

/* What was forgotten stays counted, and what retention drops. */
static void test_erasure_and_retention_leave_them(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct told));
    fill(f, all);
    const struct nx_str address = NX_STR("u7@example.net");
    const struct nx_forget forget = {.addresses = &address, .n = 1};
    struct nx_erased erased;
    struct nx_cleared cleared;
    if (!nx_store_forget(f->store, &forget, T0 + DAYS * DAY, &erased, &cleared, &error))
        fail_msg("%s", error->message);
    assert_true(erased.events > 0);
    const struct nx_retention retention = {.events = 10 * DAY, .details = DAY, .believe_clock = true};
    struct nx_retained retained;
    if (!nx_store_retain(f->store, &retention, T0 + DAYS * DAY, false, NULL, NULL, &retained, &error))
        fail_msg("%s", error->message);
    assert_true(retained.events > 0);
    ask_all(f, all);
    check_store(f);
    struct nx_rebuilt rebuilt;
    assert_true(nx_store_rebuild(f->store, &rebuilt, NULL));
    ask_all(f, all);
}

static void change(struct fixture *f, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static bool nothing(struct nx_str first, struct nx_str second, uint64_t n, void *data)
{
    (void)first, (void)second, (void)n, (void)data;
    return true;
}

static void test_damage_is_said(void **state)
{
    static const char *const damages[] = {
        "UPDATE tally_packed SET body = x'ffffffffffffffffffffffff' WHERE day = 20003",
        "UPDATE tally_packed SET body = substr(body, 1, length(body) - 1) WHERE day = 20003",
        "UPDATE tally SET n = n + 1 WHERE day = 20003",
        "DELETE FROM tally_packed WHERE day = 20003",
    };
    struct fixture *f = *state;
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct told));
    fill(f, all);
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autoptr(GError) error = NULL, unread = NULL;
        const struct nx_tally_filter filter = {.since = 0};
        change(f, "CREATE TABLE t1 AS SELECT * FROM tally; CREATE TABLE t2 AS SELECT * FROM tally_packed");
        change(f, damages[i]);
        assert_false(nx_store_check(f->store, &error));
        assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_CORRUPT));
        assert_non_null(strstr(error->message, "2024-10-07"));
        bool reads = nx_reader_tally(f->reader, NX_TALLY_DOMAIN, NX_TALLY_DOMAIN, &filter, nothing, NULL, &unread);
        assert_int_equal(reads, i >= 2);
        change(f, "DELETE FROM tally; INSERT INTO tally SELECT * FROM t1; DELETE FROM tally_packed;"
                  "INSERT INTO tally_packed SELECT * FROM t2; DROP TABLE t1; DROP TABLE t2");
        check_store(f);
    }
}

/* A body that ends early is none. */
static void test_form(void **state)
{
    (void)state;
    static const unsigned char two[] = {3, 4, 5, 0, 1, 7};
    struct nx_str body = {(const char *)two, 2}, group;
    struct nx_packed entry = {0};
    uint32_t sort;
    bool broken = false;
    assert_false(nx_pack_group(&body, &sort, &group, &broken)); /* says four bytes, has none */
    assert_true(broken);
    body = (struct nx_str){(const char *)two, 6};
    broken = false;
    assert_true(nx_pack_group(&body, &sort, &group, &broken));
    assert_int_equal(sort, 3);
    assert_true(nx_pack_entry(&group, &entry, &broken));
    assert_int_equal(entry.domain, 5);
    assert_int_equal(entry.remote, 5);
    assert_int_equal(entry.n, 1);
    assert_false(nx_pack_entry(&group, &entry, &broken)); /* one number is no entry */
    assert_true(broken);
}

static bool add_up(struct nx_str first, struct nx_str second, uint64_t n, void *data)
{
    GString *out = data;
    (void)second;
    g_string_append_printf(out, "%.*s %u;", NX_FMT(first), (unsigned)n);
    return true;
}

static bool is_read(const struct nx_logged *line, void *data)
{
    if (line->event != NULL) {
        assert_true(line->event->report.recipient.n > 0);
        assert_true(line->event->origin.received_at != NX_WHEN_NONE);
        ++*(int *)data;
    }
    return true;
}

/* store_v6.sql was made by the version before packed counters: 25 events of 13 days, an import, acts by hand, an unexplained mail.
 */
static void test_a_former_version_is_upgraded(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *sql = NULL, *path = g_build_filename(f->directory, "v6.db", NULL);
    assert_true(g_file_get_contents(NX_SOURCE_DIR "/tests/unit/store_v6.sql", &sql, NULL, NULL));
    close_store(f);
    g_free(f->path);
    f->path = g_steal_pointer(&path);
    change(f, sql);
    struct nx_store *reading = nx_store_open(f->path, NX_OPEN_READ, &f->policy, NULL, &error);
    assert_null(reading); /* a reader does not change it */
    assert_non_null(strstr(error->message, "nixie db migrate"));
    open_store(f);
    assert_int_equal(number(f, "PRAGMA user_version"), NX_DB_SCHEMA);
    assert_int_equal(number(f, "SELECT sum(n) FROM tally_packed"), 24);
    assert_int_equal(number(f, "SELECT sum(n) FROM tally_names"), 1);
    check_store(f);
    g_autoptr(GString) out = g_string_new(NULL);
    const struct nx_tally_filter filter = {.since = 0}, hard = {.class_ = NX_CLASS_HARD, .before = 1794009600};
    assert_true(nx_reader_tally(f->reader, NX_TALLY_DOMAIN, NX_TALLY_DOMAIN, &filter, add_up, out, NULL));
    assert_string_equal(out->str, "example.net 9;example.org 8;mail.example.com 8;");
    g_string_truncate(out, 0);
    assert_true(nx_reader_tally(f->reader, NX_TALLY_REMOTE, NX_TALLY_REMOTE, &hard, add_up, out, NULL));
    assert_string_equal(out->str, "example.com 1;example.net 1;example.org 1;");
    struct nx_entry entry;
    const char *const listed[] = {"hand@example.com", "list7@example.org", "list80@example.org"};
    for (size_t i = 0; i < G_N_ELEMENTS(listed); i++)
        assert_int_equal(nx_reader_lookup(f->reader, f->arena, nx_str_of(listed[i]), NX_STR_NONE, 1795838656, &entry, NULL, NULL),
                         1);
    /* Its events have a dictionary of their own, beside those that come now. */
    uint64_t seed = 7;
    struct told told;
    const struct nx_log_filter everything = {.limit = 0};
    int before = 0, after = 0;
    assert_true(nx_reader_log(f->reader, &everything, is_read, &before, NULL));
    assert_int_equal(before, number(f, "SELECT count(*) FROM log WHERE act='event'"));
    const struct nx_event event = make(f, &seed, 1795838656, &told);
    store_one(f, &event, 1795838656);
    assert_true(nx_reader_log(f->reader, &everything, is_read, &after, NULL));
    assert_int_equal(after, before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts_are_those_of_the_events, make_store, tear_down),
        cmocka_unit_test_setup_teardown(test_a_group_counts_as_its_events, make_store, tear_down),
        cmocka_unit_test_setup_teardown(test_erasure_and_retention_leave_them, make_store, tear_down),
        cmocka_unit_test_setup_teardown(test_damage_is_said, make_store, tear_down),
        cmocka_unit_test(test_form),
        cmocka_unit_test_setup_teardown(test_a_former_version_is_upgraded, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
