/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/format.h"
#include "parse/template.h"
#include "parse/text.h"
#include "parse/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct nx_str str(const char *text)
{
    return nx_str_of(text);
}

static void templates_match_whole_lines(void **state)
{
    (void)state;
    static const struct {
        const char *template, *text;
        bool matches;
        enum nx_capture capture;
        const char *captured;
    } rows[] = {
        {"<{recipient}>:", "<User@Example.net>:\nreason", true, NX_CAPTURE_RECIPIENT, "User@Example.net"},
        {"{recipient}:", "<user@example.net>:", true, NX_CAPTURE_RECIPIENT, "user@example.net"},
        {"{recipient}: {text}", "user@example.net:  no   such user ", true, NX_CAPTURE_TEXT, "no such user"},
        {"{recipient}", "user@example.net and more", false, 0, NULL},
        {"{recipient}", "\"a.b..c\"@example.net", true, NX_CAPTURE_RECIPIENT, "\"a.b..c\"@example.net"},
        {"{recipient}", "user@example.net<mailto:user@example.net>", true, NX_CAPTURE_RECIPIENT, "user@example.net"},
        {"The following address failed:", "the FOLLOWING\n  address   failed:\nx", true, 0, NULL}, /* a wrapped heading */
        {"The following address failed:", "the following\n\naddress failed:", false, 0, NULL},     /* a blank line is no wrap */
        {"* failed {code} *", "it failed 550 now", true, NX_CAPTURE_CODE, "550"},
        {"host {host} said: {diagnostic}", "host mx.example.org[192.0.2.1] said: 550 no", true, NX_CAPTURE_HOST, "mx.example.org"},
        {"host {host} said: {diagnostic}", "host mx.example.org [192.0.2.1] said: 550 no", true, NX_CAPTURE_DIAGNOSTIC, "550 no"},
        {"(#{status})", "(#5.1.1)", true, NX_CAPTURE_STATUS, "5.1.1"},
        {"User mailbox: {name}", "User mailbox: jdoe", true, NX_CAPTURE_NAME, "jdoe"},
        {"User mailbox: {name}", "User mailbox: jdoe@example.net", false, 0, NULL},
        {"{star}{star} {text} {star}{star}", "** Address not found **", true, NX_CAPTURE_TEXT, "Address not found"},
        {"couldn't be delivered", "couldn\342\200\231t be\302\240delivered", true, 0, NULL}, /* typographic signs */
        {"*{recipient}*", "x <user@example.net> y", true, NX_CAPTURE_RECIPIENT, "user@example.net"},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_template template;
        const char *fault = NULL;
        size_t at, end;
        assert_true(nx_template_parse(arena, str(rows[i].template), &template, &fault, &at));
        struct nx_page page;
        nx_page_init(&page, arena, str(rows[i].text), 1000);
        while (nx_page_more(&page, 8)) {
        }
        struct nx_captures captures;
        bool matches = nx_template_match(&template, &page, 0, &end, &captures);
        if (matches != rows[i].matches)
            fail_msg("'%s' on '%s'", rows[i].template, rows[i].text);
        if (rows[i].captured != NULL && !nx_str_eq(captures.at[rows[i].capture], str(rows[i].captured)))
            fail_msg("'%s' captured '%.*s'", rows[i].template, NX_FMT(captures.at[rows[i].capture]));
    }
}

static void faults_name_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"format x\n  mark text some words\n  colour red\n", "f:3:3: unknown key 'colour'"},
        {"format x\n  mark text some words\n  recipient {reciepient}\n", "f:3:13: unknown capture"},
        {"format x\n  mark text some words\n  recipient <no capture>\n", "f:3:13: 'recipient' must capture"},
        {"format x\n  mark text some words\n  block page\n", "f:3:9: a block is"},
        {"format x\n  mark body some words\n", "f:2:8: a mark says where"},
        {"format x\n  mark text abc\n", "f:2:13: no literal of 4 bytes"},
        {"format x\n  rank 10\n", "f:1:1: format 'x' has no mark"},
        {"  mark text some words\n", "f:1:3: 'mark' stands before any"},
        {"mark text some words\n", "f:1:1: 'mark' at the start of a line"},
        {"format x\n  mark text some words\nformat x\n  mark text some words\n", "f:3:8: format 'x' is there already (f:1)"},
        {"common\n  heading x\n", "f:2:3: 'heading' belongs to one format"},
        {"common\n  sender abc\n", "f:2:10: no literal of 4 bytes"},
        {"format x\n  mark text some words\n  sender abcd\n", "f:3:3: unknown key 'sender'"},
        {"common\n  state delivered\n", "f:2:9: 'state' says what became of a recipient"},
        {"format x\n  mark text some words\n  state OK -> delivered\n", "f:3:3: 'state' is for all formats"},
        {"format x\n  mark text some words\n  recipient {recipient}{text}\n", "f:3:24: a capture needs a literal"},
        {"format x\n  mark\n", "f:2:3: 'mark' needs a value"},
        {"format x\n  mark text \377\376\n", "f:2:1: not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_format_source source = {str("f"), str(rows[i].text)};
        g_autoptr(GError) error = NULL;
        struct nx_formats *formats = nx_formats_new(&source, 1, &error);
        assert_null(formats);
        if (strstr(error->message, rows[i].fault) == NULL)
            fail_msg("wanted '%s', got '%s'", rows[i].fault, error->message);
    }
    /* every fault of every file in one message */
    struct nx_format_source two[] = {{str("a"), str("format a\n  colour red\n")}, {str("b"), str("format b\n  rank 100\n")}};
    g_autoptr(GError) error = NULL;
    assert_null(nx_formats_new(two, 2, &error));
    assert_non_null(strstr(error->message, "a:2:3:"));
    assert_non_null(strstr(error->message, "b:2:8:"));
    assert_non_null(strstr(error->message, "format 'b' has no mark"));
}

