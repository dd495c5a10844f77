/* SPDX-License-Identifier: Apache-2.0
 * Markers as in ITU-T T.81, annex B. */
#include "prep/jpeg.h"
#include "base/span.h"

#include <string.h>

enum { DHT = 0xc4, RST0 = 0xd0, SOI = 0xd8, EOI = 0xd9, SOS = 0xda };

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

/* T.81, tables K.3 to K.6, as one segment. */
static const uint8_t tables[JPEG_TABLES] = {
    255, 196, 1,   162, 0,   0,   1,   5,   1,   1,   1,   1,   1,   1,   0,   0,   0,   0,   0,   0,   0,   0,   1,
    2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  16,  0,   2,   1,   3,   3,   2,   4,   3,   5,   5,   4,   4,
    0,   0,   1,   125, 1,   2,   3,   0,   4,   17,  5,   18,  33,  49,  65,  6,   19,  81,  97,  7,   34,  113, 20,
    50,  129, 145, 161, 8,   35,  66,  177, 193, 21,  82,  209, 240, 36,  51,  98,  114, 130, 9,   10,  22,  23,  24,
    25,  26,  37,  38,  39,  40,  41,  42,  52,  53,  54,  55,  56,  57,  58,  67,  68,  69,  70,  71,  72,  73,  74,
    83,  84,  85,  86,  87,  88,  89,  90,  99,  100, 101, 102, 103, 104, 105, 106, 115, 116, 117, 118, 119, 120, 121,
    122, 131, 132, 133, 134, 135, 136, 137, 138, 146, 147, 148, 149, 150, 151, 152, 153, 154, 162, 163, 164, 165, 166,
    167, 168, 169, 170, 178, 179, 180, 181, 182, 183, 184, 185, 186, 194, 195, 196, 197, 198, 199, 200, 201, 202, 210,
    211, 212, 213, 214, 215, 216, 217, 218, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 241, 242, 243, 244, 245,
    246, 247, 248, 249, 250, 1,   0,   3,   1,   1,   1,   1,   1,   1,   1,   1,   1,   0,   0,   0,   0,   0,   0,
    1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  17,  0,   2,   1,   2,   4,   4,   3,   4,   7,   5,   4,
    4,   0,   1,   2,   119, 0,   1,   2,   3,   17,  4,   5,   33,  49,  6,   18,  65,  81,  7,   97,  113, 19,  34,
    50,  129, 8,   20,  66,  145, 161, 177, 193, 9,   35,  51,  82,  240, 21,  98,  114, 209, 10,  22,  36,  52,  225,
    37,  241, 23,  24,  25,  26,  38,  39,  40,  41,  42,  53,  54,  55,  56,  57,  58,  67,  68,  69,  70,  71,  72,
    73,  74,  83,  84,  85,  86,  87,  88,  89,  90,  99,  100, 101, 102, 103, 104, 105, 106, 115, 116, 117, 118, 119,
    120, 121, 122, 130, 131, 132, 133, 134, 135, 136, 137, 138, 146, 147, 148, 149, 150, 151, 152, 153, 154, 162, 163,
    164, 165, 166, 167, 168, 169, 170, 178, 179, 180, 181, 182, 183, 184, 185, 186, 194, 195, 196, 197, 198, 199, 200,
    201, 202, 210, 211, 212, 213, 214, 215, 216, 217, 218, 226, 227, 228, 229, 230, 231, 232, 233, 234, 242, 243, 244,
    245, 246, 247, 248, 249, 250,
};

/* Headers alone: from the start to the first scan. */
static bool lacks_tables(struct span s) {
    if (next_byte(&s) != 0xff || next_byte(&s) != SOI) return false;
    while (span_left(&s) && next_byte(&s) == 0xff) {
        unsigned marker = 0xff, length;
        while (marker == 0xff && span_left(&s)) marker = next_byte(&s); /* may be repeated */
        if (marker == SOS) return true;
        if (marker == DHT) return false;
        length = segment_length(&s);
        if (length < 2) return false;
        skip(&s, length - 2);
    }
    return false;
}

bool jpeg_add_tables(const void *bytes, size_t size, uint8_t *out) {
    if (!lacks_tables(span_of(bytes, size))) return false;
    memcpy(out, bytes, 2); /* the start of image */
    memcpy(out + 2, tables, JPEG_TABLES);
    memcpy(out + 2 + JPEG_TABLES, (const uint8_t *)bytes + 2, size - 2);
    return true;
}
