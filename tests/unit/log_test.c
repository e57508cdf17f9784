/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define NOW 1795000000 /* 2026-11-18 */

/* Lines of one log are separated by LF; what the last of them gives is compared. */
static const struct row {
    const char *source, *kind, *lines;
    enum nx_kind says;
    const char *recipient, *original, *status;
    unsigned reply;
    enum nx_stage stage;
    const char *remote, *message_id, *diagnostic, *at;
} rows[] = {
    {"Postfix smtp(8), bounced", "postfix",
     "Nov 10 10:00:00 mx postfix/cleanup[8]: 4F1A21: message-id=<1@example.com>\n"
     "Nov 10 10:00:00 mx postfix/qmgr[8]: 4F1A21: from=<news@example.com>, size=1, nrcpt=1 (queue active)\n"
     "Nov 10 10:00:01 mx postfix/smtp[9]: 4F1A21: to=<u@example.net>, orig_to=<a@example.org>, relay=mx.example.net[192.0.2.1]:25, delay=0.5, delays=0.1/0/0.2/0.2, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1.1 <u@example.net>: User unknown (in reply to RCPT TO command))",
     NX_KIND_FAILED, "u@example.net", "a@example.org", "5.1.1", 550, NX_STAGE_RCPT, "mx.example.net", "1@example.com", "550 5.1.1 <u@example.net>: User unknown", "2026-11-10T10:00:01Z"},
    {"Postfix, RFC 3339 time, deferred", "postfix",
     "2026-11-10T10:00:01.123456+02:00 mx postfix/out/smtp[9]: 3xYz9: to=<u@example.net>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to mx.example.net[192.0.2.1]:25: Connection refused)",
     NX_KIND_DELAYED, "u@example.net", "", "4.4.1", 0, NX_STAGE_CONNECT, "mx.example.net", "", "connect to mx.example.net[192.0.2.1]:25: Connection refused", "2026-11-10T08:00:01Z"},
    {"Postfix qmgr(8), expired: the last deferral is the reason", "postfix",
     "Nov 10 10:00:01 mx postfix/smtp[9]: 4F1A22: to=<u@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=9, delays=1/1/1/1, dsn=4.2.2, status=deferred (host mx.example.net[192.0.2.1] said: 452 4.2.2 over quota (in reply to RCPT TO command))\n"
     "Nov 15 10:00:01 mx postfix/qmgr[9]: 4F1A22: from=<news@example.com>, status=expired, returned to sender",
     NX_KIND_FAILED, "u@example.net", "", "4.2.2", 452, NX_STAGE_RCPT, "mx.example.net", "", NULL, "2026-11-15T10:00:01Z"},
    {"Postfix, expired, but for who got it since", "postfix",
     "Nov 10 10:00:01 mx postfix/smtp[9]: 4F1A23: to=<u@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=9, delays=1/1/1/1, dsn=4.2.2, status=deferred (host mx.example.net[192.0.2.1] said: 452 4.2.2 over quota (in reply to RCPT TO command))\n"
     "Nov 10 10:00:02 mx postfix/smtp[9]: 4F1A23: to=<v@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=9, delays=1/1/1/1, dsn=4.3.0, status=deferred (host mx.example.net[192.0.2.1] said: 450 4.3.0 later (in reply to RCPT TO command))\n"
     "Nov 11 10:00:02 mx postfix/smtp[9]: 4F1A23: to=<v@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=9, delays=1/1/1/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n"
     "Nov 15 10:00:01 mx postfix/qmgr[9]: 4F1A23: from=<news@example.com>, status=expired, returned to sender",
     NX_KIND_FAILED, "u@example.net", "", "4.2.2", 452, NX_STAGE_RCPT, "mx.example.net", "", NULL, "2026-11-15T10:00:01Z"},
    {"Postfix, a line cut in the middle", "postfix",
     "Nov 10 10:00:01 mx postfix/smtp[9]: 4F1A21: to=<u@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=0.5, delays=0.1/0/0.2/0.2, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1",
     NX_KIND_OTHER, "", "", "", 0, NX_STAGE_NONE, "", "", "", ""},
    {"Postfix, a mail that we refused is not ours", "postfix",
     "Nov 10 10:00:01 mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from x[192.0.2.9]: 550 5.1.1 <u@example.net>: Recipient address rejected: User unknown; from=<a@b.example> to=<u@example.net> proto=ESMTP helo=<x>",
     NX_KIND_OTHER, "", "", "", 0, NX_STAGE_NONE, "", "", "", ""},
    {"Exim spec 52.9, failed", "exim",
     "2026-11-10 10:00:00 1u1tpB-00AA5u-ED <= news@example.com U=news P=local S=500 id=1@example.com\n"
     "2026-11-10 10:00:01 1u1tpB-00AA5u-ED ** u@example.net <a@example.org> F=<news@example.com> R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1] X=TLS1.3: SMTP error from remote mail server after RCPT TO:<u@example.net>: 550 5.1.1 No such user",
     NX_KIND_FAILED, "u@example.net", "a@example.org", "5.1.1", 550, NX_STAGE_RCPT, "mx.example.net", "1@example.com", NULL, "2026-11-10T10:00:01Z"},
    {"Exim 4.97 ids, deferred", "exim",
     "2026-11-10 10:00:01.123 +0200 [77] 1u1tpB-000000AA5uX-EDab == u@example.net R=dnslookup T=remote_smtp defer (-44) H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<u@example.net>: 450 4.7.1 greylisted",
     NX_KIND_DELAYED, "u@example.net", "", "4.7.1", 450, NX_STAGE_RCPT, "mx.example.net", "", NULL, "2026-11-10T08:00:01Z"},
    {"Exim, a reply of several lines, bytes that do not print", "exim",
     "2026-11-10 10:00:01 1u1tpB-00AA5u-ED ** u@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<u@example.net>: 550-5.1.1 Empf\\303\\244nger unbekannt,\\n550 5.1.1 siehe C:\\\\liste",
     NX_KIND_FAILED, "u@example.net", "", "5.1.1", 550, NX_STAGE_RCPT, "mx.example.net", "", "SMTP error from remote mail server after RCPT TO:<u@example.net>: 550 5.1.1 Empf\303\244nger unbekannt, siehe C:\\liste", "2026-11-10T10:00:01Z"},
    {"Exim, given up: the last deferral is the reason", "exim",
     "2026-11-10 10:00:01 1u1tpB-00AA5u-ED == u@example.net R=dnslookup T=remote_smtp defer (-44) H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<u@example.net>: 452 4.2.2 over quota\n"
     "2026-11-14 10:00:01 1u1tpB-00AA5u-ED ** u@example.net: retry timeout exceeded",
     NX_KIND_FAILED, "u@example.net", "", "4.2.2", 452, NX_STAGE_RCPT, NULL, "", NULL, "2026-11-14T10:00:01Z"},
    {"Exim, a command with blanks", "exim",
     "2026-11-10 10:00:01 1u1tpB-00AA5u-ED ** |/bin/sh -c 'echo closed: sorry; exit 69' <desk@example.org> R=aliases T=address_pipe: Child process of address_pipe transport returned 69 (could mean service or program unavailable)",
     NX_KIND_FAILED, "desk@example.org", "", "", 0, NX_STAGE_NONE, "", "", "Child process of address_pipe transport returned 69 (could mean service or program unavailable)", "2026-11-10T10:00:01Z"},
    {"Exim, no host to ask", "exim", "2026-11-10 10:00:01 1u1tpB-00AA5u-ED ** u@nowhere.example: Unrouteable address", NX_KIND_FAILED, "u@nowhere.example", "", "", 0, NX_STAGE_NONE, "", "", "Unrouteable address",
     "2026-11-10T10:00:01Z"},
    {"Sendmail, reply= before stat=", "sendmail",
     "Nov 10 10:00:00 mx sm-mta[9]: 0AA8Ab12345678: from=<news@example.com>, size=9, class=0, nrcpts=1, msgid=<1@example.com>, proto=ESMTP, relay=localhost [127.0.0.1]\n"
     "Nov 10 10:00:01 mx sm-mta[9]: 0AA8Ab12345678: to=<u@example.net>, ctladdr=<news@example.com> (1/1), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.example.net. [192.0.2.1], dsn=5.1.1, reply=550 5.1.1 <u@example.net>... User unknown, stat=User unknown",
     NX_KIND_FAILED, "u@example.net", "", "5.1.1", 550, NX_STAGE_NONE, "mx.example.net", "1@example.com", "550 5.1.1 <u@example.net>... User unknown", "2026-11-10T10:00:01Z"},
    {"Sendmail, deferred", "sendmail",
     "Nov 10 10:00:01 mx sendmail[9]: 0AA8Ab12345679: to=<u@example.net>, delay=00:00:01, mailer=esmtp, relay=mx.example.net., dsn=4.0.0, stat=Deferred: Connection refused by mx.example.net.",
     NX_KIND_DELAYED, "u@example.net", "", "4.0.0", 0, NX_STAGE_NONE, "mx.example.net", "", NULL, "2026-11-10T10:00:01Z"},
    {"Sendmail calls every 550 'User unknown': the reply counts", "sendmail",
     "Nov 10 10:00:01 mx sendmail[9]: 6ASAMQwG000282: to=<u@example.net>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30318, relay=mx.example.net. [192.0.2.1], dsn=5.2.2, reply=550 5.2.2 Bo\\356te aux lettres pleine, stat=User unknown",
     NX_KIND_FAILED, "u@example.net", "", "5.2.2", 550, NX_STAGE_NONE, "mx.example.net", "", "550 5.2.2 Bo\356te aux lettres pleine", "2026-11-10T10:00:01Z"},
    {"Sendmail, given up: the last deferral is the reason", "sendmail",
     "Nov 10 10:00:01 mx sendmail[9]: 6ASAMITe000187: to=<u@example.net>, delay=00:00:01, mailer=esmtp, relay=mx.example.net. [192.0.2.1], dsn=4.2.2, reply=452 4.2.2 <u@example.net>: Mailbox over quota, stat=Deferred: 452 4.2.2 <u@example.net>: Mailbox over quota\n"
     "Nov 10 14:00:01 mx sendmail[9]: 6ASAMITe000187: 6ASAMWgc000289: sender notify: Warning: could not send message for past 4 hours\n"
     "Nov 15 10:00:01 mx sendmail[9]: 6ASAMITe000187: 6ASAMWgd000289: sender notify: Cannot send message for 5 days",
     NX_KIND_FAILED, "u@example.net", "", "4.2.2", 452, NX_STAGE_NONE, NULL, "", NULL, "2026-11-15T10:00:01Z"},
    {"Sendmail, given up, but for who got it since", "sendmail",
     "Nov 10 10:00:01 mx sendmail[9]: 6ASAMITe000188: to=<u@example.net>,<v@example.net>, delay=00:00:01, mailer=esmtp, relay=mx.example.net. [192.0.2.1], dsn=4.0.0, stat=Deferred: Connection refused by mx.example.net.\n"
     "Nov 11 10:00:01 mx sendmail[9]: 6ASAMITe000188: to=<v@example.net>, delay=1+00:00:01, mailer=esmtp, relay=mx.example.net. [192.0.2.1], dsn=2.0.0, stat=Sent (Ok)\n"
     "Nov 15 10:00:01 mx sendmail[9]: 6ASAMITe000188: 6ASAMWgd000289: return to sender: Cannot send message for 5 days",
     NX_KIND_FAILED, "u@example.net", "", "4.0.0", 0, NX_STAGE_NONE, NULL, "", NULL, "2026-11-15T10:00:01Z"},
    {"Sendmail, only queued", "sendmail",
     "Nov 10 10:00:01 mx sendmail[9]: 6ASAMM2P000244: to=<u@example.net>, delay=00:00:00, mailer=esmtp, pri=30480, dsn=4.4.3, stat=queued",
     NX_KIND_OTHER, "", "", "", 0, NX_STAGE_NONE, "", "", "", ""},
    {"OpenSMTPD 6 and later", "opensmtpd",
     "Nov 10 10:00:01 mx smtpd[9]: 5e1a8a2b mta delivery evpid=3c1 from=<news@example.com> to=<u@example.net> rcpt=<-> source=\"192.0.2.7\" relay=\"192.0.2.1 (mx.example.net)\" delay=1s result=\"PermFail\" stat=\"550 5.1.1 No such user\"",
     NX_KIND_FAILED, "u@example.net", "", "5.1.1", 550, NX_STAGE_NONE, "mx.example.net", "", "550 5.1.1 No such user", "2026-11-10T10:00:01Z"},
    {"OpenSMTPD 5", "opensmtpd",
     "Nov 10 10:00:01 mx smtpd[9]: relay: TempFail for 3c1: session=1, from=<news@example.com>, to=<u@example.net>, rcpt=<->, source=192.0.2.7, relay=192.0.2.1 (mx.example.net), delay=1s, stat=421 4.7.0 try later",
     NX_KIND_DELAYED, "u@example.net", "", "4.7.0", 421, NX_STAGE_NONE, "mx.example.net", "", "421 4.7.0 try later", "2026-11-10T10:00:01Z"},
    {"OpenSMTPD 6.8, given up: the last deferral is the reason", "opensmtpd",
     "Nov 10 10:00:01 mx smtpd[9]: 5e1a8a2b mta delivery evpid=36e5d427e892e14b from=<news@example.com> to=<u@example.net> rcpt=<-> source=\"192.0.2.7\" relay=\"192.0.2.1 (mx.example.net)\" delay=1s result=\"TempFail\" stat=\"452 4.2.2 <u@example.net>: Mailbox over quota\"\n"
     "Nov 14 10:00:01 mx smtpd[9]: relay: Expire for 36e5d427e892e14b: from=<news@example.com>, to=<u@example.net>, rcpt=<->, delay=4d, stat=Envelope expired",
     NX_KIND_FAILED, "u@example.net", "", "4.2.2", 452, NX_STAGE_NONE, NULL, "", NULL, "2026-11-14T10:00:01Z"},
    {"OpenSMTPD 6.8, given up, nothing known before", "opensmtpd",
     "Nov 14 10:00:01 mx smtpd[9]: relay: Expire for 36e5d427e892e14c: from=<news@example.com>, to=<u@example.net>, rcpt=<->, delay=4d, stat=Envelope expired",
     NX_KIND_FAILED, "u@example.net", "", "", 0, NX_STAGE_NONE, NULL, "", "Envelope expired", "2026-11-14T10:00:01Z"},
    {"OpenSMTPD 6.8, a local program, unquoted", "opensmtpd",
     "Nov 10 10:00:01 mx smtpd[9]: 30c2926d263759e2 mda delivery evpid=3c1c07e0df6264bd from=<news@example.com> to=<u@example.net> rcpt=<u@example.net> user=u delay=0s result=PermFail stat=Error (service unavailable: \"5.2.2 Mailbox of this queue is full\")",
     NX_KIND_FAILED, "u@example.net", "", "5.2.2", 0, NX_STAGE_NONE, "", "", NULL, "2026-11-10T10:00:01Z"},
    {"journalctl -o short-iso: a zone without a colon", "postfix",
     "2026-11-10T10:00:01+0200 mx postfix/smtp[9]: 3xYz9: to=<u@example.net>, relay=none, delay=1, delays=1/0/0/0, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=example.net type=AAAA: Host not found)",
     NX_KIND_FAILED, "u@example.net", "", "5.4.4", 0, NX_STAGE_NONE, "", "", NULL, "2026-11-10T08:00:01Z"},
    {"journalctl -o short-full", "postfix",
     "Tue 2026-11-10 10:00:01 UTC mx postfix/smtp[9]: 3xYz9: to=<u@example.net>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to mx.example.net[192.0.2.1]:25: Connection refused)",
     NX_KIND_DELAYED, "u@example.net", "", "4.4.1", 0, NX_STAGE_CONNECT, "mx.example.net", "", NULL, "2026-11-10T10:00:01Z"},
    {"journalctl -o json", "postfix",
     "{\"_HOSTNAME\":\"mx\",\"SYSLOG_IDENTIFIER\":\"postfix/smtp\",\"_PID\":\"9\",\"__REALTIME_TIMESTAMP\":\"1794304801123456\",\"MESSAGE\":\"3xYz9: to=<u@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1.1 No \\\"such\\\" user (in reply to RCPT TO command))\"}",
     NX_KIND_FAILED, "u@example.net", "", "5.1.1", 550, NX_STAGE_RCPT, "mx.example.net", "", "550 5.1.1 No \"such\" user", "2026-11-10T10:00:01Z"},
    {"journalctl -o json, a message that is no UTF-8", "opensmtpd",
     "{\"_HOSTNAME\":\"mx\",\"SYSLOG_IDENTIFIER\":\"smtpd\",\"__REALTIME_TIMESTAMP\":\"1794304801123456\",\"MESSAGE\":[114,101,108,97,121,58,32,69,120,112,105,114,101,32,102,111,114,32,49,58,32,116,111,61,60,117,64,101,120,97,109,112,108,101,46,110,101,116,62,44,32,115,116,97,116,61,69]}",
     NX_KIND_FAILED, "u@example.net", "", "", 0, NX_STAGE_NONE, "", "", "E", "2026-11-10T10:00:01Z"},
    {"PowerMTA accounting file, quoted diagnostic", "powermta",
     "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,jobId,header_Message-Id\n"
     "b,2026-11-10 10:00:01+0000,2026-11-10 10:00:00+0000,news@example.com,u@example.net,,failed,5.2.2 (mailbox full),\"smtp;552 5.2.2 mailbox full, try later\",mx.example.net (192.0.2.1),quota-issues,j1,<1@example.com>",
     NX_KIND_FAILED, "u@example.net", "", "5.2.2", 552, NX_STAGE_NONE, "mx.example.net", "<1@example.com>", "552 5.2.2 mailbox full, try later", "2026-11-10T10:00:01Z"},
    {"KumoMTA log record", "kumomta",
     "{\"type\":\"Bounce\",\"id\":\"d1\",\"sender\":\"news@example.com\",\"recipient\":\"u@example.net\",\"queue\":\"q\",\"site\":\"s\",\"size\":1,\"response\":{\"code\":550,\"enhanced_code\":{\"class\":5,\"subject\":1,\"detail\":1},\"content\":\"no such user\",\"command\":\"RCPT TO:<u@example.net>\"},\"timestamp\":1794300001,\"created\":1794300000}",
     NX_KIND_FAILED, "u@example.net", "", "5.1.1", 550, NX_STAGE_RCPT, NULL, NULL, NULL, NULL},
};

