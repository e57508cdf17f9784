/* SPDX-License-Identifier: Apache-2.0 */
/* Whole messages to reports: delivery status (RFC 3464), feedback (RFC 5965), automatic answers (RFC 3834), dispositions (RFC 8098). No format but a few words of the head. */
#include "parse/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct nx_parser *parser;

static struct nx_report *reports_of(struct nx_arena *arena, struct nx_str bytes, struct nx_str envelope_to, size_t *ret_n)
{
    const struct nx_origin origin = {.source = NX_STR("test"), .received_at = NX_WHEN_NONE, .envelope_to = envelope_to};
    const struct nx_input input = {.kind = NX_INPUT_MAIL, .bytes = bytes, .origin = &origin};
    struct nx_report *reports;
    *ret_n = nx_parse_mail(parser, arena, &input, &reports);
    return reports;
}

static void add(GString *out, struct nx_str text)
{
    g_string_append_printf(out, " %.*s", NX_FMT(text.n > 0 ? text : NX_STR("-")));
}

/* "kind recipient original status reply stage remote diagnostic" of each, a line each. */
static char *summary(const struct nx_report *reports, size_t n)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        const struct nx_report *report = &reports[i];
        g_string_append_printf(out, "%s%s", i > 0 ? "\n" : "", nx_kind_name(report->kind));
        add(out, report->recipient);
        add(out, report->original_recipient);
        add(out, report->status);
        g_string_append_printf(out, " %u", report->reply);
        add(out, nx_str_of(nx_stage_name(report->stage)));
        add(out, report->remote_mta);
        add(out, report->diagnostic);
    }
    return g_string_free(out, FALSE);
}

struct row {
    const char *source, *in, *out;
    nx_notes notes; /* of the first report */
};

static size_t check(const struct row *row, struct nx_arena *arena, struct nx_str message)
{
    size_t n, bad = 0;
    struct nx_report *reports = reports_of(arena, message, NX_STR_NONE, &n);
    g_autofree char *got = summary(reports, n);
    if (strcmp(got, row->out) != 0) {
        print_error("%s:\n  got  %s\n  want %s\n", row->source, got, row->out);
        bad++;
    }
    for (unsigned i = 0; i < NX_NOTE_COUNT; i++)
        if (((reports[0].notes ^ row->notes) & ((nx_notes)1 << i)) != 0) {
            print_error("%s: note %s is %s\n", row->source, nx_note_name((enum nx_note)i), (reports[0].notes >> i & 1) != 0 ? "there" : "missing");
            bad++;
        }
    nx_arena_reset(arena);
    return bad;
}

#define HEAD "From: MAILER-DAEMON@mx.example.org\nTo: news@example.com\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
#define RETURNED "--bound\nContent-Type: text/rfc822-headers\n\nMessage-ID: <n1@example.com>\nFrom: news@example.com\nTo: user@example.net\nSubject: News\n\n--bound--\n"

