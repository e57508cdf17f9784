/* SPDX-License-Identifier: Apache-2.0 */
/* Dialogues without a socket: what is answered, and which bytes are kept, however the network cuts them. */
#include "ingest/lmtp_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define HELLO "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<r@example.com>\r\n"
#define GREETED                                                                                                                    \
    "250-mx\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-CHUNKING\r\n"           \
    "250 SIZE\r\n"
#define READY GREETED "250 2.1.0 ok\r\n250 2.1.5 ok\r\n"
#define GO "354 end it with <CRLF>.<CRLF>\r\n"
#define KEPT "250 2.0.0 kept\r\n"

struct kept {
    enum nx_lmtp_verdict verdict;
    GString *bytes; /* of all messages, "|" behind each */
    unsigned long long size;
};

static enum nx_lmtp_verdict keep(void *data, const struct nx_lmtp_message *message)
{
    struct kept *kept = data;
    g_string_append_len(kept->bytes, message->bytes.p, (gssize)message->bytes.n);
    g_string_append_c(kept->bytes, '|');
    kept->size = message->size;
    return kept->verdict;
}

/* The replies behind the greeting. */
static GString *talk(const char *bytes, size_t n, size_t piece, struct kept *kept)
{
    char *domains[] = {(char[]){"example.com"}, NULL};
    const struct nx_lmtp_options options = {
        .hostname = "mx", .message = 20, .recipients = 2, .domains = domains, .keep = keep, .data = kept};
    GString *out = g_string_new(NULL);
    struct nx_lmtp_session *session = nx_lmtp_session_new(&options, out);
    g_string_truncate(out, 0);
    g_string_truncate(kept->bytes, 0);
    bool more = true;
    for (size_t at = 0; at < n && more; at += piece)
        more = nx_lmtp_session_feed(session, bytes + at, MIN(piece, n - at), out);
    nx_lmtp_session_free(session);
    return out;
}