static void same(const struct row *row, const char *what, struct nx_str got, const char *wanted)
{
    if (wanted != NULL && !nx_str_eq(got, nx_str_of(wanted)))
        fail_msg("%s: %s is '%.*s', not '%s'", row->source, what, NX_FMT(got), wanted);
}

static void lines_tell_of_deliveries(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        g_autoptr(nx_log) log = nx_log_new(nx_str_of(row->kind), false, &limits);
        struct nx_str rest = nx_str_of(row->lines), line;
        struct nx_report *reports = NULL;
        size_t n = 0;
        while (nx_str_next_line(&rest, &line))
            n = nx_log_read(log, arena, line, NOW, &reports);
        if (n != (row->says != NX_KIND_OTHER))
            fail_msg("%s: %zu reports", row->source, n);
        if (n == 0)
            continue;
        if (reports->kind != row->says || reports->reply != row->reply || reports->stage != row->stage)
            fail_msg("%s: kind %s reply %u stage %s", row->source, nx_kind_name(reports->kind), reports->reply, nx_stage_name(reports->stage));
        same(row, "recipient", reports->recipient, row->recipient);
        same(row, "original", reports->original_recipient, row->original);
        same(row, "status", reports->status, row->status);
        same(row, "remote", reports->remote_mta, row->remote);
        same(row, "message id", reports->original.message_id, row->message_id);
        same(row, "diagnostic", reports->diagnostic, row->diagnostic);
        same(row, "time", nx_when_format(arena, reports->last_attempt_at), row->at);
        assert_true(reports->key.n > 0);
    }
}

