/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define HOUR 3600
#define NOW 480000 /* hours since 1970; the moment is half past it */

/* One year in a few numbers: what the remote and the others reported each hour, and what happens now. */
struct year {
    unsigned days;                     /* of history, up to the window */
    unsigned own, others, delivered;   /* a day, spread over hours 8 to 17 where it is enough for that, else in hour 8 */
    unsigned every, peak, others_peak; /* each so many days a mailing, in one hour: hits of the remote, of the others */
    unsigned now, others_now, delivered_now;
    unsigned trickle, hours; /* one hit of the remote each so many hours, for the last hours */
};

static uint64_t of_day(unsigned a_day, int64_t hour)
{
    int64_t clock = hour % 24;
    if (a_day < 10)
        return clock == 8 ? a_day : 0;
    return clock >= 8 && clock < 18 ? a_day / 10 : 0;
}

static struct nx_surge judge(const struct nx_breaker *policy, const struct year *year)
{
    g_autoptr(GArray) own = g_array_new(FALSE, FALSE, sizeof(struct nx_rate));
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct nx_rate));
    for (int64_t hour = NOW - 1 - (int64_t)year->days * 24; hour < NOW - 1; hour++) {
        bool mailing = year->every > 0 && hour / 24 % year->every == 0 && hour % 24 == 9;
        bool trickles = year->trickle > 0 && NOW - hour < year->hours && (NOW - hour) % year->trickle == 0;
        const struct nx_rate one = {hour, of_day(year->own, hour) + (mailing ? year->peak : 0) + trickles,
                                    of_day(year->delivered, hour)};
        const struct nx_rate both = {hour, one.hits + of_day(year->others, hour) + (mailing ? year->others_peak : 0),
                                     one.delivered};
        if (one.hits + one.delivered > 0)
            g_array_append_val(own, one);
        g_array_append_val(all, both);
    }
    const struct nx_rate one = {NOW, year->now, year->delivered_now}, both = {NOW, year->now + year->others_now, one.delivered};
    const struct nx_rate later = {NOW + 5, 100000, 0}; /* of a clock that ran ahead once */
    g_array_append_val(own, one);
    g_array_append_val(own, later);
    g_array_append_val(all, both);
    g_array_append_val(all, later);
    const struct nx_rates rates = {.of_remote = (const struct nx_rate *)(const void *)own->data,
                                   .of_all = (const struct nx_rate *)(const void *)all->data,
                                   .n_remote = own->len,
                                   .n_all = all->len};
    struct nx_surge surge;
    nx_breaker_judge(policy, &rates, (nx_when)NOW * HOUR + 1800, &surge);
    return surge;
}

static void when_it_is_an_incident(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct year year;
        int64_t hours; /* of the window in which it is an incident; 0: it is none; -1: not judged */
    } rows[] = {
        {"a quiet remote, three of it", {.days = 28, .others = 20, .now = 3}, 0},
        {"a quiet remote, one less than the minimum", {.days = 28, .others = 20, .now = 9}, 0},
        {"a quiet remote, the minimum at once", {.days = 28, .others = 20, .now = 10}, 2},
        {"one an hour at a quiet remote", {.days = 35, .others = 20, .now = 1, .trickle = 1, .hours = 12}, 12},
        {"one now and then at a quiet remote", {.days = 35, .others = 20, .now = 1, .trickle = 5, .hours = 48}, 48},
        {"less than that", {.days = 35, .others = 20, .now = 1, .trickle = 6, .hours = 48}, 0},
        {"the same where two a day are usual", {.days = 35, .own = 2, .others = 20, .now = 1, .trickle = 5, .hours = 48}, 0},
        {"twelve where two at once are usual", {.days = 35, .own = 2, .others = 20, .now = 12}, 0},
        {"fourteen, which chance has less than once in a million", {.days = 35, .own = 2, .others = 20, .now = 14}, 2},
        {"the monthly mailing",
         {.days = 35, .own = 1, .every = 31, .peak = 60, .others_peak = 10, .now = 90, .others_now = 10},
         0},
        {"the store is new", {.days = 0, .now = 5000}, -1},
        {"two days old", {.days = 2, .own = 20, .others = 20, .now = 5000}, -1},
        {"a day more than the history", {.days = 8, .own = 20, .others = 20, .now = 5000}, 2},
        {"as on every day", {.days = 28, .own = 500, .others = 500, .now = 50, .others_now = 50}, 0},
        {"twice as much", {.days = 28, .own = 500, .others = 500, .now = 200, .others_now = 50}, 0},
        {"far above", {.days = 28, .own = 500, .others = 500, .now = 600, .others_now = 50}, 2},
        {"the weekly mailing",
         {.days = 28, .own = 5, .every = 7, .peak = 400, .others_peak = 300, .now = 500, .others_now = 300},
         0},
        {"the weekly mailing, and it answers unknown to all",
         {.days = 28, .own = 5, .every = 7, .peak = 400, .others_peak = 300, .now = 4000, .others_now = 300},
         2},
        {"an old list: all rise alike", {.days = 28, .own = 20, .others = 40, .now = 900, .others_now = 1800}, 0},
        {"an old list, to a remote that never reported", {.days = 28, .others = 60, .now = 40, .others_now = 1000}, 0},
        {"it alone, while the others do as ever", {.days = 28, .own = 20, .others = 40, .now = 900, .others_now = 10}, 2},
        {"a large mailing that arrives",
         {.days = 28, .own = 10, .delivered = 10000, .now = 300, .delivered_now = 300000},
         0},
        {"nothing arrives any more", {.days = 28, .own = 10, .delivered = 10000, .now = 300, .delivered_now = 20}, 2},
    };
    struct nx_breaker policy;
    nx_breaker_defaults(&policy);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_surge surge = judge(&policy, &rows[i].year);
        int64_t hours = !surge.judged ? -1 : nx_surge_is_incident(&surge) ? surge.hours : 0;
        if (hours != rows[i].hours)
            fail_msg("%s: %lld, not %lld: %llu hits of %llu within %lld hours, %llu expected (basis %d)", rows[i].what, (long long)hours,
                     (long long)rows[i].hours, (unsigned long long)surge.hits, (unsigned long long)surge.limit,
                     (long long)surge.hours, (unsigned long long)surge.expected, surge.basis);
        if (surge.hours == 2)
            assert_true(surge.hits == rows[i].year.now + (rows[i].year.trickle == 1));
    }
}

