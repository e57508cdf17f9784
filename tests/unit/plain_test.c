/* SPDX-License-Identifier: Apache-2.0 */
/* What mime/plain.h reads is what GMime reads: held against it on each message of the corpus, whole, cut short and damaged. Other
 * directories of messages may be named as arguments. */
#include "../two_readers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct nx_limits limits = NX_LIMITS_DEFAULT;
static GPtrArray *messages; /* GString */
static size_t tried, plain;

static bool agree(struct nx_arena *arena, struct nx_str message)
{
    nx_arena_reset(arena);
    enum agreement agreement = two_readers(arena, &limits, message);
    tried++;
    plain += agreement != REFUSED;
    assert_int_not_equal(agreement, PARTED);
    return agreement == AGREED;
}

static void whole(void **state)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    size_t n = 0;
    (void)state;
    for (guint i = 0; i < messages->len; i++) {
        const GString *text = messages->pdata[i];
        n += agree(arena, (struct nx_str){text->str, text->len});
    }
    print_message("%zu of %u messages are plain\n", n, messages->len);
    assert_true(n * 2 > messages->len); /* or it would be of no use */
}

static void cut_short(void **state)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    (void)state;
    for (guint i = 0; i < messages->len; i++) {
        const GString *text = messages->pdata[i];
        size_t step = 1 + text->len / 40;
        for (size_t n = 1 + i % step; n < text->len; n += step)
            (void)agree(arena, (struct nx_str){text->str, n});
    }
}

static uint32_t chance(uint32_t *seed, size_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return below == 0 ? 0 : (uint32_t)((*seed >> 8) % below);
}

/* Places where damage matters: what MIME is written with. */
static size_t place(uint32_t *seed, const GString *text)
{
    static const char *const words[] = {"\n--", "ontent-", "boundary", "charset", "\n\n", "\r\n\r\n", "multipart", "message/", "\n"};
    size_t from = chance(seed, text->len);
    const char *at = strstr(text->str + from, words[chance(seed, G_N_ELEMENTS(words))]);
    size_t found = at == NULL ? from : (size_t)(at - text->str) + chance(seed, 24);
    return found < text->len ? found : from;
}

static void damage(uint32_t *seed, GString *text)
{
    static const char *const bits[] = {"\n",  "\r\n", "\r",  "--", ";", "=", "\"", " ",    "\t", "/",  ":",         "\\", "(x)", "=?us-ascii?q?x?=",
                                       "*0*", "'",    "%41", "b",  "-", "",  "\n ", "\n--", "--\n", "--\r\n", "\xe9", "boundary=x; ", "Content-Type: text/html\n"};
    size_t at = place(seed, text), n = chance(seed, 4);
    switch (chance(seed, 4)) {
    case 0:
        g_string_erase(text, (gssize)at, (gssize)MIN(n, text->len - at));
        break;
    case 1: { /* a line twice */
        const char *end = strchr(text->str + at, '\n');
        g_autofree char *line = end == NULL ? g_strdup("") : g_strndup(text->str + at, (gsize)(end + 1 - (text->str + at)));
        g_string_insert(text, (gssize)place(seed, text), line);
        break;
    }
    default:
        g_string_insert(text, (gssize)at, bits[chance(seed, G_N_ELEMENTS(bits))]);
        break;
    }
}

static void damaged(void **state)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    const char *more = g_getenv("NX_PLAIN_ROUNDS");
    size_t rounds = more == NULL ? 20 : strtoul(more, NULL, 10);
    uint32_t seed = more == NULL ? 1 : (uint32_t)rounds;
    (void)state;
    for (guint i = 0; i < messages->len; i++)
        for (size_t round = 0; round < rounds; round++) {
            const GString *text = messages->pdata[i];
            if (text->len == 0 || text->len > 16384)
                continue;
            GString *copy = g_string_new_len(text->str, (gssize)text->len);
            for (size_t k = 0; k <= chance(&seed, 3); k++)
                damage(&seed, copy);
            (void)agree(arena, (struct nx_str){copy->str, copy->len});
            g_string_free(copy, TRUE);
        }
    print_message("%zu of %zu messages read by both\n", plain, tried);
}

static void load(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;
    char *bytes;
    gsize n;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        load(below);
    }
    if (directory == NULL && g_str_has_suffix(path, ".eml") && g_file_get_contents(path, &bytes, &n, NULL)) {
        g_ptr_array_add(messages, g_string_new_len(bytes, (gssize)n));
        g_free(bytes);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(cut_short), cmocka_unit_test(damaged)};
    messages = g_ptr_array_new();
    load(argc > 1 ? argv[1] : NX_SOURCE_DIR "/corpus");
    for (int i = 2; i < argc; i++)
        load(argv[i]);
    nx_mime_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (guint i = 0; i < messages->len; i++)
        g_string_free(messages->pdata[i], TRUE);
    g_ptr_array_free(messages, TRUE);
    return failed;
}
