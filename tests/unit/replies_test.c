/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped rules against replies that mail systems are known to print: tests/rules/replies.tsv, "cause TAB class TAB reply" a line; and against words that look
   like a dead address and are about something else: tests/rules/never-hard.tsv, "stage TAB reply"; and against whole reports, where whom the words name and what the
   fields say matters: tests/rules/reports.tsv, "cause TAB class TAB recipient TAB who wrote TAB status TAB words". */
#include "engine/engine.h"
#include "event/names.h"
#include "parse/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static bool is_as_told(const struct nx_verdict *verdict, const char *cause, const char *class_, const char *words)
{
    if (strcmp(nx_cause_name(verdict->cause), cause) == 0 && strcmp(nx_class_name(verdict->class_), class_) == 0)
        return true;
    print_error("%s\n  is %s, %s by %.*s on '%.*s', not %s, %s\n", words, nx_cause_name(verdict->cause), nx_class_name(verdict->class_), NX_FMT(verdict->rule),
                NX_FMT(verdict->matched), cause, class_);
    return false;
}

static bool judged_right(struct nx_worker *worker, char **fields)
{
    struct nx_event event;
    nx_worker_reset(worker);
    nx_worker_reply(worker, nx_str_of(fields[2]), &event);
    return is_as_told(&event.verdict, fields[0], fields[1], fields[2]);
}

static bool report_judged_right(struct nx_worker *worker, char **fields)
{
    struct nx_reply reply;
    struct nx_verdict verdict;
    nx_worker_reset(worker);
    nx_reply_read(nx_worker_arena(worker), nx_str_of(fields[5]), &reply);
    struct nx_report report = {.kind = NX_KIND_FAILED,
                               .recipient = nx_str_of(fields[2]),
                               .original.from = nx_str_of(fields[3]),
                               .status = nx_str_of(fields[4]),
                               .reply = reply.code,
                               .stage = reply.stage,
                               .diagnostic = nx_str_of(fields[5])};
    nx_classify(nx_worker_matcher(worker), nx_worker_arena(worker), &report, &verdict);
    return is_as_told(&verdict, fields[0], fields[1], fields[5]);
}

/* "-" or a stage, and the words. */
static bool not_hard(struct nx_worker *worker, char **fields)
{
    struct nx_report report = {.kind = NX_KIND_FAILED, .diagnostic = nx_str_of(fields[1])};
    if (strcmp(fields[0], "-") != 0)
        assert_true(nx_stage_parse(nx_str_of(fields[0]), &report.stage));
    struct nx_verdict verdict;
    nx_worker_reset(worker);
    nx_classify(nx_worker_matcher(worker), nx_worker_arena(worker), &report, &verdict);
    if (verdict.class_ != NX_CLASS_HARD)
        return true;
    print_error("%s\n  is hard, by %.*s on '%.*s'\n", fields[1], NX_FMT(verdict.rule), NX_FMT(verdict.matched));
    return false;
}

/* Every line of a table of so many fields is as it should be; there are `least` of them or more. */
static void holds(const char *path, unsigned n_fields, bool (*is_right)(struct nx_worker *worker, char **fields), size_t least)
{
    const struct nx_limits limits = NX_LIMITS_DEFAULT;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_engine) engine = nx_engine_new(NX_SOURCE_DIR "/patterns", NULL, &limits, &error);
    assert_null(error);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    size_t wrong = 0, n = 0;
    for (char **line = lines; *line != NULL; line++) {
        if (**line == '#' || **line == '\0')
            continue;
        g_auto(GStrv) fields = g_strsplit(*line, "\t", (int)n_fields);
        assert_int_equal(g_strv_length(fields), n_fields);
        wrong += !is_right(worker, fields);
        n++;
    }
    assert_true(n >= least);
    assert_int_equal(wrong, 0);
}

static void replies_mean_what_they_say(void **state)
{
    (void)state;
    holds(NX_SOURCE_DIR "/tests/rules/replies.tsv", 3, judged_right, 2000);
}

static void words_about_others_are_never_hard(void **state)
{
    (void)state;
    holds(NX_SOURCE_DIR "/tests/rules/never-hard.tsv", 2, not_hard, 300);
}

static void reports_mean_what_they_say(void **state)
{
    (void)state;
    holds(NX_SOURCE_DIR "/tests/rules/reports.tsv", 6, report_judged_right, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(replies_mean_what_they_say), cmocka_unit_test(reports_mean_what_they_say),
                                       cmocka_unit_test(words_about_others_are_never_hard)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
