/* SPDX-License-Identifier: Apache-2.0 */
/* verify/verify.h - did the provider send this? Signatures over the raw bytes of a request, and shared secrets.
 *
 * Sources: the providers' documentation (docs/webhooks.md names each), Standard Webhooks 1.0, RFC 7617. A key is the text that the
 * provider shows, any of several may fit (rotation). Secrets are compared in constant time and never appear in a message. Pure: the
 * clock, headers and certificates are the caller's. Out: slices in the arena or in the request. Any thread. */
#pragma once
#include "base/arena.h"
#include "base/when.h"
#include "parse/webhook/webhook.h"

struct nx_verify_request {
    struct nx_str body;
    struct nx_str url; /* Mandrill: as it is entered there */
    nx_when now;
    int64_t window;                                        /* seconds that a timestamp may be off; 0: any */
    struct nx_str (*header)(void *data, const char *name); /* n == 0: absent */
    void *data;
};

enum nx_proof {
    NX_PROOF_GOOD,
    NX_PROOF_MISSING, /* there is no signature */
    NX_PROOF_BAD,     /* it does not fit any key */
    NX_PROOF_OLD,     /* it fits, but its time is outside the window */
};

/* scheme: any but SECRET and SNS. *ret_token: what must not come twice with different bytes, where the signature does not cover the
 * body; else empty. */
enum nx_proof nx_verify(struct nx_arena *arena, const struct nx_webhook_provider *provider, const char *const *keys,
                        const struct nx_verify_request *request, struct nx_str *ret_token);
/* Why, in a few words for the log and the answer. */
const char *nx_proof_text(enum nx_proof proof);
/* Is the key usable with the provider's scheme? False: *ret_why says what is off. For the check of the settings. */
bool nx_verify_key(const struct nx_webhook_provider *provider, const char *key, const char **ret_why);

/* Amazon SNS. */
struct nx_sns {
    struct nx_str type, topic, cert_url, signature, text; /* text: what is signed */
    nx_when made;
    int version; /* 1: SHA-1, 2: SHA-256 */
};
/* False: the body is no SNS envelope with a signature; ret_sns->type is then empty where it is no envelope at all. */
bool nx_sns_read(struct nx_arena *arena, struct nx_str body, struct nx_sns *ret_sns);
/* pem: the certificate. now NX_WHEN_NONE: its dates and name are not looked at (stored messages). */
enum nx_proof nx_sns_verify(const struct nx_sns *sns, struct nx_str pem, nx_when now);

/* "Basic dXNlcjpwYXNz" against any of "user:pass". */
bool nx_basic_fits(struct nx_str authorization, const char *const *pairs);
/* In constant time for texts of one length. */
bool nx_secret_fits(struct nx_str given, const char *const *secrets);
/* Standard Webhooks: "v1,..." for id.timestamp.body; key "whsec_..." or base64. Empty: the key is none. */
struct nx_str nx_standard_sign(struct nx_arena *arena, const char *key, struct nx_str id, nx_when timestamp, struct nx_str body);
