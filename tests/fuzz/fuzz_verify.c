/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a signed body and as the signature: never a good one. And as the address of a certificate: what is allowed is one of
 * the host's. */
#include "fetch/fetch.h"
#include "verify/verify.h"

#include <assert.h>

static struct nx_str header(void *data, const char *name)
{
    (void)name;
    return *(struct nx_str *)data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *keys[] = {"whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "key", NULL};
    const struct nx_str bytes = {(const char *)data, size};
    struct nx_str first = nx_str_sub(bytes, 0, nx_str_chr(bytes, '\n'));
    struct nx_str rest = nx_str_from(bytes, MIN(first.n + 1, size));
    struct nx_arena *arena = nx_arena_new();
    size_t n;
    const struct nx_webhook_provider *providers = nx_webhook_providers(&n);
    for (size_t i = 0; i < n; i++) {
        if (providers[i].scheme == NX_SCHEME_SECRET || providers[i].scheme == NX_SCHEME_SNS)
            continue;
        struct nx_str token;
        const struct nx_verify_request request = {
            .body = rest, .url = NX_STR("https://x.example/"), .now = 1770000000, .window = 300, .header = header, .data = &first};
        assert(nx_verify(arena, &providers[i], keys, &request, &token) != NX_PROOF_GOOD);
    }
    struct nx_sns sns;
    if (nx_sns_read(arena, bytes, &sns))
        assert(nx_sns_verify(&sns, first, NX_WHEN_NONE) != NX_PROOF_GOOD);
    assert(!nx_basic_fits(bytes, (const char *const[]){"u:a password that nobody guesses", NULL}));
    static const char *const hosts[] = {"sns.*.amazonaws.com", NULL};
    if (nx_fetch_allows(bytes, hosts, ".pem")) {
        struct nx_str host = nx_str_from(bytes, strlen("https://"));
        host = nx_str_sub(host, 0, nx_str_chr(host, '/'));
        assert(nx_str_istarts(bytes, NX_STR("https://")) && nx_str_iends(bytes, NX_STR(".pem")));
        assert(nx_str_istarts(host, NX_STR("sns.")) && nx_str_iends(host, NX_STR(".amazonaws.com")));
    }
    nx_arena_free(arena);
    return 0;
}