/* in: the content of the status part. */
static void status_parts_are_read(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"RFC 3464, all fields",
         "Reporting-MTA: dns; mx.example.org\nArrival-Date: Mon, 2 Feb 2026 10:11:10 +0100\n\nOriginal-Recipient: rfc822;user@example.com\nFinal-Recipient: rfc822;user@example.net\n"
         "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mail.example.net\nDiagnostic-Code: smtp; 550 5.1.1 no such\n user\n",
         "failed user@example.net user@example.com 5.1.1 550 - mail.example.net 550 5.1.1 no such user", 0},
        {"RFC 3464 2.3.3, every action",
         "Final-Recipient: rfc822;a@example.net\nAction: failed\n\nFinal-Recipient: rfc822;b@example.net\nAction: delayed\n\nFinal-Recipient: rfc822;c@example.net\nAction: delivered\n\n"
         "Final-Recipient: rfc822;d@example.net\nAction: relayed\n\nFinal-Recipient: rfc822;e@example.net\nAction: expanded\n",
         "failed a@example.net - - 0 - - -\ndelayed b@example.net - - 0 - - -\ndelivered c@example.net - - 0 - - -\ndelivered d@example.net - - 0 - - -\n"
         "delivered e@example.net - - 0 - - -", 0},
        {"actions that RFC 3464 does not know", "Final-Recipient: rfc822;a@example.net\nAction: Expired\n\nFinal-Recipient: rfc822;b@example.net\nAction: failed (comment)\n",
         "failed a@example.net - - 0 - - -\nfailed b@example.net - - 0 - - -", 0},
        {"no Action", "Final-Recipient: rfc822;user@example.net\nStatus: 5.1.1\n", "failed user@example.net - 5.1.1 0 - - -", 0},
        {"no Action, a success", "Final-Recipient: rfc822;user@example.net\nStatus: 2.0.0\n", "delivered user@example.net - 2.0.0 0 - - -", 0},
        {"a blank before the colon", "Final-Recipient : rfc822;user@example.net\nAction : failed\nStatus : 5.1.1\n", "failed user@example.net - 5.1.1 0 - - -", 0},
        {"no blank line between two recipients", "Final-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822;b@example.net\nAction: failed\nStatus: 5.2.2\n",
         "failed a@example.net - 5.1.1 0 - - -\nfailed b@example.net - 5.2.2 0 - - -", 0},
        {"blank lines inside a group", "Final-Recipient: rfc822;a@example.net\n\nAction: failed\n\nStatus: 5.1.1\n", "failed a@example.net - 5.1.1 0 - - -", 0},
        {"a diagnostic that is not folded", "Final-Recipient: rfc822;a@example.net\nAction: failed\nDiagnostic-Code: smtp; 550 no such user\nand no alias either\nStatus: 5.1.1\n",
         "failed a@example.net - 5.1.1 550 - - 550 no such user and no alias either", NX_NOTE_BAD_FIELD},
        {"a comment in Status", "Final-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.2.1 (mailbox disabled)\n", "failed a@example.net - 5.2.1 0 - - -", 0},
        {"the code in the diagnostic says more than Status", "Final-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.7.1 no\n",
         "failed a@example.net - 5.7.1 550 - - 550 5.7.1 no", 0},
        {"Status says more than the diagnostic", "Final-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 550 5.0.0 no\n",
         "failed a@example.net - 5.2.2 550 - - 550 5.0.0 no", 0},
        {"a pipe command, the address is the original", "Original-Recipient: rfc822;user@example.net\nFinal-Recipient: rfc822;|/bin/x\nAction: failed\n",
         "failed user@example.net - - 0 - - -", NX_NOTE_BAD_ADDRESS},
        {"X-Actual-Recipient, Sendmail", "Final-Recipient: rfc822;|/bin/x\nX-Actual-Recipient: rfc822;user@example.net\nAction: failed\n", "failed user@example.net - - 0 - - -",
         NX_NOTE_BAD_ADDRESS},
        {"a diagnostic longer than a line", "Final-Recipient: rfc822;a@example.net\nAction: failed\nDiagnostic-Code: smtp; 550-5.1.1 one\n 550-5.1.1 two\n 550 5.1.1 three\n",
         "failed a@example.net - 5.1.1 550 - - 550 5.1.1 one two three", 0},
        {"X-Notes diagnostics", "Final-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: X-Notes; User not listed\n",
         "failed a@example.net - 5.1.1 0 - - User not listed", 0},
        {"one recipient twice", "Final-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822;A@example.net\nAction: failed\nStatus: 5.1.1\n",
         "failed a@example.net - 5.1.1 0 - - -", 0},
        {"Original-Recipient alone", "Original-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.1.1\n", "failed a@example.net - 5.1.1 0 - - -", 0},
        {"Remote-MTA with a comment", "Final-Recipient: rfc822;a@example.net\nAction: failed\nRemote-MTA: dns; mx.example.net. (192.0.2.1)\n", "failed a@example.net - - 0 - mx.example.net -", 0},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        bad += check(&rows[i], arena,
                     nx_arena_printf(arena,
                                     HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=bound\n\n--bound\n\nIt failed.\n--bound\nContent-Type: message/delivery-status\n\n"
                                          "%s\n" RETURNED,
                                     rows[i].in));
    assert_int_equal(bad, 0);
}

