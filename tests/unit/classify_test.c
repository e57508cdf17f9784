/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "classify/classify.h"
#include "classify/norm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Rules of the smallest kind, for what the shipped set does not show. */
static const char small[] = "rule x.unknown\n  cause mailbox_unknown\n  any user unknown\n  hit 550 user unknown\n"
                            "rule x.expired\n  cause expired\n  any message expired\n  hit message expired\n"
                            "rule x.full\n  cause mailbox_full\n  any over quota\n  hit over quota\n"
                            "rule x.absent\n  cause mailbox_unknown\n  re @\\S+ is gone\n  need is gone\n  hit 550 <u@example.net> is gone\n"
                            "rule x.domain\n  cause bad_domain\n  any no such domain\n  hit no such domain\n"
                            "rule x.weak\n  cause policy_block\n  tier weak\n  any denied\n  hit denied\n"
                            "guard x.guard\n  cause smtp_auth\n  re login user unknown\\|\n  need login\n  hit login user unknown|\n"
                            "guard x.silent\n  re printer user unknown\\|\n  need printer\n  hit printer user unknown|\n"
                            "lead x.last\n  pick last\n  any last error\n  any last transfail\n  hit last error: no; last error:| 550 no\n"
                            "lead x.said\n  any host said\n  hit host said:| 550 no\n  miss host says\n"
                            "rule x.late\n  cause delayed\n  kind delayed\n  tier weak\n  any is delayed\n  hit is delayed\n";

static struct nx_ruleset *make(const char *shipped, const char *local, GError **error)
{
    const struct nx_source sources[] = {{NX_STR("causes/a.rules"), nx_str_of(shipped), false}, {NX_STR("mine.rules"), nx_str_of(local), true}};
    return nx_ruleset_new(sources, local == NULL ? 1 : 2, true, error);
}

static struct nx_verdict judge(struct nx_ruleset *rules, struct nx_arena *arena, struct nx_report report)
{
    struct nx_matcher *matcher = nx_matcher_new(rules);
    struct nx_verdict verdict;
    nx_classify(matcher, arena, &report, &verdict);
    nx_matcher_free(matcher);
    return verdict;
}

static void normal_form(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out;
        unsigned reply;
        size_t codes;
    } rows[] = {
        {"case and blanks", "550  User\tUNKNOWN\r\n here ", "550 user unknown here", 550, 0},
        {"RFC 5321 4.2.1", "550-5.1.1 No such user 550-5.1.1 here 550 5.1.1 really", "550-5.1.1 no such user here really", 550, 1},
        {"no status", "550-No such user 550 here", "550-no such user here", 550, 0},
        {"typographic", "couldn\xe2\x80\x99t\xc2\xa0" "be found", "couldn't be found", 0, 0},
        {"other alphabets", "\xd0\x9f\xd0\x9e\xd0\xa7\xd0\xa2\xd0\x90 \xd0\x99", "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0 \xd0\xb9", 0, 0},
        {"Latin letters without marks", "\xc3\x89metteur gr\xc3\xb6\xc3\x9f" "er \xc5\x82\xe1\xbb\x99 \xc4\xb1", "emetteur grosser lo i", 0, 0},
        {"address", "452 <Spam.Trap@Mail.example> full", "452 <xxxxxxxxx@xxxx.xxxxxxx> full", 452, 0},
        {"address, dots", "550 u@example.net...User unknown", "550 x@xxxxxxx.xxx...user unknown", 550, 0},
        {"no UTF-8", "\xff\xfe abc", "\xff\xfe abc", 0, 0},
        {"an IP is no code", "host [5.1.1.4] said: 421 4.7.0 busy", "host [5.1.1.4] said: 421 4.7.0 busy", 421, 1},
        {"three digits stay", "550 5.7.133 no", "550 5.7.133 no", 550, 1},
        {"a count is no reply", "sent 550 messages", "sent 550 messages", 0, 0},
        {"nothing", "", "", 0, 0},
    };
    struct nx_arena *arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_norm norm;
        nx_norm_make(arena, nx_str_of(rows[i].in), &norm);
        if (!nx_str_eq(norm.text, nx_str_of(rows[i].out)) || norm.reply != rows[i].reply || norm.n_codes != rows[i].codes)
            fail_msg("%s: '%.*s', reply %u, %zu codes", rows[i].source, NX_FMT(norm.text), norm.reply, norm.n_codes);
        struct nx_str whole = nx_norm_span(&norm, 0, norm.text.n);
        assert_true(nx_str_eq(whole, nx_str_trim(nx_str_of(rows[i].in))));
    }
    nx_arena_free(arena);
}

