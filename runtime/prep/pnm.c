/* SPDX-License-Identifier: Apache-2.0
 * PBM, PGM and PPM, binary and plain, as Pillow reads them: value * 255 / maxval, rounded half to even. */
#include "prep/decoding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MOST = 10 }; /* in a number, as in Pillow */

struct pnm {
    struct decoding *d;
    const uint8_t *at, *end;
    int kind;                 /* 1 to 6 */
    unsigned channels, depth; /* of the file; depth: bytes of a binary value */
    uint32_t maxval;
    uint8_t *scaled; /* (maxval + 1) */
};

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A comment reaches to the end of its line. */
static void skip_space(struct pnm *p) {
    for (bool comment = false; p->at < p->end && (comment || *p->at == '#' || is_space(*p->at)); p->at++) {
        if (*p->at == '#') comment = true;
        if (*p->at == '\n' || *p->at == '\r') comment = false;
    }
}

/* Digits; a comment among them does not end the number, as in Pillow. Returns how many: DIGITS_MOST + 1 for all that
 * are more. */
static int take_digits(struct pnm *p, uint64_t *value) {
    int digits = 0;
    *value = 0;
    for (bool comment = false; p->at < p->end && digits <= DIGITS_MOST; p->at++) {
        uint8_t c = *p->at;
        if (!comment && c != '#' && (c < '0' || c > '9')) break;
        if (!comment && c != '#') *value = *value * 10 + (uint64_t)(c - '0'), digits++;
        comment = (comment || c == '#') && c != '\n' && c != '\r';
    }
    return digits;
}

/* The byte behind the number stays. */
static int take_number(struct pnm *p, uint64_t *value) {
    skip_space(p);
    int digits = take_digits(p, value);
    if (p->at == p->end && digits <= DIGITS_MOST) return decoding_cut(p->d); /* more digits may follow */
    if (!digits || digits > DIGITS_MOST) return decoding_broken(p->d, "a PNM's number is none");
    return OCELLI_OK;
}

/* The last value of plain pixels may end with the file. */
static int take_value(struct pnm *p, uint32_t *value) {
    skip_space(p);
    if (p->at == p->end) return decoding_cut(p->d);
    if (p->kind == 1) { /* digits of a bitmap may stand side by side */
        *value = (uint32_t)(*p->at - '0');
        return *p->at++ - (unsigned)'0' > 1 ? decoding_broken(p->d, "a PBM's pixel is neither 0 nor 1") : OCELLI_OK;
    }
    uint64_t number;
    int digits = take_digits(p, &number);
    bool ends = p->at == p->end || is_space(*p->at);
    if (!digits || digits > DIGITS_MOST || !ends || number > p->maxval)
        return decoding_broken(p->d, "a PNM's value is over its greatest, or no number");
    *value = (uint32_t)number;
    return OCELLI_OK;
}

static int take_header(struct pnm *p, uint64_t *width, uint64_t *height) {
    uint64_t maxval = 1;
    p->at += 2;
    if (p->at < p->end && !is_space(*p->at) && *p->at != '#')
        return decoding_broken(p->d, "no space after a PNM's kind");
    int status = take_number(p, width);
    if (!status) status = take_number(p, height);
    if (!status && p->kind != 1 && p->kind != 4) status = take_number(p, &maxval);
    if (status) return status;
    if (!is_space(*p->at++)) return decoding_broken(p->d, "no space before a PNM's pixels");
    if (maxval < 1 || maxval > 65535) return decoding_broken(p->d, "a PNM's greatest value is not in 1 to 65535");
    p->maxval = (uint32_t)maxval, p->depth = maxval > 255 ? 2 : 1;
    return OCELLI_OK;
}

static int make_scale(struct pnm *p) {
    p->scaled = malloc(p->maxval + 1);
    if (!p->scaled) return decoding_no_memory(p->d);
    for (uint32_t v = 0; v <= p->maxval; v++) p->scaled[v] = (uint8_t)rint(v / (double)p->maxval * 255);
    if (p->kind == 1 || p->kind == 4) p->scaled[0] = 255, p->scaled[1] = 0; /* 1 is black */
    return OCELLI_OK;
}

/* A value over the greatest counts as the greatest. */
static uint32_t binary_value(const struct pnm *p, const uint8_t *row, uint32_t i) {
    if (p->kind == 4) return row[i / 8] >> (7 - i % 8) & 1;
    uint32_t v = p->depth == 1 ? row[i] : (uint32_t)row[2 * (size_t)i] << 8 | row[2 * (size_t)i + 1];
    return v > p->maxval ? p->maxval : v;
}

static int take_row(struct pnm *pnm, uint8_t *out) {
    uint32_t width = pnm->d->width, values = width * pnm->channels, value = 0;
    size_t bytes = pnm->kind == 4 ? (width + 7) / 8 : (size_t)values * pnm->depth;
    if (pnm->kind > 3 && (size_t)(pnm->end - pnm->at) < bytes) return decoding_cut(pnm->d);
    for (uint32_t i = 0; i < values; i++) {
        int status = OCELLI_OK;
        if (pnm->kind > 3)
            value = binary_value(pnm, pnm->at, i);
        else
            status = take_value(pnm, &value);
        if (status) return status;
        if (pnm->channels == 3)
            out[i] = pnm->scaled[value];
        else
            memset(out + 3 * (size_t)i, pnm->scaled[value], 3);
    }
    if (pnm->kind > 3) pnm->at += bytes;
    return OCELLI_OK;
}

int pnm_decode(struct decoding *decoding) {
    struct pnm p = {.d = decoding,
                    .at = decoding->bytes,
                    .end = decoding->bytes + decoding->size,
                    .kind = decoding->bytes[1] - '0'};
    uint64_t width, height;
    p.channels = p.kind % 3 ? 1 : 3;
    int status = take_header(&p, &width, &height);
    if (status) return status;
    if (p.maxval > 255 && p.channels == 1) return decoding_deep(decoding);
    status = decoding_begin(decoding, width > UINT32_MAX ? UINT32_MAX : (uint32_t)width,
                            height > UINT32_MAX ? UINT32_MAX : (uint32_t)height, p.maxval);
    if (!status) status = make_scale(&p);
    for (uint32_t y = 0; !status && y < decoding->height; y++)
        status = decoding_stopped(decoding) ? OCELLI_ERR_FILE : take_row(&p, decoding_place(decoding, y));
    free(p.scaled);
    return status;
}
