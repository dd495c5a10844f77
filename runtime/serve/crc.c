/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/crc.h"

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
    static const uint32_t nibble32[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                          0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                          0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const uint8_t *b = bytes;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= b[i];
        crc = crc >> 4 ^ nibble32[crc & 15];
        crc = crc >> 4 ^ nibble32[crc & 15];
    }
    return ~crc;
}