/* in: the whole message. */
static void messages_are_read(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ordinary mail", "From: a@example.com\nTo: b@example.com\nSubject: Lunch\n\nAt noon?\n", "other - - - 0 - - -", 0},
        {"an empty message", "", "other - - - 0 - - -", NX_NOTE_EMPTY},
        {"no mail at all", "\x7f" "ELF\x02\x01\x01", "other - - - 0 - - -", 0},
        {"fields in plain text", HEAD "\nIt failed.\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.1.1\n",
         "failed a@example.net - 5.1.1 0 - - -", NX_NOTE_STRAY_FIELDS},
        {"fields in quoted-printable text", HEAD "Content-Transfer-Encoding: quoted-printable\n\nFinal-Recipient:=\n rfc822;a=40example.net\nAction: failed\nStatus: 5.1.1\n",
         "failed a@example.net - 5.1.1 0 - - -", NX_NOTE_STRAY_FIELDS},
        {"nobody named, but all else says whose mail it was",
         "Return-Path: <>\n" HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=bound\n\n--bound\n\nIt failed.\n" RETURNED,
         "failed user@example.net - - 0 - - -", NX_NOTE_ORIGINAL_RECIPIENT | NX_NOTE_NO_REPORT_PART},
        {"nobody named, and the returned message is not of who gets the report",
         "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.org\nTo: owner@example.com\nSubject: Undeliverable\nContent-Type: multipart/report; report-type=delivery-status; boundary=bound\n\n"
         "--bound\n\nIt failed.\n" RETURNED,
         "failed - - - 0 - - -", NX_NOTE_NO_RECIPIENT | NX_NOTE_NO_REPORT_PART},
        {"the fields hide whom the words name",
         "From: MAILER-DAEMON@mx.example.org\nTo: owner@example.com\nSubject: Undeliverable\nContent-Type: multipart/report; report-type=delivery-status; boundary=bound\n\n"
         "--bound\n\n<a@example.net>: host mx.example.net said: 550 5.1.1 User unknown\n--bound\nContent-Type: message/delivery-status\n\n"
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822;undisclosed\nAction: failed\nStatus: 5.1.1\n" RETURNED,
         "failed a@example.net undisclosed 5.1.1 550 - mx.example.net 550 5.1.1 User unknown", NX_NOTE_BAD_ADDRESS},
        {"nor the words name whom the fields hide, X-Failed-Recipients does",
         "X-Failed-Recipients: a@example.net\nFrom: MAILER-DAEMON@mx.example.org\nTo: owner@example.com\nSubject: Undeliverable\nContent-Type: multipart/report; report-type=delivery-status; boundary=bound\n\n"
         "--bound\n\nIt failed.\n--bound\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822;undisclosed\nAction: failed\nStatus: 5.1.1\n" RETURNED,
         "failed a@example.net undisclosed 5.1.1 0 - - -", NX_NOTE_BAD_ADDRESS},
        {"words that name nobody, of several in X-Failed-Recipients",
         "X-Failed-Recipients: a@example.net, b@example.net\nFrom: MAILER-DAEMON@mx.example.org\nTo: owner@example.com\nSubject: Mail delivery failed: returning message to sender\n\n"
         "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to its recipients: the mailboxes do not exist.\n",
         "failed a@example.net - - 0 - - -\nfailed b@example.net - - 0 - - -", NX_NOTE_NO_REPORT_PART},
        {"HTML under the name of plain text", "Subject: Automatic reply: x\nFrom: user@example.net\n\n<html><p>away</p></html>\n", "autoreply user@example.net - - 0 - - -", 0},
        {"a status part in base64", HEAD "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nRmluYWwtUmVjaXBpZW50OiByZmM4MjI7YUBleGFtcGxlLm5ldApBY3Rpb246IGZhaWxlZAo=\n",
         "failed a@example.net - - 0 - - -", 0},
        {"a boundary that is not the one declared",
         HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=other\n\n--bound\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@example.net\nAction: failed\n"
              "Status: 5.1.1\n--bound--\n",
         "failed a@example.net - 5.1.1 0 - - -", NX_NOTE_BAD_MIME},
        {"never below the returned message",
         "From: a@example.com\nSubject: Fwd\nContent-Type: multipart/mixed; boundary=bound\n\n--bound\n\nLook at this.\n--bound\nContent-Type: message/rfc822\n\n" HEAD
         "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@example.net\nAction: failed\nStatus: 5.1.1\n--bound--\n",
         "other - - - 0 - - -", 0},
        {"RFC 5965 7.1", "From: fbl@isp.example\nSubject: FW: News\nContent-Type: multipart/report; report-type=feedback-report; boundary=bound\n\n--bound\n\nA complaint.\n--bound\n"
                         "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\nOriginal-Rcpt-To: <user@example.net>\nSource-IP: 192.0.2.1\n\n" RETURNED,
         "complaint user@example.net - - 0 - - -", 0},
        {"RFC 5965 3.2, two Original-Rcpt-To",
         "From: fbl@isp.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=bound\n\n--bound\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
         "Original-Rcpt-To: <a@example.net>\nOriginal-Rcpt-To: b@example.net\n\n" RETURNED,
         "complaint a@example.net - - 0 - - -\ncomplaint b@example.net - - 0 - - -", 0},
        {"a complaint that names the recipient only in the returned message",
         "From: fbl@isp.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=bound\n\n--bound\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n" RETURNED,
         "complaint user@example.net - - 0 - - -", NX_NOTE_ORIGINAL_RECIPIENT},
        {"a redacted recipient",
         "From: fbl@isp.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=bound\n\n--bound\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
         "Original-Mail-From: <list+user=example.net@example.com>\nOriginal-Rcpt-To: [REDACTED]@example.net\n\n--bound--\n",
         "complaint user@example.net - - 0 - - -", NX_NOTE_VERP_RECIPIENT | NX_NOTE_REDACTED},
        {"RFC 6591, no complaint",
         "From: dmarc@isp.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=bound\n\n--bound\nContent-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n"
         "Auth-Failure: dmarc\nOriginal-Rcpt-To: user@example.net\n\n" RETURNED,
         "other - - - 0 - - -", NX_NOTE_AUTH_FAILURE},
        {"RFC 6449 opt-out", "From: fbl@isp.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=bound\n\n--bound\nContent-Type: message/feedback-report\n\n"
                             "Feedback-Type: opt-out\nOriginal-Rcpt-To: user@example.net\n\n" RETURNED,
         "unsubscribe user@example.net - - 0 - - -", 0},
        {"RFC 3834 5", "From: user@example.net\nSubject: Away\nAuto-Submitted: auto-replied\n\nI am away.\n", "autoreply user@example.net - - 0 - - -", 0},
        {"by subject", "From: user@example.net\nSubject: Automatic reply: News\n\nI am away.\n", "autoreply user@example.net - - 0 - - -", 0},
        {"Auto-Submitted: auto-generated is no answer", "From: cron@example.net\nSubject: Cron <root>\nAuto-Submitted: auto-generated\n\ndone\n", "other - - - 0 - - -", 0},
        {"a list post about holidays", "From: user@example.net\nSubject: Out of office tool\nList-Id: <dev.example.org>\n\nhi\n", "other - - - 0 - - -", 0},
        {"RFC 8098 3", "From: user@example.net\nSubject: Read: News\nContent-Type: multipart/report; report-type=disposition-notification; boundary=bound\n\n--bound\n\nread\n--bound\n"
                       "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;user@example.net\nDisposition: manual-action/MDN-sent-manually; displayed\n--bound--\n",
         "other - - - 0 - - -", NX_NOTE_MDN},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        bad += check(&rows[i], arena, nx_str_of(rows[i].in));
    assert_int_equal(bad, 0);
}

