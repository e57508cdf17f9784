/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "base/error.h"
#include "store/store.h"

#define DAY 86400

struct counted { /* one cause: days that count toward its threshold */
    unsigned days;
    nx_when first, last;
    unsigned reply;
    enum nx_class class_;
};

struct explain {
    const struct nx_policy *policy;
    nx_when now;
    struct counted counted[NX_CAUSE_COUNT];
};

/* As the store counts: days with a counted event, since the last release or delivery that cleared. */
static bool one(const struct nx_logged *line, void *data)
{
    struct explain *explain = data;
    const struct nx_event *event = line->event;
    if (line->act == NX_ACT_RELEASE || (event != NULL && event->decision.action == NX_ACTION_CLEAR))
        memset(explain->counted, 0, sizeof explain->counted);
    if (event == NULL || (event->decision.action != NX_ACTION_COUNT && event->decision.action != NX_ACTION_SUPPRESS) ||
        !nx_policy_counts(explain->policy, event))
        return true;
    const struct nx_policy_cause *rule = nx_policy_of(explain->policy, event);
    struct counted *counted = &explain->counted[event->verdict.cause];
    if (line->at < explain->now - rule->window)
        return true;
    if (counted->days == 0)
        counted->first = line->at;
    counted->days += counted->days == 0 || line->at / DAY != counted->last / DAY;
    counted->last = line->at;
    counted->reply = event->report.reply;
    counted->class_ = event->verdict.class_;
    return true;
}

static void tell_next(struct nx_arena *arena, const struct explain *explain, enum nx_cause cause, enum nx_class class_,
                      unsigned reply, const struct nx_standing *standing, bool allowed)
{
    const struct counted *counted = &explain->counted[cause];
    bool today = counted->days > 0 && counted->last / DAY == explain->now / DAY;
    const struct nx_history history = {.standing = *standing,
                                       .allowed = allowed,
                                       .count = counted->days - today,
                                       .first = counted->first,
                                       .last = counted->last,
                                       .counted_today = today};
    const struct nx_event event = {.report = {.kind = NX_KIND_FAILED, .recipient = NX_STR("x@example.net"), .reply = reply},
                                   .verdict = {.cause = cause, .class_ = class_}};
    struct nx_decision decision;
    nx_decide(explain->policy, &history, &event, explain->now, arena, &decision);
    printf("  %-18s counted on %u days; one more today: %s (%.*s)\n", nx_cause_name(cause), counted->days,
           nx_action_name(decision.action), NX_FMT(decision.reason));
}

static int explain_address(struct nx_cli *cli, const char *address)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_store) store = nx_cli_store(cli->config, NX_OPEN_READ, &error);
    g_autoptr(nx_reader) reader = store == NULL ? NULL : nx_reader_new(store, &error);
    if (reader == NULL)
        return nx_cli_fail(error);
    struct explain explain = {.policy = &cli->config->policy, .now = nx_cli_now()};
    struct nx_entry entry = {0};
    bool allowed = false;
    const struct nx_log_filter filter = {.address = nx_str_of(address), .since = NX_WHEN_NONE};
    int found = nx_reader_lookup(reader, arena, filter.address, NX_STR_NONE, explain.now, &entry, &allowed, &error);
    if (found < 0 || !nx_reader_log(reader, &filter, one, &explain, &error))
        return nx_cli_fail(error);
    struct nx_standing standing = {.present = found > 0,
                                   .cause = entry.cause,
                                   .class_ = entry.class_,
                                   .since = entry.since,
                                   .until = entry.until,
                                   .renewals = entry.renewals,
                                   .manual = entry.manual};
    if (allowed)
        puts("now: on the allow list; nothing suppresses it");
    else if (found == 0)
        puts("now: not suppressed");
    else
        printf("now: suppressed since %.*s, until %.*s: %s%s%.*s\n", NX_FMT(nx_when_format(arena, entry.since)),
               NX_FMT(entry.until == NX_WHEN_NONE ? NX_STR("for ever") : nx_when_format(arena, entry.until)),
               nx_entry_cause_name(entry.cause), entry.reason.n > 0 ? ", " : "", NX_FMT(entry.reason));
    puts("if it bounced once more:");
    for (int i = NX_CAUSE_NONE + 1; i < NX_CAUSE_COUNT; i++)
        if (explain.counted[i].days > 0)
            tell_next(arena, &explain, (enum nx_cause)i, explain.counted[i].class_, explain.counted[i].reply, &standing, allowed);
    if (explain.counted[NX_CAUSE_MAILBOX_UNKNOWN].days == 0)
        tell_next(arena, &explain, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, 550, &standing, allowed);
    if (explain.counted[NX_CAUSE_MAILBOX_FULL].days == 0)
        tell_next(arena, &explain, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, 552, &standing, allowed);
    return nx_cli_finish(NX_EXIT_OK);
}

int nx_cmd_policy(int argc, char **argv)
{
    static const struct nx_cli_usage usage = {"explain ADDRESS",
                                              "Says what holds for an address now, what counts toward each threshold, and what one "
                                              "more bounce would do, by the policy in the settings (`nixie config show`; the "
                                              "defaults are in docs/policy.md).\nExit: 0; 64 it is no address.",
                                              2, 2};
    g_auto(nx_cli) cli;
    int code;
    if (!nx_cli_begin(&cli, argc, argv, &usage, NULL, &code))
        return code;
    if (strcmp(cli.args[0], "explain") == 0)
        return explain_address(&cli, cli.args[1]);
    nx_cli_say("policy %s: there is no such verb (explain)", cli.args[0]);
    return NX_EXIT_USAGE;
}
