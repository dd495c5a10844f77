/* SPDX-License-Identifier: Apache-2.0
 * Markers as in ITU-T T.81, annex B. */
#include "prep/jpeg.h"
#include "base/span.h"

enum { DHT = 0xc4, RST0 = 0xd0, EOI = 0xd9 };

/* Past the end stb_image reads zeros, and so do we. */
static unsigned next_byte(struct span *s) {
    uint8_t byte = 0;
    span_u8(s, &byte);
    return byte;
}

static unsigned segment_length(struct span *s) {
    unsigned high = next_byte(s);
    return high << 8 | next_byte(s);
}

static void skip(struct span *s, size_t count) {
    span_bytes(s, count < span_left(s) ? count : span_left(s));
}

/* A define-huffman-tables segment: length, then tables, each a class, 16 counts and the symbols. */
static bool segment_fits(struct span s) {
    for (int left = (int)segment_length(&s) - 2; left > 0;) {
        unsigned symbols = 0;
        next_byte(&s);
        for (int length = 1; length <= 16; length++) symbols += next_byte(&s);
        if (symbols > 256) return false;
        skip(&s, symbols);
        left -= 17 + (int)symbols;
    }
    return true;
}

/* stb_image takes every 0xff that neither a 0 follows nor a segment contains for a marker, in scans
 * too, so walking like this meets each table that it would meet. */
bool jpeg_tables_fit(const void *bytes, size_t size) {
    struct span s = span_of(bytes, size);
    while (span_left(&s)) {
        if (next_byte(&s) != 0xff) continue;
        unsigned marker = 0xff;
        while (marker == 0xff && span_left(&s)) marker = next_byte(&s);
        if (marker == EOI) break;
        if (marker <= 1 || (marker >= RST0 && marker < EOI)) continue; /* no segment follows */
        if (marker == DHT && !segment_fits(s)) return false;
        unsigned length = segment_length(&s);
        if (length > 2) skip(&s, length - 2);
    }
    return true;
}
