/* SPDX-License-Identifier: Apache-2.0
 * Windows and OS/2 bitmaps: 1, 4, 8, 16, 24 and 32 bits, run lengths of 4 and 8, either way up. */
#include "prep/decoding.h"

#include <string.h>

enum { FILE_HEADER = 14, OS2_HEADER = 12, RAW = 0, RLE8 = 1, RLE4 = 2, FIELDS = 3 };

struct bmp {
    struct decoding *d;
    const uint8_t *pixels, *end;
    uint32_t header, width, height, bits, compression;
    bool down;         /* the first row is the top one */
    unsigned place[3]; /* the byte of red, green, blue of 24 and 32 bits */
    bool six;          /* 16 bits with six of green */
    uint8_t palette[256][3];
};

static uint32_t u16(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const uint8_t *p) {
    return u16(p) | u16(p + 2) << 16;
}

static void take_sizes(struct bmp *b, const uint8_t *h) {
    if (b->header == OS2_HEADER) {
        b->width = u16(h + 4), b->height = u16(h + 6), b->bits = u16(h + 10);
        return;
    }
    b->width = u32(h + 4), b->height = u32(h + 8), b->bits = u16(h + 14), b->compression = u32(h + 16);
    b->down = h[11] == 0xff; /* a negative height */
    if (b->down) b->height = 0 - b->height;
}

/* The layouts that Pillow reads; alpha is of no matter here. */
static int take_fields(struct bmp *bmp, const uint8_t *masks) {
    uint32_t red = u32(masks), green = u32(masks + 4), blue = u32(masks + 8);
    uint32_t alpha = bmp->header > 52 ? u32(masks + 12) : 0; /* 52 bytes have no room for it */
    static const struct {
        uint32_t bits, red, green, blue, alpha;
        uint8_t place[3];
        bool any_alpha;
    } layouts[] = {
        {32, 0xff0000, 0xff00, 0xff, 0, {2, 1, 0}, false},
        {32, 0xff000000, 0xff0000, 0xff00, 0, {3, 2, 1}, false},
        {32, 0xff000000, 0xff00, 0xff, 0, {3, 1, 0}, false},
        {32, 0xff000000, 0xff0000, 0xff00, 0xff, {3, 2, 1}, false},
        {32, 0xff, 0xff00, 0xff0000, 0xff000000, {0, 1, 2}, false},
        {32, 0xff0000, 0xff00, 0xff, 0xff000000, {2, 1, 0}, false},
        {32, 0xff000000, 0xff00, 0xff, 0xff0000, {3, 1, 0}, false},
        {32, 0, 0, 0, 0, {2, 1, 0}, false},
        {24, 0xff0000, 0xff00, 0xff, 0, {2, 1, 0}, true},
        {16, 0xf800, 0x7e0, 0x1f, 0, {0}, true},
        {16, 0x7c00, 0x3e0, 0x1f, 0, {0}, true},
    };
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (layouts[i].bits != bmp->bits || layouts[i].red != red || layouts[i].green != green ||
            layouts[i].blue != blue)
            continue;
        if (!layouts[i].any_alpha && layouts[i].alpha != alpha) continue;
        for (int c = 0; c < 3; c++) bmp->place[c] = layouts[i].place[c];
        bmp->six = green == 0x7e0;
        return OCELLI_OK;
    }
    return decoding_unread(bmp->d, "a BMP with such bit fields");
}

static int check_kind(const struct bmp *b) {
    uint32_t bits = b->bits;
    bool palette = bits == 1 || bits == 4 || bits == 8, colour = bits == 16 || bits == 24 || bits == 32;
    if (b->compression == RAW && (palette || colour)) return OCELLI_OK;
    if (b->compression == FIELDS && colour) return OCELLI_OK;
    if ((b->compression == RLE8 && bits == 8) || (b->compression == RLE4 && bits == 4)) return OCELLI_OK;
    return decoding_unread(b->d, "a BMP of this kind");
}

/* Pillow forgets a palette of greys that are their own places, all but one of two: what lies beyond it is then its own
 * grey too.
 */
