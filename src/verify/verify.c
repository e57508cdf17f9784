/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "parse/webhook/form.h"
#include "verify/crypto.h"

#include <jansson.h>

struct check {
    struct nx_arena *arena;
    const struct nx_webhook_provider *provider;
    const struct nx_verify_request *request;
    struct nx_str token;
};

static struct nx_str header(const struct check *check, const char *name)
{
    return nx_str_trim(check->request->header(check->request->data, name));
}

/* Seconds since 1970; digits alone. */
static enum nx_proof in_window(const struct check *check, struct nx_str timestamp)
{
    unsigned long long at;
    if (check->request->window == 0)
        return NX_PROOF_GOOD;
    if (!nx_str_to_u64(timestamp, &at) || at > (1ull << 40))
        return NX_PROOF_BAD;
    int64_t off = check->request->now - (int64_t)at;
    return off > check->request->window || off < -check->request->window ? NX_PROOF_OLD : NX_PROOF_GOOD;
}

static bool hmac_fits(enum nx_hash hash, struct nx_str key, const struct nx_str *parts, size_t n, struct nx_str mac)
{
    struct nx_digest digest;
    nx_hmac(hash, key, parts, n, &digest);
    return nx_bytes_equal(nx_digest_str(&digest), mac);
}

/* MailerSend, Mailtrap. */
static enum nx_proof hmac_hex(struct check *check, const char *key)
{
    struct nx_str text = header(check, check->provider->header), mac;
    if (text.n == 0)
        return NX_PROOF_MISSING;
    if (nx_str_istarts(text, NX_STR("sha256=")))
        text = nx_str_from(text, 7);
    return nx_hex_decode(check->arena, text, &mac) && hmac_fits(NX_HASH_SHA256, nx_str_of(key), &check->request->body, 1, mac)
               ? NX_PROOF_GOOD
               : NX_PROOF_BAD;
}

static enum nx_proof sendgrid(struct check *check, const char *key)
{
    struct nx_str text = header(check, check->provider->header),
                  timestamp = header(check, "X-Twilio-Email-Event-Webhook-Timestamp"), signature;
    if (text.n == 0 || timestamp.n == 0)
        return NX_PROOF_MISSING;
    EVP_PKEY *public_key = nx_public_key(check->arena, key);
    struct nx_buf all;
    nx_buf_init(&all, check->arena, SIZE_MAX / 2);
    nx_buf_add(&all, timestamp);
    nx_buf_add(&all, check->request->body);
    bool fits = public_key != NULL && EVP_PKEY_is_a(public_key, "EC") && nx_base64_decode(check->arena, text, &signature) &&
                nx_signature_fits(public_key, "SHA256", signature, nx_buf_str(&all));
    EVP_PKEY_free(public_key);
    return fits ? in_window(check, timestamp) : NX_PROOF_BAD;
}

static struct nx_str member(struct nx_arena *arena, json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (json_is_integer(value))
        return nx_arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return json_is_string(value) ? nx_arena_dup(arena, (struct nx_str){json_string_value(value), json_string_length(value)})
                                 : NX_STR_NONE;
}

/* The triple stands in the body, which it does not cover. Of a form's repeated names the last are Mailgun's, the others the user's.
 */
static enum nx_proof mailgun(struct check *check, const char *key)
{
    struct nx_arena *arena = check->arena;
    struct nx_str body = nx_webhook_text(check->request->body), parts[2] = {NX_STR_NONE, NX_STR_NONE}, text = NX_STR_NONE,
                  parent = NX_STR_NONE, mac;
    if (!nx_webhook_is_form(body)) {
        json_t *root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL),
               *signature = json_object_get(root, "signature");
        parts[0] = member(arena, signature, "timestamp");
        parts[1] = member(arena, signature, "token");
        text = member(arena, signature, "signature");
        parent = member(arena, signature, "parent-signature");
        json_decref(root);
    } else {
        struct nx_form form;
        nx_form_read(arena, body, &form);
        const struct nx_str *timestamp = nx_form_last(&form, NX_STR("timestamp")), *token = nx_form_last(&form, NX_STR("token")),
                            *signature = nx_form_last(&form, NX_STR("signature"));
        if (timestamp != NULL && token != NULL && signature != NULL) {
            parts[0] = *timestamp;
            parts[1] = *token;
            text = *signature;
        }
    }
    if (parts[0].n == 0 || parts[1].n == 0 || text.n == 0)
        return NX_PROOF_MISSING;
    /* ten digits, so that none of them can be moved into the token, which would then be a new one */
    if (parts[0].n != 10)
        return NX_PROOF_BAD;
    bool fits = nx_hex_decode(arena, text, &mac) && hmac_fits(NX_HASH_SHA256, nx_str_of(key), parts, 2, mac);
    if (!fits && parent.n > 0) /* of a subaccount, with the key of its parent */
        fits = nx_hex_decode(arena, parent, &mac) && hmac_fits(NX_HASH_SHA256, nx_str_of(key), parts, 2, mac);
    check->token = parts[1];
    return fits ? in_window(check, parts[0]) : NX_PROOF_BAD;
}