/* The formats as they are shipped. */
static struct nx_formats *shipped(void)
{
    static struct nx_formats *formats;
    if (formats != NULL)
        return formats;
    const char *directory = NX_SOURCE_DIR "/patterns/formats";
    GDir *dir = g_dir_open(directory, 0, NULL);
    assert_non_null(dir);
    struct nx_format_source sources[256];
    char *names[256], *texts[256];
    size_t n = 0;
    for (const char *name; n < 256 && (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_suffix(name, ".format"))
            continue;
        g_autofree char *path = g_build_filename(directory, name, NULL);
        char *text;
        gsize length;
        assert_true(g_file_get_contents(path, &text, &length, NULL));
        names[n] = g_strdup(name);
        texts[n] = text;
        sources[n] = (struct nx_format_source){str(names[n]), {text, length}};
        n++;
    }
    g_dir_close(dir);
    g_autoptr(GError) error = NULL;
    formats = nx_formats_new(sources, n, &error);
    for (size_t i = 0; i < n; i++) { /* formats keep nothing of their sources */
        g_free(names[i]);
        g_free(texts[i]);
    }
    if (formats == NULL)
        fail_msg("%s", error->message);
    assert_true(nx_formats_count(formats) >= 12);
    return formats;
}

#define BOUNCE "From: Mail Delivery System <mailer-daemon@mail.example.org>\nTo: <sender@example.com>\nSubject: failure\n\n"

static bool read_mail(struct nx_arena *arena, const char *bytes, struct nx_text_report *ret)
{
    nx_mime_init();
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    struct nx_mail mail;
    nx_mail_read(arena, str(bytes), &limits, &mail);
    struct nx_hints hints;
    nx_hints_read(shipped(), arena, mail.fields, &hints);
    return mail.n_parts > 0 && nx_text_read(shipped(), arena, &limits, &mail, &hints, mail.parts[0].content, ret);
}

