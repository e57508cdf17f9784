/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong around a store: who holds it, what is full, what is no store. Each says path and remedy, and keeps nothing half.
 */
#include "store/store.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define T0 1700000000

static char *directory;

static char *path_of(const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static struct nx_store *open_at(const char *path, enum nx_open_mode mode, GError **error)
{
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    return nx_store_open(path, mode, &policy, NULL, error);
}

static struct nx_store *must_open(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct nx_store *store = open_at(path, NX_OPEN_WRITE, &error);
    if (store == NULL)
        fail_msg("%s", error->message);
    return store;
}

static void must_refuse(const char *path, enum nx_open_mode mode, enum nx_error code, const char *says)
{
    g_autoptr(GError) error = NULL;
    struct nx_store *store = open_at(path, mode, &error);
    if (store != NULL)
        fail_msg("%s: opened", path);
    if (!g_error_matches(error, NX_ERROR, (gint)code) || strstr(error->message, says) == NULL ||
        strstr(error->message, path) == NULL)
        fail_msg("%d: %s", error->code, error->message);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static gboolean put(struct nx_store *store, const char *address, GError **error)
{
    const struct nx_manual entry = {.address = nx_str_of(address), .since = NX_WHEN_NONE, .until = NX_WHEN_NONE};
    return nx_store_suppress(store, &entry, 1, T0, NULL, error);
}

static int count(struct nx_store *store, const char *address)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_reader) reader = nx_reader_new(store, &error);
    struct nx_entry entry;
    return reader == NULL ? -1 : nx_reader_lookup(reader, arena, nx_str_of(address), NX_STR_NONE, T0, &entry, NULL, &error);
}

static void what_is_no_store_is_refused_untouched(void **state)
{
    (void)state;
    g_autofree char *text = path_of("text"), *other = path_of("other.db"), *newer = path_of("newer.db"),
                    *empty = path_of("empty.db");
    g_autofree char *nowhere = path_of("no/such/n.db"), *missing = path_of("missing.db");
    assert_true(g_file_set_contents(text,
                                    "this is a long text and no database at all, whatever its length may be, so there it is: "
                                    "0123456789012345678901234567890123456789",
                                    -1, NULL));
    must_refuse(text, NX_OPEN_WRITE, NX_ERROR_CORRUPT, "not a database");
    must_refuse(text, NX_OPEN_READ, NX_ERROR_CORRUPT, "not a database");
    sql(other, "CREATE TABLE mine(x)");
    must_refuse(other, NX_OPEN_WRITE, NX_ERROR_CONFIG, "another program");
    g_autofree char *wal = path_of("other.db-wal");
    assert_false(g_file_test(wal, G_FILE_TEST_EXISTS));
    nx_store_close(must_open(newer));
    sql(newer, "PRAGMA user_version=99");
    must_refuse(newer, NX_OPEN_WRITE, NX_ERROR_CONFIG, "newer Nixie");
    must_refuse(newer, NX_OPEN_READ, NX_ERROR_CONFIG, "newer Nixie");
    assert_true(g_file_set_contents(empty, "", 0, NULL));
    must_refuse(empty, NX_OPEN_READ, NX_ERROR_NOT_FOUND, "empty");
    must_refuse(missing, NX_OPEN_READ, NX_ERROR_NOT_FOUND, "--db");
    assert_false(g_file_test(missing, G_FILE_TEST_EXISTS));
    must_refuse(nowhere, NX_OPEN_WRITE, NX_ERROR_IO, "directory");
    must_refuse(directory, NX_OPEN_WRITE, NX_ERROR_IO, "directory");
}

static void a_damaged_file_says_so(void **state)
{
    (void)state;
    g_autofree char *path = path_of("damaged.db"), *bytes = NULL;
    g_autoptr(GError) error = NULL;
    size_t n;
    struct nx_store *store = must_open(path);
    for (int i = 0; i < 300; i++) {
        g_autofree char *address = g_strdup_printf("user%d@example.net", i);
        assert_true(put(store, address, &error));
    }
    nx_store_close(store);
    assert_true(g_file_get_contents(path, &bytes, &n, NULL));
    memset(bytes + n / 2, 0xa5, n / 4);
    assert_true(g_file_set_contents(path, bytes, (gssize)n, NULL));
    store = open_at(path, NX_OPEN_WRITE, &error);
    if (store != NULL) {
        assert_false(nx_store_check(store, &error));
        nx_store_close(store);
    }
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_CORRUPT));
    assert_non_null(strstr(error->message, path));
}

