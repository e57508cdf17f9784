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

/* ---- what was answered */

static struct nx_str ask_as(const struct fixture *f, struct nx_sieve *sieve, struct nx_str address, const char *stream, nx_when now,
                            struct nx_sieve_place *place)
{
    struct nx_str text = NX_STR_NONE;
    bool knows = nx_sieve_ask(sieve, f->arena, address, nx_str_of(stream), now, &text, place) == NX_SIEVE_KNOWS;
    return knows ? text : NX_STR_NONE;
}

static void answer(const struct fixture *f, struct nx_sieve *sieve, const char *address, const char *stream, nx_when until,
                   const char *text)
{
    struct nx_sieve_place place;
    assert_int_equal(ask_as(f, sieve, nx_str_of(address), stream, T0, &place).n, 0);
    nx_sieve_tell(sieve, &place, nx_str_of(stream), until, nx_str_of(text));
}

static bool knows(const struct fixture *f, struct nx_sieve *sieve, const char *address, const char *stream, nx_when now,
                  const char *text)
{
    struct nx_sieve_place place;
    return nx_str_eq(ask_as(f, sieve, nx_str_of(address), stream, now, &place), nx_str_of(text));
}

static void an_answer_stands_until_it_is_over_or_changes(void **state)
{
    const struct fixture *f = *state;
    struct nx_store *other = nx_store_open(f->path, NX_OPEN_WRITE, &f->policy, NULL, NULL);
    list(f->store, NX_STR("one@known.example"), "");
    list(f->store, NX_STR("two@known.example"), "");
    g_autoptr(nx_sieve) sieve = filled(f);
    answer(f, sieve, "One@known.example", "", T0 + 10, "it is");
    assert_true(knows(f, sieve, "one@KNOWN.example", "", T0 + 9, "it is"));
    assert_false(knows(f, sieve, "one@known.example", "", T0 + 10, "it is"));
    assert_false(knows(f, sieve, "one@known.example", "news", T0, "it is"));
    list(other, NX_STR("other@known.example"), "");
    assert_true(knows(f, sieve, "one@known.example", "", T0, "it is"));
    assert_true(nx_store_release(other, NX_STR("one@known.example"), NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0, NULL, NULL));
    assert_false(knows(f, sieve, "one@known.example", "", T0, "it is"));
    answer(f, sieve, "two@known.example", "", NX_WHEN_NONE, "two is");
    assert_true(knows(f, sieve, "two@known.example", "", INT64_MAX, "two is"));
    list(other, NX_STR("@known.example"), ""); /* what outranks whom is not the sieve's to know */
    assert_false(knows(f, sieve, "two@known.example", "", T0, "two is"));
    answer(f, sieve, "two@known.example", "", NX_WHEN_NONE, "two is");
    list_many(f, 0, 3000); /* more than a question takes up */
    assert_false(knows(f, sieve, "two@known.example", "", T0, "two is"));
    nx_sieve_settle(sieve);
    assert_true(knows(f, sieve, "two@known.example", "", T0, "two is"));
    nx_store_close(other);
}

/* Said by a reader that had looked before the change, which somebody else's question took up meanwhile. */
static void an_answer_that_comes_too_late_is_not_kept(void **state)
{
    const struct fixture *f = *state;
    struct nx_sieve_place place, next;
    list(f->store, NX_STR("one@known.example"), "");
    g_autoptr(nx_sieve) sieve = filled(f);
    (void)ask_as(f, sieve, NX_STR("one@known.example"), "", T0, &place);
    assert_true(nx_store_release(f->store, NX_STR("one@known.example"), NX_STR_NONE, NX_STR_NONE, NX_STR_NONE, T0, NULL, NULL));
    nx_sieve_tell(sieve, &place, NX_STR_NONE, NX_WHEN_NONE, NX_STR("before")); /* not taken up yet: it may be told, and goes */
    (void)ask_as(f, sieve, NX_STR("two@known.example"), "", T0, &next);
    nx_sieve_tell(sieve, &place, NX_STR_NONE, NX_WHEN_NONE, NX_STR("before"));
    assert_false(knows(f, sieve, "one@known.example", "", T0, "before"));
}

/* An answer may quote somebody who is erased: the reason of an act, the words of a server. */
static void an_answer_forgets_whom_it_mentioned(void **state)
{
    const struct fixture *f = *state;
    const struct nx_str gone = NX_STR("gone@known.example");
    const struct nx_forget forget = {.addresses = &gone, .n = 1};
    const struct nx_manual entry = {.address = NX_STR("one@known.example"),
                                    .reason = NX_STR("asked for by gone@known.example"),
                                    .since = T0,
                                    .until = NX_WHEN_NONE};
    struct nx_erased erased;
    struct nx_cleared cleared;
    assert_true(nx_store_suppress(f->store, &entry, 1, T0, NULL, NULL));
    g_autoptr(nx_sieve) sieve = filled(f);
    answer(f, sieve, "one@known.example", "", NX_WHEN_NONE, "asked for by gone");
    assert_true(nx_store_forget(f->store, &forget, T0, &erased, &cleared, NULL));
    assert_int_equal(cleared.mentions, 1);
    assert_false(knows(f, sieve, "one@known.example", "", T0, "asked for by gone"));
    nx_sieve_settle(sieve);
    assert_false(knows(f, sieve, "one@known.example", "", T0, "asked for by gone"));
}

