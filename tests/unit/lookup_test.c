/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lookup.h"

#include "base/error.h"
#include "decide/stream.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define T0 1700000000

static char *directory, *path, *table_path;
static struct nx_store *store;
static struct nx_arena *arena;

static int set_up(void **state)
{
    (void)state;
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    g_autoptr(nx_streams) streams = policy.streams = nx_streams_new();
    nx_streams_add(streams, "receipts", &policy)->kind = NX_STREAM_KIND_TRANSACTIONAL;
    directory = g_dir_make_tmp("nixie-lookup-XXXXXX", NULL);
    path = g_build_filename(directory, "n.db", NULL);
    table_path = g_strconcat(path, ".lookup", NULL);
    arena = nx_arena_new();
    store = nx_store_open(path, NX_OPEN_WRITE, &policy, NULL, NULL);
    return store != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    nx_store_close(store);
    GDir *dir = g_dir_open(directory, 0, NULL);
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
        if (strstr(name, ".part") != NULL)
            return -1; /* nothing half-made stays behind */
        g_autofree char *file = g_build_filename(directory, name, NULL);
        g_unlink(file);
    }
    g_dir_close(dir);
    g_rmdir(directory);
    nx_arena_free(arena);
    g_free(table_path);
    g_free(path);
    g_free(directory);
    return 0;
}

static void import(int from, int n)
{
    g_autoptr(GError) error = NULL;
    g_autofree struct nx_manual *entries = g_new0(struct nx_manual, (gsize)n);
    for (int i = 0; i < n; i++)
        entries[i] = (struct nx_manual){.address = nx_arena_printf(arena, "User%d@d%d.example", from + i, (from + i) % 97),
                                        .cause = i % 3 ? NX_CAUSE_MAILBOX_UNKNOWN : NX_CAUSE_MAILBOX_DISABLED,
                                        .since = T0 - i,
                                        .until = i % 3 ? NX_WHEN_NONE : T0 + 1000 + i};
    if (!nx_store_suppress(store, entries, (size_t)n, T0, NULL, &error))
        fail_msg("%s", error->message);
}

static struct nx_lookup *must_open(void)
{
    g_autoptr(GError) error = NULL;
    struct nx_lookup *lookup = nx_lookup_new(store, &error);
    if (lookup == NULL)
        fail_msg("%s", error->message);
    return lookup;
}

/* The table must answer as the database does, for whatever is asked. */
static void compare(struct nx_lookup *lookup, int users, struct nx_str stream, nx_when now)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_reader) reader = nx_reader_new(store, &error);
    g_autoptr(nx_arena) own = nx_arena_new();
    g_autofree struct nx_str *keys = g_new0(struct nx_str, (gsize)users);
    g_autofree struct nx_hit *hits = g_new0(struct nx_hit, (gsize)users);
    int listed = 0;
    for (int i = 0; i < users; i++) {
        struct nx_address address;
        assert_true(nx_address_fold(own, nx_arena_printf(own, "user%d@d%d.example", i, i % 97), NULL, &address, NULL));
        keys[i] = address.key;
    }
    if (!nx_lookup_refresh(lookup, &error))
        fail_msg("%s", error->message);
    nx_lookup_find(lookup, keys, (size_t)users, stream, now, hits);
    for (int i = 0; i<users; i += users> 2000 ? 7 : 1) {
        struct nx_entry entry;
        bool allowed = false;
        struct nx_str address = nx_address_of_key(own, keys[i]);
        int found = nx_reader_lookup(reader, own, address, stream, now, &entry, &allowed, &error);
        enum nx_answer want = allowed ? NX_ANSWER_ALLOWED : found > 0 ? NX_ANSWER_SUPPRESSED : NX_ANSWER_OK;
        listed += found > 0;
        if (hits[i].answer != want)
            fail_msg("%.*s: %d, not %d", NX_FMT(address), (int)hits[i].answer, (int)want);
        if (found > 0 && (hits[i].cause != entry.cause || hits[i].class_ != entry.class_ || hits[i].since != entry.since || hits[i].until != entry.until))
            fail_msg("%.*s: another entry", NX_FMT(address));
    }
    assert_true(listed > 0);
}

