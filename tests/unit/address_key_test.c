/* SPDX-License-Identifier: Apache-2.0 */
#include "address/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void spellings_of_one_address_fold_alike(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *folded, *key;
    } rows[] = {
        {"RFC 5321 2.4", "User@EXAMPLE.Net", "user@example.net", "example.net@user"},
        {"as it stands", "user@example.net", "user@example.net", "example.net@user"},
        {"path", " <user@example.net> ", "user@example.net", "example.net@user"},
        {"final dot", "user@example.net.", "user@example.net", "example.net@user"},
        {"RFC 5890, U-label",
         "user@B\xc3\xbc"
         "cher.example",
         "user@xn--bcher-kva.example", "xn--bcher-kva.example@user"},
        {"A-label in capitals", "user@XN--BCHER-KVA.example", "user@xn--bcher-kva.example", "xn--bcher-kva.example@user"},
        {"UTS 46, decomposed",
         "user@bu\xcc\x88"
         "cher.example",
         "user@xn--bcher-kva.example", "xn--bcher-kva.example@user"},
        {"UTS 46, not transitional", "user@fa\xc3\x9f.example", "user@xn--fa-hia.example", "xn--fa-hia.example@user"},
        {"UTS 46, ideographic stop", "user@example\xe3\x80\x82net", "user@example.net", "example.net@user"},
        {"RFC 6531, NFC", "JO\xcc\x88RG@example.net", "j\xc3\xb6rg@example.net", "example.net@j\xc3\xb6rg"},
        {"RFC 6531, composed", "J\xc3\x96rg@example.net", "j\xc3\xb6rg@example.net", "example.net@j\xc3\xb6rg"},
        {"RFC 6531, what composes in lower case alone", "J\xcc\x8c@example.net", "\xc7\xb0@example.net", "example.net@\xc7\xb0"},
        {"quotes that are not needed", "\"User.Name\"@example.net", "user.name@example.net", "example.net@user.name"},
        {"escapes that are not needed", "\"us\\er\"@example.net", "user@example.net", "example.net@user"},
        {"quotes that are needed", "\"a b\"@example.net", "\"a b\"@example.net", "example.net@\"a b\""},
        {"@ inside quotes", "\"a@b\"@example.net", "\"a@b\"@example.net", "example.net@\"a@b\""},
        {"a quote inside quotes", "\"a\\\"b\"@example.net", "\"a\\\"b\"@example.net", "example.net@\"a\\\"b\""},
        {"only quotes", "\"\"@example.net", "\"\"@example.net", "example.net@\"\""},
        {"literal", "user@[192.0.2.1]", "user@[192.0.2.1]", "[192.0.2.1]@user"},
        {"literal, IPv6", "user@[IPv6:2001:DB8::1]", "user@[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]@user"},
        {"dots where none belong", "a..b.@example.net", "a..b.@example.net", "example.net@a..b."},
        {"a tag stays", "user+tag@example.net", "user+tag@example.net", "example.net@user+tag"},
        {"a whole domain", "@Example.NET", "@example.net", "example.net@"},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_address address = {0};
        const char *why = "";
        if (!nx_address_fold(arena, nx_str_of(rows[i].in), NULL, &address, &why))
            fail_msg("%s: refused, %s", rows[i].source, why);
        if (!nx_str_eq(address.folded, nx_str_of(rows[i].folded)) || !nx_str_eq(address.key, nx_str_of(rows[i].key)))
            fail_msg("%s: %.*s, %.*s", rows[i].source, NX_FMT(address.folded), NX_FMT(address.key));
        /* Folding what is folded changes nothing, and a key names its address. */
        struct nx_address again;
        assert_true(nx_address_fold(arena, address.folded, NULL, &again, NULL));
        assert_true(nx_str_eq(again.key, address.key));
        assert_true(nx_str_eq(nx_address_of_key(arena, address.key), address.folded));
    }
}

