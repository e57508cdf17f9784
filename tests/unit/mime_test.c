/* SPDX-License-Identifier: Apache-2.0 */
#include "mime/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct nx_limits limits = NX_LIMITS_DEFAULT;

static bool check(const char *source, const char *what, struct nx_str got, const char *want)
{
    if (nx_str_eq(got, nx_str_of(want)))
        return true;
    print_error("%s: %s is \"%.*s\", not \"%s\"\n", source, what, NX_FMT(got), want);
    return false;
}

static bool check_notes(const char *source, nx_notes got, nx_notes want)
{
    if (got == want)
        return true;
    for (unsigned i = 0; i < NX_NOTE_COUNT; i++)
        if (((got ^ want) & ((nx_notes)1 << i)) != 0)
            print_error("%s: note %s is %s\n", source, nx_note_name((enum nx_note)i), (got >> i & 1) != 0 ? "there" : "missing");
    return false;
}

/* The text of the first part, whatever its label says. */
static void text_becomes_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *source, *head, *body, *text;
        nx_notes notes;
    } rows[] = {
        {"RFC 2045 5.2, no label", "Subject: x\n", "plain\n", "plain\n", 0},
        {"utf-8", "Content-Type: text/plain; charset=utf-8\n", "gr\xc3\xbc\xc3\x9f\x65\n", "grüße\n", 0},
        {"iso-8859-1", "Content-Type: text/plain; charset=\"ISO-8859-1\"\n", "gr\xfc\xdf\x65\n", "grüße\n", 0},
        {"WHATWG: iso-8859-1 is windows-1252", "Content-Type: text/plain; charset=iso-8859-1\n", "\x93x\x94 \x80\n", "“x” €\n", 0},
        {"windows-1251", "Content-Type: text/plain; charset=windows-1251\n", "\xed\xe5\xf2\n", "нет\n", 0},
        {"koi8-r", "Content-Type: text/plain; charset=koi8-r\n", "\xce\xc5\xd4\n", "нет\n", 0},
        {"iso-2022-jp, RFC 1468", "Content-Type: text/plain; charset=iso-2022-jp\n", "\x1b$BF|K\\\x1b(B ok\n", "日本 ok\n", 0},
        {"iso-2022-jp without a label", "Subject: x\n", "\x1b$BF|K\\\x1b(B ok\n", "日本 ok\n", 0},
        {"iso-2022-jp labelled utf-8", "Content-Type: text/plain; charset=utf-8\n", "\x1b$BF|K\\\x1b(B\n", "日本\n", 0},
        {"shift_jis", "Content-Type: text/plain; charset=Shift_JIS\n", "\x93\xfa\x96\x7b\n", "日本\n", 0},
        {"euc-jp labelled iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\n", "\xc6\xfc\xcb\xdc\xb8\xec\xa4\xc7\xa4\xb9\n", "日本語です\n",
         NX_NOTE_BAD_CHARSET},
        {"gb2312 with gbk bytes", "Content-Type: text/plain; charset=gb2312\n", "\xd3\xca\xcf\xe4\x8c\xe4\n", "邮箱屼\n", 0},
        {"big5", "Content-Type: text/plain; charset=big5\n", "\xab\x48\xbd\x63\n", "信箱\n", 0},
        {"ks_c_5601-1987", "Content-Type: text/plain; charset=ks_c_5601-1987\n", "\xb8\xde\xc0\xcf\n", "메일\n", 0},
        {"uft-8, misspelt", "Content-Type: text/plain; charset=uft-8\n", "\xc3\xa9\n", "é\n", 0},
        {"unicode-1-1-utf-7, in truth ASCII", "Content-Type: text/plain; charset=unicode-1-1-utf-7\n", "plain + text\n", "plain + text\n", 0},
        {"a charset nobody knows", "Content-Type: text/plain; charset=x-none\n", "caf\xe9\n", "café\n", NX_NOTE_BAD_CHARSET},
        {"a charset that is an attack on iconv", "Content-Type: text/plain; charset=\"ascii//TRANSLIT\"\n", "caf\xe9\n", "café\n",
         NX_NOTE_BAD_CHARSET},
        {"8-bit bytes as us-ascii", "Content-Type: text/plain; charset=us-ascii\n", "caf\xe9\n", "café\n", NX_NOTE_BAD_CHARSET},
        {"utf-8 labelled iso-8859-1", "Content-Type: text/plain; charset=iso-8859-1\n", "caf\xc3\xa9\n", "café\n", 0},
        {"utf-8 cut inside a character", "Content-Type: text/plain; charset=utf-8\n", "ok caf\xc3", "ok caf\xef\xbf\xbd", NX_NOTE_BAD_CHARSET},
        {"quoted-printable, RFC 2045 6.7", "Content-Transfer-Encoding: quoted-printable\n", "soft=\n ly =3D =C3=A9\n", "soft ly = é\n", 0},
        {"quoted-printable, damaged", "Content-Transfer-Encoding: Quoted-Printable\n", "a=ZZb=\n", "a=ZZb", 0},
        {"base64, RFC 2045 6.8", "Content-Transfer-Encoding: Base64\n", "VXNlciB1bmtu\nb3duCg==\n", "User unknown\n", 0},
        {"base64, cut inside a group", "Content-Transfer-Encoding: base64\n", "VXNlcg", "Use", 0},
        {"base64 with 8-bit text inside", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: base64\n", "Y2Fm6Q==\n", "café", 0},
        {"an encoding nobody knows", "Content-Transfer-Encoding: x-rot13\n", "plain\n", "plain\n", 0},
        {"CRLF in the text", "Subject: x\n", "a\r\nb\r\n", "a\nb\n", 0},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_mail mail;
        nx_mail_read(arena, nx_arena_printf(arena, "%s\n%s", rows[i].head, rows[i].body), &limits, &mail);
        bad += mail.n_parts != 1 || !check(rows[i].source, "text", mail.parts[0].content, rows[i].text);
        bad += !check_notes(rows[i].source, mail.notes, rows[i].notes);
        nx_arena_reset(arena);
    }
    assert_int_equal(bad, 0);
}

