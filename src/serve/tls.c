/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/tls.h"

#include "base/error.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

static int no_passphrase(char *buffer, int size, int writing, void *data)
{
    (void)buffer, (void)size, (void)writing, (void)data;
    return -1;
}

gboolean nx_tls_check(const char *certificate, const char *key, const char *certificate_path, const char *key_path, GError **error)
{
    BIO *certificate_text = BIO_new_mem_buf(certificate, -1), *key_text = BIO_new_mem_buf(key, -1);
    X509 *x509 = PEM_read_bio_X509(certificate_text, NULL, no_passphrase, NULL);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key_text, NULL, no_passphrase, NULL);
    const char *path = x509 == NULL ? certificate_path : key_path, *why = NULL;
    if (x509 == NULL)
        why = "no PEM certificate can be read from it (its own one stands first, the chain behind it)";
    else if (pkey == NULL)
        why = "no PEM key can be read from it (a key without passphrase is wanted)";
    else if (X509_check_private_key(x509, pkey) != 1)
        why = "is the key of another certificate (put both of one renewal in place, then reload)";
    if (why != NULL)
        g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "%s: %s; certificate %s, key %s, see [tls]", path, why, certificate_path,
                    key_path);
    X509_free(x509);
    EVP_PKEY_free(pkey);
    BIO_free(certificate_text);
    BIO_free(key_text);
    return why == NULL;
}
