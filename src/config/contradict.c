/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that each fit but together cannot be meant. */
#include "config/load.h"
#include "config/value.h"
#include "decide/stream.h"
#include "parse/path.h"

#define DAY INT64_C(86400)
#define PACE_MOST (180 * DAY)

static unsigned line_near(const struct nx_load *load, const char *group, const char *key)
{
    unsigned line = nx_load_line(load, group, key);
    return line != 0 ? line : nx_load_line(load, group, "");
}

static char *days(int64_t seconds)
{
    static const struct nx_config_key time = {.type = NX_CONFIG_TIME};
    return nx_config_value(&time, &seconds);
}

static void check_counting(struct nx_load *load, const char *group, const struct nx_policy_cause *rule)
{
    g_autofree char *span = days(rule->span), *window = days(rule->window);
    bool rare = rule->pace > NX_PACE;
    int64_t needed = rule->threshold > 0 ? (rule->threshold - 1) * (rare ? rule->pace : DAY) : 0;
    g_autofree char *least = days(MAX(needed, rule->span)), *pace = days(rule->pace);
    if (rule->threshold == 0)
        nx_load_fault(load, line_near(load, group, "threshold"),
                      "threshold = 0 in [%s] says nothing (1 suppresses at the first report; suppress = never stops it)", group);
    else if (rule->window == 0)
        nx_load_fault(load, line_near(load, group, "window"),
                      "window = never in [%s]: reports of years would add up (give a time, such as 30d)", group);
    else if (rule->span > rule->window)
        nx_load_fault(load, line_near(load, group, "span"),
                      "span = %s in [%s] is wider than window = %s, so it never suppresses (make the window at least %s)", span,
                      group, window, least);
    else if (needed > rule->window && rare)
        nx_load_fault(
            load, line_near(load, group, "window"),
            "window = %s in [%s]: %u letters with pace = %s between them do not fit into it, so it never suppresses (make "
            "the window more than %s, or leave it out)",
            window, group, rule->threshold, pace, least);
    else if (needed > rule->window)
        nx_load_fault(load, line_near(load, group, "threshold"),
                      "threshold = %u in [%s]: %u days with a report do not fit into window = %s (make the window at least %s)",
                      rule->threshold, group, rule->threshold, window, least);
}

static void check_numbers(struct nx_load *load, const char *group, struct nx_policy_cause *rule, enum nx_cause cause)
{
    g_autofree char *ttl = days(rule->ttl), *most = days(rule->ttl_max), *pace = days(rule->pace);
    bool given = nx_load_line(load, group, "ttl_max") != 0;
    if (nx_load_line(load, group, "") == 0)
        return;
    if ((cause == NX_CAUSE_COMPLAINT || cause == NX_CAUSE_UNSUBSCRIBE) && rule->suppress != NX_SUPPRESS_AT_ONCE)
        nx_load_fault(load, line_near(load, group, "suppress"),
                      "suppress in [%s]: the recipient's own wish always holds (take the line out; scope says for what)", group);
    if (rule->suppress == NX_SUPPRESS_AFTER)
        check_counting(load, group, rule);
    if (given && rule->ttl_max > 0 && (rule->ttl == 0 || rule->ttl > rule->ttl_max))
        nx_load_fault(load, line_near(load, group, "ttl_max"),
                      "ttl = %s in [%s] is longer than ttl_max = %s (raise ttl_max, or leave it out)", ttl, group, most);
    else if (rule->ttl == 0 || rule->ttl > rule->ttl_max)
        rule->ttl_max = rule->ttl;
    if (rule->ttl > 0 && rule->ttl < rule->pace && rule->pace > NX_PACE)
        nx_load_fault(load, line_near(load, group, "ttl"),
                      "ttl = %s in [%s] is over before the next letter goes out, pace = %s (make it longer, or leave it out)", ttl,
                      group, pace);
}

static void check_patterns(struct nx_load *load, const char *group, const char *key, char **patterns)
{
    for (; patterns != NULL && *patterns != NULL; patterns++) {
        const char *equals = strchr(*patterns, '=');
        if (equals == NULL || equals == *patterns || equals[1] == '\0')
            nx_load_fault(load, line_near(load, group, key), "%s in [%s]: '%s' is to be NAME=PATTERN, such as %s", key, group,
                          *patterns, *key == 'h' ? "List-Id=news.example.net" : "category=news*");
    }
}