static void encoded_words_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out;
        nx_notes notes;
    } rows[] = {
        {"RFC 2047 2, Q", "=?iso-8859-1?q?Gr=FC=DFe_aus?= x", "Grüße aus x", 0},
        {"RFC 2047 2, B", "=?utf-8?B?R3LDvMOfZQ==?=", "Grüße", 0},
        {"RFC 2047 6.2, blanks between words", "=?utf-8?q?a?=  =?utf-8?q?b?= c", "ab c", 0},
        {"a character split between two words", "=?utf-8?b?w7w=?= =?utf-8?b?w58=?= =?utf-8?q?=C3?= =?utf-8?q?=BC?=", "üßü", 0},
        {"RFC 2231 5, language", "=?us-ascii*en?q?plain?=", "plain", 0},
        {"two charsets in a row", "=?iso-8859-1?q?=FC?= =?utf-8?q?=C3=BC?=", "üü", 0},
        {"no word", "a =? b ?= c", "a =? b ?= c", NX_NOTE_BAD_ENCODING},
        {"base64 of one character and of none", "a =?utf-8?b?x?= =?utf-8?b?" "?= b", "a  b", 0},
        {"never closed", "=?utf-8?q?abc", "=?utf-8?q?abc", 0},
        {"unknown encoding", "=?utf-8?x?abc?=", "=?utf-8?x?abc?=", NX_NOTE_BAD_ENCODING},
        {"padded base64 in the middle", "=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本", 0},
        {"inside a word of text", "\"=?utf-8?q?Caf=C3=A9?=\" <a@example.org>", "\"Café\" <a@example.org>", 0},
        {"unknown charset", "=?x-none?q?abc?=", "abc", 0},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        nx_notes notes = 0;
        bad += !check(rows[i].source, "text", nx_words_decode(arena, nx_str_of(rows[i].in), &notes), rows[i].out);
        bad += !check_notes(rows[i].source, notes, rows[i].notes);
    }
    assert_int_equal(bad, 0);
}