static void the_returned_message_is_quoted(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    size_t n;
    struct nx_report *reports = reports_of(arena,
                                           NX_STR(HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=bound\n\n--bound\nContent-Type: message/delivery-status\n\n"
                                                       "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822;user@example.net\nAction: failed\nStatus: 5.1.1\n\n--bound\n"
                                                       "Content-Type: message/rfc822\n\nMessage-ID: <n1@example.com>\nFrom: =?utf-8?q?N=C3=A9ws?= <news@example.com>\nTo: user@example.net\n"
                                                       "Subject: =?utf-8?b?R3LDvMOfZQ==?=\nDate: Mon, 2 Feb 2026 10:11:09 +0100\nList-Id: News <news.example.com>\nFeedback-ID: 1:2:3\n\nbody\n--bound--\n"),
                                           NX_STR_NONE, &n);
    assert_int_equal(n, 1);
    const struct nx_original *original = &reports[0].original;
    static const char *const want[] = {"n1@example.com", "N\xc3\xa9ws <news@example.com>", "user@example.net", "Gr\xc3\xbc\xc3\x9f\x65", "Mon, 2 Feb 2026 10:11:09 +0100",
                                       "News <news.example.com>", "1:2:3"};
    const struct nx_str got[] = {original->message_id, original->from, original->to, original->subject, original->date, original->list_id, original->feedback_id};
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++)
        if (!nx_str_eq(got[i], nx_str_of(want[i])))
            fail_msg("%.*s, not %s", NX_FMT(got[i]), want[i]);
    assert_true(nx_str_eq(reports[0].reporting_mta, NX_STR("mx.example.org")));
}