static void check_name(struct nx_load *load, const char *group, const char *key, const char *stream)
{
    if (!nx_stream_is_name(nx_str_of(stream)))
        nx_load_fault(load, line_near(load, group, key), "'%s' is no name of a stream (" NX_STREAM_NAMES ")", stream);
}

static void check_webhook(struct nx_load *load, const struct nx_config_webhook *webhook)
{
    g_autofree char *group = g_strconcat("webhook ", webhook->name, NULL);
    if (*webhook->stream != '\0')
        check_name(load, group, "stream", webhook->stream);
}

static void check_pace(struct nx_load *load, const char *group, int64_t pace)
{
    if (pace > PACE_MOST)
        nx_load_fault(load, line_near(load, group, "pace"),
                      "pace in [%s]: at most 180d; of what comes so seldom no two reports tell of each other", group);
}

static void check_stream(struct nx_load *load, struct nx_stream *stream)
{
    g_autofree char *group = g_strconcat("stream ", stream->name, NULL);
    check_pace(load, group, stream->pace);
    check_name(load, group, "", stream->name);
    check_patterns(load, group, "headers", stream->headers);
    check_patterns(load, group, "tags", stream->tags);
}

static void check_breaker(struct nx_load *load)
{
    const struct nx_breaker *breaker = &load->config->policy.breaker;
    if (breaker->minimum == 0 || breaker->factor == 0)
        nx_load_fault(load, nx_load_line(load, "breaker", breaker->minimum == 0 ? "minimum" : "factor"),
                      "[breaker] %s: 0 would hold everything back (to switch it off: enabled = false)",
                      breaker->minimum == 0 ? "minimum" : "factor");
    if (breaker->window <= 0 || breaker->window > 17 * 86400)
        nx_load_fault(load, nx_load_line(load, "breaker", "window"),
                      "[breaker] window: from 1h to 17d, half of what it is compared with");
    if (breaker->hold <= 0)
        nx_load_fault(load, nx_load_line(load, "breaker", "hold"), "[breaker] hold: an incident has to end (2d)");
    if (breaker->history < 0 || breaker->history > 35 * 86400)
        nx_load_fault(load, nx_load_line(load, "breaker", "history"), "[breaker] history: at most 35d, what is remembered");
}

/* A ledger that has all that was sent goes back far enough to tell. */
static void check_ledger(struct nx_load *load)
{
    const struct nx_config *config = load->config;
    unsigned line = nx_load_line(load, "sent", "complete");
    if (!config->policy.breaker.unsent)
        return;
    if (config->sent.size == 0 || config->sent.age < 5 * DAY)
        nx_load_fault(
            load, line,
            "complete in [sent]: a ledger that keeps nothing, or less than five days, cannot tell to whom nothing was sent "
            "(raise size or age)");
    if (!config->policy.breaker.enabled)
        nx_load_fault(load, line,
                      "complete in [sent] holds reports back, and [breaker] enabled = false holds none (take one of the two out)");
}

/* A report that goes before it has ceased to count would let an address off; what arrives again is known for a month at least. */
static void check_keep(struct nx_load *load, const char *group, const struct nx_policy_cause *rule, enum nx_cause cause,
                       int64_t keep)
{
    const struct nx_policy *policy = &load->config->policy;
    bool wish = cause == NX_CAUSE_COMPLAINT || cause == NX_CAUSE_UNSUBSCRIBE,
         at_once = rule->suppress == NX_SUPPRESS_AT_ONCE || rule->suppress == NX_SUPPRESS_MIRROR,
         confirmed = at_once && ((policy->confirm_hard && cause == NX_CAUSE_MAILBOX_UNKNOWN) ||
                                 (policy->require_verified == NX_REQUIRE_SOFT && !wish));
    int64_t least = MAX(rule->suppress == NX_SUPPRESS_AFTER || confirmed ? nx_policy_window(rule) : 0, 30 * DAY);
    g_autofree char *kept = days(keep), *needed = days(least);
    unsigned own = nx_load_line(load, group, "keep");
    if (keep > 0 && keep < least)
        nx_load_fault(
            load, own > 0 ? own : nx_load_line(load, "retention", "events"),
            "events of [%s] would be kept for %s, but count, or are known again, for %s (keep them at least that long, or "
            "never: for ever)",
            group, kept, needed);
}