static void each_recipient_gets_his_own_words(void **state)
{
    (void)state;
    static const struct {
        const char *mail, *format;
        struct {
            const char *recipient, *diagnostic, *status;
            unsigned reply;
            enum nx_stage stage;
            enum nx_kind kind;
        } blocks[3];
    } rows[] = {
        {BOUNCE "Hi. This is the qmail-send program at mail.example.org.\nI'm afraid I wasn't able to deliver your message to the "
                "following addresses.\n"
                "This is a permanent error; I've given up. Sorry it didn't work out.\n\n<one@example.net>:\n192.0.2.1 does not "
                "like recipient.\n"
                "Remote host said: 550 5.1.1 no such user\nGiving up on 192.0.2.1.\n\n<two@example.net>:\nSorry, no mailbox here "
                "by that name. (#5.1.1)\n\n"
                "--- Below this line is a copy of the message.\n\nReturn-Path: <sender@example.com>\n<three@example.net>:\nno\n",
         "qmail",
         {{"one@example.net", "550 5.1.1 no such user", "5.1.1", 550, NX_STAGE_NONE, NX_KIND_FAILED},
          {"two@example.net", "", "5.1.1", 0, NX_STAGE_NONE, NX_KIND_FAILED}}},
        {BOUNCE "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The "
                "following address(es) failed:\n\n"
                "  one@example.net\n    SMTP error from remote mail server after RCPT TO:<one@example.net>:\n    host "
                "mx.example.net [192.0.2.1]: 550 5.1.1 <one@example.net>:\n"
                "    Recipient address rejected\n  two@example.net\n    retry timeout exceeded\n\n------ This is a copy of the "
                "message, including all the headers. ------\n\n"
                "Return-path: <sender@example.com>\n",
         "exim",
         {{"one@example.net", NULL, "5.1.1", 550, NX_STAGE_RCPT, NX_KIND_FAILED},
          {"two@example.net", "", "", 0, NX_STAGE_NONE, NX_KIND_FAILED}}},
        {BOUNCE "   ----- The following addresses had permanent fatal errors -----\n<one@example.net>\n    (reason: 550 5.1.1 User "
                "unknown)\n<two@example.net>\n"
                "    (reason: 552 5.2.2 Over quota)\n\n   ----- Transcript of session follows -----\n... while talking to "
                "mx.example.net.:\n>>> RCPT To:<one@example.net>\n"
                "<<< 550-5.1.1 The account does not exist.\n<<< 550 5.1.1 User unknown\n550 5.1.1 <one@example.net>... User "
                "unknown\n>>> RCPT To:<two@example.net>\n<<< 552 5.2.2 Over quota\n",
         "sendmail",
         {{"one@example.net", NULL, "5.1.1", 550, NX_STAGE_RCPT, NX_KIND_FAILED},
          {"two@example.net", "552 5.2.2 Over quota", "5.2.2", 552, NX_STAGE_RCPT, NX_KIND_FAILED}}},
        {BOUNCE "Some System\n\nYour message could not be delivered to one@example.net: mailbox is full.\n\nPlease contact "
                "helpdesk@example.org for help.\n",
         "text",
         {{"one@example.net", "", "", 0, NX_STAGE_NONE, NX_KIND_FAILED}}},
        {BOUNCE "Your mail could not be delivered to these people:\n\n  - one@example.net\n  - two@example.net\n\nQuestions: write "
                "to admin@example.org.\n",
         "text",
         {{"one@example.net", "", "", 0, NX_STAGE_NONE, NX_KIND_FAILED},
          {"two@example.net", "", "", 0, NX_STAGE_NONE, NX_KIND_FAILED}}},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_text_report report;
        if (!read_mail(arena, rows[i].mail, &report))
            fail_msg("row %zu is not read", i);
        if (!nx_str_eq(report.format, str(rows[i].format)))
            fail_msg("row %zu: format '%.*s'", i, NX_FMT(report.format));
        size_t n = 0;
        for (; n < 3 && rows[i].blocks[n].recipient != NULL; n++) {
            if (n >= report.n_blocks)
                fail_msg("row %zu: %zu blocks", i, report.n_blocks);
            const struct nx_text_block *block = &report.blocks[n];
            bool same = nx_str_eq(block->recipient, str(rows[i].blocks[n].recipient)) &&
                        nx_str_eq(block->status, str(rows[i].blocks[n].status)) && block->reply == rows[i].blocks[n].reply &&
                        block->stage == rows[i].blocks[n].stage && block->kind == rows[i].blocks[n].kind &&
                        (rows[i].blocks[n].diagnostic == NULL || nx_str_eq(block->diagnostic, str(rows[i].blocks[n].diagnostic)));
            if (!same)
                fail_msg("row %zu block %zu: <%.*s> '%.*s' %.*s %u %s", i, n, NX_FMT(block->recipient), NX_FMT(block->diagnostic),
                         NX_FMT(block->status), block->reply, nx_stage_name(block->stage));
        }
        assert_int_equal(report.n_blocks, n);
    }
}

static void ordinary_mail_names_nobody(void **state)
{
    (void)state;
    static const char *const mails[] = {
        "From: a@example.com\nTo: b@example.org\n\nHello,\n\ncan you call c@example.net today? The parcel has arrived.\n",
        "From: a@example.com\nTo: b@example.org\n\nPlease contact support@example.com, your message could not be delivered.\n",
        "From: a@example.com\nTo: b@example.org\n\nYour mail could not be delivered, says a@example.com to b@example.org.\n",
        /* people and trackers that quote a report */
        "From: a@example.com\nTo: b@example.org\nSubject: Re: Undeliverable: hello\n\nIs c@example.net right?\n\n-----Original "
        "Message-----\n"
        "Diagnostic information for administrators:\n\nGenerating server: mail.example.net\n\nc@example.net\n#550 5.1.1 "
        "RESOLVER.ADR.RecipNotFound; not found ##\n",
        "From: a@example.com\nTo: b@example.org\nSubject: Re: Undeliverable: hello\n\nIs c@example.net right?\n\nFrom: Mail "
        "Delivery System\nSent: Monday\nTo: a\n"
        "Subject: Undeliverable: hello\n\nDelivery has failed to these recipients or groups:\n\nc@example.net\n",
        "From: a@example.com\nTo: b@example.org\nSubject: Re: failure notice\n\nLook:\n\n> Hi. This is the qmail-send program at "
        "mail.example.org.\n> \n> <c@example.net>:\n"
        "> no such user\n",
        ("From: bugs@tracker.example.org\nTo: b@example.org\nList-Id: <bugs.example.org>\n\nThe mail to c@example.net could not be "
         "delivered.\n"),
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        struct nx_text_report report = {0};
        bool read = read_mail(arena, mails[i], &report);
        if (read && (report.known || report.n_blocks > 0))
            fail_msg("row %zu: '%.*s' is taken for a recipient", i, NX_FMT(report.blocks[0].recipient));
    }
}

