/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/crypto.h"

#include "base/ascii.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static const char *const names[] = {[NX_HASH_MD5] = "MD5", [NX_HASH_SHA1] = "SHA1", [NX_HASH_SHA256] = "SHA256"};

void nx_hmac(enum nx_hash hash, struct nx_str key, const struct nx_str *parts, size_t n_parts, struct nx_digest *ret)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    char name[8];
    g_strlcpy(name, names[hash], sizeof name);
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
    if (EVP_MAC_init(context, (const unsigned char *)(key.n > 0 ? key.p : ""), key.n, parameters) != 1)
        g_error("HMAC is not available");
    for (size_t i = 0; i < n_parts; i++)
        EVP_MAC_update(context, (const unsigned char *)parts[i].p, parts[i].n);
    EVP_MAC_final(context, ret->bytes, &ret->n, sizeof ret->bytes);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
}

void nx_hash(enum nx_hash hash, const struct nx_str *parts, size_t n_parts, struct nx_digest *ret)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_MD *method = EVP_MD_fetch(NULL, names[hash], NULL);
    unsigned n = 0;
    if (EVP_DigestInit_ex2(context, method, NULL) != 1)
        g_error("%s is not available", names[hash]);
    for (size_t i = 0; i < n_parts; i++)
        EVP_DigestUpdate(context, parts[i].p, parts[i].n);
    EVP_DigestFinal_ex(context, ret->bytes, &n);
    ret->n = n;
    EVP_MD_free(method);
    EVP_MD_CTX_free(context);
}

bool nx_bytes_equal(struct nx_str a, struct nx_str b)
{
    return a.n == b.n && a.n > 0 && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

bool nx_hex_decode(struct nx_arena *arena, struct nx_str text, struct nx_str *ret)
{
    if (text.n % 2 != 0)
        return false;
    char *out = nx_arena_alloc(arena, text.n / 2 + 1);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = nx_lower((unsigned char)text.p[i]);
        if (!nx_is_xdigit(c))
            return false;
        unsigned value = c <= '9' ? c - 48u : c - 87u;
        out[i / 2] = (char)((unsigned char)out[i / 2] * 16 + value);
    }
    *ret = (struct nx_str){out, text.n / 2};
    return true;
}

bool nx_base64_decode(struct nx_arena *arena, struct nx_str text, struct nx_str *ret)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.n && text.p[text.n - 1 - padding] == '=')
        padding++;
    if (text.n == 0 || text.n % 4 != 0 || text.n > INT_MAX)
        return false;
    for (size_t i = 0; i < text.n - padding; i++)
        if (!nx_is_alnum((unsigned char)text.p[i]) && text.p[i] != '+' && text.p[i] != '/')
            return false;
    unsigned char *out = nx_arena_alloc(arena, text.n / 4 * 3);
    int n = EVP_DecodeBlock(out, (const unsigned char *)text.p, (int)text.n);
    if (n < 0)
        return false;
    *ret = (struct nx_str){(const char *)out, (size_t)n - padding};
    return true;
}

struct nx_str nx_base64_encode(struct nx_arena *arena, struct nx_str bytes)
{
    unsigned char *out = nx_arena_alloc(arena, (bytes.n + 2) / 3 * 4 + 1);
    int n = EVP_EncodeBlock(out, (const unsigned char *)bytes.p, (int)bytes.n);
    return (struct nx_str){(const char *)out, (size_t)n};
}

EVP_PKEY *nx_public_key(struct nx_arena *arena, const char *text)
{
    struct nx_str der;
    if (strstr(text, "-----BEGIN") != NULL) {
        BIO *bio = BIO_new_mem_buf(text, -1);
        EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        BIO_free(bio);
        return key;
    }
    if (!nx_base64_decode(arena, nx_str_trim(nx_str_of(text)), &der))
        return NULL;
    const unsigned char *p = (const unsigned char *)der.p;
    return d2i_PUBKEY(NULL, &p, (long)der.n);
}

bool nx_signature_fits(EVP_PKEY *key, const char *hash_name, struct nx_str signature, struct nx_str text)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fits =
        EVP_DigestVerifyInit_ex(context, NULL, hash_name, NULL, NULL, key, NULL) == 1 &&
        EVP_DigestVerify(context, (const unsigned char *)signature.p, signature.n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(context);
    return fits;
}