static void fields_are_read_with_their_damage(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out; /* "name=value|" of each, then what is left */
    } rows[] = {
        {"RFC 5322 2.2", "A: b\nC: d\n\nrest", "A=b|C=d|rest"},
        {"RFC 5322 2.2.3, folding", "A: b\n c\n\td\nE: f\n", "A=b c d|E=f|"},
        {"nothing on the first line", "A:\n b\n\n", "A=b|"},
        {"CRLF", "A: b\r\n c\r\n\r\nrest", "A=b c|rest"},
        {"CR", "A: b\r c\r\rrest", "A=b c|rest"},
        {"a blank before the colon", "Status : 5.0.0\n", "Status=5.0.0|"},
        {"a line that is none", "A: b\nno field\nC: d\n", "A=b|C=d|"},
        {"blank lines before the first", "\n\nA: b\n", "A=b|"},
        {"a colon in the value", "A: b: c\n", "A=b: c|"},
        {"no value", "A:\nB: c\n", "A=|B=c|"},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_str rest = nx_str_of(rows[i].in);
        nx_notes notes = 0;
        struct nx_fields fields = nx_fields_read(arena, &rest, &notes);
        g_autoptr(GString) got = g_string_new(NULL);
        for (size_t k = 0; k < fields.n; k++)
            g_string_append_printf(got, "%.*s=%.*s|", NX_FMT(fields.p[k].name), NX_FMT(fields.p[k].value));
        g_string_append_len(got, rest.p, (gssize)rest.n);
        bad += !check(rows[i].source, "fields", (struct nx_str){got->str, got->len}, rows[i].out);
    }
    assert_int_equal(bad, 0);
}

static void html_becomes_text(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out;
    } rows[] = {
        {"blocks end lines", "<p>one</p><p>two<br>three</p>", "\none\n\ntwo\nthree\n"},
        {"blanks collapse", "a \n\t b", "a b"},
        {"entities", "&lt;a&gt; &amp; &#233;&#xe9;&eacute; &nbsp;x", "<a> & ééé  x"},
        {"an address is no tag", "<user@example.net> failed", "<user@example.net> failed"},
        {"style, script and comments are not read", "a<style>b{}</style><script>c</script><!-- d -->e", "ae"},
        {"a tag that never ends", "a<b href=\"", "a"},
        {"a style that never ends", "a<style>b", "a"},
        {"no entity", "AT&T & co; &#0;", "AT&T & co; &#0;"},
        {"pre keeps its lines", "<pre>a\n  b</pre>", "\na\n  b\n"},
        {"less than", "1 < 2", "1 < 2"},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        bad += !check(rows[i].source, "text", nx_html_text(arena, nx_str_of(rows[i].in)), rows[i].out);
    assert_int_equal(bad, 0);
}

static const char *type_name(enum nx_part_type type)
{
    static const char *const names[] = {"text", "html", "status", "feedback", "disposition", "returned", "other"};
    return names[type];
}

/* "type:length" of each part, and the Subject of the returned message. */
static char *outline(const struct nx_mail *mail)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < mail->n_parts; i++)
        g_string_append_printf(text, "%s%s:%zu", i == 0 ? "" : " ", type_name(mail->parts[i].type), mail->parts[i].content.n);
    struct nx_str subject = nx_fields_get(mail->returned, "Subject");
    if (subject.n > 0)
        g_string_append_printf(text, " (%.*s)", NX_FMT(subject));
    return g_string_free(text, FALSE);
}

#define REPORT "Content-Type: multipart/report; report-type=delivery-status; boundary=bb\n\n"

