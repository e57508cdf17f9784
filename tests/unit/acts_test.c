/* SPDX-License-Identifier: Apache-2.0 */
#include "triage/acts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_WATCHED 1 /* what is freed is kept for a while, and counted */
#else
#define IS_WATCHED 0
#endif
#define N 200000 /* 40 MB of changes */
#define MEMORY (1u << 20)

static struct nx_rejudged make(struct nx_arena *arena, int i)
{
    return (struct nx_rejudged){.address = nx_arena_printf(arena, "user%07d@example.net", i / 3),
                                .stream = i % 3 == 0 ? NX_STR_NONE : nx_arena_printf(arena, "stream%d", i % 3),
                                .sequence = i,
                                .put = true,
                                .cause = NX_CAUSE_MAILBOX_UNKNOWN,
                                .until = NX_WHEN_NONE,
                                .reason = nx_arena_printf(arena, "rules replay: number %d says so", i)};
}

static void must_be_equal(const struct nx_rejudged *a, const struct nx_rejudged *b)
{
    assert_true(nx_str_eq(a->address, b->address) && nx_str_eq(a->stream, b->stream) && nx_str_eq(a->reason, b->reason));
    assert_true(a->sequence == b->sequence && a->put == b->put && a->cause == b->cause && a->until == b->until);
    assert_true(a->remote.n == 0 && a->diagnostic.n == 0);
}

/* All come back, in order, those of one address in one page, and what is not in memory is in a file. */
static void however_many_there_are_memory_is_bounded(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GError) error = NULL;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    struct nx_acts *acts = nx_acts_new(MEMORY);
    for (int i = 0; i < N; i++) {
        nx_arena_reset(arena);
        const struct nx_rejudged act = make(arena, i);
        assert_true(nx_acts_add(acts, nx_arena_printf(arena, "example.net@user%07d", i / 3), &act, &error));
    }
    assert_true(nx_acts_end(acts, &error));
    const GArray *page;
    int seen = 0, pages = 0;
    for (;; pages++) {
        assert_true(nx_acts_page(acts, 1000, &page, &error));
        if (page->len == 0)
            break;
        assert_true(page->len <= 1002 && (seen + (int)page->len == N || page->len % 3 == 0));
        for (guint i = 0; i < page->len; i++, seen++) {
            nx_arena_reset(arena);
            const struct nx_rejudged act = make(arena, seen);
            must_be_equal(&g_array_index(page, struct nx_rejudged, i), &act);
        }
    }
    assert_int_equal(seen, N);
    assert_int_equal(pages, (N + 1001) / 1002);
    nx_acts_free(acts);
    getrusage(RUSAGE_SELF, &after);
    assert_true(IS_WATCHED || after.ru_maxrss - before.ru_maxrss < 32 << 10); /* KB; the changes themselves are more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(however_many_there_are_memory_is_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