static void suppress(const char *address, const char *stream, nx_when until)
{
    g_autoptr(GError) error = NULL;
    const struct nx_manual entry = {
        .address = nx_str_of(address), .stream = nx_str_of(stream), .since = NX_WHEN_NONE, .until = until};
    assert_true(nx_store_suppress(store, &entry, 1, T0, NULL, &error));
}

static void few_entries_are_answered_from_memory(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct nx_lookup *lookup = must_open();
    import(0, 500);
    compare(lookup, 1000, NX_STR_NONE, T0);
    suppress("user900@d27.example", "news", NX_WHEN_NONE);
    suppress("user901@d28.example", "", T0 + 50);
    suppress("@d5.example", "", NX_WHEN_NONE);
    compare(lookup, 1000, NX_STR_NONE, T0);
    compare(lookup, 1000, NX_STR("news"), T0);
    compare(lookup, 1000, NX_STR("news"), T0 + 100);
    compare(lookup, 1000, NX_STR_NONE, T0 + 1100);
    assert_true(nx_store_release(store, NX_STR("user10@d10.example"), NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0, NULL, &error));
    assert_true(nx_store_release(store, NX_STR("@d5.example"), NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0, NULL, &error));
    assert_true(nx_store_allow(store, NX_STR("user20@d20.example"), true, NX_STR_NONE, NX_STR_NONE, T0, &error));
    assert_true(nx_store_allow(store, NX_STR("@d21.example"), true, NX_STR_NONE, NX_STR_NONE, T0, &error));
    compare(lookup, 1000, NX_STR("news"), T0);
    assert_true(nx_store_allow(store, NX_STR("@d21.example"), false, NX_STR_NONE, NX_STR_NONE, T0, &error));
    compare(lookup, 1000, NX_STR_NONE, T0);
    nx_lookup_free(lookup);
    lookup = must_open(); /* made anew it says the same */
    compare(lookup, 1000, NX_STR("news"), T0);
    nx_lookup_free(lookup);
    assert_false(g_file_test(table_path, G_FILE_TEST_EXISTS));
}

static guint64 inode(void)
{
    GStatBuf info = {0};
    assert_int_equal(g_stat(table_path, &info), 0);
    return info.st_ino;
}

static void a_file_is_kept_overlaid_and_made_anew(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    import(0, 60000);
    struct nx_lookup *lookup = must_open();
    assert_true(g_file_test(table_path, G_FILE_TEST_EXISTS));
    compare(lookup, 70000, NX_STR_NONE, T0);
    guint64 first = inode();
    import(65000, 1000); /* few changes: laid over it */
    assert_true(nx_store_release(store, NX_STR("user7@d7.example"), NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0, NULL, &error));
    compare(lookup, 70000, NX_STR_NONE, T0);
    nx_lookup_free(lookup);
    lookup = must_open();
    compare(lookup, 70000, NX_STR_NONE, T0);
    assert_true(inode() == first);
    nx_lookup_free(lookup);
    /* Damaged, cut short, gone: made anew. */
    g_autofree char *bytes = NULL;
    size_t n;
    assert_true(g_file_get_contents(table_path, &bytes, &n, NULL));
    bytes[30] ^= 1;
    assert_true(g_file_set_contents(table_path, bytes, (gssize)n, NULL));
    lookup = must_open();
    compare(lookup, 70000, NX_STR_NONE, T0);
    nx_lookup_free(lookup);
    assert_true(g_file_set_contents(table_path, bytes, 5000, NULL));
    lookup = must_open();
    compare(lookup, 70000, NX_STR_NONE, T0);
    assert_int_equal(g_unlink(table_path), 0);
    import(70000, 30000); /* many changes: made anew */
    compare(lookup, 100000, NX_STR_NONE, T0);
    assert_true(g_file_test(table_path, G_FILE_TEST_EXISTS));
    /* Entries that do not follow from the log are put right, and the table knows. */
    g_autofree char *spoil = g_strdup_printf("sqlite3 %s \"DELETE FROM suppressions WHERE key LIKE 'd9.%%'\"", path);
    int status = -1;
    assert_true(g_spawn_command_line_sync(spoil, NULL, NULL, &status, NULL) && status == 0);
    struct nx_rebuilt rebuilt;
    assert_true(nx_store_rebuild(store, &rebuilt, &error));
    assert_true(rebuilt.changed > 0);
    compare(lookup, 100000, NX_STR_NONE, T0);
    nx_lookup_free(lookup);
}