static int by_name(const void *a, const void *b)
{
    return nx_str_cmp(((const struct nx_form_field *)a)->name, ((const struct nx_form_field *)b)->name);
}

static enum nx_proof mandrill(struct check *check, const char *key)
{
    struct nx_str text = header(check, check->provider->header), mac;
    struct nx_form form;
    struct nx_buf all;
    if (text.n == 0)
        return NX_PROOF_MISSING;
    if (!nx_webhook_is_form(nx_webhook_text(check->request->body)))
        return NX_PROOF_BAD;
    nx_form_read(check->arena, check->request->body, &form);
    qsort(form.fields, form.n, sizeof *form.fields, by_name);
    nx_buf_init(&all, check->arena, SIZE_MAX / 2);
    nx_buf_add(&all, check->request->url);
    for (size_t i = 0; i < form.n; i++) {
        nx_buf_add(&all, form.fields[i].name);
        nx_buf_add(&all, form.fields[i].value);
    }
    struct nx_str signed_text = nx_buf_str(&all);
    if (!nx_base64_decode(check->arena, text, &mac))
        return NX_PROOF_BAD;
    /* the list without events that is sent when the URL is entered, before there is a key */
    bool test = form.n == 1 && nx_str_eq(form.fields[0].value, NX_STR("[]")) &&
                hmac_fits(NX_HASH_SHA1, NX_STR("test-webhook"), &signed_text, 1, mac);
    return test || hmac_fits(NX_HASH_SHA1, nx_str_of(key), &signed_text, 1, mac) ? NX_PROOF_GOOD : NX_PROOF_BAD;
}

/* The other kind is secret: a public key must never serve as one. */
static bool is_public(const char *key)
{
    return g_ascii_strncasecmp(key, "whpk_", 5) == 0;
}

static bool standard_key(struct nx_arena *arena, const char *key, struct nx_str *ret)
{
    struct nx_str text = nx_str_of(key);
    if (nx_str_istarts(text, NX_STR("whsec_")) || is_public(key))
        text = nx_str_from(text, nx_str_chr(text, '_') + 1);
    return nx_base64_decode(arena, text, ret);
}

/* Standard Webhooks 1.0, and Svix, from which it comes. */
static enum nx_proof standard(struct check *check, const char *key)
{
    struct nx_arena *arena = check->arena;
    struct nx_str id = header(check, "webhook-id"), timestamp = header(check, "webhook-timestamp"),
                  list = header(check, "webhook-signature"), secret;
    if (list.n == 0) {
        id = header(check, "svix-id");
        timestamp = header(check, "svix-timestamp");
        list = header(check, "svix-signature");
    }
    if (id.n == 0 || timestamp.n == 0 || list.n == 0)
        return NX_PROOF_MISSING;
    if (!standard_key(arena, key, &secret))
        return NX_PROOF_BAD;
    struct nx_buf all;
    nx_buf_init(&all, arena, SIZE_MAX / 2);
    nx_buf_add(&all, id);
    nx_buf_addc(&all, '.');
    nx_buf_add(&all, timestamp);
    nx_buf_addc(&all, '.');
    nx_buf_add(&all, check->request->body);
    struct nx_str text = nx_buf_str(&all);
    bool asymmetric = is_public(key), fits = false;
    while (list.n > 0 && !fits) {
        size_t blank = nx_str_chr(list, ' '), comma;
        struct nx_str one = nx_str_sub(list, 0, blank), mac;
        list = nx_str_from(list, blank + 1);
        comma = nx_str_chr(one, ',');
        struct nx_str version = comma < one.n ? nx_str_sub(one, 0, comma) : NX_STR("v1"); /* Sweego writes no version */
        if (!nx_base64_decode(arena, comma < one.n ? nx_str_from(one, comma + 1) : one, &mac))
            continue;
        if (!asymmetric && nx_str_eq(version, NX_STR("v1"))) {
            fits = hmac_fits(NX_HASH_SHA256, secret, &text, 1, mac);
        } else if (asymmetric && nx_str_eq(version, NX_STR("v1a"))) {
            EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)secret.p, secret.n);
            fits = public_key != NULL && nx_signature_fits(public_key, NULL, mac, text);
            EVP_PKEY_free(public_key);
        }
    }
    return fits ? in_window(check, timestamp) : NX_PROOF_BAD;
}

