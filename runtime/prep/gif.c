/* SPDX-License-Identifier: Apache-2.0
 * GIF 87a and 89a, the first picture, on its canvas. Outside the picture the canvas has the transparent colour, else
 * colour 0. Transparent pixels show their colour of the palette. All of it as Pillow. */
#include "prep/decoding.h"

#include <stdlib.h>
#include <string.h>

enum { CODES = 4096, LONGEST = 12 }; /* bits of a code */

struct frame_area {
    uint32_t left, top, width, height;
    bool interlaced;
};

struct gif {
    struct decoding *d;
    const uint8_t *at, *end;
    uint32_t width, height; /* of the canvas */
    uint8_t palette[256][3];
    int transparent; /* -1: none */
    struct frame_area area;
};

/* LZW: a code is the string of `link`, then `last`. */
struct lzw {
    uint16_t link[CODES];
    uint8_t last[CODES], first[CODES];
    uint16_t length[CODES];
    unsigned clear, next, bits;
    int before; /* the code before; -1: none since a clear */
};

static uint32_t u16(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8;
}

static size_t left(const struct gif *g) {
    return (size_t)(g->end - g->at);
}

static int take_palette(struct gif *g, unsigned flags) {
    size_t count = 2u << (flags & 7);
    if (!(flags & 0x80)) return OCELLI_OK;
    if (left(g) < 3 * count) return decoding_cut(g->d);
    bool ramp =
        true; /* greys in their order are no palette to Pillow: what lies behind them is grey too, and else black */
    for (size_t i = 0; i < 3 * count; i++) ramp = ramp && g->at[i] == i / 3;
    for (unsigned i = 0; i < 256; i++) memset(g->palette[i], ramp ? (int)i : 0, 3);
    memcpy(g->palette, g->at, 3 * count);
    g->at += 3 * count;
    return OCELLI_OK;
}

static int take_screen(struct gif *g) {
    if (left(g) < 13) return decoding_cut(g->d);
    g->width = u16(g->at + 6), g->height = u16(g->at + 8);
    unsigned flags = g->at[10];
    g->at += 13;
    for (unsigned i = 0; i < 256; i++) memset(g->palette[i], (int)i, 3); /* no palette at all: greys */
    return take_palette(g, flags);
}

static int take_extension(struct gif *g) {
    if (left(g) < 2) return decoding_cut(g->d);
    unsigned kind = g->at[1];
    g->at += 2;
    for (bool first = true;; first = false) {
        if (left(g) < 1 || left(g) < 1u + *g->at) return decoding_cut(g->d);
        unsigned size = *g->at++;
        if (!size) return OCELLI_OK;
        if (kind == 0xf9 && first && size >= 4 && g->at[0] & 1) g->transparent = g->at[3];
        g->at += size;
    }
}

/* Up to the pixels of the first picture. Bytes that are no block are passed over, as Pillow does. */
static int take_blocks(struct gif *gif) {
    for (;;) {
        if (!left(gif)) return decoding_cut(gif->d);
        if (*gif->at == ';') return decoding_broken(gif->d, "a GIF without a picture");
        int status = OCELLI_OK;
        if (*gif->at == '!')
            status = take_extension(gif);
        else if (*gif->at++ == ',')
            break;
        if (status) return status;
    }
    if (left(gif) < 9) return decoding_cut(gif->d);
    unsigned flags = gif->at[8];
    gif->area = (struct frame_area){u16(gif->at), u16(gif->at + 2), u16(gif->at + 4), u16(gif->at + 6), flags & 0x40};
    gif->at += 9;
    if (gif->area.left + gif->area.width > gif->width) gif->width = gif->area.left + gif->area.width;
    if (gif->area.top + gif->area.height > gif->height) gif->height = gif->area.top + gif->area.height;
    return take_palette(gif, flags);
}

/* ---- pixels ---- */

/* Bits come from blocks of up to 255 bytes. */
struct bits {
    const uint8_t *at, *end;
    unsigned block; /* bytes left of it */
    uint32_t held;
    unsigned count;
};

static bool take_code(struct bits *b, unsigned size, unsigned *code) {
    while (b->count < size) {
        if (b->at == b->end) return false;
        if (b->block == 0) {
            b->block = *b->at++;
            if (b->block > b->end - b->at) return false; /* Pillow waits for whole blocks, too */
            continue;
        }
        b->held |= (uint32_t)*b->at++ << b->count;
        b->block--, b->count += 8;
    }
    *code = b->held & ((1u << size) - 1);
    b->held >>= size, b->count -= size;
    return true;
}

/* The place of the area's pixels, in the order of the file. */
struct brush {
    const struct gif *g;
    uint32_t x, y, step, start;
    bool full;
};

