/* SPDX-License-Identifier: Apache-2.0
 * Truevision TGA 2.0: true colour, grey and palettes, run lengths, all four origins. */
#include "prep/decoding.h"

#include <string.h>

enum { HEADER = 18, MAPPED = 1, COLOUR = 2, GREY = 3, RUNS = 8 };

struct tga {
    struct decoding *d;
    const uint8_t *at, *end;
    unsigned kind, pixel;  /* kind: without RUNS; pixel: bytes */
    bool runs, down, left; /* down: the first row is the top one; left: a row begins at the right */
    uint8_t palette[256][3];
    unsigned run; /* pixels left of a packet */
    bool repeat;  /* of which each is the same */
    const uint8_t *repeated;
};

static unsigned u16(const uint8_t *p) {
    return p[0] | (unsigned)p[1] << 8;
}

bool tga_likely(const uint8_t *b, size_t size) {
    if (size < HEADER) return false;
    unsigned kind = b[2] & ~(unsigned)RUNS, depth = b[16];
    return b[1] <= 1 && kind >= MAPPED && kind <= GREY && u16(b + 12) && u16(b + 14) &&
           (depth == 1 || depth == 8 || depth == 16 || depth == 24 || depth == 32);
}

/* Blue, green, red; of 16 bits five each, drawn out as Pillow does. */
static void colour(const uint8_t *from, unsigned bytes, uint8_t rgb[3]) {
    if (bytes == 2) {
        unsigned v = u16(from);
        for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)((v >> (10 - 5 * c) & 31) * 255 / 31);
    } else {
        for (int c = 0; c < 3; c++) rgb[c] = from[2 - c];
    }
}

static int take_palette(struct tga *t, const uint8_t *header) {
    unsigned first = u16(header + 3), count = u16(header + 5), bytes = header[7] / 8u;
    if (!header[1]) return OCELLI_OK;
    if (header[7] != 16 && header[7] != 24 && header[7] != 32)
        return decoding_unread(t->d, "a TGA with such a palette");
    if (first + count > 256) return decoding_unread(t->d, "a TGA with so many colours");
    if ((size_t)(t->end - t->at) < (size_t)count * bytes) return decoding_cut(t->d);
    for (unsigned i = 0; i < count; i++) colour(t->at + (size_t)i * bytes, bytes, t->palette[first + i]);
    t->at += (size_t)count * bytes;
    return OCELLI_OK;
}

static int check_kind(struct tga *t, const uint8_t *header) {
    unsigned depth = header[16];
    t->runs = header[2] & RUNS, t->kind = header[2] & ~(unsigned)RUNS;
    t->left = header[17] & 0x10, t->down = header[17] & 0x20;
    t->pixel = depth / 8;
    if (t->kind == MAPPED && depth == 8 && header[1]) return OCELLI_OK;
    if (t->kind == COLOUR && depth >= 16) return OCELLI_OK;
    if (t->kind == GREY && (depth == 8 || depth == 16) && !header[1]) return OCELLI_OK;
    return decoding_unread(t->d, "a TGA of this kind");
}

/* The next pixel's bytes; NULL: the file ends. */
static const uint8_t *take_pixel(struct tga *t) {
    if (t->runs && t->run == 0) {
        if (t->at == t->end) return NULL;
        t->repeat = *t->at & 0x80, t->run = (*t->at++ & 0x7fu) + 1, t->repeated = NULL;
    }
    t->run--;
    if (t->runs && t->repeat && t->repeated) return t->repeated;
    if ((size_t)(t->end - t->at) < t->pixel) return NULL;
    t->repeated = t->at;
    t->at += t->pixel;
    return t->repeated;
}

static int take_row(struct tga *t, uint8_t *out) {
    uint32_t width = t->d->width;
    for (uint32_t i = 0; i < width; i++) {
        const uint8_t *from = take_pixel(t);
        uint8_t *to = out + 3 * (size_t)(t->left ? width - 1 - i : i);
        if (!from) return decoding_cut(t->d);
        if (t->kind == MAPPED)
            memcpy(to, t->palette[*from], 3);
        else if (t->kind == GREY)
            memset(to, *from, 3);
        else
            colour(from, t->pixel, to);
    }
    return OCELLI_OK;
}

int tga_decode(struct decoding *decoding) {
    struct tga t = {.d = decoding, .at = decoding->bytes + HEADER, .end = decoding->bytes + decoding->size};
    const uint8_t *header = decoding->bytes;
    int status = check_kind(&t, header);
    if (status) return status;
    if ((size_t)(t.end - t.at) < header[0]) return decoding_cut(decoding);
    t.at += header[0]; /* its name */
    status = take_palette(&t, header);
    uint32_t height = u16(header + 14);
    if (!status) status = decoding_begin(decoding, u16(header + 12), height, 0);
    for (uint32_t i = 0; !status && i < height; i++)
        status = decoding_stopped(decoding) ? OCELLI_ERR_FILE
                                            : take_row(&t, decoding_place(decoding, t.down ? i : height - 1 - i));
    return !status && t.runs && t.run ? decoding_broken(decoding, "a run over the TGA's end") : status;
}
