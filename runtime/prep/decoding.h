/* SPDX-License-Identifier: Apache-2.0
 * What a decoder is to decode.c, and what it is given: bytes in, rows of RGB out, each laid where it belongs upright.
 */
#ifndef PREP_DECODING_H
#define PREP_DECODING_H

#include "prep/decode.h"

struct decoding {
    const uint8_t *bytes;
    size_t size;
    const char *name;   /* of the file, for messages */
    const char *format; /* "PNG" */
    struct decode_rule rule;
    bool dense;             /* a byte of the file cannot hold more than DECODING_DENSEST pixels */
    unsigned orientation;   /* as EXIF counts, 1 to 8; a decoder sets it before decoding_begin() */
    uint32_t width, height; /* as stored */
    uint8_t *rgb;           /* upright; zeroed */
};

/* 8 pixels a byte in a 1-bit PNG, deflate's limit of 1032 to 1: a header of a few bytes cannot make us reserve
 * gigabytes. */
enum { DECODING_DENSEST = 8 * 1032 };

/* Checks the size against limits and budget, `work` being bytes that the decoder needs beside the pixels, and makes
 * room. Errors: FILE, LIMIT, MEMORY. */
int decoding_begin(struct decoding *decoding, uint32_t width, uint32_t height, uint64_t work);
/* The budget's rest, without the file's bytes and the pixels. After decoding_begin(). */
uint64_t decoding_left(const struct decoding *decoding);
/* The place where row `y` can be written at once. NULL: it has to be turned. */
uint8_t *decoding_place(const struct decoding *decoding, uint32_t y);
/* Stored row `y`, (width, 3), copied to its upright place. */
void decoding_put(const struct decoding *decoding, uint32_t y, const uint8_t *row);

/* Nobody waits for it any more: end with OCELLI_ERR_FILE, and say nothing. For each row. */
bool decoding_stopped(const struct decoding *decoding);

/* Faults: each says one line and gives the status. decoding_cut() is silent when rule.cut is asked for. */
int decoding_cut(const struct decoding *decoding);
int decoding_broken(const struct decoding *decoding, const char *reason);
int decoding_unread(const struct decoding *decoding,
                    const char *what);              /* "a TIFF picture": valid, and not read as Pillow does */
int decoding_deep(const struct decoding *decoding); /* grey of 16 bits */
int decoding_no_memory(const struct decoding *decoding);
int decoding_over_budget(const struct decoding *decoding); /* found while decoding */

/* The decoders; a row each in decode.c. */
int jpeg_decode(struct decoding *decoding);
int png_decode(struct decoding *decoding);
int webp_decode(struct decoding *decoding);
int stb_decode(struct decoding *decoding); /* PNG or JPEG, where the libraries are absent */
int pnm_decode(struct decoding *decoding);
int bmp_decode(struct decoding *decoding);
int tga_decode(struct decoding *decoding);
int gif_decode(struct decoding *decoding);

/* Could these bytes be the header of a TGA? It has no signature. */
bool tga_likely(const uint8_t *bytes, size_t size);

#endif
