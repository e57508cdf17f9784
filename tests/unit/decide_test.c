/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/preset.h"
#include "decide/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DAY 86400
#define T0 1700000000

static struct nx_event event_of(enum nx_kind kind, enum nx_cause cause, enum nx_class class_, unsigned reply)
{
    return (struct nx_event){.report = {.kind = kind, .recipient = NX_STR("user@example.net"), .reply = reply},
                             .verdict = {.class_ = class_, .cause = cause}};
}

static struct nx_decision decide(const struct nx_policy *policy, const struct nx_history *history, const struct nx_event *event,
                                 struct nx_arena *arena)
{
    struct nx_decision decision;
    nx_decide(policy, history, event, T0, arena, &decision);
    assert_true(decision.made);
    assert_true(decision.reason.n > 0);
    return decision;
}

/* A first report of each cause: who suppresses at once, who counts, who does nothing. */
static void the_first_report_of_each_cause(void **state)
{
    (void)state;
    static const struct {
        enum nx_cause cause;
        enum nx_action action;
        int days; /* -1: for ever */
    } rows[] = {
        {NX_CAUSE_MAILBOX_UNKNOWN, NX_ACTION_SUPPRESS, -1},
        {NX_CAUSE_MAILBOX_DISABLED, NX_ACTION_SUPPRESS, 180},
        {NX_CAUSE_MAILBOX_MOVED, NX_ACTION_SUPPRESS, -1},
        {NX_CAUSE_BAD_ADDRESS, NX_ACTION_SUPPRESS, -1},
        {NX_CAUSE_BAD_DOMAIN, NX_ACTION_COUNT, 0},
        {NX_CAUSE_MAILBOX_FULL, NX_ACTION_COUNT, 0},
        {NX_CAUSE_RATE_LIMITED, NX_ACTION_NONE, 0},
        {NX_CAUSE_GREYLISTED, NX_ACTION_NONE, 0},
        {NX_CAUSE_RECEIVER_UNAVAILABLE, NX_ACTION_NONE, 0},
        {NX_CAUSE_NETWORK_ERROR, NX_ACTION_NONE, 0},
        {NX_CAUSE_RECEIVER_MISCONFIG, NX_ACTION_COUNT, 0},
        {NX_CAUSE_EXPIRED, NX_ACTION_COUNT, 0},
        {NX_CAUSE_RECIPIENT_REFUSED, NX_ACTION_COUNT, 0},
        {NX_CAUSE_REPUTATION_BLOCK, NX_ACTION_NONE, 0},
        {NX_CAUSE_SPAM_CONTENT, NX_ACTION_NONE, 0},
        {NX_CAUSE_CONTENT_PROHIBITED, NX_ACTION_NONE, 0},
        {NX_CAUSE_SENDER_AUTH, NX_ACTION_NONE, 0},
        {NX_CAUSE_SENDER_DNS, NX_ACTION_NONE, 0},
        {NX_CAUSE_POLICY_BLOCK, NX_ACTION_NONE, 0},
        {NX_CAUSE_TLS_FAILURE, NX_ACTION_NONE, 0},
        {NX_CAUSE_RELAY_DENIED, NX_ACTION_COUNT, 0},
        {NX_CAUSE_SMTP_AUTH, NX_ACTION_NONE, 0},
        {NX_CAUSE_MESSAGE_TOO_LARGE, NX_ACTION_NONE, 0},
        {NX_CAUSE_MESSAGE_MALFORMED, NX_ACTION_NONE, 0},
        {NX_CAUSE_PROTOCOL_ERROR, NX_ACTION_NONE, 0},
        {NX_CAUSE_UPSTREAM_SUPPRESSED, NX_ACTION_SUPPRESS, 30},
        {NX_CAUSE_AUTO_REPLY, NX_ACTION_NONE, 0},
        {NX_CAUSE_DELAYED, NX_ACTION_NONE, 0},
        {NX_CAUSE_UNKNOWN, NX_ACTION_COUNT, 0},
        {NX_CAUSE_NONE, NX_ACTION_NONE, 0},
        {NX_CAUSE_COMPLAINT, NX_ACTION_SUPPRESS, -1},
        {NX_CAUSE_UNSUBSCRIBE, NX_ACTION_SUPPRESS, -1},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_history none = {0};
        struct nx_event event = event_of(NX_KIND_FAILED, rows[i].cause, nx_cause_facts(rows[i].cause)->class_, 550);
        struct nx_decision decision = decide(&policy, &none, &event, arena);
        nx_when until = rows[i].action != NX_ACTION_SUPPRESS || rows[i].days < 0 ? NX_WHEN_NONE : T0 + rows[i].days * (int64_t)DAY;
        if (decision.action != rows[i].action || decision.until != until)
            fail_msg("%s: %s until %lld", nx_cause_name(rows[i].cause), nx_action_name(decision.action), (long long)decision.until);
    }
}

