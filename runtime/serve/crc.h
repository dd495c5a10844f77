/* SPDX-License-Identifier: Apache-2.0
 * CRC-16/X-25: of lines, and the FCS of slipmux frames (RFC 1662 appendix C). */
#ifndef SERVE_CRC_H
#define SERVE_CRC_H

#include <stddef.h>
#include <stdint.h>

uint16_t serve_crc(const void *bytes, size_t size);

/* CRC-32 of Ethernet and zlib (polynomial 0x04C11DB7 reflected): of lines that need more than 16 bits. */
uint32_t serve_crc32(const void *bytes, size_t size);

/* FNV-1a, 64 bits, to go on with: begins with SERVE_NUMBER. Tells requests apart. */
#define SERVE_NUMBER UINT64_C(0xcbf29ce484222325)
static inline uint64_t serve_number_of(uint64_t number, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) number = (number ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return number;
}

#endif
