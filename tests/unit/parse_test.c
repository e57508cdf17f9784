/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/address.h"
#include "parse/internal.h"
#include "parse/path.h"
#include "parse/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static bool check(const char *source, const char *what, struct nx_str got, const char *want)
{
    if (nx_str_eq(got, nx_str_of(want)))
        return true;
    print_error("%s: %s is \"%.*s\", not \"%s\"\n", source, what, NX_FMT(got), want);
    return false;
}

static void addresses_are_found_in_text(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out; /* all of them, a blank between */
    } rows[] = {
        {"RFC 5321 4.1.2", "to <user@example.net> and other@mail.example.org.", "user@example.net other@mail.example.org"},
        {"punctuation around", "(user@example.net), \"a@example.org\"; 'b@example.org'", "user@example.net a@example.org b@example.org"},
        {"plus and VERP", "list+user=example.net@example.org", "list+user=example.net@example.org"},
        {"quoted local part", "<\"user..name\"@example.net>", "\"user..name\"@example.net"},
        {"quoted with a blank", "<\"user name\"@example.net>", "\"user name\"@example.net"},
        {"address literal, RFC 5321 4.1.3", "<user@[192.0.2.1]> x@[IPv6:2001:db8::1]", "user@[192.0.2.1] x@[IPv6:2001:db8::1]"},
        {"one label only inside <>", "<user@localhost> user@localhost", "user@localhost"},
        {"RFC 6531, inside <>", "<\xc3\xbcser@ex\xc3\xa4mple.net>", "\xc3\xbcser@ex\xc3\xa4mple.net"},
        {"RFC 6531 in a sentence", "an j\xc3\xb6rg@b\xc3\xbc" "cher.example nicht", "j\xc3\xb6rg@b\xc3\xbc" "cher.example"},
        {"behind a script that writes no blanks", "\xe6\x94\xb6user@example.net\xe4\xb8\x8d", "user@example.net"},
        {"%-hack", "<user%inner.example@example.net>", "user%inner.example@example.net"},
        {"mailto", "mailto:user@example.net?subject=x", "user@example.net"},
        {"RFC 2822 group leftovers", "undisclosed recipients:;", ""},
        {"an at sign alone", "meet @ 5, @home, a@ b", ""},
        {"numbers are no domain", "a@1.2.3", ""},
        {"a trailing dot and hyphen", "user@example.net. user@example.org-", "user@example.net user@example.org"},
        {"two signs", "a@b@example.net", "b@example.net"},
        {"underscore in a domain", "user@my_host.example.net", "user@my_host.example.net"},
        {"at a line end", "user@exam\nple.net", ""},
    };
    size_t bad = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) got = g_string_new(NULL);
        struct nx_str text = nx_str_of(rows[i].in), address;
        size_t at = 0;
        while (nx_address_find(text, &at, &address))
            g_string_append_printf(got, "%s%.*s", got->len > 0 ? " " : "", NX_FMT(address));
        bad += !check(rows[i].source, "what was found", (struct nx_str){got->str, got->len}, rows[i].out);
    }
    assert_int_equal(bad, 0);
}

