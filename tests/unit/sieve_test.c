/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sieve.h"

#include "store_fixture.h"

#define T0 1700000000

static struct nx_str user(const struct fixture *f, int n)
{
    return nx_arena_printf(f->arena, "User%d@d%d.example", n, n % 7);
}

static void list(struct nx_store *store, struct nx_str address, const char *stream)
{
    g_autoptr(GError) error = NULL;
    const struct nx_manual entry = {.address = address, .stream = nx_str_of(stream), .since = T0, .until = NX_WHEN_NONE};
    if (!nx_store_suppress(store, &entry, 1, T0, NULL, &error))
        fail_msg("%s", error->message);
}

static void list_many(const struct fixture *f, int from, int n)
{
    g_autofree struct nx_manual *entries = g_new0(struct nx_manual, (gsize)n);
    for (int i = 0; i < n; i++)
        entries[i] = (struct nx_manual){.address = user(f, from + i), .since = T0, .until = NX_WHEN_NONE};
    assert_true(nx_store_suppress(f->store, entries, (size_t)n, T0, NULL, NULL));
}

static bool clears(const struct fixture *f, struct nx_sieve *sieve, const char *address)
{
    return nx_sieve_clears(sieve, f->arena, nx_str_of(address));
}

static struct nx_sieve *filled(const struct fixture *f)
{
    struct nx_sieve *sieve = nx_sieve_new(f->store);
    nx_sieve_settle(sieve);
    return sieve;
}

static void what_was_there_before_is_known(void **state)
{
    const struct fixture *f = *state;
    list(f->store, NX_STR("one@known.example"), "news");
    list(f->store, NX_STR("@whole.example"), "");
    assert_true(nx_store_allow(f->store, NX_STR("friend@known.example"), true, NX_STR_NONE, NX_STR_NONE, T0, NULL));
    g_autoptr(nx_sieve) sieve = filled(f);
    assert_false(clears(f, sieve, "One@KNOWN.example"));
    assert_false(clears(f, sieve, "anybody@whole.example"));
    assert_false(clears(f, sieve, "friend@known.example"));
    assert_true(clears(f, sieve, "two@known.example"));
    assert_true(clears(f, sieve, "one@other.example"));
    assert_false(clears(f, sieve, "no address"));
}

/* Each change is seen by the very next question: of this store, and of one that another process might have open. */
static void a_commit_is_seen_at_once(void **state)
{
    const struct fixture *f = *state;
    struct nx_store *other = nx_store_open(f->path, NX_OPEN_WRITE, &f->policy, NULL, NULL);
    g_autoptr(nx_sieve) sieve = filled(f);
    int cleared = 0;
    for (int i = 0; i < 300; i++) {
        cleared += nx_sieve_clears(sieve, f->arena, user(f, i));
        list(i % 3 == 0 ? other : f->store, user(f, i), i % 2 == 0 ? "" : "news");
        assert_false(nx_sieve_clears(sieve, f->arena, user(f, i)));
    }
    assert_true(cleared > 280); /* the rest look like others */
    list(other, NX_STR("@d.example"), "");
    assert_false(clears(f, sieve, "anybody@d.example"));
    assert_true(nx_store_allow(other, NX_STR("friend@e.example"), true, NX_STR_NONE, NX_STR_NONE, T0, NULL));
    assert_false(clears(f, sieve, "friend@e.example"));
    assert_true(clears(f, sieve, "anybody@e.example"));
    nx_store_close(other);
}

static int count_cleared(const struct fixture *f, struct nx_sieve *sieve, int from, int n)
{
    int cleared = 0;
    for (int i = from; i < from + n; i++)
        cleared += nx_sieve_clears(sieve, f->arena, user(f, i));
    return cleared;
}

/* Many changes are not a question's work: until they are taken up it clears nobody. The set grows past its first room. */
static void many_changes_are_taken_up_behind(void **state)
{
    const struct fixture *f = *state;
    g_autoptr(nx_sieve) sieve = filled(f);
    assert_int_equal(count_cleared(f, sieve, 0, 100), 100);
    for (int from = 0; from < 70000; from += 35000) {
        list_many(f, from, 35000);
        assert_int_equal(count_cleared(f, sieve, from, 35000), 0);
        nx_sieve_settle(sieve);
        assert_int_equal(count_cleared(f, sieve, 0, from + 35000), 0);
    }
    assert_true(count_cleared(f, sieve, 100000, 10000) > 9800);
    g_autoptr(nx_sieve) anew = filled(f);
    assert_int_equal(count_cleared(f, anew, 0, 70000), 0);
    assert_true(count_cleared(f, anew, 100000, 10000) > 9800);
}

static void who_was_erased_is_not_cleared(void **state)
{
    const struct fixture *f = *state;
    const struct nx_str gone = NX_STR("gone@known.example");
    const struct nx_forget forget = {.addresses = &gone, .n = 1, .suppress = true};
    struct nx_erased erased;
    struct nx_cleared cleared;
    g_autoptr(nx_sieve) sieve = filled(f);
    assert_true(clears(f, sieve, "gone@known.example"));
    assert_true(nx_store_forget(f->store, &forget, T0, &erased, &cleared, NULL));
    assert_false(clears(f, sieve, "gone@known.example"));
    nx_sieve_settle(sieve);
    assert_false(clears(f, sieve, "gone@known.example"));
    assert_true(clears(f, sieve, "here@known.example"));
    g_autoptr(nx_sieve) anew = filled(f);
    assert_false(clears(f, anew, "gone@known.example"));
    assert_true(clears(f, anew, "here@known.example"));
}

struct asker {
    const struct fixture *f;
    struct nx_sieve *sieve;
    int cleared;
};

static gpointer ask(gpointer data)
{
    struct asker *asker = data;
    g_autoptr(nx_arena) arena = nx_arena_new();
    const gint64 patience = g_get_monotonic_time() + 60 * G_USEC_PER_SEC; /* a busy machine may let the other hold the lock for long */
    for (int i = 0; i < 20000 || (asker->cleared == 0 && g_get_monotonic_time() < patience); i++) {
        nx_arena_reset(arena);
        asker->cleared += nx_sieve_clears(asker->sieve, arena, NX_STR("never@listed.example"));
        assert_false(nx_sieve_clears(asker->sieve, arena, NX_STR("always@listed.example")));
    }
    return NULL;
}

/* Others may ask while the list changes. */
static void threads_ask_while_the_list_changes(void **state)
{
    const struct fixture *f = *state;
    list(f->store, NX_STR("always@listed.example"), "");
    g_autoptr(nx_sieve) sieve = filled(f);
    struct asker askers[2] = {{f, sieve, 0}, {f, sieve, 0}};
    GThread *threads[2] = {g_thread_new("ask", ask, &askers[0]), g_thread_new("ask", ask, &askers[1])};
    for (int i = 0; i < 200; i++) {
        list(f->store, user(f, i), "");
        assert_false(nx_sieve_clears(sieve, f->arena, user(f, i)));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_thread_join(threads[i]);
        assert_true(askers[i].cleared > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_there_before_is_known, make_store, tear_down),
        cmocka_unit_test_setup_teardown(a_commit_is_seen_at_once, make_store, tear_down),
        cmocka_unit_test_setup_teardown(many_changes_are_taken_up_behind, make_store, tear_down),
        cmocka_unit_test_setup_teardown(who_was_erased_is_not_cleared, make_store, tear_down),
        cmocka_unit_test_setup_teardown(threads_ask_while_the_list_changes, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
