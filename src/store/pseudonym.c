/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pseudonym.h"

#include "base/error.h"
#include "base/siphash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET 32
#define ID 16 /* hex digits */
static const char opening[] = "nixie-erasure-key-2 ";

struct nx_pseudonym {
    EVP_MAC *mac;
    EVP_MAC_CTX *begun; /* with the secret in it */
    struct nx_sip_key tag;
    char id[ID + 1];
};

struct nx_pseudonym_hasher {
    const struct nx_pseudonym *secret;
    EVP_MAC_CTX *context;
};

/* Written beside and linked, so that it is whole or not there, and of two that make it at once one wins. */
static gboolean put_file(const char *path, const char *like, const char *text, GError **error)
{
    g_autofree char *beside = g_strdup_printf("%s.%d", path, (int)getpid());
    struct stat info;
    mode_t mode = stat(like, &info) == 0 ? 0600 | (info.st_mode & 0040) : 0600;
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t n = strlen(text);
    bool good = fd >= 0 && write(fd, text, n) == (ssize_t)n && fchmod(fd, mode) == 0;
    if (good && geteuid() == 0) /* the daemon is to read what the administrator made */
        good = fchown(fd, info.st_uid, info.st_gid) == 0;
    good = good && fsync(fd) == 0 && (link(beside, path) == 0 || errno == EEXIST);
    int fault = errno;
    if (fd >= 0) {
        close(fd);
        unlink(beside);
    }
    g_autofree char *directory = g_path_get_dirname(path);
    int dir = good ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir >= 0) {
        (void)!fsync(dir);
        close(dir);
    }
    if (!good)
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: cannot be made: %s (its directory is to be writable; nothing was erased)",
                    path, g_strerror(fault));
    return good;
}

gboolean nx_pseudonym_make(const char *path, const char *like, GError **error)
{
    unsigned char secret[SECRET];
    GString *text = g_string_new(opening);
    if (access(path, F_OK) == 0) {
        g_string_free(text, TRUE);
        return TRUE;
    }
    bool good = RAND_priv_bytes(secret, sizeof secret) == 1;
    for (size_t i = 0; i < sizeof secret; i++)
        g_string_append_printf(text, "%02x", secret[i]);
    g_string_append_c(text, '\n');
    if (good)
        good = put_file(path, like, text->str, error);
    else
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: no random bytes can be had", path);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(text->str, text->len);
    g_string_free(text, TRUE);
    return good;
}

static bool read_secret(const char *text, unsigned char *ret)
{
    if (!g_str_has_prefix(text, opening))
        return false;
    text += strlen(opening);
    for (size_t i = 0; i < SECRET; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]), low = high < 0 ? -1 : g_ascii_xdigit_value(text[2 * i + 1]);
        if (low < 0)
            return false;
        ret[i] = (unsigned char)(high << 4 | low);
    }
    return text[2 * SECRET] == '\n' || text[2 * SECRET] == '\0';
}

static void hmac(struct nx_pseudonym_hasher *hasher, struct nx_str text, unsigned char ret[EVP_MAX_MD_SIZE])
{
    size_t n = 0;
    /* With no key given it begins anew with the one it has. */
    bool good = EVP_MAC_init(hasher->context, NULL, 0, NULL) == 1 &&
                EVP_MAC_update(hasher->context, (const unsigned char *)text.p, text.n) == 1 &&
                EVP_MAC_final(hasher->context, ret, &n, EVP_MAX_MD_SIZE) == 1 && n >= NX_PSEUDONYM;
    g_assert(good);
}

struct nx_pseudonym *nx_pseudonym_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) cannot = NULL;
    gsize n = 0;
    if (!g_file_get_contents(path, &text, &n, &cannot)) {
        bool gone = g_error_matches(cannot, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        g_set_error(error, NX_ERROR, gone ? NX_ERROR_NOT_FOUND : NX_ERROR_CONFIG, "%s: the key of erased addresses %s", path,
                    gone ? "is not there" : "cannot be read (who may read the database is to read it too)");
        return NULL;
    }
    unsigned char secret[SECRET], whole[EVP_MAX_MD_SIZE];
    if (!read_secret(text, secret)) {
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s: is no key of erased addresses, or a damaged one (put back the copy)",
                    path);
        return NULL;
    }
    struct nx_pseudonym *made = g_new0(struct nx_pseudonym, 1);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    made->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    made->begun = EVP_MAC_CTX_new(made->mac);
    int good = EVP_MAC_init(made->begun, secret, sizeof secret, params);
    g_assert(good == 1);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(text, n);
    g_autoptr(nx_pseudonym_hasher) hasher = nx_pseudonym_hasher_new(made);
    hmac(hasher, NX_STR("key of the tag"), whole); /* no key of an address has a blank */
    memcpy(&made->tag, whole, sizeof made->tag);
    made->tag = (struct nx_sip_key){GUINT64_FROM_LE(made->tag.low), GUINT64_FROM_LE(made->tag.high)};
    hmac(hasher, NX_STR("id of the key"), whole);
    for (size_t i = 0; i < ID / 2; i++)
        g_snprintf(made->id + 2 * i, 3, "%02x", whole[i]);
    return made;
}

void nx_pseudonym_free(struct nx_pseudonym *secret)
{
    if (secret == NULL)
        return;
    EVP_MAC_CTX_free(secret->begun);
    EVP_MAC_free(secret->mac);
    g_free(secret);
}

const char *nx_pseudonym_id(const struct nx_pseudonym *secret)
{
    return secret->id;
}

struct nx_pseudonym_hasher *nx_pseudonym_hasher_new(const struct nx_pseudonym *secret)
{
    struct nx_pseudonym_hasher *hasher = g_new0(struct nx_pseudonym_hasher, 1);
    hasher->secret = secret;
    hasher->context = EVP_MAC_CTX_dup(secret->begun);
    g_assert(hasher->context != NULL);
    return hasher;
}

void nx_pseudonym_hasher_free(struct nx_pseudonym_hasher *hasher)
{
    if (hasher == NULL)
        return;
    EVP_MAC_CTX_free(hasher->context);
    g_free(hasher);
}

void nx_pseudonym_tag(const struct nx_pseudonym *secret, struct nx_str key, unsigned char ret[NX_PSEUDONYM_TAG])
{
    const uint64_t hash = GUINT64_TO_BE(nx_siphash(secret->tag, key));
    memcpy(ret, &hash, NX_PSEUDONYM_TAG);
}

void nx_pseudonym_hash(struct nx_pseudonym_hasher *hasher, struct nx_str key, unsigned char ret[NX_PSEUDONYM])
{
    unsigned char whole[EVP_MAX_MD_SIZE];
    hmac(hasher, key, whole);
    nx_pseudonym_tag(hasher->secret, key, ret);
    memcpy(ret + NX_PSEUDONYM_TAG, whole, NX_PSEUDONYM - NX_PSEUDONYM_TAG);
}