/* The general reader, in the languages that people meet. The address to turn to is never the recipient. */
static void many_languages_tell_of_a_failure(void **state)
{
    (void)state;
    static const struct {
        const char *language, *text;
        enum nx_kind kind;
    } rows[] = {
        {"en", "Your message to <user@example.net> couldn't be delivered.\n\nPlease contact helper@example.org.", NX_KIND_FAILED},
        {"en",
         "We were unable to deliver your e-mail to the following recipients:\n\n  user@example.net\n\nQuestions? Write to "
         "helper@example.org.",
         NX_KIND_FAILED},
        {"en", "The mailbox of the recipient user@example.net is full; your mail was rejected.", NX_KIND_FAILED},
        {"en", "Your mail to user@example.net has not yet been delivered. We will keep trying.", NX_KIND_DELAYED},
        {"de",
         "Ihre E-Mail an user@example.net konnte nicht zugestellt werden.\n\nBei Fragen wenden Sie sich an helper@example.org.",
         NX_KIND_FAILED},
        {"de", "Die folgende Nachricht ist unzustellbar:\n\nuser@example.net: Postfach voll", NX_KIND_FAILED},
        {"fr", "Votre message n'a pas pu \303\252tre remis \303\240 user@example.net.\n\nVeuillez contacter helper@example.org.",
         NX_KIND_FAILED},
        {"es", "No se pudo entregar su mensaje a user@example.net.\n\nContacte con helper@example.org.", NX_KIND_FAILED},
        {"it", "Non \303\250 stato possibile recapitare il messaggio a user@example.net.", NX_KIND_FAILED},
        {"pt", "A sua mensagem para user@example.net n\303\243o p\303\264de ser entregue.", NX_KIND_FAILED},
        {"nl", "Uw bericht aan user@example.net kon niet worden bezorgd.", NX_KIND_FAILED},
        {"sv", "Ditt meddelande till user@example.net kunde inte levereras.", NX_KIND_FAILED},
        {"da", "Din meddelelse til user@example.net kunne ikke leveres.", NX_KIND_FAILED},
        {"no", "Meldingen til user@example.net ble ikke levert.", NX_KIND_FAILED},
        {"fi", "Viesti\303\244si ei voitu toimittaa vastaanottajalle user@example.net.", NX_KIND_FAILED},
        {"pl", "Wiadomo\305\233\304\207 do user@example.net nie mog\305\202a zosta\304\207 dostarczona.", NX_KIND_FAILED},
        {"cs", "Va\305\241i zpr\303\241vu nelze doru\304\215it na adresu user@example.net.", NX_KIND_FAILED},
        {"ru",
         "\320\222\320\260\321\210\320\265 \320\277\320\270\321\201\321\214\320\274\320\276 \320\264\320\273\321\217 "
         "user@example.net \320\275\320\265 "
         "\320\274\320\276\320\266\320\265\321\202 \320\261\321\213\321\202\321\214 "
         "\320\264\320\276\321\201\321\202\320\260\320\262\320\273\320\265\320\275\320\276.",
         NX_KIND_FAILED},
        {"uk",
         "\320\235\320\265 \320\262\320\264\320\260\320\273\320\276\321\201\321\217 "
         "\320\264\320\276\321\201\321\202\320\260\320\262\320\270\321\202\320\270: user@example.net",
         NX_KIND_FAILED},
        {"tr", "user@example.net adresine iletiniz teslim edilemedi.", NX_KIND_FAILED},
        {"ja",
         "user@example.net "
         "\343\201\253\351\205\215\344\277\241\343\201\247\343\201\215\343\201\276\343\201\233\343\202\223\343\201\247\343\201\227"
         "\343\201\237\343\200\202",
         NX_KIND_FAILED},
        {"zh", "\346\227\240\346\263\225\346\212\225\351\200\222\345\210\260 user@example.net", NX_KIND_FAILED},
        {"ko",
         "user@example.net \354\234\274\353\241\234 \353\260\260\353\213\254\355\225\240 \354\210\230 "
         "\354\227\206\354\212\265\353\213\210\353\213\244.",
         NX_KIND_FAILED},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_text_report report = {0};
        struct nx_str mail = nx_arena_printf(
            arena, "From: robot@mail.example.org\nTo: sender@example.com\nContent-Type: text/plain; charset=utf-8\n\n%s\n",
            rows[i].text);
        bool read = read_mail(arena, nx_arena_cstr(arena, mail), &report);
        if (!read || report.known || report.n_blocks != 1 || !nx_str_eq(report.blocks[0].recipient, str("user@example.net")) ||
            report.blocks[0].kind != rows[i].kind)
            fail_msg("%s (row %zu): %s, %zu recipients, first <%.*s>", rows[i].language, i, read ? "read" : "not read",
                     report.n_blocks, NX_FMT(report.n_blocks > 0 ? report.blocks[0].recipient : NX_STR_NONE));
    }
}