struct nx_str nx_standard_sign(struct nx_arena *arena, const char *key, struct nx_str id, nx_when timestamp, struct nx_str body)
{
    struct nx_str secret;
    struct nx_digest digest;
    if (!standard_key(arena, key, &secret))
        return NX_STR_NONE;
    const struct nx_str head = nx_arena_printf(arena, "%.*s.%lld.", NX_FMT(id), (long long)timestamp), parts[] = {head, body};
    nx_hmac(NX_HASH_SHA256, secret, parts, 2, &digest);
    return nx_arena_printf(arena, "v1,%.*s", NX_FMT(nx_base64_encode(arena, nx_digest_str(&digest))));
}

/* SHA-256 where the install sends it, else SHA-1. */
static enum nx_proof postal(struct check *check, const char *key)
{
    struct nx_str strong = header(check, check->provider->header), weak = header(check, "X-Postal-Signature"), signature;
    if (strong.n == 0 && weak.n == 0)
        return NX_PROOF_MISSING;
    EVP_PKEY *public_key = nx_public_key(check->arena, key);
    bool fits = public_key != NULL && EVP_PKEY_is_a(public_key, "RSA") &&
                nx_base64_decode(check->arena, strong.n > 0 ? strong : weak, &signature) &&
                nx_signature_fits(public_key, strong.n > 0 ? "SHA256" : "SHA1", signature, check->request->body);
    EVP_PKEY_free(public_key);
    return fits ? NX_PROOF_GOOD : NX_PROOF_BAD;
}

/* "ts=<ms>;s=<percent-encoded base64>;s-algorithm=HmacSHA256", over the decoded value of the one field, or the JSON body. */
static enum nx_proof zeptomail(struct check *check, const char *key)
{
    struct nx_str list = header(check, check->provider->header), text = NX_STR_NONE, body = check->request->body, mac;
    while (list.n > 0) {
        size_t end = nx_str_chr(list, ';');
        struct nx_str one = nx_str_trim(nx_str_sub(list, 0, end));
        list = nx_str_from(list, end + 1);
        if (nx_str_istarts(one, NX_STR("s=")))
            text = nx_form_decode(check->arena, nx_str_from(one, 2));
    }
    if (text.n == 0)
        return NX_PROOF_MISSING;
    if (nx_webhook_is_form(nx_webhook_text(body))) {
        struct nx_form form;
        nx_form_read(check->arena, nx_webhook_text(body), &form);
        if (form.n != 1)
            return NX_PROOF_BAD;
        body = form.fields[0].value;
    }
    /* a "+" that was not percent-encoded has become a blank */
    char *fixed = nx_arena_cstr(check->arena, text);
    for (char *p = fixed; *p != '\0'; p++)
        if (*p == ' ')
            *p = '+';
    return nx_base64_decode(check->arena, nx_str_of(fixed), &mac) && hmac_fits(NX_HASH_SHA256, nx_str_of(key), &body, 1, mac)
               ? NX_PROOF_GOOD
               : NX_PROOF_BAD;
}

/* MD5 of the raw body in which the key stands in place of the value of "auth". */
static enum nx_proof unisender(struct check *check, const char *key)
{
    struct nx_str body = check->request->body, mac;
    json_t *root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    struct nx_str auth = member(check->arena, root, "auth");
    json_decref(root);
    if (auth.n == 0)
        return NX_PROOF_MISSING;
    size_t name = 0, at = body.n;
    while (at == body.n && name < body.n) { /* the value of the member, not a text like it elsewhere */
        name += nx_str_find(nx_str_from(body, name), NX_STR("\"auth\""));
        if (name >= body.n)
            break;
        name += 6;
        struct nx_str rest = nx_str_from(body, name);
        size_t skip = 0;
        while (skip < rest.n && (nx_is_space((unsigned char)rest.p[skip]) || rest.p[skip] == ':' || rest.p[skip] == '"'))
            skip++;
        if (nx_str_eq(nx_str_sub(rest, skip, skip + auth.n), auth))
            at = name + skip;
    }
    if (at == body.n || !nx_hex_decode(check->arena, auth, &mac))
        return NX_PROOF_BAD;
    const struct nx_str parts[] = {nx_str_sub(body, 0, at), nx_str_of(key), nx_str_from(body, at + auth.n)};
    struct nx_digest digest;
    nx_hash(NX_HASH_MD5, parts, 3, &digest);
    return nx_bytes_equal(nx_digest_str(&digest), mac) ? NX_PROOF_GOOD : NX_PROOF_BAD;
}

