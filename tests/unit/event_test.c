/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "event/json.h"
#include "event/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The names are an interface: one may be added, none removed. */
static void no_cause_was_renamed(void **state)
{
    (void)state;
    static const char *const names[] = {
        "mailbox_unknown", "mailbox_disabled", "mailbox_moved", "bad_address", "bad_domain", "mailbox_full", "rate_limited",
        "greylisted", "receiver_unavailable", "network_error", "receiver_misconfig", "expired", "recipient_refused",
        "reputation_block", "spam_content", "content_prohibited", "sender_auth", "sender_dns", "policy_block", "tls_failure",
        "relay_denied", "smtp_auth", "message_too_large", "message_malformed", "protocol_error", "complaint", "unsubscribe",
        "auto_reply", "delayed", "delivered", "upstream_suppressed", "unknown"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum nx_cause cause;
        if (!nx_cause_parse(nx_str_of(names[i]), &cause))
            fail_msg("%s is gone", names[i]);
        assert_string_equal(nx_cause_name(cause), names[i]);
        assert_true(strlen(nx_cause_facts(cause)->advice) > 20);
    }
    enum nx_cause untouched = NX_CAUSE_EXPIRED;
    assert_false(nx_cause_parse(NX_STR("Expired"), &untouched));
    assert_false(nx_cause_parse(NX_STR(""), &untouched));
    assert_int_equal(untouched, NX_CAUSE_EXPIRED);
}

static struct nx_event sample(void)
{
    static const struct nx_tag tags[] = {{{"campaign", 8}, {"spring \"26\"", 11}}, {{"", 0}, {"a nameless one", 14}}};
    return (struct nx_event){
        .id = NX_STR("0123456789abcdef0123456789abcdef"),
        .origin = {.source = NX_STR("file"), .file = NX_STR("a/b.eml"), .received_at = 1700000000},
        .report = {.kind = NX_KIND_FAILED,
                   .recipient = NX_STR("us\xc3\xa9r@example.net"),
                   .status = NX_STR("5.1.1"),
                   .reply = 550,
                   .stage = NX_STAGE_RCPT,
                   .diagnostic = NX_STR("550 5.1.1 no\ttab \x01 \\ here"),
                   .format = NX_STR("rfc3464"),
                   .arrival_at = NX_WHEN_NONE,
                   .last_attempt_at = 1700000001,
                   .retry_until = NX_WHEN_NONE,
                   .tags = tags,
                   .n_tags = 2,
                   .notes = NX_NOTE_BAD_MIME | NX_NOTE_UNVERIFIED,
                   .original = {.message_id = NX_STR("x@example.com")}},
        .verdict = {.class_ = NX_CLASS_HARD, .cause = NX_CAUSE_MAILBOX_UNKNOWN, .rule = NX_STR("generic.user_unknown")},
        .decision = {.made = true, .action = NX_ACTION_SUPPRESS, .reason = NX_STR("first hard bounce"), .until = NX_WHEN_NONE},
    };
}

static void json_out_in_out_is_equal(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_event event = sample(), back;
    struct nx_buf first, second;
    nx_buf_init(&first, arena, 1 << 20);
    nx_buf_init(&second, arena, 1 << 20);
    nx_event_to_json(&first, &event);
    g_autoptr(GError) error = NULL;
    assert_true(nx_event_from_json(arena, nx_buf_str(&first), &back, &error));
    nx_event_to_json(&second, &back);
    if (!nx_str_eq(nx_buf_str(&first), nx_buf_str(&second)))
        fail_msg("%.*s\n%.*s", NX_FMT(nx_buf_str(&first)), NX_FMT(nx_buf_str(&second)));
    assert_true(nx_str_ihas(nx_buf_str(&first), NX_STR("\"retry_until\":null")));
    assert_true(nx_str_ihas(nx_buf_str(&first), NX_STR("\"reply\":550")));
}

static void a_record_holds_all_that_judging_needs(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_event event = sample(), back;
    event.report.text = NX_STR("The mailbox is full.");
    event.report.hint = NX_CAUSE_MAILBOX_FULL;
    event.report.hint_class = NX_CLASS_SOFT;
    struct nx_buf out;
    nx_buf_init(&out, arena, 1 << 20);
    nx_event_to_record(&out, &event);
    assert_true(nx_event_from_json(arena, nx_buf_str(&out), &back, NULL));
    assert_true(nx_str_eq(back.report.text, event.report.text));
    assert_int_equal(back.report.hint, NX_CAUSE_MAILBOX_FULL);
    assert_int_equal(back.report.hint_class, NX_CLASS_SOFT);
    assert_true(nx_str_eq(back.report.diagnostic, event.report.diagnostic));
}

