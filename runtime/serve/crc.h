/* SPDX-License-Identifier: Apache-2.0
 * CRC-16/X-25: of lines, and the FCS of slipmux frames (RFC 1662 appendix C). */
#ifndef SERVE_CRC_H
#define SERVE_CRC_H

#include <stddef.h>
#include <stdint.h>

uint16_t serve_crc(const void *bytes, size_t size);

/* CRC-32 of Ethernet and zlib (polynomial 0x04C11DB7 reflected): of lines that need more than 16 bits. */
uint32_t serve_crc32(const void *bytes, size_t size);

#endif
