/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/format.h"
#include "parse/template.h"
#include "parse/text.h"

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
    size_t n = 0;
    for (const char *name; n < 256 && (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_suffix(name, ".format"))
            continue;
        g_autofree char *path = g_build_filename(directory, name, NULL);
        char *text;
        gsize length;
        assert_true(g_file_get_contents(path, &text, &length, NULL));
        sources[n++] = (struct nx_format_source){str(g_strdup(name)), {text, length}};
    }
    g_dir_close(dir);
    g_autoptr(GError) error = NULL;
    formats = nx_formats_new(sources, n, &error);
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
    return mail.n_parts > 0 && nx_text_read(shipped(), arena, &limits, &mail, mail.parts[0].content, ret);
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
        {BOUNCE "Hi. This is the qmail-send program at mail.example.org.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"
                "This is a permanent error; I've given up. Sorry it didn't work out.\n\n<one@example.net>:\n192.0.2.1 does not like recipient.\n"
                "Remote host said: 550 5.1.1 no such user\nGiving up on 192.0.2.1.\n\n<two@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
                "--- Below this line is a copy of the message.\n\nReturn-Path: <sender@example.com>\n<three@example.net>:\nno\n",
         "qmail",
         {{"one@example.net", "550 5.1.1 no such user", "5.1.1", 550, NX_STAGE_NONE, NX_KIND_FAILED}, {"two@example.net", "", "5.1.1", 0, NX_STAGE_NONE, NX_KIND_FAILED}}},
        {BOUNCE "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
                "  one@example.net\n    SMTP error from remote mail server after RCPT TO:<one@example.net>:\n    host mx.example.net [192.0.2.1]: 550 5.1.1 <one@example.net>:\n"
                "    Recipient address rejected\n  two@example.net\n    retry timeout exceeded\n\n------ This is a copy of the message, including all the headers. ------\n\n"
                "Return-path: <sender@example.com>\n",
         "exim",
         {{"one@example.net", NULL, "5.1.1", 550, NX_STAGE_RCPT, NX_KIND_FAILED}, {"two@example.net", "", "", 0, NX_STAGE_NONE, NX_KIND_FAILED}}},
        {BOUNCE "   ----- The following addresses had permanent fatal errors -----\n<one@example.net>\n    (reason: 550 5.1.1 User unknown)\n<two@example.net>\n"
                "    (reason: 552 5.2.2 Over quota)\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.net.:\n>>> RCPT To:<one@example.net>\n"
                "<<< 550-5.1.1 The account does not exist.\n<<< 550 5.1.1 User unknown\n550 5.1.1 <one@example.net>... User unknown\n>>> RCPT To:<two@example.net>\n<<< 552 5.2.2 Over quota\n",
         "sendmail",
         {{"one@example.net", NULL, "5.1.1", 550, NX_STAGE_RCPT, NX_KIND_FAILED}, {"two@example.net", "552 5.2.2 Over quota", "5.2.2", 552, NX_STAGE_RCPT, NX_KIND_FAILED}}},
        {BOUNCE "Some System\n\nYour message could not be delivered to one@example.net: mailbox is full.\n\nPlease contact helpdesk@example.org for help.\n",
         "text",
         {{"one@example.net", "", "", 0, NX_STAGE_NONE, NX_KIND_FAILED}}},
        {BOUNCE "Your mail could not be delivered to these people:\n\n  - one@example.net\n  - two@example.net\n\nQuestions: write to admin@example.org.\n",
         "text",
         {{"one@example.net", "", "", 0, NX_STAGE_NONE, NX_KIND_FAILED}, {"two@example.net", "", "", 0, NX_STAGE_NONE, NX_KIND_FAILED}}},
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
            bool same = nx_str_eq(block->recipient, str(rows[i].blocks[n].recipient)) && nx_str_eq(block->status, str(rows[i].blocks[n].status)) &&
                        block->reply == rows[i].blocks[n].reply && block->stage == rows[i].blocks[n].stage && block->kind == rows[i].blocks[n].kind &&
                        (rows[i].blocks[n].diagnostic == NULL || nx_str_eq(block->diagnostic, str(rows[i].blocks[n].diagnostic)));
            if (!same)
                fail_msg("row %zu block %zu: <%.*s> '%.*s' %.*s %u %s", i, n, NX_FMT(block->recipient), NX_FMT(block->diagnostic), NX_FMT(block->status), block->reply,
                         nx_stage_name(block->stage));
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
    };
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        struct nx_text_report report = {0};
        bool read = read_mail(arena, mails[i], &report);
        if (read && (report.known || report.n_blocks > 0))
            fail_msg("row %zu: '%.*s' is taken for a recipient", i, NX_FMT(report.blocks[0].recipient));
    }
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

/* corpus/formats/expected.tsv: every line holds, every example is read by its own format, and no recipient is there beyond those listed. */
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
        g_hash_table_insert(counts, g_strdup(want[0]), GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(counts, want[0])) + 1));
        struct nx_text_report report = {0};
        const struct nx_text_block *block = NULL;
        bool read = read_file(arena, want[0], &report);
        for (size_t k = 0; read && k < report.n_blocks; k++)
            if (nx_str_eq(report.blocks[k].recipient, str(want[2])))
                block = &report.blocks[k];
        bool right = read && block != NULL && nx_str_eq(report.format, str(want[1])) && nx_str_eq(str(nx_kind_name(block->kind)), str(want[3])) &&
                     nx_str_eq(block->status, str(want[4])) && block->reply == (unsigned)g_ascii_strtoull(want[5], NULL, 10) &&
                     (nx_str_ihas(block->diagnostic, str(want[6])) || nx_str_ihas(block->text, str(want[6])));
        if (right)
            continue;
        bad++;
        print_message("%s: %s, %.*s, %zu recipients", want[0], read ? "read" : "not read", NX_FMT(report.format), report.n_blocks);
        for (size_t k = 0; k < report.n_blocks; k++)
            print_message("; <%.*s> %s %.*s %u '%.*s' '%.*s'", NX_FMT(report.blocks[k].recipient), nx_kind_name(report.blocks[k].kind), NX_FMT(report.blocks[k].status),
                          report.blocks[k].reply, NX_FMT(report.blocks[k].diagnostic), NX_FMT(report.blocks[k].text));
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
        cmocka_unit_test(templates_match_whole_lines),
        cmocka_unit_test(faults_name_their_place),
        cmocka_unit_test(each_recipient_gets_his_own_words),
        cmocka_unit_test(ordinary_mail_names_nobody),
        cmocka_unit_test(examples_are_read_by_their_formats),
        cmocka_unit_test(every_format_has_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
