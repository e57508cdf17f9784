/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing that names anybody is left in a masked text: by table, and over every event of the corpus. */
#include "base/limits.h"
#include "engine/engine.h"
#include "triage/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct fixture {
    struct nx_engine *engine;
    struct nx_worker *worker;
    struct nx_mask *mask;
    struct nx_arena *arena;
    GRegex *address, *ip, *host;
    size_t texts;
};

static int set_up(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    const struct nx_limits limits = NX_LIMITS_DEFAULT;
    f->engine = nx_engine_new(NX_SOURCE_DIR "/patterns", NULL, &limits, NULL);
    assert_non_null(f->engine);
    f->worker = nx_worker_new(f->engine);
    f->mask = nx_mask_new(nx_engine_rules(f->engine));
    f->arena = nx_arena_new();
    f->address = g_regex_new("[^\\s<>()\\[\\]\"',;:|]+@[a-z0-9-]+(\\.[a-z0-9-]+)+", G_REGEX_CASELESS | G_REGEX_RAW, 0, NULL);
    f->ip =
        g_regex_new("(?<![\\d.])\\d{1,3}(\\.\\d{1,3}){3}(?![\\d.])|2001:db8[0-9a-f:]+", G_REGEX_CASELESS | G_REGEX_RAW, 0, NULL);
    f->host =
        g_regex_new("\\b([a-z0-9-]+\\.)+(com|net|org|de|fr|jp|example|invalid|test)\\b", G_REGEX_CASELESS | G_REGEX_RAW, 0, NULL);
    assert_true(f->address != NULL && f->ip != NULL && f->host != NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    g_regex_unref(f->address);
    g_regex_unref(f->ip);
    g_regex_unref(f->host);
    nx_mask_free(f->mask);
    nx_worker_free(f->worker);
    nx_engine_unref(f->engine);
    nx_arena_free(f->arena);
    g_free(f);
    return 0;
}

static void test_table(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"550 5.1.1 <ann.other@example.net>: user unknown", "550 5.1.1 <ADDRESS>: user unknown"},
        {"host mx1.example.net[192.0.2.7] said: 550-5.7.1 no 550 5.7.1 (id=4XyZ9abcd)",
         "host HOST[IP] said: 550-5.7.1 no 550 5.7.1 (id=ID)"},
        {"[IPv6:2001:db8::7] refused, see https://example.net/help?u=ann", "[IP] refused, see URL"},
        {"Dear Ann Other, call 5551234", "Dear NAME NAME, call N"},
        {"for user ann-other (Ann.Other) at EXAMPLE", "for user NAME-NAME (HOST) at NAME"},
        {"mailbox full: box 12 of 99", "mailbox full: box 12 of 99"},
        {"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
         "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"},
        {"rcpt=ann.other=40example.net rejected", "ADDRESS rejected"},
        {"smtp; 550 A0b1C2d3E4f5.7 20260301101500.123ABC", "smtp; 550 HOST HOST"},
        {"", ""},
    };
    const struct nx_report report = {.recipient = NX_STR("ann.other@example.net"),
                                     .original = {.to = NX_STR("Ann Other <ann.other@example.net>")}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_str out = nx_mask_text(f->mask, f->arena, nx_str_of(rows[i].in), &report, &nx_mask_placeholders);
        if (!nx_str_eq(out, nx_str_of(rows[i].out)))
            fail_msg("'%s': '%.*s'", rows[i].in, NX_FMT(out));
    }
}

/* Everything that the expression finds in the text is gone from what was made of it. */
static void none_left(const GRegex *regex, struct nx_str in, struct nx_str out, const char *file)
{
    g_autoptr(GMatchInfo) found = NULL;
    for (g_regex_match_full(regex, in.p, (gssize)in.n, 0, 0, &found, NULL); g_match_info_matches(found);
         g_match_info_next(found, NULL)) {
        g_autofree char *text = g_match_info_fetch(found, 0);
        if (nx_str_ihas(out, nx_str_of(text)))
            fail_msg("%s: %s is left in '%.*s'", file, text, NX_FMT(out));
    }
}

static void check_text(struct fixture *f, struct nx_str text, const struct nx_report *report, const char *file)
{
    const struct nx_str names[] = {report->recipient, report->original_recipient, report->remote_mta, report->reporting_mta};
    text = nx_str_sub(text, 0, NX_MASK_MAX);
    if (text.n == 0)
        return;
    struct nx_str out = nx_mask_text(f->mask, f->arena, text, report, &nx_mask_placeholders);
    none_left(f->address, text, out, file);
    none_left(f->ip, text, out, file);
    none_left(f->host, text, out, file);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].n > 3 && nx_str_chr(names[i], '.') < names[i].n && nx_str_ihas(out, names[i]))
            fail_msg("%s: %.*s is left in '%.*s'", file, NX_FMT(names[i]), NX_FMT(out));
    f->texts++;
}

static void check_file(struct fixture *f, const char *path)
{
    g_autofree char *bytes = NULL;
    gsize n;
    assert_true(g_file_get_contents(path, &bytes, &n, NULL));
    const struct nx_origin origin = {.source = NX_STR("file"), .received_at = NX_WHEN_NONE};
    const struct nx_input input = {.kind = NX_INPUT_MAIL, .bytes = {bytes, n}, .origin = &origin};
    struct nx_event *events;
    nx_worker_reset(f->worker);
    nx_arena_reset(f->arena);
    size_t count = nx_worker_process(f->worker, &input, &events);
    for (size_t i = 0; i < count; i++) {
        check_text(f, events[i].report.diagnostic, &events[i].report, path);
        check_text(f, events[i].report.text, &events[i].report, path);
    }
}

static void walk(struct fixture *f, const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            walk(f, path);
        else if (g_str_has_suffix(name, ".eml"))
            check_file(f, path);
    }
}

static void test_corpus(void **state)
{
    struct fixture *f = *state;
    walk(f, NX_SOURCE_DIR "/corpus");
    assert_true(f->texts > 100);
}

static void test_phrases(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *key, *best;
    } rows[] = {
        {"550 5.0.0 parcel for ADDRESS not deliverable: locker is stuffed (ID, HOST [IP])", "locker is stuffed"},
        {"550 zork; frob ID blorb", "frob * blorb"},
        {"550 5.0.0 ADDRESS", NULL},
    };
    (void)f;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) phrases = nx_triage_phrases(nx_str_of(rows[i].key));
        assert_string_equal(phrases->len > 0 ? phrases->pdata[0] : "", rows[i].best != NULL ? rows[i].best : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corpus, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_phrases, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