static void deliveries_only_when_asked_for(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    struct nx_str line = NX_STR("2026-11-10 10:00:01 1u1tpB-00AA5u-ED => u@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1] C=\"250 2.0.0 Ok\"");
    for (int asked = 0; asked <= 1; asked++) {
        g_autoptr(nx_log) log = nx_log_new(NX_STR("exim"), asked != 0, &limits);
        struct nx_report *reports;
        assert_int_equal(nx_log_read(log, arena, line, NOW, &reports), asked);
        if (asked)
            assert_int_equal(reports->kind, NX_KIND_DELIVERED);
    }
}

/* "Dec 31" read on the first of January is of the year before. */
static void a_line_is_never_of_the_future(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    g_autoptr(nx_log) log = nx_log_new(NX_STR("postfix"), false, &limits);
    struct nx_report *reports;
    struct nx_str line = NX_STR("Dec 31 23:59:59 mx postfix/smtp[9]: 4F: to=<u@example.net>, relay=none, delay=1, dsn=5.4.4, status=bounced (Host not found)");
    assert_int_equal(nx_log_read(log, arena, line, 1767225660, &reports), 1); /* 2026-01-01T00:01:00Z */
    assert_true(nx_str_eq(nx_when_format(arena, reports->last_attempt_at), NX_STR("2025-12-31T23:59:59Z")));
}

static void every_prefix_is_read(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (const char *const *kind = (const char *const[]){"postfix", "exim", "sendmail", "opensmtpd", "powermta", "kumomta", NULL}; *kind != NULL; kind++) {
            g_autoptr(nx_log) log = nx_log_new(nx_str_of(*kind), true, &limits);
            for (size_t n = 0; n <= strlen(rows[i].lines); n++) {
                char *copy = g_memdup2(rows[i].lines, n + 1); /* so that a read behind the end is seen */
                struct nx_report *reports;
                (void)nx_log_read(log, arena, (struct nx_str){copy, n}, NOW, &reports);
                g_free(copy);
                nx_arena_reset(arena);
            }
        }
    assert_null(nx_log_new(NX_STR("unknown"), false, &limits));
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_tell_of_deliveries),
        cmocka_unit_test(deliveries_only_when_asked_for),
        cmocka_unit_test(a_line_is_never_of_the_future),
        cmocka_unit_test(every_prefix_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
