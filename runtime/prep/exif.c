/* SPDX-License-Identifier: Apache-2.0
 * EXIF 2.3 and TIFF 6.0: a header with the byte order, then directories of entries of 12 bytes. */
#include "prep/exif.h"

#include <stdbool.h>
#include <string.h>

enum { ORIENTATION = 0x0112, TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_SBYTE = 6, TYPE_SSHORT = 8, TYPE_SLONG = 9, TYPE_IFD = 13 };

static uint32_t number(const uint8_t *p, int bytes, bool little) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value = value << 8 | p[little ? bytes - 1 - i : i];
    return value;
}

/* Of several values the first, as Pillow takes it; what does not fit into the entry lies where its last four bytes say. */
static unsigned entry_value(const uint8_t *exif, size_t size, const uint8_t *entry, bool little) {
    static const uint8_t bytes[] = {
        [TYPE_SHORT] = 2, [TYPE_LONG] = 4, [TYPE_SBYTE] = 1, [TYPE_SSHORT] = 2, [TYPE_SLONG] = 4, [TYPE_IFD] = 4};
    uint32_t type = number(entry + 2, 2, little), count = number(entry + 4, 4, little);
    unsigned wide = type < sizeof bytes ? bytes[type] : 0;
    if (!wide || !count) return 1;
    const uint8_t *at = entry + 8;
    if ((uint64_t)wide * count > 4) {
        uint32_t offset = number(at, 4, little);
        if (offset > size || size - offset < (uint64_t)wide * count) return 1;
        at = exif + offset;
    }
    uint32_t value = number(at, (int)wide, little);
    return value >= 1 && value <= 8 ? (unsigned)value : 1;
}

unsigned exif_orientation(const uint8_t *exif, size_t size) {
    if (size >= 6 && !memcmp(exif, "Exif\0\0", 6)) exif += 6, size -= 6;
    if (size < 8) return 1;
    bool little = !memcmp(exif, "II*\0", 4);
    if (!little && memcmp(exif, "MM\0*", 4)) return 1;
    uint32_t at = number(exif + 4, 4, little);
    if (at > size - 2) return 1;
    uint32_t entries = number(exif + at, 2, little);
    const uint8_t *entry = exif + at + 2, *end = exif + size;
    for (; entries && end - entry >= 12; entries--, entry += 12)
        if (number(entry, 2, little) == ORIENTATION) return entry_value(exif, size, entry, little);
    return 1;
}

/* Headers alone, up to the first scan. */
unsigned exif_of_jpeg(const uint8_t *bytes, size_t size) {
    for (size_t at = 2; at + 4 <= size && bytes[at] == 0xff;) {
        uint8_t marker = bytes[at + 1];
        size_t length = number(bytes + at + 2, 2, false);
        if (marker == 0xff) { /* may be repeated */
            at++;
            continue;
        }
        if (marker == 0xda || length < 2 || length > size - at - 2) break;
        const uint8_t *content = bytes + at + 4;
        if (marker == 0xe1 && length >= 8 && !memcmp(content, "Exif\0\0", 6)) return exif_orientation(content, length - 2);
        at += 2 + length;
    }
    return 1;
}

/* The chunk may stand behind the pixels too. */
unsigned exif_of_png(const uint8_t *bytes, size_t size) {
    for (size_t at = 8; at + 12 <= size;) {
        size_t length = number(bytes + at, 4, false);
        if (length > size - at - 12) break;
        if (!memcmp(bytes + at + 4, "eXIf", 4)) return exif_orientation(bytes + at + 8, length);
        at += 12 + length;
    }
    return 1;
}