/* One report, several fates: "a" failed, "b" is delayed, "c" got it, "o" is whom the mail was for before it was passed on. */
static void each_recipient_has_his_own_kind(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *kinds; /* of a, b, c at example.net, as letters in the order found: F, L, D */
    } rows[] = {
        {"What became of your mail:\n\na@example.net  failed  550 User unknown\nb@example.net  deferred\nc@example.net  delivered  "
         "250 OK",
         "aF bL cD"},
        {"What became of your mail:\n\nOK: c@example.net\nFAILED: a@example.net (no such user)\nQUEUED: b@example.net", "cD aF bL"},
        {"a@example.net\n\nFailed\n\n550 User unknown\n\nc@example.net\n\nDelivered", "cD aF"}, /* cells of a table in HTML */
        {"The message was delivered to:\n  c@example.net\n\nIt could not be delivered to:\n  a@example.net", "cD aF"},
        {"It could not be delivered to:\n  a@example.net\n\nIt has been delivered to:\n\n  c@example.net", "cD aF"},
        {"These failed permanently:\n\n  a@example.net\n     unknown user\n\nThese are undeliverable for now, delivery will be "
         "retried:\n\n  b@example.net\n     connection refused",
         "aF bL"},
        {"Your message was delivered to c@example.net.\nYour message was not delivered to a@example.net: no such user.", "cD aF"},
        {"These are the problems:\n\na@example.net: user unknown\n\nb@example.net: timed out, will be retried", "aF bL"},
        {"<a@example.net> (expanded from <o@example.net>): user unknown", "aF"},
        {"It could not be delivered to:\n\n<a@example.net>: sorry\n\nHelp is far away.\n\nNobody reads this.\n\nNor "
         "this.\n\n<b@example.net>: sorry",
         "aF bF"},
        {"It could not be delivered.\n\nFrom: sender@example.com\nTo: a@example.net\nSubject: x", "aF"},
        {"It could not be delivered to a@example.net.\n\nThe message was sent on Monday.", "aF"},
        {"It could not be delivered to a@example.net.\n\nNo further delivery attempts will be made.", "aF"},
        {"It could not be delivered to a@example.net.\n\nFurther delivery attempts will be made.", "aL"},
        {"It was successfully delivered.\n\nYou may still hear of delivery errors at other systems.\n\n<c@example.net>: to the "
         "mailbox",
         "cD"},
        {"It could not be delivered:\n\na@example.net\n550 5.7.1 <b@example.net>: not from you, ask b@example.net",
         "aF"}, /* a server's words */
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_text_report report = {0};
        struct nx_str mail = nx_arena_printf(arena, "From: robot@mail.example.org\nTo: sender@example.com\n\n%s\n", rows[i].text);
        assert_true(read_mail(arena, nx_arena_cstr(arena, mail), &report));
        GString *found = g_string_new(NULL);
        for (size_t k = 0; k < report.n_blocks; k++)
            g_string_append_printf(found, "%s%c%c", k > 0 ? " " : "", report.blocks[k].recipient.p[0],
                                   report.blocks[k].kind == NX_KIND_FAILED    ? 'F'
                                   : report.blocks[k].kind == NX_KIND_DELAYED ? 'L'
                                                                              : 'D');
        if (strcmp(found->str, rows[i].kinds) != 0)
            fail_msg("row %zu: %s, wanted %s", i, found->str, rows[i].kinds);
        g_string_free(found, TRUE);
    }
}

