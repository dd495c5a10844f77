/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include <openssl/sha.h>
#include <stdio.h>

void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]) {
    SHA256(data, size, digest);
}

void sha256_hex(const uint8_t digest[SHA256_SIZE], char hex[SHA256_HEX_SIZE]) {
    for (int i = 0; i < SHA256_SIZE; i++) sprintf(hex + 2 * i, "%02x", digest[i]);
}
