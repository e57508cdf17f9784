/* SPDX-License-Identifier: Apache-2.0 */
/* What mime/plain.h reads is what GMime reads: held against it on each message of the corpus, whole, cut short and damaged. Other
 * directories of messages may be named as arguments. */
#include "mime/plain.h"

#include "mime/bound.h"
#include "mime/head.h"
#include "mime/returned.h"

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

static bool same_leaf(const struct nx_leaf *a, const struct nx_leaf *b)
{
    return nx_str_eq(a->media_type, b->media_type) && nx_str_eq(a->charset, b->charset) && nx_str_eq(a->content, b->content) &&
           a->encoding == b->encoding && a->depth == b->depth && a->message == b->message && a->fields.n == b->fields.n;
}

static bool same(const struct nx_tree *a, const struct nx_tree *b)
{
    bool same = a->n == b->n && nx_str_eq(a->media_type, b->media_type) && nx_str_eq(a->report_type, b->report_type);
    for (size_t i = 0; same && i < a->n; i++)
        same = same_leaf(&a->leaves[i], &b->leaves[i]);
    return same;
}

static void show(const char *who, const struct nx_tree *tree)
{
    print_error("%s: %.*s, report-type %.*s\n", who, NX_FMT(tree->media_type), NX_FMT(tree->report_type));
    for (size_t i = 0; i < tree->n; i++)
        print_error("  %u %.*s charset %.*s encoding %d%s: \"%.*s\"\n", tree->leaves[i].depth, NX_FMT(tree->leaves[i].media_type),
                    NX_FMT(tree->leaves[i].charset), (int)tree->leaves[i].encoding, tree->leaves[i].message ? " message" : "",
                    NX_FMT(tree->leaves[i].content));
}

/* By both readers, as they are given it: without the returned message, under the MIME fields alone. Asserts that they agree. */
static bool agree(struct nx_arena *arena, struct nx_str message)
{
    struct nx_mail mail = {0};
    struct nx_tree by_the_book, by_gmime;
    nx_notes notes = 0, noted = 0;
    nx_arena_reset(arena);
    struct nx_str bytes = nx_returned_cut(arena, message, &limits, &mail);
    bytes = nx_head_take(arena, nx_mime_bound(arena, bytes, &limits, &notes), &limits, &notes, &mail.fields);
    tried++;
    if (bytes.n == 0 || !nx_plain_read(arena, bytes, &limits, &by_the_book))
        return false;
    plain++;
    bool read = nx_tree_read(arena, bytes, &limits, &noted, &by_gmime);
    if (!read || noted != 0 || !same(&by_the_book, &by_gmime)) {
        print_error("GMime: %s, notes %llx\n", read ? "read" : "not read", (unsigned long long)noted);
        show("by the book", &by_the_book);
        show("by GMime", &by_gmime);
        print_error("of\n%.*s\n", NX_FMT(bytes));
        fail();
    }
    return true;
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
