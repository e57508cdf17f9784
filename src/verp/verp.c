/* SPDX-License-Identifier: Apache-2.0 */
#include "verp/verp.h"

#include "base/ascii.h"
#include "base/error.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#define RAW 26u  /* bytes of a token: 1 version and key, 3 hour, 8 recipient, 4 stream, 10 signature */
#define TEXT 42u /* characters of it */
#define SIGNED 16u
#define RECIPIENT 8u
#define STREAM 4u

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

struct key {
    char id;
    char *secret;
};

struct nx_verp {
    char *prefix, *domain;
    char **streams;
    GArray *keys; /* of struct key; the first signs */
};

static void clear_key(gpointer data)
{
    struct key *key = data;
    OPENSSL_cleanse(key->secret, strlen(key->secret));
    g_free(key->secret);
}

static const struct key *find_key(const struct nx_verp *verp, char id)
{
    for (guint i = 0; i < verp->keys->len; i++)
        if (g_array_index(verp->keys, struct key, i).id == id)
            return &g_array_index(verp->keys, struct key, i);
    return NULL;
}

static gboolean add_keys(struct nx_verp *verp, const char *name, const char *text, GError **error)
{
    struct nx_str rest = nx_str_of(text), line;
    for (unsigned number = 1; nx_str_next_line(&rest, &line); number++) {
        line = nx_str_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        struct nx_str secret = nx_str_trim(nx_str_from(line, 1));
        const char *why = line.n < 2 || !nx_is_blank((unsigned char)line.p[1]) || memchr(alphabet, line.p[0], 32) == NULL
                              ? "a line is 'ID SECRET', and ID is one of a-z 2-7"
                          : secret.n < 16 || nx_str_chr(secret, ' ') < secret.n
                              ? "a secret has at least 16 characters and no blank (`nixie verp keygen` makes one)"
                          : find_key(verp, line.p[0]) != NULL ? "this id is used twice"
                                                              : NULL;
        if (why != NULL) {
            g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s:%u: %s", name, number, why);
            return FALSE;
        }
        struct key key = {line.p[0], g_strndup(secret.p, secret.n)};
        g_array_append_val(verp->keys, key);
    }
    if (verp->keys->len == 0) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s: holds no key (add the line that `nixie verp keygen` prints)", name);
        return FALSE;
    }
    return TRUE;
}

struct nx_verp *nx_verp_new(const char *name, const char *keys, const char *prefix, const char *domain, const char *streams,
                            GError **error)
{
    g_autoptr(nx_verp) verp = g_new0(struct nx_verp, 1);
    verp->keys = g_array_new(FALSE, FALSE, sizeof(struct key));
    g_array_set_clear_func(verp->keys, clear_key);
    verp->prefix = g_ascii_strdown(prefix, -1);
    verp->domain = g_ascii_strdown(domain, -1);
    verp->streams = g_strsplit_set(streams, " ,;\t", -1);
    if (*verp->prefix == '\0' || strlen(verp->prefix) > 20 || *verp->domain == '\0') {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "[verp]: prefix and domain are needed, the prefix of at most 20 characters");
        return NULL;
    }
    return add_keys(verp, name, keys, error) ? g_steal_pointer(&verp) : NULL;
}

void nx_verp_free(struct nx_verp *verp)
{
    if (verp == NULL)
        return;
    g_array_unref(verp->keys);
    g_strfreev(verp->streams);
    g_free(verp->prefix);
    g_free(verp->domain);
    g_free(verp);
}

/* The first n bytes of HMAC-SHA-256 over "what:" and the text. */
static void digest(const struct key *key, const char *what, struct nx_str text, unsigned char *ret, size_t n)
{
    unsigned char full[EVP_MAX_MD_SIZE];
    unsigned length = sizeof full;
    GByteArray *input = g_byte_array_new();
    g_byte_array_append(input, (const guint8 *)what, (guint)strlen(what) + 1);
    if (text.n > 0)
        g_byte_array_append(input, (const guint8 *)text.p, (guint)text.n);
    const unsigned char *made = HMAC(EVP_sha256(), key->secret, (int)strlen(key->secret), input->data, input->len, full, &length);
    g_assert(made != NULL && length >= n);
    memcpy(ret, full, n);
    g_byte_array_unref(input);
}

static void encode(const unsigned char *raw, char *text)
{
    unsigned long long bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < RAW; i++) {
        bits = bits << 8 | raw[i];
        for (have += 8; have >= 5; have -= 5)
            text[n++] = alphabet[bits >> (have - 5) & 31];
    }
    if (have > 0)
        text[n++] = alphabet[bits << (5 - have) & 31];
    g_assert(n == TEXT);
}

static bool decode(struct nx_str text, unsigned char *raw)
{
    unsigned long long bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *at = memchr(alphabet, nx_lower((unsigned char)text.p[i]), 32);
        if (at == NULL)
            return false;
        bits = bits << 5 | (unsigned)(at - alphabet);
        for (have += 5; have >= 8; have -= 8)
            if (n < RAW)
                raw[n++] = (unsigned char)(bits >> (have - 8));
    }
    return n == RAW && (bits & ((1u << have) - 1)) == 0; /* spare bits are zero: one text a token */
}