static void evidence_in_its_order(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        struct nx_report report;
        enum nx_cause cause;
        enum nx_class class_;
        const char *rule;
    } rows[] = {
        {"words before codes", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.7.1 User unknown")}, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.unknown"},
        {"the diagnostic before the text",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("552 over quota"), .text = NX_STR("user unknown")},
         NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, "x.full"},
        {"the text where the diagnostic is silent",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.7.1 no"), .text = NX_STR("user unknown")},
         NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.unknown"},
        {"a hint before codes", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.1.1 no"), .hint = NX_CAUSE_SPAM_CONTENT}, NX_CAUSE_SPAM_CONTENT, NX_CLASS_BLOCK, "hint"},
        {"a code of the diagnostic before the field",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.7.26 no"), .status = NX_STR("5.1.1"), .reply = 550},
         NX_CAUSE_SENDER_AUTH, NX_CLASS_BLOCK, "code.status"},
        {"a specific code before weak words", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.2.1 denied")}, NX_CAUSE_MAILBOX_DISABLED, NX_CLASS_HARD, "code.status"},
        {"weak words before X.Y.0", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.1.0 denied")}, NX_CAUSE_POLICY_BLOCK, NX_CLASS_BLOCK, "x.weak"},
        {"X.Y.0 before the reply", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.4.0 no")}, NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT, "code.status"},
        {"the reply by its stage", {.kind = NX_KIND_FAILED, .reply = 552, .stage = NX_STAGE_DATA}, NX_CAUSE_MESSAGE_TOO_LARGE, NX_CLASS_BLOCK, "code.reply"},
        {"RFC 3463 2: an unknown detail", {.kind = NX_KIND_FAILED, .status = NX_STR("5.1.99")}, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "code.status"},
        {"nothing", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("no"), .status = NX_STR("5.0.0")}, NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, ""},
        {"a 4xx is never hard", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("450 4.1.1 user unknown")}, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_SOFT, "x.unknown"},
        {"nor a 4.x.x", {.kind = NX_KIND_FAILED, .status = NX_STR("4.1.1")}, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_SOFT, "code.status"},
        {"the remote 5xx outranks the reporter's 4.x.x",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 user unknown"), .status = NX_STR("4.0.0")},
         NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.unknown"},
        {"the last try counts, not the expiry",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("554 5.4.7 message expired (last transfail: 452 4.2.2 over quota)")},
         NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, "x.full"},
        {"the last try's codes too",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("554 5.4.7 message expired (last error: 451 4.4.2 no)")},
         NX_CAUSE_NETWORK_ERROR, NX_CLASS_SOFT, "code.status"},
        {"of several tries the last",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("expired; last error: over quota; last error: user unknown")},
         NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.unknown"},
        {"of one without pick the first, to the end",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("user unknown; host said: denied; host said: over quota")},
         NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, "x.full"},
        {"a last try that says nothing", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("message expired, last error: no")}, NX_CAUSE_EXPIRED, NX_CLASS_SOFT, "x.expired"},
        {"expired in the diagnostic, the reason in the text",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("message expired"), .text = NX_STR("over quota")},
         NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, "x.full"},
        {"the local part of the recipient is his address",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 bob is gone"), .recipient = NX_STR("bob@example.net")},
         NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.absent"},
        {"where it is the subject",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 the bob is gone"), .recipient = NX_STR("bob@example.net")},
         NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, ""},
        {"and a word of its own",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("bobsled is gone"), .recipient = NX_STR("bob@example.net")},
         NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, ""},
        {"a reply to a login is about the login", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("535 user unknown")}, NX_CAUSE_SMTP_AUTH, NX_CLASS_BLOCK, "x.unknown"},
        {"X.1.8 is about the sender", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.1.8 no such domain")}, NX_CAUSE_SENDER_DNS, NX_CLASS_BLOCK, "x.domain"},
        {"unless the recipient is named",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.1.8 no such domain: example.net"), .recipient = NX_STR("bob@example.net")},
         NX_CAUSE_BAD_DOMAIN, NX_CLASS_HARD, "x.domain"},
        {"the address of who wrote",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 <news@example.com>: user unknown"), .recipient = NX_STR("bob@example.net"), .original.from = NX_STR("News <news@example.com>")},
         NX_CAUSE_SENDER_DNS, NX_CLASS_BLOCK, "x.unknown"},
        {"behind the words",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 user unknown (news@example.com)"), .return_paths = NX_STR("news@example.com")},
         NX_CAUSE_SENDER_DNS, NX_CLASS_BLOCK, "x.unknown"},
        {"with a short word between",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 user unknown: für news@example.com"), .return_paths = NX_STR("news@example.com")},
         NX_CAUSE_SENDER_DNS, NX_CLASS_BLOCK, "x.unknown"},
        {"at the head of the reply",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 <news@example.com>: this address is such that user unknown"), .senders = NX_STR("<news@example.com>")},
         NX_CAUSE_SENDER_DNS, NX_CLASS_BLOCK, "x.unknown"},
        {"beside a code, too",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.1.1 <news@example.com>: no, thanks"), .return_paths = NX_STR("me@example.com news@example.com")},
         NX_CAUSE_SENDER_DNS, NX_CLASS_BLOCK, "code.status"},
        {"in the words of the reporter",
         {.kind = NX_KIND_FAILED, .text = NX_STR("news@example.com user unknown"), .recipient = NX_STR("bob@example.net"), .original.from = NX_STR("news@example.com")},
         NX_CAUSE_SENDER_DNS, NX_CLASS_BLOCK, "x.unknown"},
        {"the end of an address is another one",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 ews@example.com user unknown"), .original.from = NX_STR("news@example.com")},
         NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.unknown"},
        {"who wrote is mentioned only",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 user unknown; from=<news@example.com> to=<bob@example.net>"), .recipient = NX_STR("bob@example.net"), .original.from = NX_STR("news@example.com")},
         NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.unknown"},
        {"the domain of who wrote",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 no such domain: example.com"), .recipient = NX_STR("bob@example.net"), .original.from = NX_STR("News <news@example.com>")},
         NX_CAUSE_SENDER_DNS, NX_CLASS_BLOCK, "x.domain"},
        {"the domain of both",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 no such domain: example.com"), .recipient = NX_STR("bob@lists.example.com"), .original.from = NX_STR("news@example.com")},
         NX_CAUSE_BAD_DOMAIN, NX_CLASS_HARD, "x.domain"},
        {"a server of nobody's",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 no such domain: mx.example.org"), .recipient = NX_STR("bob@example.net"), .original.from = NX_STR("news@example.com")},
         NX_CAUSE_BAD_DOMAIN, NX_CLASS_HARD, "x.domain"},
        {"a guard says what the words are about", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.7.1 login user unknown")}, NX_CAUSE_SMTP_AUTH, NX_CLASS_BLOCK, "x.guard"},
        {"a specific code says more", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("552 5.2.2 login user unknown")}, NX_CAUSE_MAILBOX_FULL, NX_CLASS_SOFT, "code.status"},
        {"a guard without a cause leaves it to the code", {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 5.7.1 printer user unknown")}, NX_CAUSE_POLICY_BLOCK, NX_CLASS_BLOCK, "code.status"},
        {"who wrote to himself",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 bob@example.net user unknown"), .recipient = NX_STR("bob@example.net"), .original.from = NX_STR("bob@example.net")},
         NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.unknown"},
        {"another address is where it was forwarded",
         {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 bo@example.org user unknown"), .recipient = NX_STR("bob@example.net"), .original.from = NX_STR("news@example.com")},
         NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_HARD, "x.unknown"},
        {"a delay is soft", {.kind = NX_KIND_DELAYED, .diagnostic = NX_STR("550 user unknown")}, NX_CAUSE_MAILBOX_UNKNOWN, NX_CLASS_SOFT, "x.unknown"},
        {"a delay without a reason", {.kind = NX_KIND_DELAYED}, NX_CAUSE_DELAYED, NX_CLASS_SOFT, "kind"},
        {"a failure is not read by rules of delays", {.kind = NX_KIND_FAILED, .text = NX_STR("is delayed")}, NX_CAUSE_UNKNOWN, NX_CLASS_SOFT, ""},
        {"a complaint", {.kind = NX_KIND_COMPLAINT, .text = NX_STR("user unknown")}, NX_CAUSE_COMPLAINT, NX_CLASS_NONE, "kind"},
        {"an automatic answer", {.kind = NX_KIND_AUTOREPLY}, NX_CAUSE_AUTO_REPLY, NX_CLASS_NONE, "kind"},
        {"a delivery", {.kind = NX_KIND_DELIVERED, .status = NX_STR("2.1.5")}, NX_CAUSE_DELIVERED, NX_CLASS_NONE, "kind"},
        {"no report", {.kind = NX_KIND_OTHER, .text = NX_STR("user unknown")}, NX_CAUSE_NONE, NX_CLASS_NONE, ""},
    };
    struct nx_arena *arena = nx_arena_new();
    GError *error = NULL;
    struct nx_ruleset *rules = make(small, NULL, &error);
    assert_null(error);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_verdict verdict = judge(rules, arena, rows[i].report);
        if (verdict.cause != rows[i].cause || verdict.class_ != rows[i].class_ || !nx_str_eq(verdict.rule, nx_str_of(rows[i].rule)))
            fail_msg("%s: %s, %s by '%.*s'", rows[i].source, nx_cause_name(verdict.cause), nx_class_name(verdict.class_), NX_FMT(verdict.rule));
        assert_int_equal(verdict.ruleset.n, 12);
    }
    nx_ruleset_unref(rules);
    nx_arena_free(arena);
}

static void gates_and_phrases(void **state)
{
    (void)state;
    static const struct {
        const char *source, *rule; /* lines of one rule, after its cause */
        struct nx_report report;
        bool matches;
    } rows[] = {
        {"code open where none is told", "  code 450\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd")}, true},
        {"code", "  code 450\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("550 abcd")}, false},
        {"code with x", "  code 45x 5xx\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .reply = 599}, true},
        {"code against the class of a status", "  code 5xx\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("4.1.1 abcd")}, false},
        {"status", "  status *.2.2\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .status = NX_STR("5.2.2")}, true},
        {"another status", "  status *.2.2\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .status = NX_STR("5.2.1")}, false},
        {"X.0.0 tells only its class", "  status 5.2.2\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .status = NX_STR("5.0.0")}, true},
        {"so 4.0.0 closes it", "  status 5.2.2\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .status = NX_STR("4.0.0")}, false},
        {"three digits", "  status 5.7.1\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("5.7.133 abcd")}, false},
        {"stage must be told", "  stage mail\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd")}, false},
        {"stage", "  stage mail\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .stage = NX_STAGE_MAIL}, true},
        {"format must be told", "  format qmail\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd")}, false},
        {"format", "  format qmail\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .format = NX_STR("qmail")}, true},
        {"from open where nobody is told", "  from p\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd")}, true},
        {"from another host", "  from p\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .remote_mta = NX_STR("mx.other.example")}, false},
        {"from a host of the provider", "  from p\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .remote_mta = NX_STR("MX1.p.example.")}, true},
        {"not a host that only ends so", "  from p\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .remote_mta = NX_STR("mxp.example")}, false},
        {"from the recipient's domain", "  from p\n  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("abcd"), .recipient = NX_STR("u@p.example.net")}, true},
        {"whole words", "  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("xabcd abcdx")}, false},
        {"open end", "  any abcd*\n  hit abcd\n", {.diagnostic = NX_STR("abcdx")}, true},
        {"open start", "  any *abcd\n  hit abcd\n", {.diagnostic = NX_STR("xabcd")}, true},
        {"a stem inside", "  any abcd* efgh\n  hit abcd efgh\n", {.diagnostic = NX_STR("abcdxyz efgh")}, true},
        {"a gap", "  any abcd * efgh\n  hit abcd x efgh\n", {.diagnostic = NX_STR("abcd and so on efgh")}, true},
        {"too wide a gap", "  any abcd * efgh\n  hit abcd x efgh\n",
         {.diagnostic = NX_STR("abcd ......................................................................................................................... efgh")}, false},
        {"one word", "  any abcd ? efgh\n  hit abcd x efgh\n", {.diagnostic = NX_STR("abcd <u@example.net> efgh")}, true},
        {"not two", "  any abcd ? efgh\n  hit abcd x efgh\n", {.diagnostic = NX_STR("abcd x y efgh")}, false},
        {"a later start", "  any abcd ? efgh\n  hit abcd x efgh\n", {.diagnostic = NX_STR("abcd abcd x efgh")}, true},
        {"not, near by", "  any abcd\n  not efgh\n  hit abcd\n", {.diagnostic = NX_STR("abcd but efgh")}, false},
        {"re", "  re ab+cd\\b\n  need abbc\n  hit abbcd\n", {.diagnostic = NX_STR("ABBCD")}, true},
        {"re, not its need", "  re ab+cd\\b\n  need abbc\n  hit abbcd\n", {.diagnostic = NX_STR("abbbcd")}, false},
        {"not in an address", "  any abcd\n  hit abcd\n", {.diagnostic = NX_STR("<abcd@abcd.example> no")}, false},
        {"other alphabets without case", "  any \xd1\x8f\xd1\x89\xd0\xb8\xd0\xba\n  hit \xd1\x8f\xd1\x89\xd0\xb8\xd0\xba\n",
         {.diagnostic = NX_STR("\xd0\xaf\xd0\xa9\xd0\x98\xd0\x9a")}, true},
    };
    struct nx_arena *arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf("provider p\n  host p.example\n  domain p.example.net\nrule x.y\n  cause greylisted\n%s", rows[i].rule);
        GError *error = NULL;
        struct nx_ruleset *rules = make(text, NULL, &error);
        if (error != NULL)
            fail_msg("%s: %s", rows[i].source, error->message);
        struct nx_report report = rows[i].report;
        report.kind = NX_KIND_FAILED;
        struct nx_verdict verdict = judge(rules, arena, report);
        if (nx_str_eq(verdict.rule, NX_STR("x.y")) != rows[i].matches)
            fail_msg("%s: by '%.*s'", rows[i].source, NX_FMT(verdict.rule));
        nx_ruleset_unref(rules);
    }
    nx_arena_free(arena);
}

static void the_match_points_into_the_report(void **state)
{
    (void)state;
    struct nx_arena *arena = nx_arena_new();
    struct nx_ruleset *rules = make(small, NULL, NULL);
    struct nx_report report = {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550-5.1.1  The User  550-5.1.1 Unknown? 550 5.1.1 User  Unknown!")};
    struct nx_verdict verdict = judge(rules, arena, report);
    assert_true(nx_str_eq(verdict.matched, NX_STR("User  550-5.1.1 Unknown")));
    assert_true(verdict.matched.p > report.diagnostic.p && verdict.matched.p < report.diagnostic.p + report.diagnostic.n);
    nx_ruleset_unref(rules);
    nx_arena_free(arena);
}

static void guards_take_words_away_from_hard_rules(void **state)
{
    (void)state;
    static const char words[] = "rule x.y\n  cause mailbox_unknown\n  any not known\n  hit user not known\n"
                                "rule x.z\n  cause expired\n  any too old\n  hit too old\n"
                                "guard y.thing\n  re \\bparcel(?: [^ |]{1,20}){1,8}\\|\n  need parcel\n  hit parcel is not known|\n  miss user not known|\n"
                                "guard y.ship\n  scope reply\n  re \\bship[^|]{0,80}\\||\\|[^|]{0,80}\\bport\\b\n  need ship\n  need port\n  hit ship; user not known|\n  miss user not known|\n"
                                "guard y.cargo\n  scope code\n  re ^(?!.{0,80}user).{0,80}cargo\n  need cargo\n  hit 550 5.1.1 cargo refused\n  miss 550 5.1.1 user of cargo\n";
    static const struct {
        const char *text, *rule;
    } rows[] = {
        {"user not known", "x.y"},          {"parcel is not known", ""}, {"the parcel of this user is not known at all", ""},
        {"parcel lost: user not known", "x.y"}, {"user not known, parcel is lost", "x.y"}, {"parcel is too old", "x.z"},
        {"the ship sank: user not known", ""}, {"user not known. It is at some other place, which is the port", ""}, {"cargo: user not known", "x.y"},
        {"550 5.1.1 cargo refused", ""},    {"550 5.1.1 user of cargo", "code.status"}, {"450 4.7.0 cargo refused", "code.status"},
    };
    GError *error = NULL;
    struct nx_ruleset *rules = make(words, NULL, &error);
    assert_null(error);
    struct nx_arena *arena = nx_arena_new();
    struct nx_matcher *matcher = nx_matcher_new(rules);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_report report = {.kind = NX_KIND_FAILED, .diagnostic = nx_str_of(rows[i].text)};
        struct nx_verdict verdict;
        nx_classify(matcher, arena, &report, &verdict);
        if (!nx_str_eq(verdict.rule, nx_str_of(rows[i].rule)))
            fail_msg("%s: by '%.*s', not '%s'", rows[i].text, NX_FMT(verdict.rule), rows[i].rule);
    }
    nx_matcher_free(matcher);
    nx_ruleset_unref(rules);
    nx_arena_free(arena);
}

#define RULE "rule x.y\n  cause greylisted\n"
static void faults_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {RULE "  cuase x\n  any abcd\n  hit abcd\n", "causes/a.rules:3:3: unknown key 'cuase'"},
        {"rule x\n  cause greylisted\n  any abcd\n  hit abcd\n", "causes/a.rules:1:1: 'x' is no rule id"},
        {"rule x.y\n  any abcd\n  hit abcd\n", "has no cause"},
        {"rule x.y\n  cause gone\n  any abcd\n  hit abcd\n", "causes/a.rules:2:9: unknown cause 'gone'"},
        {RULE "  hit abcd\n", "has no words"},
        {RULE "  any abcd\n", "has no example"},
        {RULE "  any abcd\n  hit abce\n", "causes/a.rules:4:7: rule 'x.y' does not match this hit"},
        {RULE "  any abcd\n  hit abcd\n  miss abcd\n", "causes/a.rules:5:8: rule 'x.y' matches this miss on 'abcd'"},
        {RULE "  any abcd\n  hit abcd\nrule x.z\n  cause expired\n  any abcd efgh\n  hit abcd efgh\n", "rule 'x.y' (causes/a.rules:1) wins this hit on 'abcd'"},
        {RULE "  any abcd\n  hit abcd\n" RULE "  any efgh\n  hit efgh\n", "exists already"},
        {RULE "  any abcd\n  any ABCD\n  hit abcd\n", "causes/a.rules:4:7: the phrase 'ABCD' stands at"},
        {RULE "  any abc\n  hit abc\n", "under 4 bytes"},
        {RULE "  any abcd * \n  hit abcd\n", "a gap is"},
        {RULE "  re abcd.*x\n  hit abcd x\n", "causes/a.rules:3:10: re: '.*' and '.+' are not allowed"},
        {RULE "  re (abcd)\\1\n  hit abcdabcd\n", "back-references"},
        {RULE "  re abcd[яю]e\n  hit abcdяe\n", "a class takes one byte"},
        {RULE "  re abcdя?e\n  hit abcde\n", "one byte of the letter"},
        {RULE "  re (?<=a)bcde\n  hit abcde\n", "look-behind"},
        {RULE "  re abcd(\n  hit abcd\n", "missing closing parenthesis"},
        {RULE "  re a|b\n  hit a\n", "no text of 4 bytes"},
        {RULE "  re (?:a+)+abcd$\n  hit aabcd\n", "runs away"},
        {RULE "  any abcd\n  need abcd\n  hit abcd\n", "'need' belongs to a 're'"},
        {RULE "  any abcd\n  code 55\n  hit abcd\n", "'55' is no reply code"},
        {RULE "  any abcd\n  status 5.1\n  hit abcd\n", "'5.1' is no enhanced code"},
        {RULE "  any abcd\n  stage now\n  hit abcd\n", "unknown stage 'now'"},
        {RULE "  any abcd\n  from gmail\n  hit abcd\n", "no provider block describes"},
        {RULE "  any abcd\n  beats x.z\n  hit abcd\n", "which does not exist"},
        {RULE "  any abcd\n  hit abcd for u@gmail.com\n", "shows the address 'u@gmail.com'"},
        {RULE "  any abcd\n  hit abcd from 8.8.8.8\n", "shows the IP address '8.8.8.8'"},
        {RULE "  any abcd\n  hit abcd from 2a00:1450:4001::1\n", "shows the IP address '2a00:1450:4001::1'"},
        {RULE "  any abcd\n  hit\n", "causes/a.rules:4:3: 'hit' has no value"},
        {"  any abcd\n", "stands in no rule"},
        {"disable x.y\n", "is for local rules"},
        {"rules x.y\n", "unknown word 'rules'"},
        {"guard x.y\n  hit abcd|\n", "has no words"},
        {"guard x.y\n  re abcd\n  any expired\n  hit abcd|\n", "causes/a.rules:3:3: unknown key 'any' (cause scope re need hit miss note since src)"},
        {"guard x.y\n  scope word\n  re abcd\n  hit abcd|\n", "causes/a.rules:2:9: unknown scope 'word' (clause, reply or code)"},
        {"guard x.y\n  re abcd\\|\n  hit abcd\n", "causes/a.rules:3:8: guard 'x.y' does not hold this hit"},
        {"guard x.y\n  re abcd\n  hit abcd\n  miss abcde\n", "causes/a.rules:4:8: guard 'x.y' holds this miss"},
        {"lead x.y\n  hit abcd|\n", "has no words"},
        {"lead x.y\n  any abcd\n", "has no example"},
        {"lead x.y\n  cause expired\n  any abcd\n  hit abcd| e\n", "causes/a.rules:2:3: unknown key 'cause' (any pick hit miss note since src)"},
        {"lead x.y\n  pick first\n  any abcd\n  hit abcd| e\n", "causes/a.rules:2:8: unknown pick 'first'"},
        {"lead x.y\n  any abcd\n  hit abcd e\n", "causes/a.rules:3:7: lead 'x.y' finds 'e' in this hit"},
        {"lead x.y\n  any abcd\n  hit abcd| e\n  miss abcd f\n", "causes/a.rules:4:8: this miss has a reason: 'f'"},
        {"provider p\n  hots x\n", "unknown key 'hots' of a provider"},
        {"provider p\n  host x.example\nprovider q\n  host x.example\n", "belongs to provider 'p' already"},
        {"# \xff\n", "causes/a.rules:1:3: not UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GError *error = NULL;
        struct nx_ruleset *rules = make(rows[i].text, NULL, &error);
        if (rules != NULL || strstr(error->message, rows[i].fault) == NULL)
            fail_msg("no '%s' but: %s", rows[i].fault, error == NULL ? "no fault" : error->message);
        assert_int_equal(error->code, NX_ERROR_SYNTAX);
        g_clear_error(&error);
    }
    GError *error = NULL; /* all of them at once */
    assert_null(make(RULE "  frob x\n  any abc\n", NULL, &error));
    assert_non_null(strstr(error->message, "unknown key 'frob'"));
    assert_non_null(strstr(error->message, "under 4 bytes"));
    assert_non_null(strstr(error->message, "has no example"));
    g_clear_error(&error);
}

static void beats_turns_the_order(void **state)
{
    (void)state;
    struct nx_arena *arena = nx_arena_new();
    GError *error = NULL;
    struct nx_ruleset *rules = make(RULE "  any abcd\n  hit abcd\nrule x.z\n  cause expired\n  any abcd efgh\n  hit abcd efgh\n  beats x.y\n", NULL, &error);
    assert_null(error);
    struct nx_report report = {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("abcd efgh")};
    assert_true(nx_str_eq(judge(rules, arena, report).rule, NX_STR("x.z")));
    nx_ruleset_unref(rules);
    nx_arena_free(arena);
}

static void local_rules_add_replace_and_disable(void **state)
{
    (void)state;
    static const struct {
        const char *local, *words, *rule;
    } rows[] = {
        {"rule my.own\n  cause greylisted\n  any user unknown\n  hit user unknown\n", "user unknown", "my.own"},
        {"rule x.unknown\n  cause greylisted\n  any nobody here\n  hit nobody here\n", "nobody here", "x.unknown"},
        {"rule x.unknown\n  cause greylisted\n  any nobody here\n  hit nobody here\n", "user unknown", ""},
        {"disable x.unknown\n", "user unknown", ""},
    };
    struct nx_arena *arena = nx_arena_new();
    GError *error = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_ruleset *rules = make(small, rows[i].local, &error);
        assert_null(error);
        struct nx_report report = {.kind = NX_KIND_FAILED, .diagnostic = nx_str_of(rows[i].words)};
        struct nx_verdict verdict = judge(rules, arena, report);
        if (!nx_str_eq(verdict.rule, nx_str_of(rows[i].rule)))
            fail_msg("%s: by '%.*s'", rows[i].local, NX_FMT(verdict.rule));
        nx_ruleset_unref(rules);
    }
    assert_null(make(small, "disable x.nothing\n", &error));
    assert_non_null(strstr(error->message, "mine.rules:1:9: there is no rule 'x.nothing' to disable"));
    g_clear_error(&error);
    nx_arena_free(arena);
}

static void the_order_of_files_does_not_matter(void **state)
{
    (void)state;
    struct nx_source sources[] = {{NX_STR("causes/b.rules"), NX_STR("rule b.b\n  cause expired\n  any abcd\n  any xyzw\n  hit xyzw\n"), false},
                                  {NX_STR("causes/a.rules"), NX_STR("rule a.a\n  cause greylisted\n  code 450\n  any abcd\n  hit 450 abcd\n"), false}};
    struct nx_ruleset *one = nx_ruleset_new(sources, 2, true, NULL);
    struct nx_source swap = sources[0];
    sources[0] = sources[1];
    sources[1] = swap;
    struct nx_ruleset *other = nx_ruleset_new(sources, 2, true, NULL);
    assert_non_null(one);
    assert_non_null(other);
    assert_true(nx_str_eq(nx_ruleset_digest(one), nx_ruleset_digest(other)));
    struct nx_arena *arena = nx_arena_new();
    struct nx_report report = {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("450 abcd")};
    assert_true(nx_str_eq(judge(one, arena, report).rule, NX_STR("a.a")));
    assert_true(nx_str_eq(judge(other, arena, report).rule, NX_STR("a.a")));
    nx_arena_free(arena);
    nx_ruleset_unref(one);
    nx_ruleset_unref(other);
}

static void all_that_match(void **state)
{
    (void)state;
    struct nx_arena *arena = nx_arena_new();
    struct nx_ruleset *rules = make(small, NULL, NULL);
    struct nx_matcher *matcher = nx_matcher_new(rules);
    struct nx_report report = {.kind = NX_KIND_FAILED, .diagnostic = NX_STR("550 over quota, denied"), .text = NX_STR("user unknown")};
    struct nx_verdict verdict;
    struct nx_rule_match *matches;
    assert_int_equal(nx_classify_all(matcher, arena, &report, &verdict, &matches), 3);
    assert_true(nx_str_eq(matches[0].id, NX_STR("x.full")));
    assert_true(nx_str_eq(matches[1].id, NX_STR("x.weak")));
    assert_true(nx_str_eq(matches[2].id, NX_STR("x.unknown")));
    nx_matcher_free(matcher);
    nx_ruleset_unref(rules);
    nx_arena_free(arena);
}

static void texts_that_say_the_same_have_one_key(void **state)
{
    (void)state;
    struct nx_arena *arena = nx_arena_new();
    struct nx_str a = nx_triage_key(arena, NX_STR("550 5.7.1 <a@example.com> refused from [192.0.2.1] by mx1.example.net, see https://x.example/a (id A1B2C3D4E5)"));
    struct nx_str b = nx_triage_key(arena, NX_STR("550 5.7.1 <bb@example.org> Refused from [198.51.100.7] by mx22.example.com, see https://y.example/b?c (id 99ZZ88YY77)"));
    assert_true(nx_str_eq(a, b));
    assert_false(nx_str_eq(a, nx_triage_key(arena, NX_STR("550 5.1.1 <a@example.com> refused"))));
    nx_arena_free(arena);
}

static void codes_say_what_they_mean(void **state)
{
    (void)state;
    assert_string_equal(nx_status_facts(NX_STR("5.7.26"))->meaning, "Multiple authentication checks failed");
    assert_int_equal(nx_status_facts(NX_STR("5.2.2"))->cause5, NX_CAUSE_MAILBOX_FULL);
    assert_null(nx_status_facts(NX_STR("5.9.9")));
    assert_null(nx_status_facts(NX_STR("5.1.1.1")));
    assert_int_equal(nx_reply_facts(421)->at_rcpt, NX_CAUSE_RECEIVER_UNAVAILABLE);
    assert_null(nx_reply_facts(299));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_form),
        cmocka_unit_test(evidence_in_its_order),
        cmocka_unit_test(gates_and_phrases),
        cmocka_unit_test(the_match_points_into_the_report),
        cmocka_unit_test(guards_take_words_away_from_hard_rules),
        cmocka_unit_test(faults_are_told_with_their_place),
        cmocka_unit_test(beats_turns_the_order),
        cmocka_unit_test(local_rules_add_replace_and_disable),
        cmocka_unit_test(the_order_of_files_does_not_matter),
        cmocka_unit_test(all_that_match),
        cmocka_unit_test(texts_that_say_the_same_have_one_key),
        cmocka_unit_test(codes_say_what_they_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
