/* SPDX-License-Identifier: Apache-2.0 */
/* What an event costs that is kept: time and room, and what questions about all of them take. Usage: bench_store DATABASE EVENTS
 * [DAYS [BATCH [same]]]
 *
 * Made-up failures, delays and deliveries, spread over DAYS (365) that end with yesterday, half of them at ten big providers, the
 * others over 20,000 domains; BATCH (512) of them become one transaction. same: all are
 * hard bounces about one domain. With 0 EVENTS only questions are asked. */
#include "store/store.h"

#include <sys/resource.h>

#define DAY 86400
#define BATCH 512u /* at most */
#define DOMAINS 20000u

static double seconds(void)
{
    return (double)g_get_monotonic_time() / G_USEC_PER_SEC;
}

static double processor(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static struct nx_event make(struct nx_arena *arena, uint64_t i, bool same, nx_when at)
{
    static const struct {
        enum nx_kind kind;
        enum nx_cause cause;
        enum nx_class class_;
        const char *status, *words;
    } all[] = {{NX_KIND_DELAYED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, "4.2.2",
                "452 4.2.2 The recipient's inbox is out of storage space."},
               {NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "5.1.1",
                "550 5.1.1 The email account that you tried to reach does not exist."},
               {NX_KIND_FAILED, NX_CAUSE_SPAM_CONTENT, NX_CLASS_BLOCK, "5.7.1",
                "554 5.7.1 Message rejected as spam by content filtering."},
               {NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE, "2.0.0", "250 2.0.0 OK"}};
    uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    bool big = same || (x >> 8 & 1) != 0;
    unsigned domain = (unsigned)(x >> 16) % (big ? 10 : DOMAINS), what = (unsigned)(x >> 48) % G_N_ELEMENTS(all);
    if (same)
        domain = what = 1;
    struct nx_event event = {
        .id = nx_arena_printf(arena, "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", x, i),
        .origin = {.source = (x & 3) == 0 ? NX_STR("http") : NX_STR("lmtp"), .received_at = at},
        .report = {.kind = all[what].kind,
                   .recipient = nx_arena_printf(arena, "user.%u@%s%u.example.net", (unsigned)(x >> 24) % 5000000u,
                                                big ? "big" : "d", domain),
                   .status = nx_str_of(all[what].status),
                   .diagnostic = nx_str_of(all[what].words),
                   .remote_mta =
                       nx_arena_printf(arena, "mx%u.%s%u.example.net", (unsigned)(x >> 40) % 4, big ? "big" : "d", domain),
                   .format = NX_STR("rfc3464"),
                   .arrival_at = at,
                   .last_attempt_at = NX_WHEN_NONE,
                   .retry_until = NX_WHEN_NONE,
                   .original = {.message_id = nx_arena_printf(arena, "%016" G_GINT64_MODIFIER "x@news.example.org", x)}},
        .verdict = {.cause = all[what].cause,
                    .class_ = all[what].class_,
                    .rule = NX_STR("made.up"),
                    .ruleset = NX_STR("000000000000")},
        .decision = {.until = NX_WHEN_NONE}};
    return event;
}

static gboolean fill(struct nx_store *store, uint64_t n, uint64_t days, uint64_t batch, bool same, nx_when end, GError **error)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autofree struct nx_event *events = g_new(struct nx_event, BATCH);
    g_autofree struct nx_stored *stored = g_new(struct nx_stored, BATCH);
    double start = seconds(), work = processor();
    for (uint64_t i = 0; i < n; i += batch) {
        uint64_t some = MIN(n - i, batch);
        nx_when now = end - (nx_when)(days * DAY) + (nx_when)(i * days * DAY / n);
        nx_arena_reset(arena);
        for (uint64_t k = 0; k < some; k++)
            events[k] = make(arena, i + k, same, now);
        if (!nx_store_add(store, arena, events, some, now, stored, error))
            return FALSE;
    }
    printf("%" G_GUINT64_FORMAT " events: %.1f s, %.0f a second, %.1f us of processor time each\n", n, seconds() - start,
           (double)n / (seconds() - start), (processor() - work) * 1e6 / (double)n);
    return TRUE;
}

static bool count(struct nx_str first, struct nx_str second, uint64_t n, void *data)
{
    (void)first;
    (void)second;
    *(uint64_t *)data += n;
    return true;
}

static gboolean ask(struct nx_store *store, nx_when end, GError **error)
{
    static const struct {
        const char *by, *domain;
        enum nx_class class_;
        int days;
        size_t limit;
    } questions[] = {{"cause", "", NX_CLASS_NONE, 365, 0},     {"day", "", NX_CLASS_HARD, 365, 0},
                     {"domain", "", NX_CLASS_NONE, 365, 20},   {"domain", "", NX_CLASS_HARD, 365, 20},
                     {"remote", "", NX_CLASS_NONE, 365, 20},   {"remote", "", NX_CLASS_BLOCK, 365, 20},
                     {"domain", "", NX_CLASS_NONE, 365, 0},    {"domain,cause", "", NX_CLASS_NONE, 365, 20},
                     {"day,remote", "", NX_CLASS_NONE, 30, 0}, {"cause", "big3.example.net", NX_CLASS_NONE, 365, 0},
                     {"domain", "", NX_CLASS_NONE, 30, 20}};
    g_autoptr(nx_reader) reader = nx_reader_new(store, error);
    for (size_t i = 0; i < G_N_ELEMENTS(questions) && reader != NULL; i++) {
        struct nx_tally_filter filter = {.since = end - questions[i].days * (nx_when)DAY,
                                         .class_ = questions[i].class_,
                                         .domain = nx_str_of(questions[i].domain),
                                         .limit = questions[i].limit};
        enum nx_tally by, then;
        uint64_t n = 0;
        double best = 1e9;
        (void)nx_tally_parse(nx_str_of(questions[i].by), &by, &then);
        for (int k = 0; k < 5; k++) {
            double start = seconds();
            n = 0;
            if (!nx_reader_tally(reader, by, then, &filter, count, &n, error))
                return FALSE;
            best = MIN(best, seconds() - start);
        }
        printf("by %-14s class %-6s domain %-18s %3d days, limit %2zu: %8.1f ms (%" G_GUINT64_FORMAT " events)\n", questions[i].by,
               nx_class_name(filter.class_), questions[i].domain, questions[i].days, filter.limit, best * 1e3, n);
    }
    return reader != NULL;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    uint64_t n = argc > 2 ? g_ascii_strtoull(argv[2], NULL, 10) : 0, days = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : 365;
    uint64_t batch = argc > 4 ? g_ascii_strtoull(argv[4], NULL, 10) : BATCH;
    if (argc < 3 || days == 0 || batch == 0 || batch > BATCH) {
        fputs("bench_store DATABASE EVENTS [DAYS [BATCH [same]]]\n", stderr);
        return 64;
    }
    nx_when end = g_get_real_time() / G_USEC_PER_SEC / DAY * DAY;
    g_autoptr(nx_store) store = nx_store_open(argv[1], NX_OPEN_WRITE, &policy, NULL, &error);
    if (store == NULL || (n > 0 && !fill(store, n, days, batch, argc > 5, end, &error)) || !ask(store, end, &error)) {
        fprintf(stderr, "bench_store: %s\n", error->message);
        return 1;
    }
    return 0;
}