static void extend_greys(struct bmp *b, uint32_t colours) {
    if (b->bits != 8 || colours == 2) return;
    for (uint32_t i = 0; i < colours; i++)
        for (int c = 0; c < 3; c++)
            if (b->palette[i][c] != i) return;
    for (uint32_t i = colours; i < 256; i++) memset(b->palette[i], (int)i, 3);
}

/* Colours lie behind the header, blue first; those that are not there are black. */
static int take_palette(struct bmp *b, const uint8_t *at, uint32_t colours) {
    size_t entry = b->header == OS2_HEADER ? 3 : 4, left = (size_t)(b->end - at);
    if (b->bits > 8) return OCELLI_OK;
    if (colours > 256) colours = 256;
    if (left < colours * entry && b->pixels >= b->end) return decoding_cut(b->d);
    for (uint32_t i = 0; i < colours && (i + 1) * entry <= left; i++)
        for (int c = 0; c < 3; c++) b->palette[i][c] = at[i * entry + 2 - (size_t)c];
    if (colours * entry <= left) extend_greys(b, colours);
    return OCELLI_OK;
}

/* Without an offset, or one that forgets the palette, they lie behind that. */
static const uint8_t *pixels_at(const struct bmp *b, const uint8_t *behind, uint32_t colours) {
    uint64_t at = u32(b->d->bytes + 10), entry = b->header == OS2_HEADER ? 3 : 4;
    if (b->bits <= 8 && at == FILE_HEADER + b->header) at += UINT64_C(4) * colours;
    if (!at) at = (uint64_t)(behind - b->d->bytes) + (b->bits <= 8 ? entry * colours : 0);
    return b->d->bytes + (at < b->d->size ? at : b->d->size);
}

static int take_header(struct bmp *bmp) {
    const uint8_t *h = bmp->d->bytes + FILE_HEADER;
    if (bmp->d->size < FILE_HEADER + 4) return decoding_cut(bmp->d);
    bmp->header = u32(h);
    static const uint32_t known[] = {OS2_HEADER, 40, 52, 56, 64, 108, 124};
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) found = found || known[i] == bmp->header;
    if (!found) return decoding_unread(bmp->d, "a BMP with such a header");
    if (bmp->d->size - FILE_HEADER < bmp->header) return decoding_cut(bmp->d);
    take_sizes(bmp, h);
    int status = check_kind(bmp);
    if (status) return status;
    const uint8_t *behind = h + bmp->header, *masks = bmp->header >= 52 ? h + 40 : behind;
    if (bmp->compression == FIELDS) {
        if (bmp->end - masks < 12) return decoding_cut(bmp->d);
        status = take_fields(bmp, masks);
        if (masks == behind) behind += 12;
    }
    if (status) return status;
    uint32_t colours = bmp->header == OS2_HEADER ? 0 : u32(h + 32);
    if (!colours && bmp->bits <= 8) colours = 1u << bmp->bits;
    bmp->pixels = pixels_at(bmp, behind, colours);
    return take_palette(bmp, behind, colours);
}

static void unpack(const struct bmp *b, const uint8_t *row, uint32_t x, uint8_t *out) {
    if (b->bits <= 8) {
        uint32_t per = 8 / b->bits, index = row[x / per] >> (8 - b->bits * (x % per + 1)) & ((1u << b->bits) - 1);
        memcpy(out, b->palette[index], 3);
    } else if (b->bits == 16) {
        uint32_t v = u16(row + 2 * (size_t)x);
        out[0] = (uint8_t)((b->six ? v >> 11 : v >> 10 & 31) * 255 / 31);
        out[1] = (uint8_t)(b->six ? (v >> 5 & 63) * 255 / 63 : (v >> 5 & 31) * 255 / 31);
        out[2] = (uint8_t)((v & 31) * 255 / 31);
    } else {
        for (int c = 0; c < 3; c++) out[c] = row[x * (size_t)(b->bits / 8) + b->place[c]];
    }
}

static uint8_t *place(const struct bmp *b, uint32_t row) {
    return decoding_place(b->d, b->down ? row : b->height - 1 - row);
}