static void a_locked_file_is_waited_for_then_busy(void **state)
{
    (void)state;
    g_autofree char *path = path_of("locked.db");
    g_autoptr(GError) error = NULL;
    struct nx_store *store = must_open(path);
    sqlite3 *holder;
    assert_int_equal(sqlite3_open(path, &holder), SQLITE_OK);
    assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    gint64 start = g_get_monotonic_time();
    assert_false(put(store, "a@example.net", &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_BUSY));
    assert_non_null(strstr(error->message, path));
    assert_in_range(g_get_monotonic_time() - start, 4000000, 8000000);
    assert_int_equal(count(store, "a@example.net"), 0);
    sqlite3_exec(holder, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(holder);
    g_clear_error(&error);
    assert_true(put(store, "a@example.net", &error));
    assert_int_equal(count(store, "a@example.net"), 1);
    nx_store_close(store);
}

/* In a child: the limits and ids hold for the whole process. Its exit code says what went wrong. */
static int in_child(int (*fn)(const char *path), const char *path)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn(path));
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        fail_msg("signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

#define HOGGED 20000

/* Writes without a pause for some seconds. */
static int hog(const char *path)
{
    GError *error = NULL;
    struct nx_store *store = must_open(path);
    struct nx_manual *entries = g_new0(struct nx_manual, HOGGED);
    gint64 end = g_get_monotonic_time() + 8 * G_USEC_PER_SEC;
    for (int i = 0; i < HOGGED; i++)
        entries[i].address = nx_str_of(g_strdup_printf("hog-%d@example.net", i));
    for (int64_t n = 1; g_get_monotonic_time() < end; n++) {
        for (int i = 0; i < HOGGED; i++)
            entries[i].since = T0, entries[i].until = T0 + n;
        if (!nx_store_suppress(store, entries, HOGGED, T0, NULL, &error)) {
            fprintf(stderr, "%s\n", error->message);
            return 1;
        }
    }
    nx_store_close(store);
    return 0;
}

/* A lock on a file has no queue: who gives it back only to take it again leaves others no gap, unless he takes a breath. */
static void who_writes_on_and_on_lets_others_in(void **state)
{
    (void)state;
    g_autofree char *path = path_of("hog.db");
    nx_store_close(must_open(path));
    pid_t pid = fork();
    if (pid == 0)
        _exit(hog(path));
    g_autoptr(GError) error = NULL;
    struct nx_store *store = must_open(path);
    gint64 longest = 0;
    int status = 0;
    for (int i = 0; i < 5; i++) {
        g_autofree char *address = g_strdup_printf("meanwhile-%d@example.net", i);
        g_usleep(200000);
        gint64 start = g_get_monotonic_time();
        if (!put(store, address, &error))
            fail_msg("%s", error->message);
        longest = MAX(longest, g_get_monotonic_time() - start);
    }
    nx_store_close(store);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    if (longest > 3000000)
        fail_msg("waited %lld ms", (long long)longest / 1000);
}

static int fill_up(const char *path)
{
    GError *error = NULL;
    signal(SIGXFSZ, SIG_IGN);
    struct nx_store *store = must_open(path);
    if (!put(store, "before@example.net", &error))
        return 2;
    struct rlimit limit = {300 * 1024, 300 * 1024};
    setrlimit(RLIMIT_FSIZE, &limit);
    struct nx_manual *entries = g_new0(struct nx_manual, 20000);
    for (int i = 0; i < 20000; i++)
        entries[i] = (struct nx_manual){
            .address = nx_str_of(g_strdup_printf("somebody-%d@example.net", i)), .since = T0, .until = NX_WHEN_NONE};
    if (nx_store_suppress(store, entries, 20000, T0, NULL, &error))
        return 3;
    if (!g_error_matches(error, NX_ERROR, NX_ERROR_FULL) || strstr(error->message, path) == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 4;
    }
    if (count(store, "somebody-0@example.net") != 0) /* all or nothing */
        return 5;
    g_clear_error(&error);
    if (!put(store, "after@example.net", &error)) /* what still fits is kept */
        return 6;
    nx_store_close(store);
    return 0;
}

static void a_full_disk_keeps_nothing_half(void **state)
{
    (void)state;
    g_autofree char *path = path_of("full.db");
    assert_int_equal(in_child(fill_up, path), 0);
    struct nx_store *store = must_open(path);
    assert_int_equal(count(store, "before@example.net"), 1);
    assert_int_equal(count(store, "after@example.net"), 1);
    assert_int_equal(count(store, "somebody-0@example.net"), 0);
    g_autoptr(GError) error = NULL;
    assert_true(nx_store_check(store, &error));
    nx_store_close(store);
}

static int read_as_nobody(const char *path)
{
    GError *error = NULL;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    struct nx_store *store = open_at(path, NX_OPEN_WRITE, &error);
    if (store != NULL)
        return 3;
    if (!g_error_matches(error, NX_ERROR, NX_ERROR_READ_ONLY)) {
        fprintf(stderr, "%s\n", error->message);
        return 4;
    }
    g_clear_error(&error);
    store = open_at(path, NX_OPEN_READ, &error); /* reading is still possible */
    if (store == NULL || count(store, "a@example.net") != 1) {
        fprintf(stderr, "%s\n", error != NULL ? error->message : "not found");
        return 5;
    }
    if (put(store, "b@example.net", &error) || !g_error_matches(error, NX_ERROR, NX_ERROR_READ_ONLY))
        return 6;
    nx_store_close(store);
    return 0;
}

static void a_read_only_file_is_read(void **state)
{
    (void)state;
    g_autofree char *path = path_of("readonly.db");
    g_autoptr(GError) error = NULL;
    struct nx_store *store = must_open(path);
    assert_true(put(store, "a@example.net", &error));
    nx_store_close(store);
    assert_int_equal(g_chmod(path, 0444), 0);
    assert_int_equal(g_chmod(directory, 0555), 0);
    int code = in_child(read_as_nobody, path);
    g_chmod(directory, 0755);
    assert_int_equal(code, 0);
}

static int killed_at_once(const char *path)
{
    GError *error = NULL;
    struct nx_store *store = must_open(path);
    for (int i = 0; i < 10; i++) {
        g_autofree char *address = g_strdup_printf("user%d@example.net", i);
        if (!put(store, address, &error))
            return 1;
    }
    kill(getpid(), SIGKILL);
    return 2;
}

static void what_was_answered_survives_a_kill(void **state)
{
    (void)state;
    g_autofree char *path = path_of("killed.db");
    pid_t pid = fork();
    if (pid == 0)
        _exit(killed_at_once(path));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    struct nx_store *store = must_open(path);
    assert_int_equal(count(store, "user0@example.net"), 1);
    assert_int_equal(count(store, "user9@example.net"), 1);
    nx_store_close(store);
}

/* Threads: adders that wait, one that does not, readers beside them. Every event is kept once. */
enum { ADDERS = 4, READERS = 2, EACH = 200 };
struct crowd {
    struct nx_store *store;
    int who;
    unsigned kept, duplicates, seen;
    bool *stop;
};

static struct nx_event event_of(struct nx_arena *arena, int who, int i)
{
    struct nx_event event = {.origin = {.source = NX_STR("http"), .received_at = T0},
                             .report = {.kind = NX_KIND_FAILED,
                                        .arrival_at = NX_WHEN_NONE,
                                        .last_attempt_at = NX_WHEN_NONE,
                                        .retry_until = NX_WHEN_NONE,
                                        .reply = 550},
                             .verdict = {.class_ = NX_CLASS_HARD, .cause = NX_CAUSE_MAILBOX_UNKNOWN}};
    event.report.recipient = nx_arena_printf(arena, "user-%d-%d@example.net", who, i);
    event.report.key = nx_arena_printf(arena, "key-%d-%d", who, i);
    event.id = nx_event_id(arena, &event.report);
    return event;
}

static void *adder(void *data)
{
    struct crowd *crowd = data;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (int i = 0; i < EACH; i++) {
        struct nx_event event = event_of(arena, crowd->who / 2, i); /* two adders bring the same */
        struct nx_stored stored;
        GError *error = NULL;
        if (!nx_store_add(crowd->store, arena, &event, 1, T0, &stored, &error))
            return NULL;
        crowd->kept += !stored.duplicate;
        crowd->duplicates += stored.duplicate;
    }
    return NULL;
}

static void *looker(void *data)
{
    struct crowd *crowd = data;
    GError *error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_reader) reader = nx_reader_new(crowd->store, &error);
    while (!__atomic_load_n(crowd->stop, __ATOMIC_ACQUIRE)) {
        struct nx_entry entry;
        nx_arena_reset(arena);
        crowd->seen += nx_reader_lookup(reader, arena, NX_STR("user-0-0@example.net"), NX_STR_NONE, T0, &entry, NULL, &error) == 1;
    }
    return NULL;
}

