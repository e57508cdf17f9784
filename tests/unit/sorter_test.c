/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sorter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define N 20000u

struct text {
    struct nx_str text;
    uint32_t number;
};

static int by_text(const void *a, const void *b)
{
    const struct text *x = a, *y = b;
    int order = nx_str_cmp(x->text, y->text);
    return order != 0 ? order : x->number < y->number ? -1 : 1;
}

/* Texts with what is hard about them: long common beginnings, prefixes of each other, NULs at the end, many that are equal. */
static struct nx_str make(GRand *random, char *room)
{
    static const char beginning[] = "example.example.example.net@";
    size_t n = (size_t)g_rand_int_range(random, 0, (int)sizeof beginning), more = (size_t)g_rand_int_range(random, 0, 6);
    memcpy(room, beginning, n);
    for (size_t i = 0; i < more; i++)
        room[n++] = "\0ab\377"[g_rand_int_range(random, 0, 4)];
    return (struct nx_str){room, n};
}

static void sort_with(size_t memory)
{
    g_autoptr(GError) error = NULL;
    GRand *random = g_rand_new_with_seed(7);
    char *rooms = g_malloc(N * 40);
    struct text *texts = g_new(struct text, N);
    g_autoptr(nx_sorter) sorter = nx_sorter_new(g_get_tmp_dir(), memory);
    for (uint32_t i = 0; i < N; i++) {
        texts[i] = (struct text){make(random, rooms + 40 * (size_t)i), i};
        assert_true(nx_sorter_add(sorter, texts[i].text, (struct nx_str){(const char *)&i, sizeof i}, &error));
    }
    assert_true(nx_sorter_end(sorter, &error));
    assert_int_equal(nx_sorter_count(sorter), N);
    qsort(texts, N, sizeof *texts, by_text);
    struct nx_str text, payload;
    for (uint32_t i = 0, number; i < N; i++) {
        assert_int_equal(nx_sorter_next(sorter, &text, &payload, &error), 1);
        memcpy(&number, payload.p, sizeof number);
        assert_true(nx_str_eq(text, texts[i].text));
        assert_int_equal(number, texts[i].number);
    }
    assert_int_equal(nx_sorter_next(sorter, &text, &payload, &error), 0);
    assert_int_equal(nx_sorter_next(sorter, &text, &payload, &error), 0);
    g_rand_free(random);
    g_free(texts);
    g_free(rooms);
}

static void sorts_in_memory(void **state)
{
    (void)state;
    sort_with(16u << 20);
}

static void sorts_by_a_file(void **state)
{
    (void)state;
    sort_with(300);    /* thousands of runs of a few items */
    sort_with(500000); /* two, the second not full */
}

static void sorts_nothing_and_one_large(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct nx_str text, payload;
    g_autoptr(nx_sorter) none = nx_sorter_new(g_get_tmp_dir(), 1000);
    assert_true(nx_sorter_end(none, &error));
    assert_int_equal(nx_sorter_next(none, &text, &payload, &error), 0);
    g_autofree char *large = g_strnfill(700000, 'x');
    g_autoptr(nx_sorter) sorter = nx_sorter_new(g_get_tmp_dir(), 1000000);
    for (int i = 0; i < 3; i++)
        assert_true(nx_sorter_add(sorter, NX_STR("b"), (struct nx_str){large, 700000}, &error));
    assert_true(nx_sorter_add(sorter, NX_STR("a"), NX_STR_NONE, &error));
    assert_false(nx_sorter_add(sorter, NX_STR("a"), (struct nx_str){large, 1000001}, &error));
    assert_true(nx_sorter_end(sorter, NULL));
    assert_int_equal(nx_sorter_next(sorter, &text, &payload, NULL), 1);
    assert_int_equal(payload.n, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(nx_sorter_next(sorter, &text, &payload, NULL), 1);
        assert_true(payload.n == 700000 && payload.p[699999] == 'x');
    }
    assert_int_equal(nx_sorter_next(sorter, &text, &payload, NULL), 0);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_sorter) sorter = nx_sorter_new("/nonexistent/directory", 100);
    gboolean good = TRUE;
    for (int i = 0; i < 100 && good; i++)
        good = nx_sorter_add(sorter, NX_STR("some text"), NX_STR("and more"), &error);
    assert_false(good && nx_sorter_end(sorter, &error));
    assert_true(strncmp(error->message, "/nonexistent/directory: ", 24) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_in_memory),
        cmocka_unit_test(sorts_by_a_file),
        cmocka_unit_test(sorts_nothing_and_one_large),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
