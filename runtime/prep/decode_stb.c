/* SPDX-License-Identifier: Apache-2.0
 * PNG and JPEG through stb_image, where libpng or libjpeg-turbo is not installed. What it is known to get wrong is
 * refused. */
#include "prep/decoding.h"
#include "prep/exif.h"
#include "prep/jpeg.h"
#include "prep/prep.h"
#include "base/log.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Static: a program that has its own stb_image keeps it, and ours keeps its limits. */
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_MAX_DIMENSIONS PREP_MAX_SIDE
#define STBI_ASSERT(x) ((void)0) /* one is within reach of a broken JPEG */
/* Zeroed: stb_image 2.27 uses JPEG tables that a file never defined, and hands out what it did not fill. */
#define STBI_MALLOC(size) calloc(1, size)
#define STBI_REALLOC(old, size) realloc(old, size)
#define STBI_FREE(p) free(p)
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_PIC
#define STBI_NO_PSD
#define STBI_NO_BMP
#define STBI_NO_TGA
#define STBI_NO_PNM
#define STBI_NO_STDIO
/* stb_image 2.27 declares the one and defines the other: gcc says so past any pragma. */
#define stbi_set_unpremultiply_on_load_thread stbi__unpremultiply_on_load_thread
/* Widens the chroma of a 4:2:2 JPEG (what webcams send), two samples from each of `count`: 3/4 of the nearer one, 1/4
 * of the farther, rounded as libjpeg does. stb_image's own function (to 2.30) has the two the wrong way round at the
 * last pair. A macro with arguments renames its definition, so that the call by its name comes here. */
static unsigned char *stbi__resample_row_h_2(unsigned char *out, unsigned char *row, unsigned char *row_below,
                                             int count, int scale) {
    (void)row_below, (void)scale;
    for (int i = 0; i < count; i++) {
        int near = row[i], left = row[i > 0 ? i - 1 : 0], right = row[i + 1 < count ? i + 1 : i];
        out[2 * i] = (unsigned char)((3 * near + left + 1) / 4);
        out[2 * i + 1] = (unsigned char)((3 * near + right + 2) / 4);
    }
    return out;
}
#define stbi__resample_row_h_2(out, near, far, count, scale) stb_resample_row_h_2(out, near, far, count, scale)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
/* stb_image counts on int wrapping around (a PNM width of 12 digits, JPEG coefficients out of range). Let it, in gcc;
 * clang has no such pragma, so there an attribute turns the undefined-behaviour sanitizer off. The address sanitizer
 * stays on. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC optimize("wrapv")
#endif
#include <stb/stb_image.h>
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#pragma GCC diagnostic pop

/* stb_image takes zeros for bytes past the end and says nothing, so the reader watches for it. */
struct reader {
    const char *bytes;
    size_t size, position;
    const char *window; /* stb_image's own buffer, known from its first read */
    bool cut;           /* a byte past the end was needed */
};

/* Its buffer is filled ahead of need, so getting less is only wrong for reads to elsewhere. */
static int reader_read(void *user, char *data, int size) {
    struct reader *r = user;
    size_t left = r->size - r->position, n = (size_t)size < left ? (size_t)size : left;
    if (!r->window) r->window = data;
    if (n == 0 || (n < (size_t)size && data != r->window)) r->cut = true;
    memcpy(data, r->bytes + r->position, n);
    memset(data + n, 0, (size_t)size - n);
    r->position += n;
    return (int)n;
}

static void reader_skip(void *user, int size) {
    struct reader *r = user;
    size_t left = r->size - r->position;
    if (size > 0) r->position += (size_t)size < left ? (size_t)size : left;
}

static int reader_eof(void *user) {
    const struct reader *r = user;
    return r->position == r->size;
}

static const stbi_io_callbacks callbacks = {.read = reader_read, .skip = reader_skip, .eof = reader_eof};