/* Over id, event and timestamp of the headers; the body is not covered. */
static enum nx_proof mailomat(struct check *check, const char *key)
{
    struct nx_str text = header(check, check->provider->header), mac;
    struct nx_str id = header(check, "X-MOM-Webhook-Id"), event = header(check, "X-MOM-Webhook-Event"),
                  timestamp = header(check, "X-MOM-Webhook-Timestamp");
    if (text.n == 0 || id.n == 0 || timestamp.n == 0)
        return NX_PROOF_MISSING;
    unsigned long long at; /* with digits alone there, and no dot in the event, the id ends where it does for them */
    if (!nx_str_istarts(text, NX_STR("sha256=")) || !nx_str_to_u64(timestamp, &at) || nx_str_chr(event, '.') < event.n)
        return NX_PROOF_BAD;
    const struct nx_str parts[] = {id, NX_STR("."), event, NX_STR("."), timestamp};
    bool fits = nx_hex_decode(check->arena, nx_str_from(text, 7), &mac) && hmac_fits(NX_HASH_SHA256, nx_str_of(key), parts, 5, mac);
    check->token = id;
    return fits ? in_window(check, timestamp) : NX_PROOF_BAD;
}

static enum nx_proof one(struct check *check, const char *key)
{
    switch (check->provider->scheme) {
    case NX_SCHEME_SENDGRID:
        return sendgrid(check, key);
    case NX_SCHEME_MAILGUN:
        return mailgun(check, key);
    case NX_SCHEME_MANDRILL:
        return mandrill(check, key);
    case NX_SCHEME_STANDARD:
        return standard(check, key);
    case NX_SCHEME_HMAC_HEX:
        return hmac_hex(check, key);
    case NX_SCHEME_POSTAL:
        return postal(check, key);
    case NX_SCHEME_ZEPTOMAIL:
        return zeptomail(check, key);
    case NX_SCHEME_UNISENDER:
        return unisender(check, key);
    case NX_SCHEME_MAILOMAT:
        return mailomat(check, key);
    case NX_SCHEME_SECRET:
    case NX_SCHEME_SNS:
        break;
    }
    g_assert_not_reached();
}

enum nx_proof nx_verify(struct nx_arena *arena, const struct nx_webhook_provider *provider, const char *const *keys,
                        const struct nx_verify_request *request, struct nx_str *ret_token)
{
    enum nx_proof best = NX_PROOF_MISSING;
    struct check check = {.arena = arena, .provider = provider, .request = request};
    for (; *keys != NULL; keys++) {
        enum nx_proof proof = one(&check, *keys);
        if (best == NX_PROOF_MISSING || proof == NX_PROOF_GOOD || (proof == NX_PROOF_OLD && best == NX_PROOF_BAD))
            best = proof;
        if (proof == NX_PROOF_GOOD)
            break;
    }
    *ret_token = check.token;
    return best;
}

const char *nx_proof_text(enum nx_proof proof)
{
    static const char *const texts[] = {[NX_PROOF_GOOD] = "good",
                                        [NX_PROOF_MISSING] = "there is no signature",
                                        [NX_PROOF_BAD] = "the signature does not fit",
                                        [NX_PROOF_OLD] = "the signature is too old, or its clock is wrong"};
    return texts[proof];
}

bool nx_verify_key(const struct nx_webhook_provider *provider, const char *key, const char **ret_why)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_str secret;
    bool good = *key != '\0';
    *ret_why = "a key is empty";
    if (good && provider->scheme == NX_SCHEME_STANDARD) {
        good = standard_key(arena, key, &secret);
        *ret_why = "a key is not base64 (copy all of whsec_... from the provider)";
    } else if (good && (provider->scheme == NX_SCHEME_SENDGRID || provider->scheme == NX_SCHEME_POSTAL)) {
        EVP_PKEY *public_key = nx_public_key(arena, key);
        char group[32] = "";
        size_t n;
        good = public_key != NULL && EVP_PKEY_is_a(public_key, provider->scheme == NX_SCHEME_SENDGRID ? "EC" : "RSA") &&
               (provider->scheme == NX_SCHEME_POSTAL ||
                (EVP_PKEY_get_group_name(public_key, group, sizeof group, &n) == 1 && strcmp(group, "prime256v1") == 0));
        EVP_PKEY_free(public_key);
        *ret_why = provider->scheme == NX_SCHEME_SENDGRID
                       ? "a key is no P-256 public key (the verification key that SendGrid shows)"
                       : "a key is no RSA public key";
    }
    return good;
}

bool nx_secret_fits(struct nx_str given, const char *const *secrets)
{
    bool fits = false;
    for (; secrets != NULL && *secrets != NULL; secrets++)
        fits |= nx_bytes_equal(given, nx_str_of(*secrets));
    return fits;
}

bool nx_basic_fits(struct nx_str authorization, const char *const *pairs)
{
    g_autoptr(nx_arena) arena = nx_arena_new();
    struct nx_str pair;
    authorization = nx_str_trim(authorization);
    if (!nx_str_istarts(authorization, NX_STR("Basic ")))
        return false;
    return nx_base64_decode(arena, nx_str_trim(nx_str_from(authorization, 6)), &pair) && nx_secret_fits(pair, pairs);
}