static void parts_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *outline;
        nx_notes notes;
    } rows[] = {
        {"RFC 6522 3", REPORT "--bb\n\nfailed\n--bb\nContent-Type: message/delivery-status\n\nA: b\n\nC: d\n--bb\nContent-Type: message/rfc822\n\nSubject: x\n\nbody\n--bb--\n",
         "text:6 status:10 returned:0 (x)", 0},
        {"RFC 6522 3, head only", REPORT "--bb\n\nfailed\n--bb\nContent-Type: text/rfc822-headers\n\nSubject: x\n--bb--\n", "text:6 returned:0 (x)", 0},
        {"RFC 6533 4", REPORT "--bb\nContent-Type: message/global-delivery-status\n\nA: b\n--bb\nContent-Type: message/global\n\nSubject: \xc3\xa9\n\nx\n--bb--\n",
         "status:4 returned:0 (é)", 0},
        {"a returned message is not descended into",
         "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/report; boundary=c\n\n--c\n"
         "Content-Type: message/delivery-status\n\nA: b\n--c--\n--b--\n",
         "returned:0 (x)", 0},
        {"a returned message in base64", REPORT "--bb\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKYm9keQo=\n--bb--\n",
         "returned:0 (x)", 0},
        {"the status part after the returned message", REPORT "--bb\nContent-Type: message/rfc822\n\nSubject: x\n\n--\n--bbx\n\nbody\n--bb\n"
         "Content-Type: message/delivery-status\n\nA: b\n--bb--\n", "returned:0 status:4 (x)", 0},
        {"never closed", REPORT "--bb\n\nfailed\n--bb\nContent-Type: message/rfc822\n\nSubject: x\n\nbody\n", "text:6 returned:0 (x)", NX_NOTE_BAD_MIME},
        {"the boundary never occurs", REPORT "--c\n\nfailed\n", "text:12", NX_NOTE_BAD_MIME},
        {"no boundary parameter", "Content-Type: multipart/report\n\n--b\n\nfailed\n--b--\n", "text:18", NX_NOTE_BAD_MIME},
        {"no Content-Type at all", "Subject: x\n\nfailed\n", "text:7", 0},
        {"base64 without its field", "Subject: x\n\nWW91ciBtZXNzYWdlIHRvIHVzZXJAZXhhbXBsZS5uZXQgY291bGQgbm90IGJlIGRlbGl2ZXJlZDog\nbm8gc3VjaCB1c2VyIGhlcmUK\n", "text:75", NX_NOTE_BAD_MIME},
        {"RFC 2045 5.2, a garbled Content-Type", "Content-Type: ;;;\n\nfailed\n", "text:7", NX_NOTE_BAD_MIME},
        {"a top type nobody knows", "Content-Type: multipart/mx6d; boundary=b\n\n--b\n\nfailed\n--b--\n", "text:6", 0},
        {"an attachment", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: image/png\n\nxyz\n--b--\n", "text:1 other:0", 0},
        {"RFC 5965 2", "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nA: b\n--b--\n",
         "feedback:4", 0},
        {"RFC 8098 3", "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/disposition-notification\n\nA: b\n--b--\n", "disposition:4", 0},
        {"an mbox line and a BOM before the head", "\xef\xbb\xbf" "From x Mon Jan  1 00:00:00 2026\nContent-Type: text/html\n\n<b>\n", "html:4", 0},
        {"blank lines before the head", "\n\r\n \nContent-Type: text/html\n\n<b>\n", "html:4", 0},
        {"a head and nothing more", "Subject: x\n", "", 0},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_mail mail;
        nx_mail_read(arena, nx_str_of(rows[i].in), &limits, &mail);
        g_autofree char *got = outline(&mail);
        bad += !check(rows[i].source, "outline", nx_str_of(got), rows[i].outline);
        bad += !check_notes(rows[i].source, mail.notes, rows[i].notes);
        nx_arena_reset(arena);
    }
    assert_int_equal(bad, 0);
}