/* Refuses what stb_image would get wrong without a word, or worse. Other faults are left to stb_image. */
static int check_header(struct decoding *d, const uint8_t *bytes, size_t size) {
    bool jpeg = *bytes == 0xff;
    if (jpeg && !jpeg_tables_fit(bytes, size)) return decoding_broken(d, "a Huffman table of over 256 symbols");
    int width, height, channels;
    struct reader r = {.bytes = (const char *)bytes, .size = size};
    if (!stbi_info_from_callbacks(&callbacks, &r, &width, &height, &channels)) return OCELLI_OK;
    /* Beside the pixels it has those of each plane, and of a PNG the unpacked bytes. */
    int status = decoding_begin(d, (uint32_t)width, (uint32_t)height, UINT64_C(5) * (unsigned)width * (unsigned)height);
    if (status || jpeg) return status;
    r = (struct reader){.bytes = (const char *)bytes, .size = size};
    if (channels == 1 && stbi_is_16_bit_from_callbacks(&callbacks, &r)) return decoding_deep(d);
    return OCELLI_OK;
}

static int refuse(const struct decoding *d, const struct reader *r) {
    const char *reason = stbi_failure_reason();
    if (!strcmp(reason, "too large"))
        return log_fail(OCELLI_ERR_LIMIT, "%s: over the limit of %d pixels a side: scale it down", d->name,
                        PREP_MAX_SIDE);
    if (!strcmp(reason, "outofmem")) return decoding_no_memory(d);
    return r->cut ? decoding_cut(d) : decoding_broken(d, reason);
}

static int take(struct decoding *d, const uint8_t *bytes, size_t size) {
    int status = check_header(d, bytes, size), width = 0, height = 0, channels = 0;
    if (status) return status;
    struct reader r = {.bytes = (const char *)bytes, .size = size};
    stbi_uc *rgb = stbi_load_from_callbacks(&callbacks, &r, &width, &height, &channels, 3);
    if (!rgb) return refuse(d, &r);
    if (r.cut)
        status = decoding_cut(d);
    else if (!d->rgb || d->width != (uint32_t)width || d->height != (uint32_t)height)
        status = decoding_broken(d, "two sizes");
    for (uint32_t y = 0; !status && y < d->height; y++) {
        decoding_put(d, y, rgb + (size_t)y * d->width * 3);
        if (decoding_stopped(d)) status = OCELLI_ERR_FILE; /* stb_image itself cannot be asked to */
    }
    stbi_image_free(rgb);
    return status;
}

/* Its components, at the first frame header; 0: none found. */
static unsigned jpeg_components(const uint8_t *bytes, size_t size) {
    for (size_t at = 2; at + 10 <= size && bytes[at] == 0xff;) {
        uint8_t marker = bytes[at + 1];
        if (marker == 0xff) {
            at++;
            continue;
        }
        if (marker >= 0xc0 && marker <= 0xc2) return bytes[at + 9];
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        at += 2 + (length < 2 ? 2 : length);
    }
    return 0;
}

static int take_jpeg(struct decoding *d) {
    if (jpeg_components(d->bytes, d->size) == 4)
        return decoding_unread(d, "a CMYK JPEG (this program was built without libjpeg-turbo)");
    d->orientation = exif_of_jpeg(d->bytes, d->size);
    uint8_t *whole = malloc(d->size + JPEG_TABLES);
    if (!whole) return decoding_no_memory(d);
    bool added = jpeg_add_tables(d->bytes, d->size, whole);
    int status = take(d, added ? whole : d->bytes, d->size + (added ? JPEG_TABLES : 0));
    free(whole);
    return status;
}

int stb_decode(struct decoding *d) {
    if (d->size > INT_MAX - JPEG_TABLES)
        return log_fail(OCELLI_ERR_LIMIT, "%s: over 2 GiB", d->name); /* it counts in int */
    if (*d->bytes == 0xff) return take_jpeg(d);
    d->orientation = exif_of_png(d->bytes, d->size);
    return take(d, d->bytes, d->size);
}