/* Whatever is listed for whatever, the table and a single question say the same. */
static void table_and_question_agree(void **state)
{
    (void)state;
    static const char *const streams[] = {"", "news", "receipts", NX_STREAM_BULK, "other"};
    static const enum nx_cause causes[] = {NX_CAUSE_COMPLAINT, NX_CAUSE_UNSUBSCRIBE, NX_CAUSE_MAILBOX_UNKNOWN,
                                           NX_CAUSE_MAILBOX_FULL};
    static const nx_when untils[] = {NX_WHEN_NONE, T0 - 5, T0 + 50, T0 + 500};
    g_autoptr(GError) error = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(20260302);
    struct nx_lookup *lookup = must_open();
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 60; i++) {
            int user = g_rand_int_range(random, 0, 120);
            bool domain = g_rand_int_range(random, 0, 12) == 0;
            const struct nx_manual entry = {.address = domain ? nx_arena_printf(arena, "@d%d.example", user % 97)
                                                              : nx_arena_printf(arena, "user%d@d%d.example", user, user % 97),
                                            .stream = nx_str_of(streams[g_rand_int_range(random, 0, 5)]),
                                            .cause = causes[g_rand_int_range(random, 0, 4)],
                                            .since = T0 - i,
                                            .until = untils[g_rand_int_range(random, 0, 4)]};
            int what = g_rand_int_range(random, 0, 8);
            if (what > 1)
                assert_true(nx_store_suppress(store, &entry, 1, T0, NULL, &error));
            else if (what == 1)
                (void)!nx_store_release(store, entry.address, entry.stream, NX_STR_NONE, NX_STR_NONE, T0, NULL, NULL);
            else
                (void)!nx_store_allow(store, entry.address, g_rand_boolean(random), NX_STR_NONE, NX_STR_NONE, T0, NULL);
        }
        for (size_t k = 0; k < G_N_ELEMENTS(streams); k++) {
            compare(lookup, 120, nx_str_of(streams[k]), T0);
            compare(lookup, 120, nx_str_of(streams[k]), T0 + 100);
        }
    }
    nx_lookup_free(lookup);
}

static bool note_listed(const struct nx_entry *entry, void *data)
{
    (void)entry;
    ++*(unsigned *)data;
    return true;
}

static void a_list_of_one_stream_knows_the_bulk_entries(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    static const struct {
        const char *stream;
        unsigned n;
    } rows[] = {{"", 4}, {"news", 3}, {"receipts", 1}, {"unheard", 2}};
    suppress("a@d1.example", "", NX_WHEN_NONE);
    suppress("b@d1.example", NX_STREAM_BULK, NX_WHEN_NONE);
    suppress("c@d1.example", "news", NX_WHEN_NONE);
    suppress("d@d1.example", "other", NX_WHEN_NONE);
    g_autoptr(nx_reader) reader = nx_reader_new(store, &error);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned listed = 0;
        const struct nx_filter filter = {.stream = nx_str_of(rows[i].stream)};
        assert_true(nx_reader_list(reader, &filter, T0, note_listed, &listed, &error));
        if (listed != rows[i].n)
            fail_msg("stream '%s': %u entries", rows[i].stream, listed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(few_entries_are_answered_from_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(table_and_question_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_of_one_stream_knows_the_bulk_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_kept_overlaid_and_made_anew, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