/* Each word of the lists, as shipped: who stands behind it is no recipient; behind other words he is. */
static void bystanders_are_no_recipients(void **state)
{
    (void)state;
    static const struct {
        enum nx_word_use use;
        const char *mail, *other;
    } rows[] = {
        {NX_WORD_OFFICE, "could not be delivered to ann@example.net. It went through %s@example.org.", "bob"},
        {NX_WORD_CONDITION,
         "could not be delivered to ann@example.net. %s a message to bob@example.org could not be delivered, wait.", "Also"},
        {NX_WORD_SUMMARY, "could not be delivered to ann@example.net.\n%s <bob@example.org>", "Nor to:"},
        {NX_WORD_ORIGIN, "could not be delivered to <ann@example.net> (%s: <bob@example.org>)", NULL},
        {NX_WORD_SUCCESSOR, "could not be delivered to ann@example.net. %s bob@example.org", "Nor to"},
        {NX_WORD_READER, "%s bob@example.org,\na message could not be delivered to ann@example.net.", "also"},
        {NX_WORD_AUTHOR, "The %s bob@example.org could not be delivered to ann@example.net.", "letter for"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct nx_words *words = &shipped()->words[rows[i].use];
        assert_true(words->n > 0);
        for (size_t k = 0; k <= words->n; k++) {
            if (k == words->n && rows[i].other == NULL)
                continue;
            g_autoptr(nx_arena) arena = nx_arena_new();
            struct nx_str word = k < words->n ? words->p[k] : str(rows[i].other);
            g_autofree char *name = g_strndup(word.p, word.n);
            g_autoptr(GString) mail = g_string_new(rows[i].mail);
            g_string_replace(mail, "%s", name, 1);
            g_string_prepend(mail, BOUNCE "This is the mail system of example.org.\n\nYour message ");
            struct nx_text_report report;
            if (!read_mail(arena, mail->str, &report))
                fail_msg("'%s' is not read", mail->str);
            if (report.n_blocks != (k < words->n ? 1u : 2u))
                fail_msg("'%s' has %zu recipients", mail->str, report.n_blocks);
            if (rows[i].use == NX_WORD_ORIGIN && !nx_str_eq(report.blocks[0].original_recipient, str("bob@example.org")))
                fail_msg("'%s' has no original recipient", mail->str);
        }
    }
}

static void the_returned_message_is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *returned; /* how it starts; empty: there is none */
    } rows[] = {
        {"could not be delivered to user@example.net\n\nReceived: from a by b;\n\tMon\nFrom: x@example.com\n\nbody",
         "Received: from a"},
        {"could not be delivered to user@example.net\n\nFrom: x@example.com\nSubject: a\nMessage-ID: <1@example.com>\n\nbody",
         "From: x@example.com"},
        {"could not be delivered to user@example.net\n\n  From: x@example.com\n  Subject: a\n  Message-ID: <1@example.com>\n\nthe "
         "end",
         ""}, /* a summary, indented */
        {"could not be delivered to user@example.net\n\nTo: user@example.net\nSubject: a\n\nthe end",
         ""}, /* two lines are no head */
        {"could not be delivered to user@example.net\n\n----- Original message -----\n\nHello", "Hello"},
        {"could not be delivered to user@example.net\n\n----- Urspr\303\274ngliche Nachricht -----\nHello", "Hello"},
        {"could not be delivered to user@example.net\nReporting-MTA: dns; a\n\nReturn-Path: <x@example.com>\nReceived: from "
         "a\n\nbody",
         "Return-Path:"},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_text_report report = {0};
        assert_true(read_mail(arena, nx_arena_cstr(arena, nx_arena_printf(arena, BOUNCE "%s\n", rows[i].text)), &report));
        bool right = rows[i].returned[0] == '\0' ? report.returned.n == 0 : nx_str_istarts(report.returned, str(rows[i].returned));
        if (!right)
            fail_msg("row %zu: '%.*s'", i, NX_FMT(nx_str_sub(report.returned, 0, 60)));
    }
}

static void dialogues_are_read_in_every_dress(void **state)
{
    (void)state;
    static const struct {
        const char *text, *recipient, *diagnostic;
        enum nx_stage stage;
    } rows[] = {
        {">>> RCPT TO:<user@example.net>\n<<< 550 5.1.1 no such user\n", "user@example.net", "550 5.1.1 no such user",
         NX_STAGE_RCPT},
        {"Sent <<< RCPT TO:<user@example.net>\nReceived >>> 550 5.1.1 no such user\n", "user@example.net", "550 5.1.1 no such user",
         NX_STAGE_RCPT},
        {"Mon 2024-02-05 09:00:00: --> RCPT TO:<user@example.net>\nMon 2024-02-05 09:00:00: <-- 550 5.1.1 no such user\n",
         "user@example.net", "550 5.1.1 no such user", NX_STAGE_RCPT},
        {">>> RCPT TO:<user@example.net>\n<<< 250 ok\n>>> DATA\n<<< 554 5.7.1 spam\n<<< 503 need RCPT\n", "user@example.net",
         "554 5.7.1 spam", NX_STAGE_DATA},
        {">>> RCPT TO:<user@example.net>\n<<< 550 5.2.1 gone\n>>> DATA\n<<< 554 Error: no valid recipients\n", "user@example.net",
         "550 5.2.1 gone", NX_STAGE_RCPT},
        {"   ----- Transcript of session follows -----\n554 <user@example.net>... 550 Host unknown\n421 example.net: deferred\n>>> "
         "QUIT\n<<< 221 bye\n",
         "user@example.net", "550 Host unknown", NX_STAGE_NONE},
        {">>> RCPT TO:<user@example.net>\n<<< 450 busy\n>>> RCPT TO:<user@example.net>\n<<< 550 5.1.1 no\n", "user@example.net",
         "550 5.1.1 no", NX_STAGE_RCPT},
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_text_report two = {0}; /* each refusal to its own recipient; what is deferred names nobody; the summary adds one */
    assert_true(read_mail(arena,
                          BOUNCE "   ----- Transcript of session follows -----\nWhile talking to mx.example.net:\n>>> RCPT "
                                 "To:<one@example.net>\n<<< 550 <one@example.net>, no\n"
                                 "550 <one@example.net>... User unknown\n>>> RCPT To:<two@example.net>\n<<< 553 moved\n550 "
                                 "<three@example.org>... Host unknown\n"
                                 "421 <four@example.org>... Deferred\n",
                          &two));
    assert_int_equal(two.n_blocks, 3);
    assert_true(nx_str_eq(two.blocks[0].diagnostic, str("550 <one@example.net>, no")) &&
                nx_str_eq(two.blocks[1].diagnostic, str("553 moved")) &&
                nx_str_eq(two.blocks[2].recipient, str("three@example.org")));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nx_text_report report = {0};
        assert_true(read_mail(arena, nx_arena_cstr(arena, nx_arena_printf(arena, BOUNCE "Log:\n\n%s", rows[i].text)), &report));
        assert_int_equal(report.n_blocks, 1);
        const struct nx_text_block *block = &report.blocks[0];
        if (!nx_str_eq(block->recipient, str(rows[i].recipient)) || !nx_str_eq(block->diagnostic, str(rows[i].diagnostic)) ||
            block->stage != rows[i].stage)
            fail_msg("row %zu: <%.*s> '%.*s' %s", i, NX_FMT(block->recipient), NX_FMT(block->diagnostic),
                     nx_stage_name(block->stage));
    }
}