/* Thresholds, span and window: what is in history, and what the event at hand then does. */
static void thresholds_want_days_apart(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum nx_cause cause;
        unsigned count;
        int first_days, last_days; /* before T0 */
        bool today;
        enum nx_action action;
        int days;
    } rows[] = {
        {"third, a week apart", NX_CAUSE_EXPIRED, 2, 7, 3, false, NX_ACTION_SUPPRESS, 14},
        {"third, six days", NX_CAUSE_EXPIRED, 2, 6, 3, false, NX_ACTION_COUNT, 0},
        {"second", NX_CAUSE_EXPIRED, 1, 20, 20, false, NX_ACTION_COUNT, 0},
        {"same day again", NX_CAUSE_EXPIRED, 1, 20, 20, true, NX_ACTION_NONE, 0},
        {"full thrice, a week apart", NX_CAUSE_MAILBOX_FULL, 2, 7, 3, false, NX_ACTION_SUPPRESS, 30},
        {"full twice", NX_CAUSE_MAILBOX_FULL, 1, 20, 20, false, NX_ACTION_COUNT, 0},
        {"full on three days of six", NX_CAUSE_MAILBOX_FULL, 2, 6, 1, false, NX_ACTION_COUNT, 0},
        {"fifth of a broken receiver", NX_CAUSE_RECEIVER_MISCONFIG, 4, 8, 1, false, NX_ACTION_SUPPRESS, 30},
        {"fourth", NX_CAUSE_RECEIVER_MISCONFIG, 3, 8, 1, false, NX_ACTION_COUNT, 0},
        {"expired thrice", NX_CAUSE_EXPIRED, 2, 10, 5, false, NX_ACTION_SUPPRESS, 14},
        {"refused twice", NX_CAUSE_RECIPIENT_REFUSED, 1, 1, 1, false, NX_ACTION_SUPPRESS, 90},
        {"relay thrice in three days", NX_CAUSE_RELAY_DENIED, 2, 3, 1, false, NX_ACTION_SUPPRESS, 60},
        {"relay thrice in two days", NX_CAUSE_RELAY_DENIED, 2, 2, 1, false, NX_ACTION_COUNT, 0},
        {"no domain, a day later", NX_CAUSE_BAD_DOMAIN, 1, 1, 1, false, NX_ACTION_SUPPRESS, 90},
        {"unknown thrice", NX_CAUSE_UNKNOWN, 2, 9, 2, false, NX_ACTION_SUPPRESS, 30},
        {"a report from the past widens the span", NX_CAUSE_MAILBOX_FULL, 2, -8, -9, false, NX_ACTION_SUPPRESS, 30},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_history history = {.count = rows[i].count,
                                     .first = T0 - rows[i].first_days * (int64_t)DAY,
                                     .last = T0 - rows[i].last_days * (int64_t)DAY,
                                     .counted_today = rows[i].today};
        struct nx_event event = event_of(NX_KIND_FAILED, rows[i].cause, nx_cause_facts(rows[i].cause)->class_, 550);
        struct nx_decision decision = decide(&policy, &history, &event, arena);
        if (decision.action != rows[i].action ||
            (rows[i].action == NX_ACTION_SUPPRESS && decision.until != T0 + rows[i].days * (int64_t)DAY))
            fail_msg("%s: %s, %.*s", rows[i].why, nx_action_name(decision.action), NX_FMT(decision.reason));
    }
}

static void what_never_counts(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum nx_kind kind;
        enum nx_cause cause;
        enum nx_class class_;
        unsigned reply;
        const char *status;
        enum nx_action action;
    } rows[] = {
        {"unknown with 4xx", NX_KIND_FAILED, NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, 450, "", NX_ACTION_NONE},
        {"unknown with 4.x.x", NX_KIND_FAILED, NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, 0, "4.0.0", NX_ACTION_NONE},
        {"unknown without a code", NX_KIND_FAILED, NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, 0, "", NX_ACTION_NONE},
        {"unknown with 5.x.x", NX_KIND_FAILED, NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, 0, "5.0.0", NX_ACTION_COUNT},
        {"unknown with 4xx, hard by a provider's word", NX_KIND_FAILED, NX_CAUSE_UNKNOWN, NX_CLASS_HARD, 450, "", NX_ACTION_NONE},
        {"unknown, but hard by a provider's word", NX_KIND_FAILED, NX_CAUSE_UNKNOWN, NX_CLASS_HARD, 0, "", NX_ACTION_COUNT},
        {"the reply outranks the status", NX_KIND_FAILED, NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, 451, "5.0.0", NX_ACTION_NONE},
        {"4xx is never hard at first sight", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_SOFT, 450, "4.1.1",
         NX_ACTION_COUNT},
        {"user words in a refusal of the sender", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_BLOCK, 550, "",
         NX_ACTION_NONE},
        {"a delay notice", NX_KIND_DELAYED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, 452, "", NX_ACTION_NONE},
        {"a delay notice with a hard cause", NX_KIND_DELAYED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, 550, "", NX_ACTION_NONE},
        {"vacation", NX_KIND_AUTOREPLY, NX_CAUSE_MAILBOX_MOVED, NX_CLASS_HARD, 0, "", NX_ACTION_NONE},
        {"ordinary mail", NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE, 0, "", NX_ACTION_NONE},
        {"complaint whatever the cause", NX_KIND_COMPLAINT, NX_CAUSE_NONE, NX_CLASS_NONE, 0, "", NX_ACTION_SUPPRESS},
        {"null MX", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_HARD, 556, "", NX_ACTION_SUPPRESS},
        {"521", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_HARD, 521, "", NX_ACTION_SUPPRESS},
        {"null MX by status", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_HARD, 0, "5.1.10", NX_ACTION_SUPPRESS},
        {"null MX, but for now", NX_KIND_FAILED, NX_CAUSE_BAD_DOMAIN, NX_CLASS_SOFT, 0, "4.1.10", NX_ACTION_COUNT},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_history none = {0};
        struct nx_event event = event_of(rows[i].kind, rows[i].cause, rows[i].class_, rows[i].reply);
        event.report.status = nx_str_of(rows[i].status);
        struct nx_decision decision = decide(&policy, &none, &event, arena);
        if (decision.action != rows[i].action)
            fail_msg("%s: %s, %.*s", rows[i].why, nx_action_name(decision.action), NX_FMT(decision.reason));
    }
    /* What was kept before and is counted again (`policy explain`, the store) is asked the same. */
    struct nx_event block = event_of(NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_BLOCK, 552);
    assert_false(nx_policy_counts(&policy, &block));
    block.verdict.class_ = NX_CLASS_SOFT;
    assert_true(nx_policy_counts(&policy, &block));
    struct nx_history none = {0};
    struct nx_event nobody = event_of(NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, 550);
    nobody.report.recipient = NX_STR_NONE;
    assert_int_equal(decide(&policy, &none, &nobody, arena).action, NX_ACTION_NONE);
}