static size_t key_place(char id)
{
    return (size_t)((const char *)memchr(alphabet, id, 32) - alphabet);
}

struct nx_str nx_verp_sign(const struct nx_verp *verp, struct nx_arena *arena, struct nx_str recipient, struct nx_str stream,
                           nx_when now, int64_t lifetime)
{
    const struct key *key = &g_array_index(verp->keys, struct key, 0);
    unsigned char raw[RAW] = {0};
    char text[TEXT];
    guint64 hour = (guint64)((now + lifetime + 3599) / 3600);
    raw[0] = (unsigned char)(1u << 5 | key_place(key->id)); /* version 1 */
    for (unsigned i = 0; i < 3; i++)
        raw[1 + i] = (unsigned char)(hour >> (16 - 8 * i));
    digest(key, "recipient", recipient, raw + 4, RECIPIENT);
    for (char **name = verp->streams; *name != NULL; name++)
        if (**name != '\0' && nx_str_eq(stream, nx_str_of(*name)))
            digest(key, "stream", stream, raw + 4 + RECIPIENT, STREAM);
    digest(key, "token", (struct nx_str){(const char *)raw, SIGNED}, raw + SIGNED, RAW - SIGNED);
    encode(raw, text);
    return nx_arena_printf(arena, "%s+%.*s@%s", verp->prefix, (int)TEXT, text, verp->domain);
}

static struct nx_str stream_of(const struct nx_verp *verp, const struct key *key, const unsigned char *wanted)
{
    static const unsigned char none[STREAM];
    if (memcmp(wanted, none, STREAM) == 0)
        return NX_STR_NONE;
    for (char **name = verp->streams; *name != NULL; name++) {
        unsigned char made[STREAM];
        digest(key, "stream", nx_str_of(*name), made, STREAM);
        if (**name != '\0' && CRYPTO_memcmp(made, wanted, STREAM) == 0)
            return nx_str_of(*name);
    }
    return NX_STR_NONE;
}

void nx_verp_read(const struct nx_verp *verp, struct nx_str address, nx_when now, struct nx_verp_token *ret_token)
{
    *ret_token = (struct nx_verp_token){.state = NX_VERP_FOREIGN, .expires = NX_WHEN_NONE};
    address = nx_str_trim(address);
    if (address.n > 2 && address.p[0] == '<' && address.p[address.n - 1] == '>')
        address = nx_str_sub(address, 1, address.n - 1);
    size_t sign = nx_str_chr(address, '@'), prefix = strlen(verp->prefix);
    struct nx_str local = nx_str_sub(address, 0, sign);
    if (!nx_str_ieq(nx_str_from(address, sign + 1), nx_str_of(verp->domain)) || local.n <= prefix || local.p[prefix] != '+' ||
        !nx_str_istarts(local, nx_str_of(verp->prefix)))
        return;
    struct nx_str text = nx_str_from(local, prefix + 1);
    unsigned char raw[RAW], made[RAW - SIGNED];
    ret_token->state = NX_VERP_BAD;
    if (text.n != TEXT || !decode(text, raw) || raw[0] >> 5 != 1)
        return;
    const struct key *key = find_key(verp, alphabet[raw[0] & 31]);
    if (key == NULL)
        return;
    digest(key, "token", (struct nx_str){(const char *)raw, SIGNED}, made, sizeof made);
    if (CRYPTO_memcmp(made, raw + SIGNED, sizeof made) != 0)
        return;
    ret_token->key = key->id;
    ret_token->expires = (nx_when)((unsigned)raw[1] << 16 | (unsigned)raw[2] << 8 | raw[3]) * 3600;
    ret_token->stream = stream_of(verp, key, raw + 4 + RECIPIENT);
    memcpy(ret_token->recipient, raw + 4, RECIPIENT);
    ret_token->state = now <= ret_token->expires ? NX_VERP_GOOD : NX_VERP_EXPIRED;
}

bool nx_verp_names(const struct nx_verp *verp, const struct nx_verp_token *token, struct nx_str recipient)
{
    const struct key *key = find_key(verp, token->key);
    unsigned char made[RECIPIENT];
    if (key == NULL || recipient.n == 0)
        return false;
    digest(key, "recipient", recipient, made, RECIPIENT);
    return CRYPTO_memcmp(made, token->recipient, RECIPIENT) == 0;
}

char *nx_verp_new_key(char id)
{
    unsigned char secret[24];
    if (memchr(alphabet, id, 32) == NULL || RAND_bytes(secret, sizeof secret) != 1)
        return NULL;
    g_autofree char *text = g_base64_encode(secret, sizeof secret);
    OPENSSL_cleanse(secret, sizeof secret);
    return g_strdup_printf("%c %s", id, text);
}