static void empty_nul_and_cr_are_told(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_mail mail;
    nx_mail_read(arena, NX_STR_NONE, &limits, &mail);
    assert_true(mail.notes == NX_NOTE_EMPTY && mail.n_parts == 0 && mail.fields.n == 0);
    nx_mail_read(arena, NX_STR(" \r\n\t\n"), &limits, &mail);
    assert_true(mail.notes == NX_NOTE_EMPTY);
    nx_mail_read(arena, NX_STR("Subject: a\0b\n\nc\0d\n"), &limits, &mail);
    assert_true((mail.notes & NX_NOTE_NUL_BYTES) != 0);
    nx_mail_read(arena, NX_STR("Subject: a\r\rline\rline\r"), &limits, &mail);
    assert_true(mail.notes == NX_NOTE_CR_LINES && nx_str_eq(mail.parts[0].content, NX_STR("line\nline\n")));
    nx_mail_read(arena, NX_STR("Subject: a\rX: b\r\rline\rline\n"), &limits, &mail); /* whoever handed it over ended it in LF */
    assert_true(mail.notes == NX_NOTE_CR_LINES && nx_str_eq(mail.parts[0].content, NX_STR("line\nline\n")));
    nx_mail_read(arena, NX_STR("Subject: a\r\r\nX: b\r\r\n\r\r\nline\r\r\n"), &limits, &mail); /* LF made CRLF twice */
    assert_true(mail.fields.n == 2 && nx_str_eq(mail.parts[0].content, NX_STR("line\n")));
    nx_mail_read(arena, NX_STR("Subject: a\rb\nX: c\nY: d\n\nline\n"), &limits, &mail); /* a stray one */
    assert_true(mail.notes == NX_NOTE_BAD_FIELD && nx_str_eq(nx_fields_get(mail.fields, "Y"), NX_STR("d")));
}