static void a_record_says_the_same_in_fewer_words(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    const struct nx_event bare = {.origin.received_at = NX_WHEN_NONE,
                                  .report = {.arrival_at = NX_WHEN_NONE, .last_attempt_at = NX_WHEN_NONE, .retry_until = NX_WHEN_NONE},
                                  .decision = {.until = NX_WHEN_NONE}};
    const struct nx_event events[] = {sample(), bare};
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        struct nx_event back;
        struct nx_buf record, json, again;
        nx_buf_init(&record, arena, 1 << 20);
        nx_buf_init(&json, arena, 1 << 20);
        nx_buf_init(&again, arena, 1 << 20);
        nx_event_to_record(&record, &events[i]);
        assert_false(nx_str_ihas(nx_buf_str(&record), NX_STR("null")));
        assert_false(nx_str_ihas(nx_buf_str(&record), NX_STR("{}")));
        assert_false(nx_str_ihas(nx_buf_str(&record), NX_STR("\"advice\"")));
        assert_true(nx_event_from_json(arena, nx_buf_str(&record), &back, NULL));
        nx_event_to_json(&json, &events[i]);
        nx_event_to_json(&again, &back);
        if (!nx_str_eq(nx_buf_str(&json), nx_buf_str(&again)))
            fail_msg("%.*s\n%.*s", NX_FMT(nx_buf_str(&json)), NX_FMT(nx_buf_str(&again)));
    }
}

static void json_replaces_what_is_no_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out;
    } rows[] = {
        {"RFC 3629 3, overlong", "a\xc0\xaf", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
        {"surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"cut short", "x\xe2\x82", "\"x\xef\xbf\xbd\xef\xbf\xbd\""},
        {"four bytes", "\xf0\x9f\x93\xa7", "\"\xf0\x9f\x93\xa7\""},
        {"RFC 8259 7", "\"\\\x1f", "\"\\\"\\\\\\u001f\""},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_buf nul;
    nx_buf_init(&nul, arena, 1000);
    nx_json_string(&nul, NX_STR("a\0b"));
    assert_true(nx_str_eq(nx_buf_str(&nul), NX_STR("\"a\xef\xbf\xbd" "b\"")));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_buf out;
        nx_buf_init(&out, arena, 1000);
        nx_json_string(&out, nx_str_of(rows[i].in));
        if (!nx_str_eq(nx_buf_str(&out), nx_str_of(rows[i].out)))
            fail_msg("%s: %.*s", rows[i].source, NX_FMT(nx_buf_str(&out)));
    }
}

static void json_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *in, *says;
    } rows[] = {
        {"{\"v\":1", "event:1:"},
        {"{\"v\":2,\"kind\":\"failed\"}", "\"v\""},
        {"{\"v\":1,\"kind\":\"lost\",\"class\":\"hard\"}", "\"kind\""},
        {"{\"v\":1,\"kind\":\"failed\",\"class\":\"hard\",\"reply\":\"x\"}", "\"reply\""},
        {"{\"v\":1,\"v\":1}", "duplicate"},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        g_autoptr(GError) error = NULL;
        struct nx_event event;
        assert_false(nx_event_from_json(arena, nx_str_of(rows[i].in), &event, &error));
        assert_true(g_error_matches(error, NX_ERROR, NX_ERROR_SYNTAX));
        if (strstr(error->message, rows[i].says) == NULL)
            fail_msg("%s", error->message);
    }
}

static void one_report_has_one_id(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_report a = sample().report, b = a;
    a.digest = NX_STR("d1");
    b.digest = NX_STR("d1");
    b.recipient = NX_STR("US\xc3\xa9R@EXAMPLE.net");
    assert_true(nx_str_eq(nx_event_id(arena, &a), nx_event_id(arena, &b)));
    b.kind = NX_KIND_DELAYED;
    assert_false(nx_str_eq(nx_event_id(arena, &a), nx_event_id(arena, &b)));
    b = a;
    b.recipient = NX_STR("another@example.net"); /* two recipients of one report */
    assert_false(nx_str_eq(nx_event_id(arena, &a), nx_event_id(arena, &b)));
    b = a;
    a.reporting_mta = b.reporting_mta = NX_STR("mx.example.org");
    b.digest = NX_STR("d2"); /* a second copy took another way: other trace fields, another digest */
    assert_true(nx_str_eq(nx_event_id(arena, &a), nx_event_id(arena, &b)));
    b.key = NX_STR("provider-event-1");
    assert_false(nx_str_eq(nx_event_id(arena, &a), nx_event_id(arena, &b)));
}