static void limits_hold(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(GString) mail = g_string_new(BOUNCE "Hi. This is the qmail-send program at mail.example.org.\n\n");
    for (unsigned i = 0; i < 3000; i++)
        g_string_append_printf(mail, "<user%u@example.net>:\nno such user\n\n", i);
    struct nx_text_report report = {0};
    assert_true(read_mail(arena, mail->str, &report));
    assert_int_equal(report.n_blocks, NX_LIMITS_DEFAULT.recipients);
    assert_true((report.notes & NX_NOTE_TOO_MANY_RECIPIENTS) != 0);
    g_string_assign(mail, BOUNCE "Hi. This is the qmail-send program at mail.example.org.\n\n<user@example.net>:\n");
    for (unsigned i = 0; i < 2000; i++)
        g_string_append_printf(mail, "550 line %u\n", i);
    assert_true(read_mail(arena, mail->str, &report));
    assert_int_equal(report.n_blocks, 1);
    assert_true(report.blocks[0].text.n <= NX_LIMITS_DEFAULT.diagnostic);
}

static bool read_file(struct nx_arena *arena, const char *name, struct nx_text_report *ret)
{
    g_autofree char *path = g_build_filename(NX_SOURCE_DIR, "corpus", "formats", name, NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    if (!g_file_get_contents(path, &bytes, &length, NULL))
        fail_msg("%s cannot be read", path);
    return read_mail(arena, nx_arena_cstr(arena, (struct nx_str){bytes, length}), ret);
}

/* What the format itself finds, without the general reader and the fields of the head. */
static bool format_finds(struct nx_arena *arena, const char *id, const char *name, const char *recipient)
{
    const struct nx_formats *formats = shipped();
    g_autofree char *path = g_build_filename(NX_SOURCE_DIR, "corpus", "formats", name, NULL);
    g_autofree char *bytes = NULL;
    assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    struct nx_limits limits = NX_LIMITS_DEFAULT;
    struct nx_mail mail;
    nx_mail_read(arena, nx_arena_dup(arena, str(bytes)), &limits, &mail);
    if (nx_fields_get(mail.fields, "X-Failed-Recipients").n > 0)
        return true;
    for (size_t i = 0; i < formats->n; i++) {
        if (!nx_str_eq(formats->p[i].id, str(id)))
            continue;
        bool names = false; /* else it leaves them to the general reader */
        for (size_t k = 0; k < formats->p[i].n_lines; k++)
            names |= formats->p[i].lines[k].line == NX_LINE_HEADING || formats->p[i].lines[k].line == NX_LINE_RECIPIENT ||
                     formats->p[i].lines[k].line == NX_LINE_TRANSCRIPT;
        if (!names)
            return true;
        struct nx_scan scan;
        struct nx_blocks blocks;
        nx_scan_text(formats, arena, mail.parts[0].content, limits.text, &scan);
        nx_blocks_init(&blocks, arena, &limits);
        nx_walk_format(&formats->p[i], &scan, &blocks);
        for (size_t k = 0; k < blocks.n; k++)
            if (nx_str_eq(blocks.p[k].out.recipient, str(recipient)) ||
                (blocks.p[k].out.name.n > 0 && nx_str_istarts(str(recipient), blocks.p[k].out.name)))
                return true;
    }
    return false;
}

/* corpus/formats/expected.tsv: every line holds, every example is read by its own format, and no recipient is there beyond those
 * listed. */
static void examples_are_read_by_their_formats(void **state)
{
    (void)state;
    g_autofree char *table = NULL;
    assert_true(g_file_get_contents(NX_SOURCE_DIR "/corpus/formats/expected.tsv", &table, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(nx_arena) arena = nx_arena_new();
    unsigned bad = 0;
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (lines[i][0] == '#' || lines[i][0] == '\0')
            continue;
        g_auto(GStrv) want = g_strsplit(lines[i], "\t", 7); /* file format recipient kind status reply words */
        assert_int_equal(g_strv_length(want), 7);
        g_hash_table_insert(counts, g_strdup(want[0]),
                            GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(counts, want[0])) + 1));
        struct nx_text_report report = {0};
        const struct nx_text_block *block = NULL;
        bool read = read_file(arena, want[0], &report);
        for (size_t k = 0; read && k < report.n_blocks; k++)
            if (nx_str_eq(report.blocks[k].recipient, str(want[2])))
                block = &report.blocks[k];
        bool right = read && block != NULL && nx_str_eq(report.format, str(want[1])) &&
                     nx_str_eq(str(nx_kind_name(block->kind)), str(want[3])) && nx_str_eq(block->status, str(want[4])) &&
                     block->reply == (unsigned)g_ascii_strtoull(want[5], NULL, 10) &&
                     (nx_str_ihas(block->diagnostic, str(want[6])) || nx_str_ihas(block->text, str(want[6])));
        if (!format_finds(arena, want[1], want[0], want[2])) {
            print_message("%s: format %s does not find <%s> itself\n", want[0], want[1], want[2]);
            bad++;
        }
        if (right)
            continue;
        bad++;
        print_message("%s: %s, %.*s, %zu recipients", want[0], read ? "read" : "not read", NX_FMT(report.format), report.n_blocks);
        for (size_t k = 0; k < report.n_blocks; k++)
            print_message("; <%.*s> %s %.*s %u '%.*s' '%.*s'", NX_FMT(report.blocks[k].recipient),
                          nx_kind_name(report.blocks[k].kind), NX_FMT(report.blocks[k].status), report.blocks[k].reply,
                          NX_FMT(report.blocks[k].diagnostic), NX_FMT(report.blocks[k].text));
        print_message("\n");
    }
    GHashTableIter iter;
    gpointer name, count;
    g_hash_table_iter_init(&iter, counts);
    while (g_hash_table_iter_next(&iter, &name, &count)) {
        struct nx_text_report report = {0};
        if (read_file(arena, name, &report) && report.n_blocks != GPOINTER_TO_UINT(count)) {
            bad++;
            print_message("%s: %zu recipients, not %u\n", (const char *)name, report.n_blocks, GPOINTER_TO_UINT(count));
        }
    }
    assert_int_equal(bad, 0);
}

