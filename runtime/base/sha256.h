/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 (FIPS 180-4) by OpenSSL's libcrypto, which uses the processor's own instructions. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, SHA256_HEX_SIZE = 65 };

void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]);

/* The same of bytes that come one after the other. */
struct sha256_stream; /* NULL: out of memory, or no SHA-256 in libcrypto */
struct sha256_stream *sha256_start(void);
void sha256_add(struct sha256_stream *stream, const void *data, size_t size);
/* Frees it; `digest` may be NULL. */
void sha256_end(struct sha256_stream *stream, uint8_t digest[SHA256_SIZE]);

/* Lower-case hex, terminated. */
void sha256_hex(const uint8_t digest[SHA256_SIZE], char hex[SHA256_HEX_SIZE]);

#endif