static void settings_are_heeded(void **state)
{
    (void)state;
    const struct year year = {.days = 28, .own = 500, .others = 500, .now = 250, .others_now = 50};
    const struct year young = {.days = 2, .own = 500, .others = 500, .now = 4000, .others_now = 50};
    struct nx_breaker policy;
    nx_breaker_defaults(&policy);
    struct nx_surge surge = judge(&policy, &year);
    assert_false(nx_surge_is_incident(&surge));
    policy.factor = 2;
    surge = judge(&policy, &year);
    assert_true(nx_surge_is_incident(&surge));
    policy.minimum = 251;
    surge = judge(&policy, &year);
    assert_false(nx_surge_is_incident(&surge));
    policy.history = 24 * HOUR;
    surge = judge(&policy, &young);
    assert_true(nx_surge_is_incident(&surge));
    policy.history = 0;
    surge = judge(&policy, &young);
    assert_true(nx_surge_is_incident(&surge));
    policy.enabled = false;
    surge = judge(&policy, &young);
    assert_false(nx_surge_is_incident(&surge));
}

static void the_window_is_whole_hours(void **state)
{
    (void)state;
    struct nx_breaker policy;
    nx_breaker_defaults(&policy);
    assert_int_equal(nx_breaker_hours(&policy, 0), 2);
    assert_int_equal(nx_breaker_hours(&policy, 1), 12);
    assert_int_equal(nx_breaker_hours(&policy, 2), 48);
    assert_true(nx_breaker_since(2, (nx_when)NOW * HOUR + 1800) == (nx_when)(NOW - 1) * HOUR);
    policy.window = 61;
    assert_int_equal(nx_breaker_hours(&policy, 0), 1);
    policy.window = (int64_t)10 * 24 * HOUR;
    assert_int_equal(nx_breaker_hours(&policy, 0), 240);
    assert_int_equal(nx_breaker_hours(&policy, 1), NX_BREAKER_BASE_HOURS / 2);
    policy.window = INT64_MAX; /* never more than what it is held against */
    assert_int_equal(nx_breaker_hours(&policy, 0), NX_BREAKER_BASE_HOURS / 2);
}

static void the_reason_has_the_numbers(void **state)
{
    (void)state;
    struct nx_breaker policy;
    nx_breaker_defaults(&policy);
    const struct year year = {.days = 28, .own = 500, .others = 500, .now = 600, .others_now = 50};
    struct nx_surge surge = judge(&policy, &year);
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_str reason = nx_surge_reason(arena, NX_STR("google"), &surge, 1700000000);
    assert_true(nx_str_eq(reason, NX_STR("google called 600 addresses dead since 2023-11-14T21:00:00Z, and the busiest time as "
                                         "long of the 35 days before had 100")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_it_is_an_incident),
        cmocka_unit_test(settings_are_heeded),
        cmocka_unit_test(the_window_is_whole_hours),
        cmocka_unit_test(the_reason_has_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
