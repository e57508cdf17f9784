/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NOW "2026-03-10T00:00:00Z"
#define RECEIVED "Received: from a by b (Postfix; x) with ESMTP id 1;\r\n\tMon, 2 Mar 2026 10:00:00 +0100 (CET)\r\n"

static void the_moment_a_message_says(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes, *date, *want;
    } rows[] = {
        {"Received", "Return-Path: <>\r\n" RECEIVED "Subject: x\r\n\r\nbody", "", "2026-03-02T09:00:00Z"},
        {"before the From line", RECEIVED "\r\n", "Mon Mar  2 23:00:00 2026", "2026-03-02T09:00:00Z"},
        {"on one line, with \\n", "received: by b; Sun, 1 Mar 2026 00:00:01 +0000\n\nx", "", "2026-03-01T00:00:01Z"},
        {"the topmost", RECEIVED "Received: by c; Sun, 1 Feb 2026 00:00:00 +0000\r\n\r\n", "", "2026-03-02T09:00:00Z"},
        {"the From line", "Subject: x\n\nx", "Mon Mar  2 23:00:00 2026", "2026-03-02T23:00:00Z"},
        {"the From line with a zone", "Subject: x\n\nx", "Mon Mar  2 23:00:00 2026 +0100", "2026-03-02T22:00:00Z"},
        {"only the body has one", "Subject: x\n\n" RECEIVED, "", NOW},
        {"nothing", "", "", NOW},
        {"no date", "Received: by b\n\n", "", NOW},
        {"no date, but a From line", "Received: by b; yesterday\n\n", "Mon Mar  2 23:00:00 2026", "2026-03-02T23:00:00Z"},
        {"to come", "Received: by b; Wed, 11 Mar 2026 00:00:00 +0000\n\n", "", NOW},
        {"to come, but a From line", "Received: by b; Wed, 11 Mar 2026 00:00:00 +0000\n\n", "Mon Mar  2 23:00:00 2026", "2026-03-02T23:00:00Z"},
        {"a clock that was never set", "Received: by b; Thu, 1 Jan 1970 00:00:00 +0000\n\n", "Thu Jan  1 00:00:00 1970", NOW},
        {"a field without an end", "Received: by b;", "", NOW},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    size_t bad = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct nx_message message = {.bytes = nx_str_of(rows[i].bytes), .date = nx_str_of(rows[i].date)};
        struct nx_str got = nx_when_format(arena, nx_moment_of(&message, nx_when_parse(NX_STR(NOW))));
        if (!nx_str_eq(got, nx_str_of(rows[i].want))) {
            print_error("%s: %.*s, not %s\n", rows[i].what, NX_FMT(got), rows[i].want);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_moment_a_message_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
