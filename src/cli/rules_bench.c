/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rules.h"

#include "base/error.h"
#include "ingest/mailbox.h"

/* Microseconds of the fastest of several rounds: the one that was disturbed least. */
static double best(double a, double b)
{
    return a == 0 || b < a ? b : a;
}

static bool bench_load(const struct nx_cli *cli, int times, double *ret_plain, double *ret_checked, GError **error)
{
    g_autoptr(GArray) sources = nx_rules_sources(cli->config, NULL, false, error);
    if (sources == NULL)
        return false;
    const struct nx_source *texts = (const struct nx_source *)(const void *)sources->data;
    for (int checked = 0; checked < 2; checked++)
        for (int i = 0; i < times; i++) {
            gint64 start = g_get_monotonic_time();
            g_autoptr(nx_ruleset) rules = nx_ruleset_new(texts, sources->len, checked == 1, error);
            if (rules == NULL)
                return false;
            double *slot = checked == 1 ? ret_checked : ret_plain;
            *slot = best(*slot, (double)(g_get_monotonic_time() - start));
        }
    return true;
}

static void bench_examples(struct nx_worker *worker, const struct nx_ruleset *rules, int times)
{
    size_t texts = 0, bytes = 0;
    double fastest = 0;
    for (int round = 0; round < times; round++) {
        texts = bytes = 0;
        gint64 start = g_get_monotonic_time();
        for (size_t i = 0; i < nx_ruleset_count(rules); i++) {
            struct nx_str text;
            bool hit;
            for (size_t k = 0; nx_ruleset_example(rules, i, k, &text, &hit); k++) {
                struct nx_report report = {.kind = NX_KIND_FAILED, .diagnostic = text};
                struct nx_verdict verdict;
                nx_classify(nx_worker_matcher(worker), nx_worker_arena(worker), &report, &verdict);
                nx_worker_reset(worker);
                texts++;
                bytes += text.n;
            }
        }
        fastest = best(fastest, (double)(g_get_monotonic_time() - start));
    }
    printf("examples   %zu texts of %.0f bytes on the average: %.2f us each\n", texts, (double)bytes / (double)texts,
           fastest / (double)texts);
}

struct totals {
    size_t messages, bytes;
    double parse, classify;
};

static void one(const struct nx_engine *engine, struct nx_worker *worker, struct nx_str bytes, int times, struct totals *totals)
{
    const struct nx_origin origin = {.source = NX_STR("file"), .received_at = NX_WHEN_NONE};
    const struct nx_input input = {.kind = NX_INPUT_MAIL, .bytes = bytes, .origin = &origin};
    double parse = 0, classify = 0;
    for (int round = 0; round < times; round++) {
        struct nx_report *reports;
        struct nx_verdict verdict;
        gint64 start = g_get_monotonic_time();
        size_t n = nx_parse_mail(nx_engine_parser(engine), nx_worker_arena(worker), &input, &reports);
        parse = best(parse, (double)(g_get_monotonic_time() - start));
        /* A verdict takes less than the clock can tell: many in a row. */
        start = g_get_monotonic_time();
        for (int again = 0; again < 100; again++)
            for (size_t i = 0; i < n; i++)
                nx_classify(nx_worker_matcher(worker), nx_worker_arena(worker), &reports[i], &verdict);
        classify = best(classify, (double)(g_get_monotonic_time() - start) / 100);
        nx_worker_reset(worker);
    }
    totals->messages++;
    totals->bytes += bytes.n;
    totals->parse += parse;
    totals->classify += classify;
}

static bool bench_messages(const struct nx_cli *cli, const struct nx_engine *engine, struct nx_worker *worker, char **paths,
                           int times)
{
    struct totals totals = {0};
    bool all = true;
    for (char **path = paths; *path != NULL; path++) {
        g_autoptr(nx_mailbox) mailbox = nx_mailbox_open(*path, cli->config->limits.message);
        struct nx_message message;
        g_autoptr(GError) error = NULL;
        int got;
        while ((got = nx_mailbox_next(mailbox, &message, &error)) != 0) {
            if (got > 0) {
                one(engine, worker, message.bytes, times, &totals);
                continue;
            }
            nx_cli_say("%s", error->message);
            g_clear_error(&error);
            all = false;
        }
    }
    if (totals.messages > 0)
        printf("messages   %zu of %.1f KB: read in %.1f us, judged in %.2f us each; judging is %.1f %% of the whole\n",
               totals.messages, (double)totals.bytes / 1024 / (double)totals.messages, totals.parse / (double)totals.messages,
               totals.classify / (double)totals.messages, 100 * totals.classify / (totals.parse + totals.classify));
    return all;
}

int nx_rules_bench(const struct nx_cli *cli, const struct nx_rules_options *options, char **paths)
{
    int times = CLAMP(options->times, 1, 1000);
    double plain = 0, checked = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_engine) engine = nx_bind_engine(cli->config, &error);
    if (engine == NULL || !bench_load(cli, times, &plain, &checked, &error))
        return nx_cli_fail(error);
    g_autoptr(nx_worker) worker = nx_worker_new(engine);
    const struct nx_ruleset *rules = nx_engine_rules(engine);
    printf("loading    %zu rules in %.1f ms, with all examples and probes in %.1f ms\n", nx_ruleset_count(rules), plain / 1000,
           checked / 1000);
    bench_examples(worker, rules, times);
    bool all = bench_messages(cli, engine, worker, paths, times);
    return all ? NX_EXIT_OK : NX_EXIT_FINDING;
}
