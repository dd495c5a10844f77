/* SPDX-License-Identifier: Apache-2.0
 * Control characters: what breaks a line, and what a terminal obeys. */
#ifndef BASE_CONTROL_H
#define BASE_CONTROL_H

#include <stddef.h>

/* Bytes of the one that the text of `size` bytes begins with: 1, of U+0080 to U+009F 2; 0: it begins with none. */
static inline size_t control_bytes(const char *text, size_t size) {
    const unsigned char *c = (const unsigned char *)text;
    if (size && (*c < 0x20 || *c == 0x7f)) return 1;
    return size > 1 && c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0 ? 2 : 0;
}

#endif
