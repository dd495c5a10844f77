/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>

void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]) {
    SHA256(data, size, digest);
}

/* The pointer is OpenSSL's own. */
struct sha256_stream *sha256_start(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1) return (struct sha256_stream *)context;
    EVP_MD_CTX_free(context);
    return NULL;
}

void sha256_add(struct sha256_stream *stream, const void *data, size_t size) {
    EVP_DigestUpdate((EVP_MD_CTX *)stream, data, size);
}

void sha256_end(struct sha256_stream *stream, uint8_t digest[SHA256_SIZE]) {
    if (digest) EVP_DigestFinal_ex((EVP_MD_CTX *)stream, digest, NULL);
    EVP_MD_CTX_free((EVP_MD_CTX *)stream);
}

void sha256_hex(const uint8_t digest[SHA256_SIZE], char hex[SHA256_HEX_SIZE]) {
    for (int i = 0; i < SHA256_SIZE; i++) sprintf(hex + 2 * i, "%02x", digest[i]);
}