static void recipients_are_limited(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GString) text = g_string_new(HEAD "Content-Type: message/delivery-status\n\n");
    for (int i = 0; i < 1500; i++)
        g_string_append_printf(text, "Final-Recipient: rfc822;u%d@example.net\nAction: failed\nStatus: 5.1.1\n\n", i);
    size_t n;
    struct nx_report *reports = reports_of(arena, (struct nx_str){text->str, text->len}, NX_STR_NONE, &n);
    assert_int_equal(n, NX_LIMITS_DEFAULT.recipients);
    assert_true((reports[0].notes & NX_NOTE_TOO_MANY_RECIPIENTS) != 0);
}

/* Values that grow by folds must not be copied at every fold. */
static void folded_fields_stay_cheap(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GString) text = g_string_new(HEAD "Content-Type: message/delivery-status\n\n");
    for (int i = 0; i < 16; i++) {
        g_string_append_printf(text, "Final-Recipient: rfc822;u%d@example.net\nAction: failed\nDiagnostic-Code: smtp; 550 no\n", i);
        for (int k = 0; k < 5000; k++)
            g_string_append(text, " a\n");
        g_string_append_c(text, '\n');
    }
    size_t n;
    struct nx_report *reports = reports_of(arena, (struct nx_str){text->str, text->len}, NX_STR_NONE, &n);
    assert_int_equal(n, 16);
    assert_true(reports[0].reply == 550 && reports[0].diagnostic.n <= NX_LIMITS_DEFAULT.diagnostic);
    if (nx_arena_used(arena) > text->len * 16)
        fail_msg("%zu bytes for a message of %zu", nx_arena_used(arena), (size_t)text->len);
}

/* The return path that the report came to names the recipient where the report does not. */
static void verp_fills_in(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    size_t n;
    struct nx_str message = NX_STR(HEAD "Content-Type: message/delivery-status\n\nFinal-Recipient: unknown; hidden\nAction: failed\nStatus: 5.1.1\n");
    struct nx_report *reports = reports_of(arena, message, NX_STR("list+user=example.net@example.com"), &n);
    assert_int_equal(n, 1);
    assert_true(nx_str_eq(reports[0].recipient, NX_STR("user@example.net")));
    assert_true((reports[0].notes & NX_NOTE_VERP_RECIPIENT) != 0);
}