/* of_cause: what [cause NAME] says; the same once more, as `config show` prints it, changes nothing. */
static void check_stream_keep(struct nx_load *load, const char *group, const struct nx_policy_cause *rule, enum nx_cause cause,
                              int64_t of_cause, int64_t keep)
{
    unsigned own = nx_load_line(load, group, "keep");
    if (own > 0 && rule->keep != of_cause)
        nx_load_fault(load, own, "keep in [%s]: events are kept by their cause alone (set it in [cause NAME])", group);
    check_keep(load, group, rule, cause, keep);
}

static void check_forms(struct nx_load *load)
{
    for (char **form = load->config->verp_forms; *form != NULL; form++) {
        char *const one[] = {*form, NULL};
        g_autoptr(GError) error = NULL;
        g_autoptr(nx_paths) paths = nx_paths_new(one, &error);
        if (paths == NULL)
            nx_load_fault(load, nx_load_line(load, "verp", "forms"), "forms in [verp]: %s", error->message);
    }
}

void nx_load_contradictions(struct nx_load *load)
{
    struct nx_policy *policy = &load->config->policy;
    const struct nx_policy_cause *at;
    check_breaker(load);
    check_ledger(load);
    check_forms(load);
    for (guint i = 0; i < load->config->webhooks->len; i++)
        check_webhook(load, load->config->webhooks->pdata[i]);
    if (load->config->preset == NX_PRESET_NONE)
        nx_load_fault(load, line_near(load, "policy", "preset"), "preset: '' is none of balanced, strict, thrifty, lenient");
    check_pace(load, "policy", load->config->pace);
    if (load->config->pace == 0)
        nx_load_fault(load, line_near(load, "policy", "pace"), "pace = never: who never writes needs no policy (7d, 30d)");
    if (load->config->preset == NX_PRESET_STRICT && policy->confirm_hard)
        nx_load_fault(load, line_near(load, "policy", "confirm_hard"),
                      "confirm_hard waits for a second report, preset = strict goes by the first (take one of the two out)");
    if (policy->domain_threshold < 2)
        nx_load_fault(load, line_near(load, "policy", "domain_threshold"),
                      "domain_threshold = %u: one address says little of its domain (at least 2; domain_entries = off stops it)",
                      policy->domain_threshold);
    if (policy->domain_quiet > 90 * DAY)
        nx_load_fault(load, line_near(load, "policy", "domain_quiet"), "domain_quiet: at most 90d, each day is looked at");
    for (size_t i = 0;; i++) {
        g_autofree char *group = nx_config_cause_group(load->config, i, &at);
        if (group == NULL)
            break;
        enum nx_cause cause = at == &policy->tentative ? NX_CAUSE_NONE : (enum nx_cause)(at - policy->causes);
        check_numbers(load, group, (struct nx_policy_cause *)(uintptr_t)at, cause);
        check_keep(load, group, at, cause, at->keep > 0 && cause != NX_CAUSE_NONE ? at->keep : load->config->retention_events);
    }
    for (guint i = 0; i < policy->streams->all->len; i++) {
        struct nx_stream *stream = policy->streams->all->pdata[i];
        check_stream(load, stream);
        for (int cause = 0; cause <= NX_CAUSE_COUNT; cause++) {
            bool tentative = cause == NX_CAUSE_COUNT;
            g_autofree char *group =
                g_strdup_printf("stream %s cause %s", stream->name, tentative ? "tentative" : nx_cause_name((enum nx_cause)cause));
            int64_t keep = tentative ? 0 : policy->causes[cause].keep;
            if (stream->own[cause])
                check_stream_keep(load, group, tentative ? &stream->tentative : &stream->causes[cause],
                                  tentative ? NX_CAUSE_NONE : (enum nx_cause)cause,
                                  tentative ? policy->tentative.keep : policy->causes[cause].keep,
                                  keep > 0 ? keep : load->config->retention_events);
            if (stream->own[cause])
                check_numbers(load, group, tentative ? &stream->tentative : &stream->causes[cause],
                              tentative ? NX_CAUSE_NONE : (enum nx_cause)cause);
        }
    }
}