static void limits_hold(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_limits small = NX_LIMITS_DEFAULT;
    struct nx_mail mail;
    small.message = 40;
    nx_mail_read(arena, NX_STR("Subject: x\n\n0123456789012345678901234567890123456789"), &small, &mail);
    assert_true((mail.notes & NX_NOTE_TRUNCATED) != 0);
    assert_int_equal(mail.parts[0].content.n, 28);
    small = NX_LIMITS_DEFAULT;
    small.text = 10;
    nx_mail_read(arena, NX_STR("Subject: x\n\n01234567890123456789"), &small, &mail);
    assert_true((mail.notes & NX_NOTE_TRUNCATED) != 0);
    assert_int_equal(mail.parts[0].content.n, 10);
    small = NX_LIMITS_DEFAULT;
    small.parts = 3;
    g_autoptr(GString) text = g_string_new("Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 10; i++)
        g_string_append(text, "--b\n\nx\n");
    nx_mail_read(arena, (struct nx_str){text->str, text->len}, &small, &mail);
    assert_true((mail.notes & NX_NOTE_TOO_MANY_PARTS) != 0);
    assert_int_equal(mail.n_parts, 3);
    small = NX_LIMITS_DEFAULT;
    small.depth = 2;
    g_string_truncate(text, 0);
    for (int i = 0; i < 5; i++)
        g_string_append_printf(text, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n\ntext %d\n--b%d\n", i, i, i, i);
    g_string_append(text, "Content-Type: text/plain\n\ninner\n");
    nx_mail_read(arena, (struct nx_str){text->str, text->len}, &small, &mail);
    assert_true((mail.notes & NX_NOTE_TOO_DEEP) != 0);
    assert_int_equal(mail.n_parts, 2);
}

static void repeat(GString *text, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_string_append(text, piece);
}

#ifdef __SANITIZE_THREAD__
#define PATIENCE 300 /* seconds; it looks at each byte that a search of the C library passes */
#else
#define PATIENCE 30
#endif

/* Messages that cost far more than their size where a reader is careless: memory stays within a few times the message. */
static void hostile_messages_stay_cheap(void **state)
{
    (void)state;
    static const struct {
        const char *source, *before, *piece, *after;
        size_t n;
        nx_notes notes;
    } rows[] = {
        {"10,000 nested parts", "Subject: x\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", "\n\ninner\n", 10000, NX_NOTE_TOO_MANY_PARTS},
        {"10,000 nested messages", "Subject: x\n", "Content-Type: message/rfc822\n\n", "x\n", 10000, 0},
        {"a million parts", "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", "", 1000000, NX_NOTE_TOO_MANY_PARTS},
        {"a head of folds", "Subject: x\n", " a\n", "\nbody\n", 3000000, NX_NOTE_TRUNCATED},
        {"a million fields", "", "A: b\n", "\nbody\n", 1000000, NX_NOTE_TRUNCATED},
        {"a million parameters", "Content-Type: text/plain", "; x=y", "\n\nbody\n", 1000000, NX_NOTE_TRUNCATED},
        {"fields of a part", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", "A: b\n", "\nbody\n", 1000000, NX_NOTE_TRUNCATED},
        {"folds of a returned head", REPORT "--bb\nContent-Type: text/rfc822-headers\n\nA: b\n", " a\n", "\n--bb--\n", 300000, 0},
        {"encoded words that are none", "Subject: ", "=?aa?z?", "?=\n\nbody\n", 100000, NX_NOTE_BAD_ENCODING},
        {"delimiters in the returned message", REPORT "--bb\nContent-Type: message/rfc822\n\nA: b\n\n", "x--b\n", "", 2000000, NX_NOTE_BAD_MIME},
    };
    size_t bad = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(nx_arena) arena = nx_arena_new();
        g_autoptr(GString) text = g_string_new(rows[i].before);
        repeat(text, rows[i].piece, rows[i].n);
        g_string_append(text, rows[i].after);
        struct nx_mail mail;
        gint64 start = g_get_monotonic_time();
        nx_mail_read(arena, (struct nx_str){text->str, text->len}, &limits, &mail);
        double seconds = (double)(g_get_monotonic_time() - start) / 1e6;
        if ((mail.notes & rows[i].notes) != rows[i].notes || nx_arena_used(arena) > text->len * 3 + (8u << 20) || seconds > PATIENCE) {
            print_error("%s: notes %x, %zu bytes of %zu, %.2f s\n", rows[i].source, mail.notes, nx_arena_used(arena), (size_t)text->len, seconds);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* A source may hand over all of a huge message: what is beyond the limit is not touched, what was reported is still found. */
static void a_message_of_200_megabytes_is_read(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    static const char head[] = REPORT "--bb\n\nfailed\n--bb\nContent-Type: message/delivery-status\n\nA: b\n--bb\nContent-Type: message/rfc822\n\nSubject: x\n\n";
    const size_t size = 200u << 20;
    char *bytes = g_malloc(size);
    memset(bytes, 'x', size);
    memcpy(bytes, head, sizeof head - 1);
    for (size_t i = sizeof head; i < size; i += 80)
        bytes[i] = '\n';
    struct nx_mail mail;
    nx_mail_read(arena, (struct nx_str){bytes, size}, &limits, &mail);
    g_autofree char *got = outline(&mail);
    assert_string_equal(got, "text:6 status:4 returned:0 (x)");
    assert_true((mail.notes & NX_NOTE_TRUNCATED) != 0);
    assert_true(nx_arena_used(arena) < (1u << 20));
    g_free(bytes);
}

int main(void)
{
    nx_mime_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_utf8),
        cmocka_unit_test(encoded_words_are_decoded),
        cmocka_unit_test(fields_are_read_with_their_damage),
        cmocka_unit_test(html_becomes_text),
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(empty_nul_and_cr_are_told),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(hostile_messages_stay_cheap),
        cmocka_unit_test(a_message_of_200_megabytes_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