static void recipient_fields_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out, *rest;
        nx_notes notes;
    } rows[] = {
        {"RFC 3464 2.3.2", "rfc822; user@example.net", "user@example.net", "", 0},
        {"type in any case, no blank", "RFC822;user@example.net", "user@example.net", "", 0},
        {"a blank before the semicolon", "rfc822 ; <user@example.net>", "user@example.net", "", 0},
        {"rfc/822", "rfc/822; user@example.net", "user@example.net", "", 0},
        {"no type", "user@example.net", "user@example.net", "", 0},
        {"RFC 3461 4, xtext", "rfc822; user+2Bbox@example.net", "user+box@example.net", "", 0},
        {"no xtext but a plus", "rfc822; user+tag@example.net", "user+tag@example.net", "", 0},
        {"RFC 5321 F.2, source route", "rfc822; @a.example,@b.example:user@example.net", "user@example.net", "", 0},
        {"RFC 6533 3, unitext", "utf-8; us\\x{E9}r@example.net", "us\xc3\xa9r@example.net", "", 0},
        {"RFC 6533 3, broken", "utf-8; us\\x{ZZ}r@example.net", "us\\x{ZZ}r@example.net", "", NX_NOTE_BAD_XTEXT},
        {"RFC 6533 3, utf-8 as it is", "utf-8; us\xc3\xa9r@example.net", "us\xc3\xa9r@example.net", "", 0},
        {"comment", "rfc822; user@example.net (forwarded)", "user@example.net", "", 0},
        {"display name", "rfc822; \"A User\" <user@example.net>", "user@example.net", "", 0},
        {"RFC 2047 word", "rfc822; =?us-ascii?q?user=40example.net?=", "user@example.net", "", 0},
        {"one label", "rfc822; user@server", "user@server", "", 0},
        {"a mailbox path", "rfc822; /var/mail/user", "", "/var/mail/user", NX_NOTE_BAD_ADDRESS},
        {"a pipe command", "rfc822; |/usr/bin/filter -a user@example.net", "", "|/usr/bin/filter -a user@example.net", NX_NOTE_BAD_ADDRESS},
        {"a local name", "LOCAL; user", "", "user", NX_NOTE_BAD_ADDRESS},
        {"a host alone", "rfc822; @mx.example.org", "", "@mx.example.org", NX_NOTE_BAD_ADDRESS},
        {"X.400", "x400; /CN=User/O=Example/", "", "/CN=User/O=Example/", NX_NOTE_BAD_ADDRESS},
        {"nothing", "", "", "", 0},
        {"a type and nothing", "rfc822;", "", "", 0},
        {"unknown", "unknown; Undisclosed address", "", "Undisclosed address", NX_NOTE_BAD_ADDRESS},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        nx_notes notes = 0;
        struct nx_str rest, got = nx_address_of_field(arena, nx_str_of(rows[i].in), &rest, &notes);
        bad += !check(rows[i].source, "the address", got, rows[i].out);
        if (rows[i].out[0] == '\0')
            bad += !check(rows[i].source, "what stood there", rest, rows[i].rest);
        if (notes != rows[i].notes) {
            print_error("%s: notes are %x, not %x\n", rows[i].source, notes, rows[i].notes);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static void replies_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *words, *status, *host;
        unsigned code;
        enum nx_stage stage;
    } rows[] = {
        {"RFC 5321 4.2", "550 5.1.1 User unknown", "550 5.1.1 User unknown", "5.1.1", "", 550, NX_STAGE_NONE},
        {"RFC 5321 4.2.1, lines", "550-5.7.1 one\n550-5.7.1 two\n550 5.7.1 three", "550 5.7.1 one two three", "5.7.1", "", 550, NX_STAGE_NONE},
        {"lines run together", "550-5.7.1 one 550 5.7.1 two", "550 5.7.1 one two", "5.7.1", "", 550, NX_STAGE_NONE},
        {"lines without a status", "554-one\n554 two", "554 one two", "", "", 554, NX_STAGE_NONE},
        {"Postfix smtp(8)", "host mx.example.org[192.0.2.1] said: 550 5.1.1 <user@example.net>: no (in reply to RCPT TO command)",
         "550 5.1.1 <user@example.net>: no", "5.1.1", "mx.example.org", 550, NX_STAGE_RCPT},
        {"Postfix, after DATA", "host mx.example.org[192.0.2.1] said: 552 5.2.2 full (in reply to end of DATA command)", "552 5.2.2 full", "5.2.2",
         "mx.example.org", 552, NX_STAGE_DATA},
        {"Postfix, no connection", "connect to mx.example.org[192.0.2.1]:25: Connection refused", "connect to mx.example.org[192.0.2.1]:25: Connection refused",
         "", "mx.example.org", 0, NX_STAGE_CONNECT},
        {"Exim", "SMTP error from remote mail server after RCPT TO:<user@example.net>:\n host mx.example.org [192.0.2.1]: 550 no such user",
         "SMTP error from remote mail server after RCPT TO:<user@example.net>: host mx.example.org [192.0.2.1]: 550 no such user", "", "mx.example.org", 550,
         NX_STAGE_RCPT},
        {"status with a hash, qmail", "192.0.2.1 does not like recipient. Remote host said: 550 no (#5.1.1)", "550 no (#5.1.1)", "5.1.1", "", 550, NX_STAGE_NONE},
        {"status only", "5.2.2 Mailbox full", "5.2.2 Mailbox full", "5.2.2", "", 0, NX_STAGE_NONE},
        {"three-digit detail, RFC 3463 2", "550 5.7.133 SenderNotAuthenticatedForGroup", "550 5.7.133 SenderNotAuthenticatedForGroup", "5.7.133", "", 550, NX_STAGE_NONE},
        {"an address is no status", "550 blocked: 5.1.1.9 is listed", "550 blocked: 5.1.1.9 is listed", "", "", 550, NX_STAGE_NONE},
        {"a version is no status", "smtpd 4.5.12.1 says no", "smtpd 4.5.12.1 says no", "", "", 0, NX_STAGE_NONE},
        {"a size is no code", "message exceeds 500 bytes", "message exceeds 500 bytes", "", "", 0, NX_STAGE_NONE},
        {"a port is no code", "connection on port 587 refused", "connection on port 587 refused", "", "", 0, NX_STAGE_NONE},
        {"words alone", "The mailbox is full.", "The mailbox is full.", "", "", 0, NX_STAGE_NONE},
        {"nothing", "", "", "", "", 0, NX_STAGE_NONE},
        {"a better status behind 5.0.0", "554 5.0.0 delivery failed: 5.1.1 unknown", "554 5.0.0 delivery failed: 5.1.1 unknown", "5.0.0", "", 554, NX_STAGE_NONE},
        {"Postfix verify(8), a deferral that quotes a refusal", "450 4.1.1 <user@example.net>: unverified address: host mx.example.org[192.0.2.1] said: 550 5.1.1 no such user",
         "450 4.1.1 <user@example.net>: unverified address: host mx.example.org[192.0.2.1] said: 550 5.1.1 no such user", "4.1.1", "mx.example.org", 450, NX_STAGE_NONE},
        {"RFC 5321 4.5.3.2, gave up over a deferral", "554 4.4.7 message expired, last error: 421 4.4.2 connection timed out",
         "554 4.4.7 message expired, last error: 421 4.4.2 connection timed out", "4.4.2", "", 421, NX_STAGE_NONE},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nx_reply reply;
        nx_reply_read(arena, nx_str_of(rows[i].in), &reply);
        bad += !check(rows[i].source, "words", reply.words, rows[i].words);
        bad += !check(rows[i].source, "status", reply.status, rows[i].status);
        bad += !check(rows[i].source, "host", reply.host, rows[i].host);
        if (reply.code != rows[i].code || reply.stage != rows[i].stage) {
            print_error("%s: %u at stage \"%s\"\n", rows[i].source, reply.code, nx_stage_name(reply.stage));
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static void status_codes_are_measured(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in;
        size_t n;
    } rows[] = {
        {"RFC 3463 2", "5.1.1", 5},     {"RFC 3463 2, three digits", "5.123.456 x", 9}, {"class 3 is not used", "3.1.1", 0},
        {"success", "2.0.0 ok", 5},     {"four digits", "5.1.1234", 0},                 {"no detail", "5.1", 0},
        {"an address", "5.1.1.1", 0},   {"a sentence", "5.1.1.", 5},                    {"a letter behind", "5.1.1a", 0},
        {"a bracket", "5.1.1)", 5},     {"nothing", "", 0},                             {"no class", "x.1.1", 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (nx_status_length(nx_str_of(rows[i].in)) != rows[i].n)
            fail_msg("%s: %s gives %zu", rows[i].source, rows[i].in, nx_status_length(nx_str_of(rows[i].in)));
}

static void stages_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        enum nx_stage stage;
    } rows[] = {
        {"RCPT TO command", NX_STAGE_RCPT}, {"end of DATA command", NX_STAGE_DATA}, {"MAIL FROM:<a@example.org>", NX_STAGE_MAIL}, {"EHLO x", NX_STAGE_HELO},
        {"STARTTLS", NX_STAGE_HELO},        {"initial server greeting", NX_STAGE_CONNECT}, {"AUTH PLAIN", NX_STAGE_AUTH},         {"BDAT 10 LAST", NX_STAGE_DATA},
        {"nothing of it", NX_STAGE_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (nx_stage_of(nx_str_of(rows[i].in)) != rows[i].stage)
            fail_msg("%s: \"%s\"", rows[i].in, nx_stage_name(nx_stage_of(nx_str_of(rows[i].in))));
}

static void one_line_keeps_characters_whole(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in;
        size_t cap;
        const char *out;
    } rows[] = {
        {"runs of blanks", " a \r\n\t b\n", 100, "a b"},
        {"as it is", "a b", 100, "a b"},
        {"cut", "abcdef", 3, "abc"},
        {"not inside a character", "ab\xc3\xa9", 3, "ab"},
        {"no blank at the cut", "ab cd", 3, "ab"},
        {"nothing", " \n", 3, ""},
        {"ECMA-48 escape sequences", "550 \x1b[31mno\x07\x7f user", 100, "550 [31mno user"},
        {"C1 in UTF-8", "a\xc2\x9b" "b \xc3\x9f \xc2\xa0" "c", 100, "a b \xc3\x9f \xc2\xa0" "c"},
        {"C1 at the cut", "ab\xc2\x85" "c", 3, "ab"},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        bad += !check(rows[i].source, "line", nx_one_line(arena, nx_str_of(rows[i].in), rows[i].cap), rows[i].out);
    assert_int_equal(bad, 0);
}

static struct nx_paths *paths_of(const char *settings)
{
    g_auto(GStrv) forms = g_strsplit(settings, ";", -1);
    g_autoptr(GError) error = NULL;
    struct nx_paths *paths = nx_paths_new(forms, &error);
    if (paths == NULL)
        fail_msg("%s", error->message);
    return paths;
}

static struct nx_str decoded(const struct nx_paths *paths, struct nx_arena *arena, const char *address)
{
    struct nx_path path;
    nx_paths_read(paths, arena, nx_str_of(address), &path);
    return path.recipient;
}

static void own_forms_are_tried_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *forms, *in, *recipient, *stream, *form;
    } rows[] = {
        {"bounce-{list}-{user}={domain}@*", "bounce-news-user=example.net@b.example.org", "user@example.net", "", "bounce-{list}-{user}={domain}@*"},
        {"bounce-{id}-{user}={domain}@*", "BOUNCE-news-Mary-Ann=Example.net@b.example.org", "Mary-Ann@Example.net", "", "bounce-{id}-{user}={domain}@*"},
        {"bounce-{list}-{user}={domain}@*;plus", "bounce-news-mary-ann=example.net@x", "", "", "bounce-{list}-{user}={domain}@*"},
        {"bounce-{list}-{user}={domain}@*;plus", "news+user=example.net@x", "user@example.net", "", "plus"},
        {"plus", "list-user=example.net@example.org", "", "", ""},
        {"{stream}+{user}={domain}@bounces.example.com", "news+u=example.net@bounces.example.com", "u@example.net", "news", "{stream}+{user}={domain}@bounces.example.com"},
        {"{stream}+{user}={domain}@bounces.example.com", "news+u=example.net@bounces.example.org", "", "", ""},
        {"{stream}+{user}={domain}@bounces.example.com", "news+u=example.net@bounces.example.com.evil.example", "", "", ""},
        {"{stream}+{user}={domain}@bounces.example.com", "x y+u=example.net@bounces.example.com", "", "", ""},
        {"{domain}={user}@b.*", "example.net=u=1@b.example.com", "u=1@example.net", "", "{domain}={user}@b.*"},
        {"{user}=at={domain}@{stream}.b.example.com", "u=at=example.net@news.b.example.com", "u@example.net", "news", "{user}=at={domain}@{stream}.b.example.com"},
        {"b-{stream}-{id}@*", "b-news-4f2a@example.com", "", "news", "b-{stream}-{id}@*"}, /* an id that a database knows */
        {"b-{stream}-{list}@*", "b-a-b-c@example.com", "", "", "b-{stream}-{list}@*"},
        {"wiki-{stream}-{number}-*@*", "wiki-en-12-x.y@example.com", "", "en", "wiki-{stream}-{number}-*@*"},
        {"wiki-{stream}-{number}-*@*", "wiki-en-twelve-x@example.com", "", "", ""},
        {"", "list+user=example.net@example.org", "", "", ""},
    };
    size_t bad = 0;
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(nx_paths) paths = paths_of(rows[i].forms);
        struct nx_path path;
        nx_paths_read(paths, arena, nx_str_of(rows[i].in), &path);
        bad += (size_t)!check(rows[i].in, "the recipient", path.recipient, rows[i].recipient) + (size_t)!check(rows[i].in, "the stream", path.stream, rows[i].stream) +
               (size_t)!check(rows[i].in, "the form", path.form, rows[i].form);
    }
    assert_int_equal(bad, 0);
}

static void forms_that_read_nothing_are_faults(void **state)
{
    (void)state;
    static const struct {
        const char *form, *says;
    } rows[] = {
        {"postfix", "neither a known form"},
        {"bounce-{list}@*", "reads nothing"},
        {"bounce-{user}@*", "{user} without {domain}"},
        {"bounce-{domain}@*", "{domain} without {user}"},
        {"{user}{domain}@*", "touch"},
        {"*{user}={domain}@*", "touch"},
        {"{user}={domain}", "there is no @"},
        {"{user}@{domain}@*", "two @"},
        {"{user}={user}={domain}@*", "once"},
        {"{user}={domain}={stream}={stream}@*", "once"},
        {"{user}={host}@*", "unknown placeholder"},
        {"{user}={domain@*", "unknown placeholder"},
        {"b {user}={domain}@*", "no blank"},
        {"<{user}={domain}@*>", "no blank"},
        {"a*b*c*d*e*f*g*h*i*j*k*l*m*{user}={domain}@*", "too many parts"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *const forms[] = {(char *)(uintptr_t)rows[i].form, NULL};
        g_autoptr(GError) error = NULL;
        if (nx_paths_new(forms, &error) != NULL)
            fail_msg("%s is taken", rows[i].form);
        if (strstr(error->message, rows[i].says) == NULL || strstr(error->message, rows[i].form) == NULL)
            fail_msg("%s", error->message);
    }
}

/* Whatever the bytes: bounded, and what is read stands in the address. */
static void any_bytes_are_read(void **state)
{
    (void)state;
    g_autoptr(nx_arena) arena = nx_arena_new();
    g_autoptr(nx_paths) paths = paths_of("*-{stream}-*-{user}={domain}@*;" NX_PATHS_DEFAULT);
    static const char signs[] = "a1-+=.@{*\0\xc3 ";
    g_autoptr(GRand) chance = g_rand_new_with_seed(1);
    char bytes[2000];
    for (int round = 0; round < 3000; round++) {
        struct nx_str address = {bytes, (size_t)g_rand_int_range(chance, 0, round % 10 == 0 ? (int)sizeof bytes : 60)};
        for (size_t i = 0; i < address.n; i++)
            bytes[i] = signs[g_rand_int_range(chance, 0, sizeof signs - 1)];
        struct nx_path path;
        nx_paths_read(paths, arena, address, &path);
        if (path.recipient.n > 0)
            assert_true(nx_str_find(address, nx_str_sub(path.recipient, 0, nx_str_chr(path.recipient, '@'))) < address.n);
        nx_arena_reset(arena);
    }
}

static void return_paths_name_recipients(void **state)
{
    (void)state;
    static const struct {
        const char *source, *in, *out;
    } rows[] = {
        {"Postfix VERP_README", "owner-list+user=example.net@example.org", "user@example.net"},
        {"ezmlm", "list-return-12-user=example.net@example.org", "user@example.net"},
        {"ezmlm, a dash in the user", "list-return-12-mary-ann=example.org@example.org", "mary-ann@example.org"},
        {"ezmlm, dashes and digits", "my-list-return-12-4-you=example.org@example.org", "4-you@example.org"},
        {"ezmlm, twice", "list-return-12-a-return-3-b=example.org@example.org", ""},
        {"qmail, one dash", "list-user=example.net@example.org", "user@example.net"},
        {"qmail, several dashes: whose are they?", "my-list-user=example.net@example.org", ""},
        {"the same, nothing but dashes", "owner-list-mary-ann=example.net@example.org", ""},
        {"a dash behind the equals sign", "list-us=er-x=example.net@example.org", "us=er-x@example.net"},
        {"Mailman", "list-bounces+user=example.net@example.org", "user@example.net"},
        {"Sympa", "bounce+user==a==example.net==list@example.org", "user@example.net"},
        {"Sympa, to be removed", "bounce+mary-ann==a==example.net==list==r@example.org", "mary-ann@example.net"},
        {"Sympa, the domain no domain", "bounce+user==a==localhost==my.list@example.org", ""},
        {"Mailman, dashes", "my-list-bounces+mary-ann=my-host.example.net@example.org", "mary-ann@my-host.example.net"},
        {"a plus in the local part", "list+user+tag=example.net@example.org", "user+tag@example.net"},
        {"an equals sign in the local part", "list+us=er=example.net@example.org", "us=er@example.net"},
        {"no domain", "list+user=tag@example.org", ""},
        {"plus without equals", "user+tag@example.org", ""},
        {"no address", "list", ""},
        {"nothing", "", ""},
        {"empty user", "list+=example.net@example.org", ""},
        {"SRS (forwarder): the sender of the mail", "SRS0=HHH=TT=my-site.example.com=joe.smith@example.org", ""},
        {"SRS, twice", "SRS1+G=relay.example.net==HHH=TT=a-b.example.com=joe.smith@example.org", ""},
        {"a token", "bounces+0123456789abcdef@example.org", ""},
        {"BATV: the sender of the mail", "prvs=0123456789=news-letter=joe.smith@example.org", ""},
    };
    size_t bad = 0;
    g_autoptr(nx_paths) paths = paths_of(NX_PATHS_DEFAULT);
    g_autoptr(nx_arena) arena = nx_arena_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        bad += !check(rows[i].source, "the recipient", decoded(paths, arena, rows[i].in), rows[i].out);
    assert_int_equal(bad, 0);
}

int main(void)
{
    nx_mime_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_found_in_text), cmocka_unit_test(recipient_fields_are_read), cmocka_unit_test(replies_are_read),
        cmocka_unit_test(status_codes_are_measured),   cmocka_unit_test(stages_are_named),          cmocka_unit_test(one_line_keeps_characters_whole),
        cmocka_unit_test(return_paths_name_recipients), cmocka_unit_test(own_forms_are_tried_in_order), cmocka_unit_test(forms_that_read_nothing_are_faults),
        cmocka_unit_test(any_bytes_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