struct ticket {
    struct nx_arena *arena;
    struct nx_event event;
    struct nx_stored stored;
    unsigned *answered;
};

static void answered(void *data, const GError *error)
{
    struct ticket *ticket = data;
    if (error == NULL && ticket->stored.decision.action == NX_ACTION_SUPPRESS)
        __atomic_add_fetch(ticket->answered, 1, __ATOMIC_ACQ_REL);
    nx_arena_free(ticket->arena);
    g_free(ticket);
}

static void many_threads_write_and_read(void **state)
{
    (void)state;
    g_autofree char *path = path_of("crowd.db");
    struct nx_store *store = must_open(path);
    bool stop = false;
    unsigned done = 0, kept = 0, duplicates = 0;
    pthread_t threads[ADDERS + READERS];
    struct crowd crowds[ADDERS + READERS] = {0};
    for (int i = 0; i < ADDERS + READERS; i++) {
        crowds[i] = (struct crowd){.store = store, .who = i, .stop = &stop};
        assert_int_equal(pthread_create(&threads[i], NULL, i < ADDERS ? adder : looker, &crowds[i]), 0);
    }
    for (int i = 0; i < EACH; i++) {
        struct ticket *ticket = g_new0(struct ticket, 1);
        GError *error = NULL;
        ticket->arena = nx_arena_new();
        ticket->event = event_of(ticket->arena, 100, i);
        ticket->answered = &done;
        assert_true(nx_store_submit(store, ticket->arena, &ticket->event, 1, NULL, NULL, T0, &ticket->stored, answered, ticket, &error));
    }
    for (int i = 0; i < ADDERS; i++) {
        pthread_join(threads[i], NULL);
        kept += crowds[i].kept;
        duplicates += crowds[i].duplicates;
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    for (int i = ADDERS; i < ADDERS + READERS; i++)
        pthread_join(threads[i], NULL);
    nx_store_close(store); /* answers all that was submitted */
    assert_int_equal(kept, ADDERS / 2 * EACH);
    assert_int_equal(duplicates, ADDERS / 2 * EACH);
    assert_int_equal(__atomic_load_n(&done, __ATOMIC_ACQUIRE), EACH);
    assert_true(crowds[ADDERS].seen > 0);
}

/* One bad change in a group does not take the others with it. */
static void *releaser(void *data)
{
    struct crowd *crowd = data;
    for (int i = 0; i < 50; i++) {
        GError *error = NULL;
        if (!nx_store_release(crowd->store, NX_STR("nobody@example.net"), NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0, NULL, &error) &&
            g_error_matches(error, NX_ERROR, NX_ERROR_NOT_FOUND))
            crowd->seen++;
        g_clear_error(&error);
    }
    return NULL;
}

static void a_refused_change_stands_alone(void **state)
{
    (void)state;
    g_autofree char *path = path_of("group.db");
    struct nx_store *store = must_open(path);
    pthread_t threads[3];
    struct crowd crowds[3] = {{.store = store, .who = 0}, {.store = store, .who = 2}, {.store = store}};
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < 2 ? adder : releaser, &crowds[i]), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowds[0].kept + crowds[1].kept, 2 * EACH);
    assert_int_equal(crowds[2].seen, 50);
    nx_store_close(store);
}

static int make_directory(void **state)
{
    (void)state;
    directory = g_dir_make_tmp("nixie-fault-XXXXXX", NULL);
    return directory != NULL ? g_chmod(directory, 0755) : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    GDir *dir = g_dir_open(directory, 0, NULL);
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
        g_autofree char *path = path_of(name);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(directory);
    g_free(directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_store_is_refused_untouched),
        cmocka_unit_test(a_damaged_file_says_so),
        cmocka_unit_test(a_locked_file_is_waited_for_then_busy),
        cmocka_unit_test(who_writes_on_and_on_lets_others_in),
        cmocka_unit_test(a_full_disk_keeps_nothing_half),
        cmocka_unit_test(a_read_only_file_is_read),
        cmocka_unit_test(what_was_answered_survives_a_kill),
        cmocka_unit_test(many_threads_write_and_read),
        cmocka_unit_test(a_refused_change_stands_alone),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