static void dialogues(void **state)
{
    (void)state;
    static const struct {
        const char *source, *said;
        enum nx_lmtp_verdict verdict;
        const char *replies, *bytes;
        unsigned long long size;
    } rows[] = {
        {"RFC 5321 4.5.2: a stuffed dot is undone", HELLO "DATA\r\n..a\r\n.b\r\n...\r\n.\r\n", NX_LMTP_KEPT, READY GO KEPT,
         ".a\r\nb\r\n..\r\n|", 11},
        {"an empty message", HELLO "DATA\r\n.\r\n", NX_LMTP_KEPT, READY GO KEPT, "|", 0},
        {"RFC 5321 2.3.8: LF . LF ends nothing", HELLO "DATA\r\na\n.\nQUIT\n.\r\n\r\n.\r\n", NX_LMTP_KEPT, READY GO KEPT,
         "a\n.\nQUIT\n.\r\n\r\n|", 14},
        {"nor CR . CR", HELLO "DATA\r\na\r.\rb\r\n.\r\n", NX_LMTP_KEPT, READY GO KEPT, "a\r.\rb\r\n|", 7},
        {"nor CRLF . LF", HELLO "DATA\r\na\r\n.\nb\r\n.\r\n", NX_LMTP_KEPT, READY GO KEPT, "a\r\n\nb\r\n|", 7},
        {"nor CRLF . LF LF", HELLO "DATA\r\na\r\n.\n\nb\r\n.\r\n", NX_LMTP_KEPT, READY GO KEPT, "a\r\n\n\nb\r\n|", 8},
        {"nor CRLF . CR", HELLO "DATA\r\na\r\n.\rb\r\n.\r\n", NX_LMTP_KEPT, READY GO KEPT, "a\r\n\rb\r\n|", 7},
        {"past the limit it is counted", HELLO "DATA\r\n0123456789012345678901234\r\n.\r\n", NX_LMTP_KEPT, READY GO KEPT,
         "01234567890123456789|", 27},
        {"not kept: the sender keeps it", HELLO "DATA\r\na\r\n.\r\n", NX_LMTP_BUSY, READY GO "451 4.3.0 not kept, try again\r\n",
         "a\r\n|", 3},
        {"RFC 5321 4.2.3: no room", HELLO "DATA\r\na\r\n.\r\n", NX_LMTP_FULL,
         READY GO "452 4.3.1 no room to keep it, try again\r\n", "a\r\n|", 3},
        {"RFC 2033 4.2: a reply for each", HELLO "RCPT TO:<s@EXAMPLE.COM>\r\nRCPT TO:<t@example.com>\r\nDATA\r\n.\r\n",
         NX_LMTP_KEPT, READY "250 2.1.5 ok\r\n452 4.5.3 too many recipients for one message\r\n" GO KEPT KEPT, "|", 0},
        {"another's domain", HELLO "RCPT TO:<r@example.net>\r\nRCPT TO:<example.com>\r\n", NX_LMTP_KEPT,
         READY "550 5.1.1 this domain is not served here\r\n550 5.1.1 this domain is not served here\r\n", "", 0},
        {"RFC 3030: bytes as they are", HELLO "BDAT 5\r\n.\r\n.\rBDAT 2 LAST\r\n\n.", NX_LMTP_KEPT, READY "250 2.0.0 ok\r\n" KEPT,
         ".\r\n.\r\n.|", 7},
        {"BDAT after a refused recipient", "LHLO c\r\nMAIL FROM:<>\r\nBDAT 4 LAST\r\nQUITNOOP\r\n", NX_LMTP_KEPT,
         GREETED "250 2.1.0 ok\r\n503 5.5.1 no valid recipients\r\n250 2.0.0 ok\r\n", "", 0},
        {"DATA after BDAT", HELLO "BDAT 1\r\naDATA\r\n", NX_LMTP_KEPT, READY "250 2.0.0 ok\r\n503 5.5.1 no DATA after BDAT\r\n", "",
         0},
        {"the next message starts anew", HELLO "DATA\r\na\r\n.\r\nDATA\r\n", NX_LMTP_KEPT,
         READY GO KEPT "503 5.5.1 no valid recipients\r\n", "a\r\n|", 3},
    };
    struct kept kept = {.bytes = g_string_new(NULL)};
    size_t bad = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t piece = 1; piece <= 200; piece += piece < 8 ? 1 : 192) {
            kept.verdict = rows[i].verdict;
            kept.size = 0;
            GString *out = talk(rows[i].said, strlen(rows[i].said), piece, &kept);
            bool good =
                strcmp(out->str, rows[i].replies) == 0 && strcmp(kept.bytes->str, rows[i].bytes) == 0 && kept.size == rows[i].size;
            if (!good)
                print_error("%s, %zu bytes at a time: %s\nkept %llu: %s\n", rows[i].source, piece, out->str, kept.size,
                            kept.bytes->str);
            bad += !good;
            g_string_free(out, TRUE);
        }
    g_string_free(kept.bytes, TRUE);
    assert_int_equal(bad, 0);
}

static void too_many_faults_end_it(void **state)
{
    (void)state;
    struct kept kept = {.bytes = g_string_new(NULL)};
    GString *said = g_string_new("LHLO c\r\n");
    for (int i = 0; i < 60; i++)
        g_string_append(said, i % 2 == 0 ? "NONSENSE\r\n" : "RCPT TO:<r@example.com>\r\n");
    GString *out = talk(said->str, said->len, said->len, &kept);
    unsigned replies = 0;
    for (const char *p = out->str; (p = strstr(p, "\r\n")) != NULL; p += 2)
        replies++;
    assert_int_equal(replies, 8 + 50 + 1);
    assert_true(g_str_has_suffix(out->str, "421 4.7.0 mx too many faults, closing\r\n"));
    g_string_free(out, TRUE);
    g_string_free(said, TRUE);
    g_string_free(kept.bytes, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dialogues), cmocka_unit_test(too_many_faults_end_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