static void terms_double_within_a_year(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum nx_cause cause, last;
        unsigned renewals;
        int ended_days, days;
    } rows[] = {
        {"second", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 0, 10, 60},
        {"third", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 1, 10, 120},
        {"fourth, at the cap", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 2, 10, 180},
        {"hundredth", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 99, 10, 180},
        {"after more than a year", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 2, 366, 30},
        {"another cause", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_EXPIRED, 2, 10, 30},
        {"expired doubles too", NX_CAUSE_EXPIRED, NX_CAUSE_EXPIRED, 0, 1, 28},
        {"one that has no cap above its term", NX_CAUSE_RECEIVER_MISCONFIG, NX_CAUSE_RECEIVER_MISCONFIG, 3, 1, 30},
        {"words nobody understands", NX_CAUSE_UNKNOWN, NX_CAUSE_UNKNOWN, 0, 1, 60},
        {"no domain", NX_CAUSE_BAD_DOMAIN, NX_CAUSE_BAD_DOMAIN, 1, 1, 360},
        {"closed still", NX_CAUSE_MAILBOX_DISABLED, NX_CAUSE_MAILBOX_DISABLED, 0, 1, 360},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_history history = {.count = 4,
                                     .first = T0 - 20 * DAY,
                                     .last = T0 - DAY,
                                     .standing = {.present = true,
                                                  .cause = rows[i].last,
                                                  .class_ = NX_CLASS_SOFT,
                                                  .since = T0 - 400 * DAY,
                                                  .until = T0 - rows[i].ended_days * (int64_t)DAY,
                                                  .renewals = rows[i].renewals}};
        struct nx_event event = event_of(NX_KIND_FAILED, rows[i].cause, nx_cause_facts(rows[i].cause)->class_, 550);
        struct nx_decision decision = decide(&policy, &history, &event, arena);
        if (decision.action != NX_ACTION_SUPPRESS || decision.until != T0 + rows[i].days * (int64_t)DAY)
            fail_msg("%s: %s until %lld d", rows[i].why, nx_action_name(decision.action), (long long)(decision.until - T0) / DAY);
    }
}

/* The first try after an entry ran out: within a week, or the cause's span, it goes on; later it has to be earned anew. */
static void what_never_went_away_goes_on(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum nx_cause cause, last;
        int ended_days;
        bool manual;
        enum nx_action action;
        int days;
    } rows[] = {
        {"the day after", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 1, false, NX_ACTION_SUPPRESS, 60},
        {"a week after", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 7, false, NX_ACTION_SUPPRESS, 60},
        {"a weekly letter that is late", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 10, false, NX_ACTION_SUPPRESS, 60},
        {"later", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 11, false, NX_ACTION_COUNT, 0},
        {"a week after, of a shorter span", NX_CAUSE_BAD_DOMAIN, NX_CAUSE_BAD_DOMAIN, 7, false, NX_ACTION_SUPPRESS, 180},
        {"later, of a shorter span", NX_CAUSE_BAD_DOMAIN, NX_CAUSE_BAD_DOMAIN, 11, false, NX_ACTION_COUNT, 0},
        {"seventeen days after, of a longer span", NX_CAUSE_EXPIRED, NX_CAUSE_EXPIRED, 17, false, NX_ACTION_SUPPRESS, 28},
        {"later, of a longer span", NX_CAUSE_EXPIRED, NX_CAUSE_EXPIRED, 18, false, NX_ACTION_COUNT, 0},
        {"another cause", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_EXPIRED, 1, false, NX_ACTION_COUNT, 0},
        {"one by hand", NX_CAUSE_MAILBOX_FULL, NX_CAUSE_MAILBOX_FULL, 1, true, NX_ACTION_COUNT, 0},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    policy.causes[NX_CAUSE_EXPIRED].span = 14 * DAY;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_history history = {.standing = {.present = true,
                                                  .cause = rows[i].last,
                                                  .class_ = NX_CLASS_SOFT,
                                                  .since = T0 - 60 * DAY,
                                                  .until = T0 - rows[i].ended_days * (int64_t)DAY,
                                                  .manual = rows[i].manual}};
        struct nx_event event = event_of(NX_KIND_FAILED, rows[i].cause, nx_cause_facts(rows[i].cause)->class_, 550);
        struct nx_decision decision = decide(&policy, &history, &event, arena);
        if (decision.action != rows[i].action ||
            (decision.action == NX_ACTION_SUPPRESS && decision.until != T0 + rows[i].days * (int64_t)DAY))
            fail_msg("%s: %s, %.*s", rows[i].why, nx_action_name(decision.action), NX_FMT(decision.reason));
    }
}

/* What stands, what comes, and whether it takes its place. */
static void what_outranks_what(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum nx_cause old;
        int old_days; /* -1: for ever */
        enum nx_cause new;
        int new_days;
        bool gives_way;
    } rows[] = {
        {"dead again", NX_CAUSE_MAILBOX_UNKNOWN, -1, NX_CAUSE_MAILBOX_UNKNOWN, -1, false},
        {"full, then dead", NX_CAUSE_MAILBOX_FULL, 30, NX_CAUSE_MAILBOX_UNKNOWN, -1, true},
        {"dead, then full", NX_CAUSE_MAILBOX_UNKNOWN, -1, NX_CAUSE_MAILBOX_FULL, 30, false},
        {"dead, then complaint", NX_CAUSE_MAILBOX_UNKNOWN, -1, NX_CAUSE_COMPLAINT, -1, true},
        {"complaint, then dead", NX_CAUSE_COMPLAINT, -1, NX_CAUSE_MAILBOX_UNKNOWN, -1, false},
        {"still full", NX_CAUSE_MAILBOX_FULL, 10, NX_CAUSE_MAILBOX_FULL, 30, true},
        {"a shorter term", NX_CAUSE_MAILBOX_DISABLED, 100, NX_CAUSE_MAILBOX_FULL, 30, false},
        {"by hand, then dead", NX_CAUSE_NONE, -1, NX_CAUSE_MAILBOX_UNKNOWN, -1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_standing old = {.present = true,
                                  .cause = rows[i].old,
                                  .since = T0 - DAY,
                                  .until = rows[i].old_days < 0 ? NX_WHEN_NONE : T0 + rows[i].old_days * (int64_t)DAY};
        nx_when until = rows[i].new_days < 0 ? NX_WHEN_NONE : T0 + rows[i].new_days * (int64_t)DAY;
        if (nx_standing_gives_way(&old, rows[i].new, until, T0) != rows[i].gives_way)
            fail_msg("%s", rows[i].why);
        if (old.until != NX_WHEN_NONE)
            assert_true(nx_standing_gives_way(&old, rows[i].new, until, old.until)); /* what has run out holds nothing */
    }
}

