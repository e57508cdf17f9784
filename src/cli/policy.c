/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "decide/stream.h"
#include "store/hold.h"

#define DAY 86400

struct counted { /* one cause: days that count toward its threshold */
    unsigned days;
    nx_when first, last;
    unsigned reply;
    enum nx_class class_;
};

struct explain {
    const struct nx_policy *policy;
    struct nx_arena *arena;
    struct nx_str stream; /* that is asked for */
    nx_when now;
    struct counted counted[NX_CAUSE_COUNT];
};

/* A report like this one, had it come for the stream that is asked for. */
static struct nx_event here(const struct explain *explain, const struct nx_event *event)
{
    struct nx_event like = *event;
    like.report.stream = explain->stream;
    like.origin.stream = NX_STR_NONE;
    return like;
}

/* As the store counts: days with a counted event, since the last release, delivery that cleared, or entry that has run out. */
static bool one(const struct nx_logged *line, void *data)
{
    struct explain *explain = data;
    const struct nx_event *event = line->event;
    bool over =
        event != NULL && event->decision.action == NX_ACTION_SUPPRESS && line->until != NX_WHEN_NONE && line->until <= explain->now;
    if (line->act == NX_ACT_RELEASE || over || (event != NULL && event->decision.action == NX_ACTION_CLEAR)) {
        memset(explain->counted, 0, sizeof explain->counted);
        return true;
    }
    if (event == NULL || (event->decision.action != NX_ACTION_COUNT && event->decision.action != NX_ACTION_SUPPRESS))
        return true;
    const struct nx_event like = here(explain, event);
    const struct nx_policy_cause *rule = nx_policy_of(explain->policy, &like);
    struct nx_str scope = nx_policy_stream(explain->policy, &like);
    if (!nx_policy_counts(explain->policy, &like) || line->at < explain->now - nx_policy_window(rule) ||
        !nx_streams_covers(explain->policy->streams, scope, nx_event_stream(event)))
        return true;
    struct counted *counted = &explain->counted[event->verdict.cause];
    if (counted->days == 0)
        counted->first = line->at;
    counted->days += counted->days == 0 || line->at / DAY != counted->last / DAY;
    counted->last = line->at;
    counted->reply = event->report.reply;
    counted->class_ = event->verdict.class_;
    return true;
}

static struct nx_str term(struct nx_arena *arena, int64_t seconds)
{
    return seconds == 0 ? NX_STR("for ever") : nx_arena_printf(arena, "for %lld d", (long long)(seconds / DAY));
}

/* The numbers of the policy that the next report would be judged by, in words. */
static struct nx_str rule_in_words(struct nx_arena *arena, const struct nx_policy_cause *rule, struct nx_str scope)
{
    struct nx_str what = scope.n == 0                               ? NX_STR("every stream")
                         : nx_str_eq(scope, NX_STR(NX_STREAM_BULK)) ? NX_STR("every bulk stream")
                                                                    : nx_arena_printf(arena, "stream %.*s", NX_FMT(scope));
    struct nx_str holds = term(arena, rule->ttl);
    if (rule->suppress != NX_SUPPRESS_AFTER)
        return nx_arena_printf(arena, "one report, %.*s, %.*s", NX_FMT(holds), NX_FMT(what));
    return nx_arena_printf(arena, "%u days, %lld d apart, within %lld d; %.*s, %.*s", rule->threshold,
                           (long long)(rule->span / DAY), (long long)(rule->window / DAY), NX_FMT(holds), NX_FMT(what));
}

static void tell_next(const struct explain *explain, enum nx_cause cause, enum nx_class class_, unsigned reply,
                      const struct nx_standing *standing, bool allowed)
{
    struct nx_arena *arena = explain->arena;
    const struct counted *counted = &explain->counted[cause];
    bool today = counted->days > 0 && counted->last / DAY == explain->now / DAY;
    const struct nx_history history = {.standing = *standing,
                                       .allowed = allowed,
                                       .count = counted->days - today,
                                       .first = counted->first,
                                       .last = counted->last,
                                       .counted_today = today};
    const struct nx_event event = {
        .report = {.kind = NX_KIND_FAILED, .recipient = NX_STR("x@example.net"), .reply = reply, .stream = explain->stream},
        .verdict = {.cause = cause, .class_ = class_}};
    struct nx_decision decision;
    nx_decide(explain->policy, &history, &event, explain->now, arena, &decision);
    printf("  %-18s counted on %u days; one more today: %s (%.*s)\n", nx_cause_name(cause), counted->days,
           nx_action_name(decision.action), NX_FMT(decision.reason));
    printf("  %-18s the rule: %.*s\n", "",
           NX_FMT(rule_in_words(arena, nx_policy_of(explain->policy, &event), nx_policy_stream(explain->policy, &event))));
}

