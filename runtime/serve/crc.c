/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/crc.h"

#include <zlib.h>

/* Four bits at a time: 0x1021 reflected is 0x8408. */
static const uint16_t nibble[16] = {0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387,
                                    0x8408, 0x9489, 0xa50a, 0xb58b, 0xc60c, 0xd68d, 0xe70e, 0xf78f};

uint16_t serve_crc(const void *bytes, size_t size) {
    const uint8_t *b = bytes;
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= b[i];
        crc = (uint16_t)(crc >> 4 ^ nibble[crc & 15]);
        crc = (uint16_t)(crc >> 4 ^ nibble[crc & 15]);
    }
    return crc ^ 0xffff;
}

uint32_t serve_crc32(const void *bytes, size_t size) {
    return (uint32_t)crc32(0, bytes, (uInt)size);
}