static void a_delivery_clears_what_is_soft(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    struct nx_event event = event_of(NX_KIND_DELIVERED, NX_CAUSE_DELIVERED, NX_CLASS_NONE, 250);
    struct nx_standing full = {
        .present = true, .cause = NX_CAUSE_MAILBOX_FULL, .class_ = NX_CLASS_SOFT, .since = T0 - DAY, .until = T0 + DAY};
    struct nx_standing complaint = {.present = true, .cause = NX_CAUSE_COMPLAINT, .since = T0 - DAY, .until = NX_WHEN_NONE};
    struct nx_standing by_hand = full;
    by_hand.manual = true;
    struct nx_history soft = {.soft_counts = true}, none = {0}, cooling = {.standing = full}, consent = {.standing = complaint},
                      hand = {.standing = by_hand};
    assert_int_equal(decide(&policy, &soft, &event, arena).action, NX_ACTION_CLEAR);
    assert_int_equal(decide(&policy, &cooling, &event, arena).action, NX_ACTION_CLEAR);
    assert_int_equal(decide(&policy, &none, &event, arena).action, NX_ACTION_NONE);
    assert_int_equal(decide(&policy, &consent, &event, arena).action, NX_ACTION_NONE);
    assert_int_equal(decide(&policy, &hand, &event, arena).action, NX_ACTION_NONE);
}

static void a_sign_of_life_lifts_what_may_have_passed(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    const struct nx_standing dead = {
        .present = true, .cause = NX_CAUSE_MAILBOX_UNKNOWN, .class_ = NX_CLASS_HARD, .since = T0 - DAY, .until = NX_WHEN_NONE};
    const struct nx_standing full = {
        .present = true, .cause = NX_CAUSE_MAILBOX_FULL, .class_ = NX_CLASS_SOFT, .since = T0 - DAY, .until = T0 + DAY};
    struct nx_standing closed = dead, by_hand = dead, back = dead, long_back = dead, later = dead, complaint = dead, left = dead,
                       refused = dead, over = dead, full_later = full, full_by_hand = full;
    closed.cause = NX_CAUSE_MAILBOX_DISABLED, closed.until = T0 + 9 * DAY;
    by_hand.manual = full_by_hand.manual = true;
    back.renewals = long_back.renewals = 1;
    long_back.since = T0 - 366 * DAY;
    later.since = full_later.since = T0;
    complaint.cause = NX_CAUSE_COMPLAINT, complaint.class_ = NX_CLASS_NONE;
    left.cause = NX_CAUSE_UNSUBSCRIBE, left.class_ = NX_CLASS_NONE;
    refused.cause = NX_CAUSE_RECIPIENT_REFUSED, refused.class_ = NX_CLASS_BLOCK;
    over.until = T0 - 1;
    const struct {
        const char *why;
        struct nx_history history;
        enum nx_action action;
        nx_when until;
    } rows[] = {
        {"a dead mailbox is tried", {.standing = dead}, NX_ACTION_CLEAR, T0},
        {"one with a term too", {.standing = closed}, NX_ACTION_CLEAR, T0},
        {"again within a year: no", {.standing = back}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"again after a year", {.standing = long_back}, NX_ACTION_CLEAR, T0},
        {"mail from before the report", {.standing = later}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"by hand", {.standing = by_hand}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"a complaint", {.standing = complaint}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"an unsubscribe", {.standing = left}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"who refuses this sender", {.standing = refused}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"what ran out", {.standing = over}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"a full mailbox", {.standing = full}, NX_ACTION_CLEAR, NX_WHEN_NONE},
        {"full, and mail from before", {.standing = full_later}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"full, by hand", {.standing = full_by_hand}, NX_ACTION_NONE, NX_WHEN_NONE},
        {"soft counts", {.soft_counts = true}, NX_ACTION_CLEAR, NX_WHEN_NONE},
        {"held back", {.held = true}, NX_ACTION_CLEAR, NX_WHEN_NONE},
        {"nothing", {.held = false}, NX_ACTION_NONE, NX_WHEN_NONE},
    };
    for (unsigned require = NX_REQUIRE_OFF; require <= NX_REQUIRE_STRICT; require++) { /* our own server vouches in each mode */
        policy.require_verified = (enum nx_require)require;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct nx_event event = event_of(NX_KIND_OTHER, NX_CAUSE_NONE, NX_CLASS_NONE, 0);
            assert_int_equal(decide(&policy, &rows[i].history, &event, arena).action, NX_ACTION_NONE); /* nobody vouches for it */
            event.report.notes = NX_NOTE_SIGN_OF_LIFE;
            struct nx_decision decision = decide(&policy, &rows[i].history, &event, arena);
            if (decision.action != rows[i].action || decision.until != rows[i].until)
                fail_msg("%s: %s, %.*s", rows[i].why, nx_action_name(decision.action), NX_FMT(decision.reason));
        }
    }
}

static void the_allow_list_wins_and_says_so(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    struct nx_history history = {.allowed = true};
    struct nx_event hard = event_of(NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, 550);
    struct nx_event complaint = event_of(NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE, 0);
    struct nx_decision one = decide(&policy, &history, &hard, arena), two = decide(&policy, &history, &complaint, arena);
    assert_int_equal(one.action, NX_ACTION_NONE);
    assert_true(nx_str_ihas(one.reason, NX_STR("allow list")));
    assert_int_equal(two.action, NX_ACTION_NONE);
}

