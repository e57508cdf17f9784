/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes, in any pieces, are a dialogue: no fault, replies end in CRLF, what is kept is within the limit and as it was sent. */
#include "ingest/lmtp_session.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGE_MOST 1000u

static enum nx_lmtp_verdict keep(void *data, const struct nx_lmtp_message *message)
{
    unsigned *kept = data;
    assert(message->n > 0 && message->bytes.n <= MESSAGE_MOST && message->size >= message->bytes.n);
    for (size_t i = 0; i < message->n; i++)
        assert(message->recipients[i] != NULL);
    return (enum nx_lmtp_verdict)(++*kept % 3);
}

static unsigned talk(const char *bytes, size_t n, size_t piece)
{
    unsigned kept = 0;
    char *domains[] = {NULL};
    const struct nx_lmtp_options options = {
        .hostname = "mx.example.com", .message = MESSAGE_MOST, .recipients = 3, .domains = domains, .keep = keep, .data = &kept};
    GString *out = g_string_new(NULL);
    struct nx_lmtp_session *session = nx_lmtp_session_new(&options, out);
    bool more = true;
    for (size_t at = 0; at < n && more; at += piece)
        more = nx_lmtp_session_feed(session, bytes + at, MIN(piece, n - at), out);
    assert(out->len >= 2 && strcmp(out->str + out->len - 2, "\r\n") == 0);
    nx_lmtp_session_free(session);
    g_string_free(out, TRUE);
    return kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    if (size > 64u << 10)
        return 0;
    unsigned whole = talk(bytes, size, MAX(size, 1));
    assert(talk(bytes, size, 1) == whole); /* how the network cuts it makes no difference */
    assert(talk(bytes, size, 7) == whole);
    return 0;
}
