/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/siphash.h"
#include "base/str.h"
#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void lines_end_in_lf_crlf_or_cr(void **state)
{
    (void)state;
    static const char *const texts[] = {"a\nb\n\nc", "a\r\nb\r\n\r\nc", "a\rb\r\rc", "a\r\nb\n\rc"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct nx_str rest = nx_str_of(texts[i]), line;
        static const char *const want[] = {"a", "b", "", "c"};
        for (size_t k = 0; k < 4; k++) {
            assert_true(nx_str_next_line(&rest, &line));
            assert_true(nx_str_eq(line, nx_str_of(want[k])));
        }
        assert_false(nx_str_next_line(&rest, &line));
    }
}

static void search_ignores_ascii_case(void **state)
{
    (void)state;
    assert_int_equal(nx_str_ifind(NX_STR("User UNKNOWN here"), NX_STR("unknown")), 5);
    assert_int_equal(nx_str_ifind(NX_STR("abc"), NX_STR("abcd")), 3);
    assert_int_equal(nx_str_ifind(NX_STR("abc"), NX_STR("")), 0);
    assert_true(nx_str_istarts(NX_STR("Status: 5"), NX_STR("status:")));
    assert_true(nx_str_iends(NX_STR("mx.Example.ORG"), NX_STR(".example.org")));
    assert_false(nx_str_iends(NX_STR("org"), NX_STR("example.org")));
}

static void numbers_do_not_overflow(void **state)
{
    (void)state;
    unsigned long long n = 7;
    assert_true(nx_str_to_u64(NX_STR("18446744073709551615"), &n) && n == UINT64_MAX);
    assert_false(nx_str_to_u64(NX_STR("18446744073709551616"), &n));
    assert_false(nx_str_to_u64(NX_STR("-1"), &n));
    assert_false(nx_str_to_u64(NX_STR(""), &n));
    assert_true(n == UINT64_MAX);
}

static void arena_survives_large_pieces_and_reset(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (int round = 0; round < 3; round++) {
        char *small[100];
        for (int i = 0; i < 100; i++) {
            small[i] = nx_arena_alloc(arena, (size_t)i * 37);
            memset(small[i], i, (size_t)i * 37);
            char *large = nx_arena_alloc(arena, 100000);
            assert_int_equal(large[99999], 0);
            memset(large, 0xff, 100000);
        }
        for (int i = 0; i < 100; i++)
            for (int k = 0; k < i * 37; k++)
                assert_int_equal(small[i][k], (char)i);
        nx_arena_reset(arena);
        assert_int_equal(nx_arena_used(arena), 0);
    }
}

static void buffer_keeps_what_fits(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_buf buf;
    nx_buf_init(&buf, arena, 5);
    nx_buf_add(&buf, NX_STR("abc"));
    nx_buf_add(&buf, NX_STR("defg"));
    assert_true(buf.full);
    assert_true(nx_str_eq(nx_buf_str(&buf), NX_STR("abcde")));
}

static void moments(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out;
    } rows[] = {
        {"RFC 5322 3.3", "Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06Z"},
        {"no day name", "1 Aug 2006 10:48:14 -0700", "2006-08-01T17:48:14Z"},
        {"zone name", "Mon, 05 Jul 2010 08:57:06 EDT", "2010-07-05T12:57:06Z"},
        {"zone in comment", "Thu, 13 Sep 2007 08:25:32 +0300 (EEST)", "2007-09-13T05:25:32Z"},
        {"two-digit year, RFC 5322 4.3", "21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"},
        {"ctime", "Tue Aug  1 10:48:14 2006", "2006-08-01T10:48:14Z"},
        {"no seconds", "Tue, 1 Aug 2006 10:48 +0000", "2006-08-01T10:48:00Z"},
        {"no date", "yesterday", ""},
        {"empty", "", ""},
        {"month 13", "1 Foo 2006 10:48:14 -0700", ""},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_str got = nx_when_format(arena, nx_when_parse_mail(nx_str_of(rows[i].in)));
        if (!nx_str_eq(got, nx_str_of(rows[i].out)))
            fail_msg("%s: %.*s", rows[i].source, NX_FMT(got));
    }
    assert_true(nx_when_parse(NX_STR("2026-01-31T23:59:59.1234567Z")) == nx_when_parse(NX_STR("2026-02-01T01:59:59+02:00")));
    assert_true(nx_when_parse(NX_STR("2026-01-31")) == nx_when_parse(NX_STR("2026-01-31 00:00:00")));
    assert_true(nx_when_parse(NX_STR("2026-13-31")) == NX_WHEN_NONE);
    assert_true(nx_when_parse(NX_STR("2026-02-29")) == NX_WHEN_NONE);
    assert_true(nx_when_parse(NX_STR("2028-02-29")) + 86400 == nx_when_parse(NX_STR("2028-03-01")));
    assert_true(nx_when_parse(NX_STR("2026-12-32")) == NX_WHEN_NONE);
    assert_true(nx_when_parse(NX_STR("2026-12-31")) + 86400 == nx_when_parse(NX_STR("2027-01-01")));
    assert_true(nx_when_parse(NX_STR("2026-01-31Tx")) == NX_WHEN_NONE);
    assert_true(nx_str_eq(nx_when_format(arena, -1), NX_STR("1969-12-31T23:59:59Z")));
    assert_true(nx_str_eq(nx_when_format(arena, 951782400), NX_STR("2000-02-29T00:00:00Z")));
}

/* The 64 texts 00, 00 01, ... under the key 00 01 .. 0f, as in the paper's appendix A for 15 bytes. */
static void a_short_keyed_hash(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        uint64_t out;
    } rows[] = {{0, 0x726fdb47dd0e0e31u}, {1, 0x74f839c593dc67fdu}, {8, 0x93f5f5799a932462u}, {15, 0xa129ca6149be45e5u}};
    const struct nx_sip_key key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (nx_siphash(key, (struct nx_str){"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e", rows[i].n}) != rows[i].out)
            fail_msg("%zu bytes", rows[i].n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_lf_crlf_or_cr),
        cmocka_unit_test(search_ignores_ascii_case),
        cmocka_unit_test(numbers_do_not_overflow),
        cmocka_unit_test(arena_survives_large_pieces_and_reset),
        cmocka_unit_test(buffer_keeps_what_fits),
        cmocka_unit_test(moments),
        cmocka_unit_test(a_short_keyed_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