static void confirm_hard_wants_two(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    policy.confirm_hard = true;
    struct nx_event event = event_of(NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, 550);
    struct nx_history none = {0}, one = {.count = 1, .first = T0 - DAY, .last = T0 - DAY};
    assert_int_equal(decide(&policy, &none, &event, arena).action, NX_ACTION_COUNT);
    assert_true(nx_policy_counts(&policy, &event));
    struct nx_decision second = decide(&policy, &one, &event, arena);
    assert_int_equal(second.action, NX_ACTION_SUPPRESS);
    assert_true(second.until == NX_WHEN_NONE);
}

/* Of whom nobody vouches, where that matters, one is never enough, whatever the numbers. */
static void a_threshold_of_one_wants_two_of_the_unverified(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    nx_preset_apply(NX_PRESET_STRICT, policy.causes);
    policy.require_verified = NX_REQUIRE_SOFT;
    struct nx_event event = event_of(NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, 552);
    struct nx_history none = {0}, one = {.count = 1, .first = T0 - DAY, .last = T0 - DAY};
    assert_int_equal(decide(&policy, &none, &event, arena).action, NX_ACTION_COUNT);
    assert_int_equal(decide(&policy, &one, &event, arena).action, NX_ACTION_SUPPRESS);
    event.report.verified = NX_VERIFIED_SIGNED;
    assert_int_equal(decide(&policy, &none, &event, arena).action, NX_ACTION_SUPPRESS);
}

static void presets_differ_as_they_say(void **state)
{
    (void)state;
    static const struct {
        enum nx_cause cause;
        enum nx_class class_;
        unsigned reply;
        enum nx_action balanced, strict, thrifty, lenient; /* at the first report */
    } rows[] = {
        {NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, 550, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_COUNT},
        {NX_CAUSE_MAILBOX_DISABLED, NX_CLASS_HARD, 550, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS,
         NX_ACTION_COUNT},
        {NX_CAUSE_BAD_DOMAIN, NX_CLASS_HARD, 550, NX_ACTION_COUNT, NX_ACTION_SUPPRESS, NX_ACTION_COUNT, NX_ACTION_COUNT},
        {NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, 552, NX_ACTION_COUNT, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_COUNT},
        {NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, 550, NX_ACTION_COUNT, NX_ACTION_SUPPRESS, NX_ACTION_COUNT, NX_ACTION_COUNT},
        {NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, 450, NX_ACTION_NONE, NX_ACTION_NONE, NX_ACTION_NONE, NX_ACTION_NONE},
        {NX_CAUSE_EXPIRED, NX_CLASS_SOFT, 451, NX_ACTION_COUNT, NX_ACTION_COUNT, NX_ACTION_COUNT, NX_ACTION_COUNT},
        {NX_CAUSE_REPUTATION_BLOCK, NX_CLASS_BLOCK, 550, NX_ACTION_NONE, NX_ACTION_NONE, NX_ACTION_NONE, NX_ACTION_NONE},
        {NX_CAUSE_RATE_LIMITED, NX_CLASS_SOFT, 450, NX_ACTION_NONE, NX_ACTION_NONE, NX_ACTION_NONE, NX_ACTION_NONE},
    };
    static const struct nx_history none = {.first = NX_WHEN_NONE, .last = NX_WHEN_NONE};
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy defaults;
    nx_policy_defaults(&defaults);
    for (int preset = NX_PRESET_BALANCED; preset <= NX_PRESET_LENIENT; preset++) {
        struct nx_policy policy = defaults;
        nx_preset_apply(NX_PRESET_STRICT, policy.causes); /* what was before leaves nothing */
        nx_preset_apply((enum nx_preset)preset, policy.causes);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            struct nx_event event = event_of(NX_KIND_FAILED, rows[i].cause, rows[i].class_, rows[i].reply);
            const enum nx_action wants[] = {[NX_PRESET_BALANCED] = rows[i].balanced,
                                            [NX_PRESET_STRICT] = rows[i].strict,
                                            [NX_PRESET_THRIFTY] = rows[i].thrifty,
                                            [NX_PRESET_LENIENT] = rows[i].lenient};
            enum nx_action want = wants[preset];
            if (decide(&policy, &none, &event, arena).action != want)
                fail_msg("%s: a first %s", nx_preset_name((enum nx_preset)preset), nx_cause_name(rows[i].cause));
        }
        for (int cause = 0; cause < NX_CAUSE_COUNT; cause++) {
            const struct nx_policy_cause *rule = &policy.causes[cause], *was = &defaults.causes[cause];
            assert_int_equal(rule->scope, was->scope);
            if (rule->suppress == NX_SUPPRESS_AFTER) {
                assert_true(rule->threshold > 0 && rule->window > 0 && rule->span <= rule->window);
                assert_true(rule->ttl == 0 || rule->ttl <= rule->ttl_max);
            }
            if (was->suppress == NX_SUPPRESS_NEVER || cause == NX_CAUSE_COMPLAINT || cause == NX_CAUSE_UNSUBSCRIBE || preset == NX_PRESET_BALANCED)
                assert_memory_equal(rule, was, sizeof *rule);
        }
    }
}