/* Rows are padded to 4 bytes; the last one's padding need not be there. */
static int take_rows(struct bmp *b) {
    size_t bytes = ((size_t)b->width * b->bits + 7) / 8, stride = (bytes + 3) & ~(size_t)3;
    const uint8_t *row = b->pixels;
    for (uint32_t y = 0; y < b->height; y++, row += stride) {
        if (decoding_stopped(b->d)) return OCELLI_ERR_FILE;
        if (row > b->end || (size_t)(b->end - row) < bytes) return decoding_cut(b->d);
        uint8_t *out = place(b, y);
        for (uint32_t x = 0; x < b->width; x++) unpack(b, row, x, out + 3 * (size_t)x);
        if ((size_t)(b->end - row) < stride && y + 1 < b->height) return decoding_cut(b->d);
    }
    return OCELLI_OK;
}

/* ---- run lengths ---- */

/* The place of the next pixel, counted along all rows as Pillow does: a run is cut at a row's end, a jump goes on past
 * it. */
struct run {
    struct bmp *b;
    uint64_t at, all;
    uint32_t x;
};

static void put(struct run *r, unsigned index) {
    const struct bmp *b = r->b;
    if (r->at < r->all) memcpy(place(b, (uint32_t)(r->at / b->width)) + 3 * (r->at % b->width), b->palette[index], 3);
    r->at++;
}

/* Zeros, which are the palette's first colour. */
static void skip(struct run *r, uint64_t count) {
    for (; count && r->at < r->all; count--) put(r, 0);
}

static unsigned nibble(const uint8_t *from, unsigned i) {
    return i % 2 ? from[i / 2] & 15 : from[i / 2] >> 4;
}

/* `count` bytes or half bytes as they stand; padded to 16 bits of the file. */
static const uint8_t *take_literal(struct run *r, const uint8_t *at, unsigned count) {
    const struct bmp *b = r->b;
    bool four = b->compression == RLE4;
    unsigned bytes = four ? (count + 1) / 2 : count;
    if ((size_t)(b->end - at) < bytes) return NULL;
    for (unsigned i = 0; i < count; i++) put(r, four ? nibble(at, i) : at[i]);
    r->x += count;
    at += bytes;
    return (at - b->d->bytes) % 2 && at < b->end ? at + 1 : at;
}

static void take_run(struct run *r, unsigned count, uint8_t byte) {
    const struct bmp *b = r->b;
    if (r->x + count > b->width) count = b->width > r->x ? b->width - r->x : 0;
    for (unsigned i = 0; i < count; i++) put(r, b->compression == RLE4 ? nibble(&byte, i % 2) : byte);
    r->x += count;
}

/* A byte 0 and what it is followed by. NULL: no more. */
static const uint8_t *take_escape(struct run *r, const uint8_t *at, unsigned what) {
    const struct bmp *b = r->b;
    if (what == 1) return NULL;
    if (what > 2) return take_literal(r, at, what);
    if (what == 0) {
        skip(r, (b->width - r->at % b->width) % b->width);
        r->x = 0;
        return at;
    }
    if (b->end - at < 2) return NULL;
    skip(r, at[0] + (uint64_t)at[1] * b->width);
    r->x = (uint32_t)(r->at % b->width);
    return at + 2;
}

static int take_runs(struct bmp *b) {
    struct run r = {.b = b, .all = (uint64_t)b->width * b->height};
    const uint8_t *at = b->pixels;
    for (unsigned turn = 0; r.at < r.all && at && b->end - at >= 2; turn++) {
        if (turn % 1024 == 0 && decoding_stopped(b->d)) return OCELLI_ERR_FILE;
        unsigned count = at[0], byte = at[1];
        at += 2;
        if (count)
            take_run(&r, count, (uint8_t)byte);
        else
            at = take_escape(&r, at, byte);
    }
    return r.at < r.all ? decoding_cut(b->d) : OCELLI_OK;
}

int bmp_decode(struct decoding *decoding) {
    struct bmp b = {.d = decoding, .end = decoding->bytes + decoding->size, .place = {2, 1, 0}};
    int status = take_header(&b);
    if (!status) status = decoding_begin(decoding, b.width, b.height, 0);
    if (status) return status;
    bool runs = b.compression == RLE8 || b.compression == RLE4;
    return runs ? take_runs(&b) : take_rows(&b);
}