static void one_name_for_one_remote(void **state)
{
    (void)state;
    static const struct {
        const char *known, *mta, *domain, *name;
    } rows[] = {
        {"google", "aspmx.l.google.com", "example.net", "google"},
        {"", "MX2.Mail.Example.NET.", "example.com", "example.net"},
        {"", "mx1.example.co.uk", "", "example.co.uk"},
        {"", "example.co.uk", "", "example.co.uk"},
        {"", "mx.abc.de", "", "abc.de"},
        {"", "mx1.example.com.br", "", "example.com.br"},
        {"", "b.mx.example.k12.ca.us", "", "example.k12.ca.us"}, /* four labels */
        {"", "mx.example.github.io", "", "example.github.io"},   /* the private section: hosts of different people */
        {"", "github.io", "", "github.io"},
        {"", "mx.a.example.ck", "", "a.example.ck"}, /* *.ck */
        {"", "mx.www.ck", "", "www.ck"},             /* !www.ck */
        {"", "mx.example.xn--p1ai", "", "example.xn--p1ai"},
        {"", "mx.example.xn--55qx5d.cn", "", "example.xn--55qx5d.cn"}, /* a suffix that is an A-label */
        {"", "mx.a.b.unlisted", "", "b.unlisted"},
        {"", "mx.web.example.com", "", "example.com"}, /* a word that is sold below countries alone */
        {"", "mx.example.net (192.0.2.1)", "example.com", "example.net"},
        {"", "mx.example.net[192.0.2.1]:25", "", "example.net"},
        {"", "192.0.2.1", "mail.example.com", "example.com"},
        {"", "[192.0.2.1]", "example.com", "example.com"},
        {"", "[IPv6:2001:db8::1]", "example.com", "example.com"},
        {"", "2001:db8::1", "example.com", "example.com"},
        {"", "localhost", "example.com", "example.com"},
        {"", "mailhub.internal", "example.com", "example.com"},
        {"", "printer.local", "", ""},
        {"", "a..example.net", "example.com", "example.com"},
        {"", "m\xc3\xbcller.example", "xn--mller-kva.example", "xn--mller-kva.example"},
        {"", "", "[192.0.2.1]", ""},
        {"", "", "", ""},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_hosts *hosts = nx_hosts_new(); /* the second and third time each is remembered */
    for (size_t k = 0; k < 4 * G_N_ELEMENTS(rows); k++) {
        size_t i = k < G_N_ELEMENTS(rows) ? k : k / 3 % G_N_ELEMENTS(rows);
        struct nx_str name = nx_remote_name(k < G_N_ELEMENTS(rows) ? NULL : hosts, arena, nx_str_of(rows[i].known),
                                            nx_str_of(rows[i].mta), nx_str_of(rows[i].domain));
        if (!nx_str_eq(name, nx_str_of(rows[i].name)))
            fail_msg("row %zu: %s, %s: '%.*s' is not '%s'", i, rows[i].mta, rows[i].domain, NX_FMT(name), rows[i].name);
    }
    nx_hosts_free(hosts);
    char longest[300];
    memset(longest, 'a', sizeof longest);
    assert_int_equal(nx_remote_name(NULL, arena, NX_STR_NONE, (struct nx_str){longest, sizeof longest}, NX_STR_NONE).n, 0);
    assert_int_equal(nx_remote_name(NULL, arena, NX_STR_NONE, (struct nx_str){"a\0.example.net", 14}, NX_STR_NONE).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cause_was_renamed),
        cmocka_unit_test(one_name_for_one_remote),
        cmocka_unit_test(json_out_in_out_is_equal),
        cmocka_unit_test(a_record_holds_all_that_judging_needs),
        cmocka_unit_test(a_record_says_the_same_in_fewer_words),
        cmocka_unit_test(json_replaces_what_is_no_utf8),
        cmocka_unit_test(json_says_what_is_wrong),
        cmocka_unit_test(one_report_has_one_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
