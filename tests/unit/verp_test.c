/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "verp/verp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NOW 1795000000
#define KEYS "# newest first\nb 0123456789abcdef0123\na fedcba9876543210fedc\n"

static struct nx_verp *verp_with(const char *keys)
{
    g_autoptr(GError) error = NULL;
    struct nx_verp *verp = nx_verp_new("keys", keys, "b", "bounces.example.com", "news billing", &error);
    if (verp == NULL)
        fail_msg("%s", error->message);
    return verp;
}

static void a_token_proves_its_recipient(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_verp) verp = verp_with(KEYS);
    struct nx_str path = nx_verp_sign(verp, arena, NX_STR("user@example.net"), NX_STR("news"), NOW, NX_VERP_LIFETIME);
    assert_true(nx_str_chr(path, '@') <= 64);
    for (size_t i = 0; i < path.n; i++)
        assert_false(path.p[i] >= 'A' && path.p[i] <= 'Z');
    struct nx_verp_token token;
    nx_verp_read(verp, path, NOW + NX_VERP_LIFETIME, &token);
    assert_int_equal(token.state, NX_VERP_GOOD);
    assert_int_equal(token.key, 'b');
    assert_true(nx_str_eq(token.stream, NX_STR("news")));
    assert_true(nx_verp_names(verp, &token, NX_STR("user@example.net")));
    assert_false(nx_verp_names(verp, &token, NX_STR("other@example.net")));
    assert_false(nx_verp_names(verp, &token, NX_STR_NONE));
    nx_verp_read(verp, path, NOW + NX_VERP_LIFETIME + 3601, &token);
    assert_int_equal(token.state, NX_VERP_EXPIRED);
    char *upper = nx_arena_cstr(arena, path);
    for (char *p = upper; *p != '\0'; p++)
        *p = g_ascii_toupper(*p);
    nx_verp_read(verp, nx_arena_printf(arena, "<%s>", upper), NOW, &token);
    assert_int_equal(token.state, NX_VERP_GOOD);
}

/* Whoever alters one character has a token that is none. */
static void no_other_text_is_a_token(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_verp) verp = verp_with(KEYS);
    struct nx_str path = nx_verp_sign(verp, arena, NX_STR("user@example.net"), NX_STR_NONE, NOW, NX_VERP_LIFETIME);
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    struct nx_verp_token token;
    for (size_t i = 2; path.p[i] != '@'; i++)
        for (const char *c = alphabet; *c != '\0'; c++) {
            char *forged = nx_arena_cstr(arena, path);
            if (forged[i] == *c)
                continue;
            forged[i] = *c;
            nx_verp_read(verp, nx_str_of(forged), NOW, &token);
            assert_int_equal(token.state, NX_VERP_BAD);
        }
    for (size_t n = 0; n < path.n; n++) {
        nx_verp_read(verp, nx_str_sub(path, 0, n), NOW, &token);
        assert_int_equal(token.state, NX_VERP_FOREIGN); /* the domain is cut */
    }
    static const char *const foreign[] = {"", "b@bounces.example.com", "c+aaaa@bounces.example.com", "user@example.net", "b+aaaa@other.example.com"};
    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
        nx_verp_read(verp, nx_str_of(foreign[i]), NOW, &token);
        assert_int_equal(token.state, NX_VERP_FOREIGN);
    }
    nx_verp_read(verp, NX_STR("b+short@bounces.example.com"), NOW, &token);
    assert_int_equal(token.state, NX_VERP_BAD);
}

static void keys_rotate(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_verp) old = verp_with("a fedcba9876543210fedc\n"), both = verp_with(KEYS), new = verp_with("b 0123456789abcdef0123\n");
    struct nx_str path = nx_verp_sign(old, arena, NX_STR("user@example.net"), NX_STR("billing"), NOW, NX_VERP_LIFETIME);
    struct nx_verp_token token;
    nx_verp_read(both, path, NOW, &token);
    assert_int_equal(token.state, NX_VERP_GOOD);
    assert_true(nx_verp_names(both, &token, NX_STR("user@example.net")));
    assert_true(nx_str_eq(token.stream, NX_STR("billing")));
    nx_verp_read(new, path, NOW, &token);
    assert_int_equal(token.state, NX_VERP_BAD);
}

static void faults_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *says;
    } rows[] = {
        {"", "holds no key"},
        {"# nothing\n", "holds no key"},
        {"a short\n", "keys:1: a secret has at least 16"},
        {"a two words here in a line\n", "keys:1: a secret"},
        {"9 0123456789abcdef\n", "keys:1: a line is 'ID SECRET'"},
        {"a 0123456789abcdef\na 0123456789abcdeX\n", "keys:2: this id is used twice"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(nx_verp_new("keys", rows[i].keys, "b", "bounces.example.com", "", &error));
        assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_CONFIG));
        if (strstr(error->message, rows[i].says) == NULL)
            fail_msg("%s", error->message);
        assert_null(strstr(error->message, "0123456789")); /* no secret in an error */
    }
    g_autofree char *key = nx_verp_new_key('c');
    g_autoptr(nx_verp) verp = verp_with(key);
    assert_non_null(verp);
    assert_null(nx_verp_new_key('!'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_proves_its_recipient),
        cmocka_unit_test(no_other_text_is_a_token),
        cmocka_unit_test(keys_rotate),
        cmocka_unit_test(faults_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
