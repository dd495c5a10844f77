/* SPDX-License-Identifier: Apache-2.0 */
#include "prep/decoding.h"
#include "prep/prep.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static uint64_t pixels_bytes(uint32_t width, uint32_t height) {
    return UINT64_C(3) * width * height;
}

static int check_sides(const struct decoding *d, uint32_t width, uint32_t height) {
    if (!width || !height) return log_fail(OCELLI_ERR_FILE, "%s: broken picture: a %s of 0 pixels", d->name, d->format);
    if (width > PREP_MAX_SIDE || height > PREP_MAX_SIDE)
        return log_fail(OCELLI_ERR_LIMIT, "%s: over the limit of %d pixels a side: scale it down", d->name,
                        PREP_MAX_SIDE);
    if (!d->dense || (uint64_t)width * height <= (uint64_t)d->size * DECODING_DENSEST) return OCELLI_OK;
    if (d->rule.cut) return decoding_cut(d);
    return log_fail(OCELLI_ERR_FILE, "%s: cut short: %zu bytes cannot hold %ux%u pixels", d->name, d->size, width,
                    height);
}

static int check_budget(const struct decoding *d, uint32_t width, uint32_t height, uint64_t work) {
    uint64_t need = d->size + pixels_bytes(width, height) + work;
    if (need <= d->rule.budget) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT,
                    "%s: a %s of %ux%u pixels takes %llu MiB to decode, over the budget of %llu: scale it down",
                    d->name, d->format, width, height, (unsigned long long)(need >> 20),
                    (unsigned long long)(d->rule.budget >> 20));
}

int decoding_begin(struct decoding *decoding, uint32_t width, uint32_t height, uint64_t work) {
    int status = check_sides(decoding, width, height);
    if (!status) status = check_budget(decoding, width, height, work);
    if (status) return status;
    if (decoding->orientation - 1 > 7 || decoding->rule.ignore_orientation) decoding->orientation = 1;
    decoding->width = width, decoding->height = height;
    decoding->rgb = calloc((size_t)width * height, 3);
    return decoding->rgb ? OCELLI_OK : decoding_no_memory(decoding);
}

uint64_t decoding_left(const struct decoding *decoding) {
    return decoding->rule.budget - decoding->size - pixels_bytes(decoding->width, decoding->height);
}

uint8_t *decoding_place(const struct decoding *decoding, uint32_t y) {
    return decoding->orientation == 1 ? decoding->rgb + (size_t)y * decoding->width * 3 : NULL;
}

/* The place of the row's first pixel, and the distance from one to the next, in pixels. From 5 on rows become columns.
 */
void decoding_put(const struct decoding *decoding, uint32_t y, const uint8_t *row) {
    ptrdiff_t w = decoding->width, h = decoding->height, at, step;
    switch (decoding->orientation) {
    case 2: at = (ptrdiff_t)y * w + w - 1, step = -1; break;
    case 3: at = (h - 1 - (ptrdiff_t)y) * w + w - 1, step = -1; break;
    case 4: at = (h - 1 - (ptrdiff_t)y) * w, step = 1; break;
    case 5: at = y, step = h; break;
    case 6: at = h - 1 - (ptrdiff_t)y, step = h; break;
    case 7: at = (w - 1) * h + h - 1 - (ptrdiff_t)y, step = -h; break;
    case 8: at = (w - 1) * h + (ptrdiff_t)y, step = -h; break;
    default: memcpy(decoding->rgb + 3 * (ptrdiff_t)y * w, row, 3 * (size_t)w); return;
    }
    uint8_t *to = decoding->rgb + 3 * at;
    for (ptrdiff_t x = 0; x < w; x++, to += 3 * step) memcpy(to, row + 3 * x, 3);
}

bool decoding_stopped(const struct decoding *decoding) {
    return decoding->rule.stopping && decoding->rule.stopping(decoding->rule.user);
}

int decoding_cut(const struct decoding *decoding) {
    if (!decoding->rule.cut) return log_fail(OCELLI_ERR_FILE, "%s: cut short: copy it again", decoding->name);
    *decoding->rule.cut = true;
    return OCELLI_ERR_FILE;
}

int decoding_broken(const struct decoding *decoding, const char *reason) {
    return log_fail(OCELLI_ERR_FILE, "%s: broken picture: %s", decoding->name, reason);
}

int decoding_unread(const struct decoding *decoding, const char *what) {
    return log_fail(OCELLI_ERR_LIMIT, "%s: %s is not read; convert it to PNG first", decoding->name, what);
}

int decoding_no_memory(const struct decoding *decoding) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for its pixels", decoding->name);
}

int decoding_over_budget(const struct decoding *decoding) {
    return log_fail(OCELLI_ERR_LIMIT,
                    "%s: a %s of %ux%u pixels takes over the budget of %llu MiB to decode: scale it down",
                    decoding->name, decoding->format, decoding->width, decoding->height,
                    (unsigned long long)(decoding->rule.budget >> 20));
}

int decoding_deep(const struct decoding *decoding) {
    return log_fail(OCELLI_ERR_LIMIT,
                    "%s: a grey %s of 16 bits, which Pillow would make white, is not read; convert it to 8 bits first",
                    decoding->name, decoding->format);
}