/* A letter that comes less often than once a week: what the numbers become, in days. */
static void numbers_fit_the_pace(void **state)
{
    (void)state;
    static const struct {
        unsigned pace;
        enum nx_preset preset;
        enum nx_cause cause;
        unsigned threshold, span, window, ttl, ttl_max;
    } rows[] = {
        {1, NX_PRESET_BALANCED, NX_CAUSE_MAILBOX_FULL, 3, 7, 30, 30, 180},
        {7, NX_PRESET_BALANCED, NX_CAUSE_MAILBOX_FULL, 3, 7, 30, 30, 180},
        {14, NX_PRESET_BALANCED, NX_CAUSE_MAILBOX_FULL, 3, 7, 47, 30, 180},
        {30, NX_PRESET_BALANCED, NX_CAUSE_MAILBOX_FULL, 3, 7, 100, 60, 180},
        {30, NX_PRESET_BALANCED, NX_CAUSE_EXPIRED, 3, 7, 100, 60, 180},
        {30, NX_PRESET_BALANCED, NX_CAUSE_BAD_DOMAIN, 2, 1, 90, 90, 360},
        {30, NX_PRESET_BALANCED, NX_CAUSE_RECEIVER_MISCONFIG, 5, 7, 160, 60, 60},
        {30, NX_PRESET_BALANCED, NX_CAUSE_MAILBOX_UNKNOWN, 1, 0, 0, 0, 0},
        {30, NX_PRESET_BALANCED, NX_CAUSE_MAILBOX_DISABLED, 1, 0, 0, 180, 720},
        {30, NX_PRESET_BALANCED, NX_CAUSE_RATE_LIMITED, 0, 0, 0, 0, 0},
        {100, NX_PRESET_BALANCED, NX_CAUSE_MAILBOX_FULL, 3, 7, 334, 200, 200},
        {30, NX_PRESET_STRICT, NX_CAUSE_MAILBOX_FULL, 1, 0, 40, 365, 730},
        {30, NX_PRESET_LENIENT, NX_CAUSE_MAILBOX_FULL, 6, 42, 190, 180, 720},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_policy policy;
        nx_policy_defaults(&policy);
        nx_preset_apply(rows[i].preset, policy.causes);
        struct nx_policy_cause *rule = &policy.causes[rows[i].cause];
        nx_pace_apply(rows[i].pace * (int64_t)DAY, rule);
        if (rule->threshold != rows[i].threshold || rule->span != rows[i].span * (int64_t)DAY ||
            rule->window != rows[i].window * (int64_t)DAY || rule->ttl != rows[i].ttl * (int64_t)DAY ||
            rule->ttl_max != rows[i].ttl_max * (int64_t)DAY)
            fail_msg("row %zu: %u over %lld within %lld, for %lld to %lld", i, rule->threshold, (long long)rule->span / DAY,
                     (long long)rule->window / DAY, (long long)rule->ttl / DAY, (long long)rule->ttl_max / DAY);
    }
}

/* The first letter after an entry may be a pace away, and so may the report that confirms another. */
static void what_never_went_away_goes_on_at_its_pace(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    struct nx_policy_cause *rule = &policy.causes[NX_CAUSE_MAILBOX_FULL];
    nx_pace_apply(30 * DAY, rule);
    struct nx_history history = {.standing = {.present = true,
                                              .cause = NX_CAUSE_MAILBOX_FULL,
                                              .class_ = NX_CLASS_SOFT,
                                              .since = T0 - 100 * DAY,
                                              .until = T0 - 40 * DAY}};
    struct nx_event event = event_of(NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, 552);
    struct nx_decision decision = decide(&policy, &history, &event, arena);
    assert_int_equal(decision.action, NX_ACTION_SUPPRESS);
    assert_int_equal(decision.until, T0 + 120 * DAY);
    history.standing.until--;
    assert_int_equal(decide(&policy, &history, &event, arena).action, NX_ACTION_COUNT);
    assert_int_equal(nx_policy_window(rule), 100 * DAY);
    rule = &policy.causes[NX_CAUSE_MAILBOX_UNKNOWN]; /* at once, or at the second where that is asked for */
    assert_int_equal(nx_policy_window(rule), 30 * DAY);
    nx_pace_apply(30 * DAY, rule);
    assert_int_equal(nx_policy_window(rule), 70 * DAY);
    policy.confirm_hard = true;
    const struct nx_history none = {.first = NX_WHEN_NONE, .last = NX_WHEN_NONE};
    event = event_of(NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, 550);
    decision = decide(&policy, &none, &event, arena);
    assert_int_equal(decision.action, NX_ACTION_COUNT);
    assert_true(nx_str_eq(decision.reason, NX_STR("mailbox_unknown: 1 of 2 within 70 d")));
}

static void scope_says_which_stream(void **state)
{
    (void)state;
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    struct nx_event event = event_of(NX_KIND_FAILED, NX_CAUSE_RECIPIENT_REFUSED, NX_CLASS_BLOCK, 550);
    event.origin.stream = NX_STR("route");
    assert_true(nx_str_eq(nx_policy_stream(&policy, &event), NX_STR("route")));
    event.report.stream = NX_STR("news");
    assert_true(nx_str_eq(nx_policy_stream(&policy, &event), NX_STR("news")));
    event.verdict.cause = NX_CAUSE_MAILBOX_UNKNOWN;
    event.verdict.class_ = NX_CLASS_HARD;
    assert_true(nx_policy_stream(&policy, &event).n == 0);
    event.report.kind = NX_KIND_UNSUBSCRIBE;
    assert_true(nx_str_eq(nx_policy_stream(&policy, &event), NX_STR("news")));
    event.report.kind = NX_KIND_COMPLAINT;
    assert_true(nx_str_eq(nx_policy_stream(&policy, &event), NX_STR(NX_STREAM_BULK)));
}