/* What the database says of an address; empty: it is not listed. */
static struct nx_str from_database(const struct fixture *f, struct nx_str address, const char *stream, nx_when now, nx_when *until)
{
    struct nx_entry entry;
    bool allowed;
    if (nx_reader_lookup(f->reader, f->arena, address, nx_str_of(stream), now, &entry, &allowed, NULL) <= 0)
        return NX_STR_NONE;
    *until = entry.until;
    return nx_arena_printf(f->arena, "%.*s %.*s %d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %.*s %u %" G_GINT64_FORMAT,
                           NX_FMT(entry.key), NX_FMT(entry.stream), (int)entry.cause, entry.since, entry.until,
                           NX_FMT(entry.reason), entry.renewals, entry.sequence);
}

static void change_something(const struct fixture *f, struct nx_store *store, GRand *rand, nx_when now)
{
    static const char *const streams[] = {"", "", "news", "shop"};
    int n = g_rand_int_range(rand, 0, 12), act = g_rand_int_range(rand, 0, 8);
    struct nx_str address = n == 0 ? NX_STR("@d1.example") : user(f, n), stream = nx_str_of(streams[g_rand_int_range(rand, 0, 4)]);
    const struct nx_manual entry = {.address = address,
                                    .stream = stream,
                                    .cause = act % 2 == 0 ? NX_CAUSE_NONE : NX_CAUSE_BAD_ADDRESS,
                                    .reason = nx_arena_printf(f->arena, "%d", act),
                                    .since = now,
                                    .until = act < 3 ? now + g_rand_int_range(rand, 1, 30) : NX_WHEN_NONE};
    if (act < 5)
        assert_true(nx_store_suppress(store, &entry, 1, now, NULL, NULL));
    else if (act < 7)
        (void)!nx_store_release(store, address, stream, NX_STR_NONE, NX_STR_NONE, now, NULL, NULL);
    else
        (void)!nx_store_allow(store, address, g_rand_boolean(rand), NX_STR_NONE, NX_STR_NONE, now, NULL);
}

/* Whatever is done by whomever, what is known is what the database says. */
static void what_is_known_is_what_the_database_says(void **state)
{
    const struct fixture *f = *state;
    static const char *const streams[] = {"", "news"};
    struct nx_store *stores[2] = {f->store, nx_store_open(f->path, NX_OPEN_WRITE, &f->policy, NULL, NULL)};
    g_autoptr(nx_sieve) sieve = filled(f);
    GRand *rand = g_rand_new_with_seed(7);
    int known = 0;
    for (int i = 0; i < 1000; i++) {
        nx_when now = T0 + i;
        change_something(f, stores[i % 2], rand, now);
        for (int n = 1; n < 12; n++) {
            const char *stream = streams[g_rand_int_range(rand, 0, 2)];
            nx_when until = NX_WHEN_NONE;
            struct nx_sieve_place place;
            struct nx_str memory = ask_as(f, sieve, user(f, n), stream, now, &place),
                          truth = from_database(f, user(f, n), stream, now, &until);
            known += memory.n > 0;
            if (memory.n > 0)
                assert_true(nx_str_eq(memory, truth));
            else if (truth.n > 0)
                nx_sieve_tell(sieve, &place, nx_str_of(stream), until, truth);
        }
    }
    assert_true(known > 1000);
    g_rand_free(rand);
    nx_store_close(stores[1]);
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
        struct nx_sieve_place place;
        struct nx_str text;
        enum nx_sieve_word word =
            nx_sieve_ask(asker->sieve, arena, NX_STR("always@listed.example"), NX_STR_NONE, T0, &text, &place);
        assert_true(word != NX_SIEVE_CLEARS);
        if (word == NX_SIEVE_KNOWS)
            assert_true(nx_str_eq(text, NX_STR("always")));
        else
            nx_sieve_tell(asker->sieve, &place, NX_STR_NONE, NX_WHEN_NONE, NX_STR("always"));
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
        cmocka_unit_test_setup_teardown(an_answer_stands_until_it_is_over_or_changes, make_store, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_comes_too_late_is_not_kept, make_store, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_forgets_whom_it_mentioned, make_store, tear_down),
        cmocka_unit_test_setup_teardown(what_is_known_is_what_the_database_says, make_store, tear_down),
        cmocka_unit_test_setup_teardown(threads_ask_while_the_list_changes, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