/* What holds for one stream, in a line; 1 when it is suppressed, 0 not, -1 error. */
static int tell_now(struct nx_reader *reader, struct nx_arena *arena, struct nx_str address, struct nx_str stream, nx_when now,
                    const char *label, struct nx_entry *ret_entry, bool *ret_allowed, GError **error)
{
    *ret_allowed = false;
    int found = nx_reader_lookup(reader, arena, address, stream, now, ret_entry, ret_allowed, error);
    struct nx_hold hold;
    int held = found == 0 ? nx_reader_held(reader, arena, address, now, &hold, error) : 0;
    if (found < 0 || held < 0)
        return -1;
    if (*ret_allowed)
        printf("%s: on the allow list; nothing suppresses it\n", label);
    else if (held > 0)
        printf("%s: not suppressed; %s until %.*s: %.*s\n", label, nx_cause_name(hold.cause),
               NX_FMT(nx_when_format(arena, hold.until)), NX_FMT(hold.reason));
    else if (found == 0)
        printf("%s: not suppressed\n", label);
    else
        printf("%s: suppressed since %.*s, until %.*s: %s%s%.*s%s%.*s\n", label, NX_FMT(nx_when_format(arena, ret_entry->since)),
               NX_FMT(ret_entry->until == NX_WHEN_NONE ? NX_STR("for ever") : nx_when_format(arena, ret_entry->until)),
               nx_entry_cause_name(ret_entry->cause), ret_entry->reason.n > 0 ? ", " : "", NX_FMT(ret_entry->reason),
               ret_entry->rule.n > 0 ? ", rule " : "", NX_FMT(ret_entry->rule));
    return found;
}

static gboolean tell_streams(const struct explain *explain, struct nx_reader *reader, struct nx_str address, GError **error)
{
    const struct nx_streams *streams = explain->policy->streams;
    for (guint i = 0; explain->stream.n == 0 && i < streams->all->len; i++) {
        const struct nx_stream *stream = streams->all->pdata[i];
        g_autofree char *label = g_strdup_printf("stream %s (%s)", stream->name,
                                                 stream->kind == NX_STREAM_KIND_TRANSACTIONAL ? "transactional" : "bulk");
        struct nx_entry entry;
        bool allowed;
        if (tell_now(reader, explain->arena, address, nx_str_of(stream->name), explain->now, label, &entry, &allowed, error) < 0)
            return FALSE;
    }
    return TRUE;
}

static int explain_address(struct nx_cli *cli, const char *address, const char *stream)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_store) store = nx_cli_store(cli->config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_fail(error);
    struct explain explain = {.policy = &cli->config->policy, .arena = arena, .stream = nx_str_of(stream), .now = nx_cli_now()};
    struct nx_entry entry = {0};
    bool allowed = false;
    const struct nx_log_filter filter = {.address = nx_str_of(address), .since = NX_WHEN_NONE};
    int found = tell_now(reader, arena, filter.address, explain.stream, explain.now, "now", &entry, &allowed, &error);
    if (found < 0 || !tell_streams(&explain, reader, filter.address, &error) ||
        !nx_reader_log(reader, &filter, one, &explain, &error))
        return nx_cli_fail(error);
    struct nx_standing standing = {.present = found > 0,
                                   .cause = entry.cause,
                                   .class_ = entry.class_,
                                   .since = entry.since,
                                   .until = entry.until,
                                   .renewals = entry.renewals,
                                   .manual = entry.manual};
    puts("if it bounced once more:");
    for (int i = NX_CAUSE_NONE + 1; i < NX_CAUSE_COUNT; i++)
        if (explain.counted[i].days > 0)
            tell_next(&explain, (enum nx_cause)i, explain.counted[i].class_, explain.counted[i].reply, &standing, allowed);
    if (explain.counted[NX_CAUSE_MAILBOX_UNKNOWN].days == 0)
        tell_next(&explain, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, 550, &standing, allowed);
    if (explain.counted[NX_CAUSE_MAILBOX_FULL].days == 0)
        tell_next(&explain, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, 552, &standing, allowed);
    return nx_cli_finish(NX_EXIT_OK);
}

int nx_cmd_policy(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"explain ADDRESS",
                                              "Says what holds for an address now (and for each stream that the settings declare), "
                                              "what counts toward each threshold, and what one more bounce would do, by the policy "
                                              "in the settings (`nixie config show`; the defaults are in docs/policy.md).\n"
                                              "Exit: 0; 64 it is no address.",
                                              2, 2};
    g_autofree char *stream = NULL;
    const GOptionEntry entries[] = {
        {"stream", 0, 0, G_OPTION_ARG_STRING, &stream, "As this stream's mail would be judged", "NAME"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, entries, &code))
        return code;
    if (strcmp(cli.args[0], "explain") == 0)
        return explain_address(&cli, cli.args[1], stream);
    return nx_cli_no_verb("policy", cli.args[0], "explain ADDRESS");
}