/* What an entry holds for, by cause, by the stream of the report and by who vouches for it. */
static void wishes_leave_transactional_mail_alone(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum nx_kind kind;
        enum nx_cause cause;
        const char *stream, *scope;
        enum nx_verified verified;
    } rows[] = {
        {"complaint about a newsletter", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, "news", NX_STREAM_BULK, NX_VERIFIED_PROVIDER},
        {"complaint about who knows what", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, "", NX_STREAM_BULK, NX_VERIFIED_NONE},
        {"complaint about a receipt", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, "receipts", "", NX_VERIFIED_PROVIDER},
        {"forged complaint about a receipt", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, "receipts", NX_STREAM_BULK, NX_VERIFIED_NONE},
        {"unsubscribe from one list", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, "news", "news", NX_VERIFIED_NONE},
        {"unsubscribe from who knows what", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, "", NX_STREAM_BULK, NX_VERIFIED_NONE},
        {"refused by a group", NX_KIND_FAILED, NX_CAUSE_RECIPIENT_REFUSED, "news", "news", NX_VERIFIED_NONE},
        {"refused, no stream", NX_KIND_FAILED, NX_CAUSE_RECIPIENT_REFUSED, "", "", NX_VERIFIED_NONE},
        {"dead", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, "receipts", "", NX_VERIFIED_NONE},
    };
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    g_autoptr(nx_streams) streams = policy.streams = nx_streams_new();
    nx_streams_add(streams, "receipts", &policy)->kind = NX_STREAM_KIND_TRANSACTIONAL;
    nx_streams_add(streams, "news", &policy);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_event event = event_of(rows[i].kind, rows[i].cause, nx_cause_facts(rows[i].cause)->class_, 550);
        event.report.stream = nx_str_of(rows[i].stream);
        event.report.verified = rows[i].verified;
        struct nx_str scope = nx_policy_stream(&policy, &event);
        if (!nx_str_eq(scope, nx_str_of(rows[i].scope)))
            fail_msg("%s: '%.*s'", rows[i].why, NX_FMT(scope));
    }
    static const struct {
        const char *entry, *asked;
        bool covers;
    } asks[] = {{"", "", true},
                {"", "receipts", true},
                {"news", "", false},
                {"news", "news", true},
                {"news", "receipts", false},
                {NX_STREAM_BULK, "", true},
                {NX_STREAM_BULK, "news", true},
                {NX_STREAM_BULK, "receipts", false},
                {NX_STREAM_BULK, "never heard of", true}};
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        if (nx_streams_covers(streams, nx_str_of(asks[i].entry), nx_str_of(asks[i].asked)) != asks[i].covers)
            fail_msg("entry '%s', asked '%s'", asks[i].entry, asks[i].asked);
}

static void a_stream_has_numbers_of_its_own(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    g_autoptr(nx_streams) streams = policy.streams = nx_streams_new();
    nx_streams_add(streams, "receipts", &policy)->causes[NX_CAUSE_MAILBOX_FULL].threshold = 5;
    struct nx_history two = {.count = 2, .first = T0 - 8 * DAY, .last = T0 - DAY};
    struct nx_event event = event_of(NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, 552);
    assert_int_equal(decide(&policy, &two, &event, arena).action, NX_ACTION_SUPPRESS);
    event.report.stream = NX_STR("news");
    assert_int_equal(decide(&policy, &two, &event, arena).action, NX_ACTION_SUPPRESS);
    event.report.stream = NX_STR("receipts");
    assert_int_equal(decide(&policy, &two, &event, arena).action, NX_ACTION_COUNT);
}

static char **list_of(const char *text)
{
    return g_strsplit(text, ";", -1);
}

/* By a return path, then a tag, then a field; a stream that is described before a value that is a name. */
static void reports_find_their_stream(void **state)
{
    (void)state;
    static const struct {
        const char *why, *envelope_to, *paths, *tag, *tag_value, *field, *value, *stream;
    } rows[] = {
        {"nothing said", "bounces@example.com", "bounces@example.com", "", "", "", "", ""},
        {"envelope", "Receipts-Bounces+17@Example.com", "", "category", "sale", "List-Id", "<news.example.com>", "receipts"},
        {"as the message tells", "", "x@example.com receipts-bounces+2@example.com", "", "", "", "", "receipts"},
        {"tag before field", "", "", "Category", "sale-may", "List-Id", "<news.example.com>", "sale"},
        {"field", "", "", "category", "other", "list-id", "All the news <news.example.com>", "news"},
        {"a value as the name", "", "", "", "", "X-Campaign", " may-2026 ", "may-2026"},
        {"a tag's value as the name", "", "", "stream", "tenant-7", "X-Campaign", "may", "tenant-7"},
        {"no name", "", "", "", "", "X-Campaign", "May news, second try", ""},
        {"longer than a name", "", "", "", "", "X-Campaign", "12345678901234567890123456789012345678901234567890123456789012345",
         ""},
        {"the marker cannot be claimed", "", "", "stream", NX_STREAM_BULK, "", "", ""},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    g_autoptr(nx_streams) streams = nx_streams_new();
    nx_streams_add(streams, "news", &policy)->headers = list_of("List-Id=news.example.com");
    nx_streams_add(streams, "receipts", &policy)->recipients = list_of("receipts-bounces+*@example.com");
    nx_streams_add(streams, "sale", &policy)->tags = list_of("category=sale*");
    streams->headers = list_of("X-Campaign;Feedback-ID");
    streams->tags = list_of("stream");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct nx_tag tag = {nx_str_of(rows[i].tag), nx_str_of(rows[i].tag_value)},
                            field = {nx_str_of(rows[i].field), nx_str_of(rows[i].value)};
        const struct nx_report report = {
            .return_paths = nx_str_of(rows[i].paths), .tags = &tag, .n_tags = 1, .fields = &field, .n_fields = 1};
        struct nx_str got = nx_streams_route(streams, arena, nx_str_of(rows[i].envelope_to), &report);
        if (!nx_str_eq(got, nx_str_of(rows[i].stream)))
            fail_msg("%s: '%.*s'", rows[i].why, NX_FMT(got));
    }
    assert_true(nx_streams_route(NULL, arena, NX_STR_NONE, &(struct nx_report){0}).n == 0);
}