/* RFC 8601: who is proved to have written, and who only says so. */
static void ordinary_mail_is_a_sign_of_life(void **state)
{
    (void)state;
#define AR "Authentication-Results: "
#define FROM "From: User <user@example.net>\n"
#define DMARC AR "mx.example.org; dmarc=pass header.from=example.net\n"
    static const struct {
        const char *source, *head, *how; /* how: the tag, NULL where there is no proof */
    } rows[] = {
        {"dmarc", DMARC FROM, "dmarc=pass by mx.example.org"},
        {"RFC 8601 B.5: comments, version, folding, several methods",
         AR "(a; b) mx.example.org (x) 1;\n spf=pass smtp.mailfrom=example.net;\n dmarc (y;z) = pass (p=none) reason=\"ok; \\\"fine\\\"\" header.from = EXAMPLE.net\n" FROM,
         "dmarc=pass by mx.example.org"},
        {"dkim of the domain", AR "mx.example.org; dkim=pass header.d=example.net\n" FROM, "dkim=pass by mx.example.org"},
        {"dkim below it, aligned by the organisation", AR "MX.example.org; dkim=fail header.d=example.net; dkim=pass header.i=@mail.example.net\n" FROM, "dkim=pass by MX.example.org"},
        {"the other server that is trusted", AR "\"in.example.com\"; dmarc=pass header.from=example.net\n" FROM, "dmarc=pass by in.example.com"},
        {"two fields of one server", AR "mx.example.org; spf=pass\n" DMARC FROM, "dmarc=pass by mx.example.org"},
        {"no field", FROM, NULL},
        {"another server says so", AR "mx.example.net; dmarc=pass header.from=example.net\n" FROM, NULL},
        {"a server that is called like ours", AR "mx.example.org.example.net; dmarc=pass header.from=example.net\n" FROM, NULL},
        {"ours in a comment, in a value", AR "evil.example (mx.example.org; dmarc=pass header.from=example.net)\n" AR "evil.example; x=\"mx.example.org; dmarc=pass header.from=example.net\"\n" FROM, NULL},
        {"ours, hidden in an encoded word", AR "=?utf-8?q?mx.example.org;_dmarc=3Dpass_header.from=3Dexample.net?=\n" FROM, NULL},
        {"a result in somebody's words", AR "mx.example.org; spf=fail reason=\"; dmarc=pass header.from=example.net\"\n" FROM, NULL},
        {"a result in a comment", AR "mx.example.org; spf=fail (\\); dmarc=pass header.from=example.net)\n" FROM, NULL},
        {"failed on top, forged below", AR "mx.example.org; dmarc=fail header.from=example.net\n" DMARC FROM, NULL},
        {"none on top, forged below", AR "mx.example.org; dmarc=none header.from=example.net\n" DMARC FROM, NULL},
        {"dkim none on top, forged below", AR "mx.example.org; dkim=none\n" AR "mx.example.org; dkim=pass header.d=example.net\n" FROM, NULL},
        {"dmarc failed, so no aligned dkim passed", AR "mx.example.org; dmarc=fail header.from=example.net; dkim=pass header.d=example.net\n" FROM, NULL},
        {"dmarc of another domain", AR "mx.example.org; dmarc=pass header.from=example.com\n" FROM, NULL},
        {"dmarc that names no domain", AR "mx.example.org; dmarc=pass\n" FROM, NULL},
        {"dkim of somebody else", AR "mx.example.org; dkim=pass header.d=example.com\n" FROM, NULL},
        {"dkim of a neighbour below a public suffix", AR "mx.example.org; dkim=pass header.d=evil.co.uk\nFrom: user@victim.co.uk\n", NULL},
        {"spf alone", AR "mx.example.org; spf=pass smtp.mailfrom=user@example.net\n" FROM, NULL},
        {"two senders", DMARC "From: a@example.net, b@example.net\n", NULL},
        {"two From fields", DMARC FROM FROM, NULL},
        {"an address as a name", DMARC "From: \"<victim@example.net>\" <user@example.net>\n", NULL},
        {"an answering machine", DMARC FROM "Auto-Submitted: auto-replied\n", NULL},
        {"generated", DMARC FROM "Auto-Submitted: auto-generated\n", NULL},
        {"a list", DMARC FROM "List-Id: <news.example.net>\n", NULL},
        {"bulk", DMARC FROM "Precedence: bulk\n", NULL},
        {"the null return path", DMARC FROM "Return-Path: <>\n", NULL},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    size_t bad = 0;
    for (unsigned trusted = 0; trusted < 2; trusted++) {
        nx_parser_trust(parser, trusted ? g_strsplit("in.example.com mx.example.org", " ", -1) : NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            size_t n;
            struct nx_str message = nx_arena_printf(arena, "%sSubject: Re: News\n\nThank you.\n", rows[i].head);
            struct nx_report *report = reports_of(arena, message, NX_STR_NONE, &n);
            struct nx_str want = nx_str_of(trusted ? rows[i].how : NULL), got = report->n_tags > 0 ? report->tags[0].value : NX_STR_NONE;
            bool life = (report->notes & NX_NOTE_SIGN_OF_LIFE) != 0, named = report->kind == NX_KIND_OTHER && report->recipient.n > 0;
            if (n != 1 || !nx_str_eq(got, want) || life != (want.n > 0) || named != life) {
                print_error("%s: '%.*s' is not '%.*s'\n", rows[i].source, NX_FMT(got), NX_FMT(want));
                bad++;
            }
        }
    }
    nx_parser_trust(parser, NULL);
    assert_int_equal(bad, 0);
}

static int setup(void **state)
{
    (void)state;
    const struct nx_limits limits = NX_LIMITS_DEFAULT;
    const struct nx_format_source words = {NX_STR("words"), NX_STR("common\n  sender mailer-daemon\n  subject undeliver\n  answer automatic reply\n")};
    parser = nx_parser_new(&words, 1, &limits, NULL);
    return parser == NULL;
}

static int teardown(void **state)
{
    (void)state;
    nx_parser_free(parser);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_parts_are_read),  cmocka_unit_test(messages_are_read), cmocka_unit_test(the_returned_message_is_quoted), cmocka_unit_test(recipients_are_limited),
        cmocka_unit_test(folded_fields_stay_cheap), cmocka_unit_test(verp_fills_in), cmocka_unit_test(ordinary_mail_is_a_sign_of_life),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
