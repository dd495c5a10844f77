/* SPDX-License-Identifier: Apache-2.0
 * EXIF 2.3 and TIFF 6.0: a header with the byte order, then directories of entries of 12 bytes. */
#include "prep/exif.h"

#include <stdbool.h>
#include <string.h>

enum { ORIENTATION = 0x0112, TYPES = 17 };

/* TIFF's types, and the 64-bit one of BigTIFF: bytes a value (0: unknown), and how they are read ('-': no number). */
static const struct type {
    uint8_t bytes;
    char kind; /* u: unsigned, i: signed, r and s: two of these as a fraction, f: floating point */
} types[TYPES] = {[1] = {1, '-'},  [2] = {1, '-'},  [3] = {2, 'u'},  [4] = {4, 'u'}, [5] = {8, 'r'},
                  [6] = {1, 'i'},  [7] = {1, '-'},  [8] = {2, 'i'},  [9] = {4, 'i'}, [10] = {8, 's'},
                  [11] = {4, 'f'}, [12] = {8, 'f'}, [13] = {4, 'u'}, [16] = {8, 'u'}};

static uint64_t number(const uint8_t *p, int bytes, bool little) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value = value << 8 | p[little ? bytes - 1 - i : i];
    return value;
}

static double floating(uint64_t bits, int bytes) {
    double d;
    float f;
    uint32_t low = (uint32_t)bits;
    if (bytes == 8) {
        memcpy(&d, &bits, sizeof d);
        return d;
    }
    memcpy(&f, &low, sizeof f);
    return (double)f;
}

/* A sign can be left aside: what is below 0 is no orientation, and of a fraction both signs are. */
static double value_of(const uint8_t *at, struct type t, bool little) {
    if (t.kind == 'f') return floating(number(at, t.bytes, little), t.bytes);
    if (t.kind == 'u' || t.kind == 'i') return (double)number(at, t.bytes, little);
    uint32_t above = (uint32_t)number(at, 4, little), below = (uint32_t)number(at + 4, 4, little);
    if (t.kind == 's' && above >> 31 && below >> 31) above = -above, below = -below;
    return t.kind == '-' || !below ? 0 : (double)above / below;
}

static unsigned sensible(double value) {
    for (unsigned o = 1; o <= 8; o++)
        if (value == o) return o;
    return 1;
}

/* The entries in turn. A tag of an unknown type, or without a value, is as if it were not there; values that end past
 * the end of it all end the reading. The first of several values counts, and the first of several orientations. */
static unsigned find(const uint8_t *exif, size_t size, const uint8_t *entry, uint64_t entries, bool little) {
    const uint8_t *end = exif + size;
    uint64_t outside = 0; /* bytes of values that do not fit into their entries */
    for (; entries && end - entry >= 12; entries--, entry += 12) {
        uint64_t type = number(entry + 2, 2, little), count = number(entry + 4, 4, little);
        struct type t = type < TYPES ? types[type] : types[0];
        uint64_t bytes = t.bytes * count, offset = number(entry + 8, 4, little);
        const uint8_t *at = entry + 8;
        if (!bytes) continue;
        if (bytes > 4) {
            if ((outside += bytes) > size) continue;
            if (offset > size || size - offset < bytes) break;
            at = exif + offset;
        }
        if (number(entry, 2, little) == ORIENTATION) return sensible(value_of(at, t, little));
    }
    return 0;
}

/* The byte order's letters, then 42 in either order; of the letters alone the order is taken. Pillow takes MM with
 * BigTIFF's 43 for plain TIFF too. */
static bool header(const uint8_t *exif, bool *little) {
    static const char known[][5] = {"II*\0", "MM\0*", "MM*\0", "II\0*", "MM\0+"};
    *little = *exif == 'I';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!memcmp(exif, known[i], 4)) return true;
    return false;
}

unsigned exif_orientation(const uint8_t *exif, size_t size) {
    for (int i = 0; i < 2 && size >= 6 && !memcmp(exif, "Exif\0\0", 6); i++) exif += 6, size -= 6;
    bool little;
    if (!size) return 0;
    if (size < 8 || !header(exif, &little)) return 1;
    uint64_t at = number(exif + 4, 4, little);
    if (at > size - 2) return 0;
    return find(exif, size, exif + at + 2, number(exif + at, 2, little), little);
}

/* As an attribute or as an element; one digit is read, whatever follows. */
unsigned exif_of_xmp(const uint8_t *xmp, size_t size) {
    static const char name[] = "tiff:Orientation";
    const size_t length = sizeof name - 1;
    for (size_t at = 0; at + length + 2 <= size; at++) {
        const uint8_t *p = xmp + at, *value = p + length;
        if (*p != 't' || memcmp(p, name, length)) continue;
        if (*value == '>')
            value++;
        else if (size - at > length + 2 && value[0] == '=' && value[1] == '"')
            value += 2;
        else
            continue;
        if (*value >= '0' && *value <= '9') return sensible(*value - '0');
    }
    return 0;
}

unsigned exif_upright(const uint8_t *exif, size_t exif_size, const uint8_t *xmp, size_t xmp_size) {
    unsigned o = exif ? exif_orientation(exif, exif_size) : 0;
    if (!o && xmp) o = exif_of_xmp(xmp, xmp_size);
    return o ? o : 1;
}