/* docs/security.md: what somebody can do who can send mail to the return path, in each mode. Each line of its table, and each sentence below it. */
static void forged_reports_in_each_mode(void **state)
{
    (void)state;
    static const struct nx_history none = {.first = NX_WHEN_NONE, .last = NX_WHEN_NONE}, yesterday = {.count = 1, .first = T0 - DAY, .last = T0 - DAY},
                                   today = {.counted_today = true, .first = NX_WHEN_NONE, .last = NX_WHEN_NONE},
                                   two_in_a_week = {.count = 2, .first = T0 - 8 * DAY, .last = T0 - 4 * DAY}, soft = {.soft_counts = true, .first = NX_WHEN_NONE, .last = NX_WHEN_NONE};
    static const struct {
        const char *what;
        enum nx_kind kind;
        enum nx_cause cause;
        enum nx_class class_;
        const struct nx_history *history;
        enum nx_action off, soft, strict, vouched; /* vouched: signed, in every mode */
    } rows[] = {
        {"unknown user", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, &none, NX_ACTION_SUPPRESS, NX_ACTION_COUNT, NX_ACTION_NONE, NX_ACTION_SUPPRESS},
        {"two on one day", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, &today, NX_ACTION_SUPPRESS, NX_ACTION_NONE, NX_ACTION_NONE, NX_ACTION_SUPPRESS},
        {"two on two days", NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, &yesterday, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_NONE, NX_ACTION_SUPPRESS},
        {"a provider's own list", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_HARD, &none, NX_ACTION_SUPPRESS, NX_ACTION_COUNT, NX_ACTION_NONE, NX_ACTION_SUPPRESS},
        {"the same, two on two days", NX_KIND_FAILED, NX_CAUSE_UPSTREAM_SUPPRESSED, NX_CLASS_HARD, &yesterday, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_NONE, NX_ACTION_SUPPRESS},
        {"full", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, &none, NX_ACTION_COUNT, NX_ACTION_COUNT, NX_ACTION_NONE, NX_ACTION_COUNT},
        {"full, two on two days", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, &yesterday, NX_ACTION_COUNT, NX_ACTION_COUNT, NX_ACTION_NONE, NX_ACTION_COUNT},
        {"full, three over a week", NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, &two_in_a_week, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_NONE, NX_ACTION_SUPPRESS},
        {"complaint", NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE, &none, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_NONE, NX_ACTION_SUPPRESS},
        {"unsubscribe", NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE, &none, NX_ACTION_SUPPRESS, NX_ACTION_SUPPRESS, NX_ACTION_NONE, NX_ACTION_SUPPRESS},
        {"delivery", NX_KIND_DELIVERED, NX_CAUSE_NONE, NX_CLASS_NONE, &soft, NX_ACTION_CLEAR, NX_ACTION_CLEAR, NX_ACTION_NONE, NX_ACTION_CLEAR},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_policy policy;
    nx_policy_defaults(&policy);
    g_autoptr(nx_streams) streams = policy.streams = nx_streams_new();
    nx_streams_add(streams, "receipts", &policy)->kind = NX_STREAM_KIND_TRANSACTIONAL;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (int mode = NX_REQUIRE_OFF; mode <= NX_REQUIRE_STRICT; mode++)
            for (int signed_ = 0; signed_ < 2; signed_++) {
                enum nx_action forged = mode == NX_REQUIRE_OFF ? rows[i].off : mode == NX_REQUIRE_SOFT ? rows[i].soft : rows[i].strict;
                struct nx_event event = event_of(rows[i].kind, rows[i].cause, rows[i].class_, 550);
                policy.require_verified = (enum nx_require)mode;
                event.report.verified = signed_ ? NX_VERIFIED_SIGNED : NX_VERIFIED_NONE;
                struct nx_decision got = decide(&policy, rows[i].history, &event, arena);
                if (got.action != (signed_ ? rows[i].vouched : forged))
                    fail_msg("%s, %s, %s: %s (%.*s)", rows[i].what, nx_require_name((enum nx_require)mode), signed_ ? "signed" : "forged", nx_action_name(got.action), NX_FMT(got.reason));
                if (mode == NX_REQUIRE_STRICT && !signed_)
                    assert_false(nx_policy_counts(&policy, &event)); /* nor does it add to a later one */
                event.report.stream = NX_STR("receipts");
                if (rows[i].kind == NX_KIND_COMPLAINT) /* transactional mail stops for one that somebody vouches for */
                    assert_true(nx_streams_covers(streams, nx_policy_stream(&policy, &event), NX_STR("receipts")) == (signed_ == 1));
            }
}

/* An incident holds back what would call an address dead, and nothing else (docs/policy.md, Incidents). */
static void an_incident_holds_only_the_dead(void **state)
{
    static const struct {
        enum nx_kind kind;
        enum nx_cause cause;
        enum nx_class class_;
        enum nx_action action;
        bool may;
    } rows[] = {
        {NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, NX_ACTION_SUPPRESS, true},
        {NX_KIND_FAILED, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, NX_ACTION_COUNT, false},
        {NX_KIND_FAILED, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, NX_ACTION_SUPPRESS, false},
        {NX_KIND_COMPLAINT, NX_CAUSE_COMPLAINT, NX_CLASS_NONE, NX_ACTION_SUPPRESS, false},
        {NX_KIND_UNSUBSCRIBE, NX_CAUSE_UNSUBSCRIBE, NX_CLASS_NONE, NX_ACTION_SUPPRESS, false},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct nx_event event = event_of(rows[i].kind, rows[i].cause, rows[i].class_, 550);
        const struct nx_decision decision = {.made = true, .action = rows[i].action, .until = NX_WHEN_NONE};
        assert_int_equal(nx_policy_may_hold(&event, &decision), rows[i].may);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_holds_only_the_dead),
        cmocka_unit_test(the_first_report_of_each_cause),
        cmocka_unit_test(thresholds_want_days_apart),
        cmocka_unit_test(what_never_counts),
        cmocka_unit_test(terms_double_within_a_year),
        cmocka_unit_test(what_never_went_away_goes_on),
        cmocka_unit_test(what_outranks_what),
        cmocka_unit_test(a_delivery_clears_what_is_soft),
        cmocka_unit_test(a_sign_of_life_lifts_what_may_have_passed),
        cmocka_unit_test(the_allow_list_wins_and_says_so),
        cmocka_unit_test(confirm_hard_wants_two),
        cmocka_unit_test(a_threshold_of_one_wants_two_of_the_unverified),
        cmocka_unit_test(presets_differ_as_they_say),
        cmocka_unit_test(numbers_fit_the_pace),
        cmocka_unit_test(what_never_went_away_goes_on_at_its_pace),
        cmocka_unit_test(scope_says_which_stream),
        cmocka_unit_test(wishes_leave_transactional_mail_alone),
        cmocka_unit_test(a_stream_has_numbers_of_its_own),
        cmocka_unit_test(reports_find_their_stream),
        cmocka_unit_test(forged_reports_in_each_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