static void what_is_no_address_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *in, *why;
    } rows[] = {
        {"", "empty"},
        {"user", "no @"},
        {"user@", "no domain"},
        {"user@exa mple.net", "domain"},
        {"us er@example.net", "blank"},
        {"a,b@example.net", "quotes"},
        {"\"a@example.net", "no @"},
        {"\"a\"b@example.net", "not closed"},
        {"user@-..net", "domain"},
        {"user@[192.0.2.1", "not closed"},
        {"us\x01"
         "er@example.net",
         "control"},
        {"us\xff"
         "er@example.net",
         "UTF-8"},
        {"user@\xff.net", "IDN"},
        {"a@b@example.net", "quotes"},
        {"\"\"\"\"", "no @"},
        {"\"\"\"\"@example.net", "not closed"},
        {"user@\xd8\xa7x.example", "IDN"}, /* right to left and left to right in one label: RFC 5893 2 */
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_address address;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = "";
        if (nx_address_fold(arena, nx_str_of(rows[i].in), NULL, &address, &why))
            fail_msg("%s: taken", rows[i].in);
        if (strstr(why, rows[i].why) == NULL)
            fail_msg("%s: %s", rows[i].in, why);
    }
    char *long_one = nx_arena_alloc(arena, 10240);
    memset(long_one, 'a', 10240);
    memcpy(long_one + 10000, "@example.net", 12);
    const char *why = "";
    assert_false(nx_address_fold(arena, (struct nx_str){long_one, 10240}, NULL, &address, &why));
    assert_non_null(strstr(why, "1024"));
    assert_false(nx_address_fold(arena, (struct nx_str){long_one + 9700, 312}, NULL, &address, &why));
    assert_non_null(strstr(why, "256"));
}

static void rules_hold_for_their_domains_only(void **state)
{
    (void)state;
    static const struct {
        const char *in, *folded;
    } rows[] = {
        {"First.Last+news@gmail.example", "firstlast@gmail.example"},
        {"First.Last+news@other.example", "first.last+news@other.example"},
        {"+news@gmail.example", "+news@gmail.example"},
        {"\"a+b\"@gmail.example", "a@gmail.example"},
        {"a.b+c@tags.example", "a.b@tags.example"},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_fold_rules) rules = nx_fold_rules_new("gmail.example, TAGS.example", "gmail.example", &error);
    assert_non_null(rules);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_address address;
        assert_true(nx_address_fold(arena, nx_str_of(rows[i].in), rules, &address, NULL));
        if (!nx_str_eq(address.folded, nx_str_of(rows[i].folded)))
            fail_msg("%s: %.*s", rows[i].in, NX_FMT(address.folded));
    }
    assert_null(nx_fold_rules_new("not a/domain", "", &error));
    assert_non_null(strstr(error->message, "a/domain"));
}

/* Whatever bytes come: no fault, and what is taken folds to itself. */
static void random_bytes_fold_to_a_fixed_point(void **state)
{
    (void)state;
    static const char alphabet[] = "aB.+\"\\@[]<> 1-_\xc3\xbc\xcc\x88\xff";
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    unsigned taken = 0;
    for (int round = 0; round < 200000; round++) {
        char text[24];
        size_t n = (size_t)g_rand_int_range(random, 0, sizeof text);
        for (size_t i = 0; i < n; i++)
            text[i] = alphabet[g_rand_int_range(random, 0, sizeof alphabet - 1)];
        if (n > 6) /* give most of them a chance */
            memcpy(text + n - 5, "@B.eX", 5);
        struct nx_address address, again;
        if (nx_address_fold(arena, (struct nx_str){text, n}, NULL, &address, NULL)) {
            taken++;
            if (!nx_address_fold(arena, address.folded, NULL, &again, NULL) || !nx_str_eq(again.key, address.key))
                fail_msg("'%.*s' folds to '%.*s' and that to '%.*s'", (int)n, text, NX_FMT(address.folded), NX_FMT(again.folded));
            char other[sizeof text]; /* the same in other case */
            for (size_t i = 0; i < n; i++)
                other[i] = g_rand_boolean(random) ? g_ascii_toupper(text[i]) : g_ascii_tolower(text[i]);
            if (!nx_address_fold(arena, (struct nx_str){other, n}, NULL, &again, NULL) || !nx_str_eq(again.key, address.key))
                fail_msg("'%.*s' and '%.*s' are not one", (int)n, text, (int)n, other);
        }
        if (round % 1000 == 0)
            nx_arena_reset(arena);
    }
    assert_true(taken > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_one_address_fold_alike),
        cmocka_unit_test(what_is_no_address_says_why),
        cmocka_unit_test(rules_hold_for_their_domains_only),
        cmocka_unit_test(random_bytes_fold_to_a_fixed_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
