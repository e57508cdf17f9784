/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's queue: so many changes wait and no more; who may not wait is told to come again, who may waits. */
#include "store_fixture.h"

#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#define QUEUE 8192 /* docs/store.md */
#define T0 1700000000

struct held { /* the writer, in what it calls after a commit */
    sem_t there, go;
    _Atomic unsigned told, kept;
};

static void hold(void *data, const GError *error)
{
    struct held *held = data;
    assert_null(error);
    sem_post(&held->there);
    struct timespec until; /* a test that failed is not to hang */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    while (sem_timedwait(&held->go, &until) != 0 && errno == EINTR)
        ;
}

static void count(void *data, const GError *error)
{
    struct held *held = data;
    held->kept += error == NULL;
    held->told++;
}

static gboolean submit(struct fixture *f, nx_stored_fn *fn, void *data, GError **error)
{
    return nx_store_submit(f->store, f->arena, NULL, 0, NULL, NULL, T0, NULL, fn, data, error);
}

static void *mark(void *data)
{
    struct fixture *f = data;
    return nx_store_mark(f->store, NX_STR("late"), 1, NULL) ? data : NULL;
}

static void beyond_its_limit_it_is_busy_and_who_may_waits(void **state)
{
    struct fixture *f = *state;
    struct held held = {.told = 0};
    g_autoptr(GError) error = NULL;
    pthread_t waiter;
    void *done;
    int64_t value;
    sem_init(&held.there, 0, 0);
    sem_init(&held.go, 0, 0);
    assert_true(submit(f, hold, &held, &error));
    while (sem_wait(&held.there) != 0)
        ;
    for (int i = 0; i < QUEUE; i++)
        if (!submit(f, count, &held, &error))
            fail_msg("%d waited, and then: %s", i, error->message);
    assert_false(submit(f, count, &held, &error));
    assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_BUSY));
    assert_non_null(strstr(error->message, "8192 changes wait to be written"));
    assert_int_equal(pthread_create(&waiter, NULL, mark, f), 0);
    g_usleep(50000);
    assert_int_equal(nx_reader_mark(f->reader, NX_STR("late"), &value, NULL), 0); /* it waits for room */
    sem_post(&held.go);
    assert_int_equal(pthread_join(waiter, &done), 0);
    assert_non_null(done);
    assert_int_equal(nx_reader_mark(f->reader, NX_STR("late"), &value, NULL), 1);
    assert_int_equal(held.told, QUEUE); /* what was accepted is kept and told, once; what was refused is not */
    assert_int_equal(held.kept, QUEUE);
    assert_true(submit(f, count, &held, NULL));
    close_store(f);
    assert_int_equal(held.told, QUEUE + 1);
    open_store(f);
    sem_destroy(&held.there);
    sem_destroy(&held.go);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(beyond_its_limit_it_is_busy_and_who_may_waits, make_store, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