static void next_row(struct brush *p) {
    p->x = 0, p->y += p->step;
    while (p->y >= p->g->area.height && !p->full) {
        p->full = !p->g->area.interlaced || (p->step == 2 && p->start == 1);
        if (p->step > 2 && p->start) p->step = p->start; /* rows 4, 12, ...; then 2, 6, ...; then 1, 3, ... */
        p->start = p->start ? p->start / 2 : 4;
        p->y = p->start;
    }
}

static void put(struct brush *p, unsigned index) {
    const struct gif *g = p->g;
    if (p->full) return;
    uint8_t *row = decoding_place(g->d, g->area.top + p->y);
    memcpy(row + 3 * (size_t)(g->area.left + p->x), g->palette[index], 3);
    if (++p->x == g->area.width) next_row(p);
}

/* The string of a code, written from its end. */
static void put_string(struct brush *p, const struct lzw *z, unsigned code, uint8_t *string) {
    unsigned length = z->length[code];
    for (unsigned i = length; i-- > 0; code = z->link[code]) string[i] = z->last[code];
    for (unsigned i = 0; i < length; i++) put(p, string[i]);
}

static void clear(struct lzw *z, unsigned bits) {
    z->clear = 1u << bits, z->next = z->clear + 2, z->bits = bits + 1, z->before = -1;
}

/* false: there can be no such code yet. */
static bool take_string(struct lzw *lzw, struct brush *brush, unsigned code, uint8_t *string) {
    if (lzw->before < 0) {
        if (code >= lzw->clear) return false;
    } else {
        if (code > lzw->next || (code == lzw->next && lzw->next == CODES)) return false;
        unsigned before = (unsigned)lzw->before;
        if (lzw->next < CODES) {
            lzw->link[lzw->next] = (uint16_t)before;
            lzw->first[lzw->next] = lzw->first[before];
            lzw->last[lzw->next] = lzw->first[code == lzw->next ? before : code];
            lzw->length[lzw->next] = (uint16_t)(lzw->length[before] + 1);
            if (lzw->next == (1u << lzw->bits) - 1 && lzw->bits < LONGEST) lzw->bits++;
            lzw->next++;
        }
    }
    put_string(brush, lzw, code, string);
    lzw->before = (int)code;
    return true;
}

static int take_pixels(struct gif *gif, struct lzw *lzw) {
    static const char no_code[] = "a GIF's code that cannot be there";
    uint8_t string[CODES];
    if (!left(gif)) return decoding_cut(gif->d);
    unsigned size = *gif->at++, code;
    if (size > LONGEST - 1) return decoding_broken(gif->d, no_code);
    struct bits bits = {.at = gif->at, .end = gif->end};
    struct brush brush = {
        .g = gif, .step = gif->area.interlaced ? 8 : 1, .full = !gif->area.width || !gif->area.height};
    clear(lzw, size);
    for (unsigned i = 0; i < lzw->clear; i++) lzw->last[i] = lzw->first[i] = (uint8_t)i, lzw->length[i] = 1;
    for (unsigned turn = 0; !brush.full; turn++) {
        if (turn % 1024 == 0 && decoding_stopped(gif->d)) return OCELLI_ERR_FILE;
        if (!take_code(&bits, lzw->bits, &code) || code == lzw->clear + 1) return decoding_cut(gif->d);
        if (code == lzw->clear)
            clear(lzw, size);
        else if (!take_string(lzw, &brush, code, string))
            return decoding_broken(gif->d, no_code);
    }
    return OCELLI_OK;
}

/* Only what is not covered by the picture, so that its memory is touched once. */
static void fill(const struct gif *g) {
    const uint8_t *colour = g->palette[g->transparent < 0 ? 0 : g->transparent];
    const struct frame_area *a = &g->area;
    for (uint32_t y = 0; y < g->height; y++) {
        uint8_t *row = decoding_place(g->d, y);
        bool beside = y < a->top || y >= a->top + a->height;
        for (uint32_t x = 0; x < g->width; x++)
            if (beside || x < a->left || x >= a->left + a->width) memcpy(row + 3 * (size_t)x, colour, 3);
    }
}

int gif_decode(struct decoding *decoding) {
    struct gif g = {.d = decoding, .at = decoding->bytes, .end = decoding->bytes + decoding->size, .transparent = -1};
    int status = take_screen(&g);
    if (!status) status = take_blocks(&g);
    if (!status) status = decoding_begin(decoding, g.width, g.height, sizeof(struct lzw));
    if (status) return status;
    struct lzw *z = malloc(sizeof *z);
    if (!z) return decoding_no_memory(decoding);
    fill(&g);
    status = take_pixels(&g, z);
    free(z);
    return status;
}
