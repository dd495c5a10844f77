/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/web_certificate.h"
#include "base/file.h"
#include "base/log.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* secret: "the key"; NULL: it is none. */
static int load(const char *path, const char *secret, char **text) {
    size_t size;
    char *bytes;
    int status = secret ? file_load_private(path, secret, &bytes, &size) : file_load(path, &bytes, &size);
    if (status) return status;
    *text = realloc(bytes, size + 1);
    if (!*text) {
        free(bytes);
        return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    }
    (*text)[size] = 0;
    return OCELLI_OK;
}

static void warn_of_time(const X509 *x, const char *path) {
    if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
        log_warn("%s: this certificate has expired: browsers will refuse it until you renew it", path);
    else if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
        log_warn("%s: this certificate is not valid yet: is the clock of this machine set?", path);
}

X509 *web_certificate_parse(const char *text) {
    BIO *from = BIO_new_mem_buf(text, -1);
    X509 *x = from ? PEM_read_bio_X509(from, NULL, NULL, (void *)"") : NULL;
    BIO_free(from);
    return x;
}

/* No text of the key comes into a message. */
int web_certificate_check(const char *certificate, const char *key, const char *certificate_path,
                          const char *key_path) {
    BIO *from_key = BIO_new_mem_buf(key, -1);
    X509 *x = web_certificate_parse(certificate);
    EVP_PKEY *k = from_key ? PEM_read_bio_PrivateKey(from_key, NULL, NULL, (void *)"") : NULL;
    int status = OCELLI_OK;
    if (!x)
        status = log_fail(OCELLI_ERR_FILE, "%s: no certificate in PEM", certificate_path);
    else if (!k)
        status = log_fail(OCELLI_ERR_FILE, "%s: no private key in PEM without a password", key_path);
    else if (!X509_check_private_key(x, k))
        status = log_fail(OCELLI_ERR_FILE, "%s: not the key of %s", key_path, certificate_path);
    if (!status) warn_of_time(x, certificate_path);
    X509_free(x);
    EVP_PKEY_free(k);
    BIO_free(from_key);
    ERR_clear_error();
    return status;
}

void web_certificate_free(char **certificate, char **key) {
    if (*certificate) explicit_bzero(*certificate, strlen(*certificate)); /* the key may be in there too */
    if (*key) explicit_bzero(*key, strlen(*key));
    free(*certificate);
    free(*key);
    *certificate = *key = NULL;
}

int web_certificate_load(const char *certificate_path, const char *key_path, char **certificate, char **key) {
    *certificate = *key = NULL;
    int status = load(certificate_path, NULL, certificate);
    if (!status) status = load(key_path, "the key", key);
    if (status) web_certificate_free(certificate, key);
    return status;
}

int web_certificate_read(const char *certificate_path, const char *key_path, char **certificate, char **key) {
    int status = web_certificate_load(certificate_path, key_path, certificate, key);
    if (!status) status = web_certificate_check(*certificate, *key, certificate_path, key_path);
    if (status) web_certificate_free(certificate, key);
    return status;
}

void web_certificate_fingerprint(const char *text, char fingerprint[WEB_FINGERPRINT]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509 *x = web_certificate_parse(text);
    fingerprint[0] = 0;
    if (x && X509_digest(x, EVP_sha256(), digest, &size) && size == 32)
        for (unsigned i = 0; i < size; i++)
            snprintf(fingerprint + 3 * i, 4, "%02X%s", digest[i], i + 1 < size ? ":" : "");
    X509_free(x);
    ERR_clear_error();
}
