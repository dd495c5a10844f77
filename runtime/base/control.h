/* SPDX-License-Identifier: Apache-2.0
 * Control characters: what breaks a line, and what a terminal obeys or lets turn the order of what stands beside it. */
#ifndef BASE_CONTROL_H
#define BASE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the one that the text of `size` bytes begins with: 1, of U+0080 to U+009F 2; 0: it begins with none. */
static inline size_t control_bytes(const char *text, size_t size) {
    const unsigned char *c = (const unsigned char *)text;
    if (size && (*c < 0x20 || *c == 0x7f)) return 1;
    return size > 1 && c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0 ? 2 : 0;
}

/* The same for text that is shown to people, so that a line reads as it is stored. It counts two more kinds: the
 * characters that turn the order of the text around them (Bidi_Control of PropList.txt), and the line and paragraph
 * separators. 2 or 3 bytes. */
static inline size_t control_shown(const char *text, size_t size) {
    const unsigned char *c = (const unsigned char *)text;
    size_t control = control_bytes(text, size);
    if (control || size < 2) return control;
    if (c[0] == 0xd8) return c[1] == 0x9c ? 2 : 0; /* U+061C */
    if (c[0] != 0xe2 || size < 3) return 0;
    bool mark =
        c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae)); /* 200E, 200F, 2028 to 202E */
    return mark || (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9) ? 3 : 0;                /* 2066 to 2069 */
}

#endif
