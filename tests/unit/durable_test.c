/* SPDX-License-Identifier: Apache-2.0 */
/* What is acknowledged is on disk: the calls that make it so are counted, as no test can cut the power. They are ours here instead
 * of the C library's, for SQLite too. */
#include "store_fixture.h"

#include "ingest/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic unsigned files, directories;

static int synced(long call, int fd)
{
    struct stat about;
    int done = (int)syscall(call, fd);
    if (done == 0 && fstat(fd, &about) == 0)
        *(S_ISDIR(about.st_mode) ? &directories : &files) += 1;
    return done;
}

int fsync(int fd)
{
    return synced(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return synced(SYS_fdatasync, fd);
}

static void an_event_is_synced_before_it_is_told(void **state)
{
    struct fixture *f = *state;
    struct nx_event event = {.origin = {.source = NX_STR("pipe"), .received_at = 1700000000},
                             .report = {.kind = NX_KIND_FAILED,
                                        .recipient = NX_STR("a@example.net"),
                                        .key = NX_STR("key"),
                                        .arrival_at = NX_WHEN_NONE,
                                        .last_attempt_at = NX_WHEN_NONE,
                                        .retry_until = NX_WHEN_NONE},
                             .verdict = {.class_ = NX_CLASS_HARD, .cause = NX_CAUSE_MAILBOX_UNKNOWN}};
    event.id = nx_event_id(f->arena, &event.report);
    files = 0;
    (void)store_one(f, &event, 1700000000);
    assert_true(files > 0);
}

static void empty_spool(const char *directory)
{
    for (const char *const *each = (const char *const[]){"tmp", "new", "bad", "", NULL}; *each != NULL; each++) {
        g_autofree char *path = g_build_filename(directory, *each, NULL);
        g_rmdir(path);
    }
}

/* The message and the directory that names it (ingest/spool.h). */
static void a_spooled_message_is_synced_before_it_is_told(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = g_build_filename(f->directory, "spool", NULL);
    g_autoptr(nx_spool) spool = nx_spool_open(directory, &error);
    int message = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const struct nx_envelope envelope = {.source = "pipe", .received_at = 1700000000};
    assert_non_null(spool);
    files = directories = 0;
    g_autofree char *name = nx_spool_keep(spool, message, 1000, &envelope, &error);
    close(message);
    assert_non_null(name);
    assert_int_equal(files, 1);
    assert_int_equal(directories, 1);
    assert_true(nx_spool_remove(spool, name, &error));
    empty_spool(directory);
}

/* What is beyond the cap is counted and not kept, wherever the pieces end that it is read in. */
static void a_spooled_message_has_its_cap(void **state)
{
    struct fixture *f = *state;
    g_autofree char *directory = g_build_filename(f->directory, "spool", NULL), *path = g_build_filename(f->directory, "m", NULL);
    g_autoptr(nx_spool) spool = nx_spool_open(directory, NULL);
    const struct nx_envelope envelope = {.source = "pipe", .received_at = 1700000000};
    static const struct {
        size_t size, cap, kept;
    } rows[] = {{1000, 1000, 1000}, {1001, 1000, 1000}, {300000, 1000, 1000}, {300000, 200001, 200001}, {300000, 400000, 300000}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strnfill(rows[i].size, 'x');
        struct nx_spooled spooled;
        assert_true(g_file_set_contents(path, text, (gssize)rows[i].size, NULL));
        int message = open(path, O_RDONLY | O_CLOEXEC);
        g_autofree char *name = nx_spool_keep(spool, message, rows[i].cap, &envelope, NULL);
        close(message);
        assert_non_null(name);
        assert_true(nx_spool_read(spool, name, &spooled, NULL));
        assert_int_equal(spooled.bytes.n, rows[i].kept);
        assert_int_equal(spooled.size, rows[i].size);
        g_free(spooled.text);
        assert_true(nx_spool_remove(spool, name, NULL));
    }
    empty_spool(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_synced_before_it_is_told, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_spooled_message_is_synced_before_it_is_told, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_spooled_message_has_its_cap, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