static void every_format_has_an_example(void **state)
{
    (void)state;
    const struct nx_formats *formats = shipped();
    g_autofree char *table = NULL;
    assert_true(g_file_get_contents(NX_SOURCE_DIR "/corpus/formats/expected.tsv", &table, NULL, NULL));
    for (size_t i = 0; i < formats->n; i++) {
        const struct nx_format *format = &formats->p[i];
        if (format->n_examples == 0)
            fail_msg("format '%.*s' (%.*s) has no example", NX_FMT(format->id), NX_FMT(format->place));
        for (size_t k = 0; k < format->n_examples; k++) {
            g_autofree char *path = g_strdup_printf("%s/%.*s", NX_SOURCE_DIR, NX_FMT(format->examples[k]));
            g_autofree char *line = g_path_get_basename(path);
            g_autofree char *wanted = g_strdup_printf("\n%s\t%.*s\t", line, NX_FMT(format->id));
            if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) || strstr(table, wanted) == NULL)
                fail_msg("example '%s' of format '%.*s' is not there, or not in expected.tsv", path, NX_FMT(format->id));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_match_whole_lines),        cmocka_unit_test(faults_name_their_place),
        cmocka_unit_test(each_recipient_gets_his_own_words),  cmocka_unit_test(ordinary_mail_names_nobody),
        cmocka_unit_test(many_languages_tell_of_a_failure),   cmocka_unit_test(each_recipient_has_his_own_kind),
        cmocka_unit_test(bystanders_are_no_recipients),       cmocka_unit_test(the_returned_message_is_told_apart),
        cmocka_unit_test(dialogues_are_read_in_every_dress),  cmocka_unit_test(limits_hold),
        cmocka_unit_test(examples_are_read_by_their_formats), cmocka_unit_test(every_format_has_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
