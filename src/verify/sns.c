/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon SNS: docs.aws.amazon.com/sns "Verifying the signatures of Amazon SNS messages". */
#include "verify/verify.h"

#include "base/buf.h"
#include "verify/crypto.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static struct nx_str member(struct nx_arena *arena, json_t *root, const char *name)
{
    json_t *value = json_object_get(root, name);
    return json_is_string(value) ? nx_arena_dup(arena, (struct nx_str){json_string_value(value), json_string_length(value)})
                                 : NX_STR_NONE;
}

/* The names in the order of bytes; Subject only where it is there and not null. */
static struct nx_str signed_text(struct nx_arena *arena, json_t *root, struct nx_str type)
{
    static const char *const notification[] = {"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", NULL};
    static const char *const other[] = {"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type", NULL};
    struct nx_buf text;
    nx_buf_init(&text, arena, SIZE_MAX / 2);
    for (const char *const *name = nx_str_eq(type, NX_STR("Notification")) ? notification : other; *name != NULL; name++) {
        json_t *value = json_object_get(root, *name);
        if (value == NULL && strcmp(*name, "SubscribeURL") == 0)
            value = json_object_get(root, "SubscribeUrl");
        if (!json_is_string(value))
            continue;
        nx_buf_add(&text, nx_str_of(*name));
        nx_buf_addc(&text, '\n');
        nx_buf_add(&text, (struct nx_str){json_string_value(value), json_string_length(value)});
        nx_buf_addc(&text, '\n');
    }
    return nx_buf_str(&text);
}

bool nx_sns_read(struct nx_arena *arena, struct nx_str body, struct nx_sns *ret_sns)
{
    body = nx_webhook_text(body);
    json_t *root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    struct nx_sns sns = {.type = member(arena, root, "Type"),
                         .topic = member(arena, root, "TopicArn"),
                         .made = nx_when_parse(member(arena, root, "Timestamp"))};
    struct nx_str version = member(arena, root, "SignatureVersion"), signature = member(arena, root, "Signature");
    sns.cert_url = member(arena, root, "SigningCertURL");
    if (sns.cert_url.n == 0)
        sns.cert_url = member(arena, root, "SigningCertUrl"); /* as a function is given it */
    sns.version = nx_str_eq(version, NX_STR("1")) ? 1 : nx_str_eq(version, NX_STR("2")) ? 2 : 0;
    sns.text = signed_text(arena, root, sns.type);
    bool good = sns.type.n > 0 && sns.cert_url.n > 0 && sns.version != 0 && nx_base64_decode(arena, signature, &sns.signature);
    json_decref(root);
    *ret_sns = sns;
    return good;
}

/* The certificate is Amazon's for SNS, or that of the very host that gave it out (other partitions, other providers). */
static bool is_named(X509 *certificate, struct nx_str url)
{
    struct nx_str host = nx_str_from(url, MIN(strlen("https://"), url.n));
    host = nx_str_sub(host, 0, nx_str_chr(host, '/'));
    return X509_check_host(certificate, "sns.amazonaws.com", 0, 0, NULL) == 1 ||
           (host.n > 0 && X509_check_host(certificate, host.p, host.n, 0, NULL) == 1);
}

enum nx_proof nx_sns_verify(const struct nx_sns *sns, struct nx_str pem, nx_when now)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)MIN(pem.n, (size_t)INT_MAX));
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (certificate == NULL)
        return NX_PROOF_BAD;
    time_t at = (time_t)now;
    bool dates = now == NX_WHEN_NONE || (X509_cmp_time(X509_get0_notBefore(certificate), &at) < 0 &&
                                         X509_cmp_time(X509_get0_notAfter(certificate), &at) > 0);
    bool good = dates && (now == NX_WHEN_NONE || is_named(certificate, sns->cert_url));
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    bool fits = good && key != NULL && EVP_PKEY_is_a(key, "RSA") &&
                nx_signature_fits(key, sns->version == 1 ? "SHA1" : "SHA256", sns->signature, sns->text);
    X509_free(certificate);
    return fits ? NX_PROOF_GOOD : NX_PROOF_BAD;
}
