/* SPDX-License-Identifier: Apache-2.0 */
#include "prep/decode.h"
#include "prep/jpeg.h"
#include "prep/prep.h"
#include "base/file.h"
#include "base/log.h"

#include <limits.h>
#include <stdbool.h>
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
#define STBI_NO_STDIO
/* stb_image 2.27 declares the one and defines the other: gcc says so past any pragma. */
#define stbi_set_unpremultiply_on_load_thread stbi__unpremultiply_on_load_thread
/* The chroma of a 4:2:2 JPEG (what webcams send) drawn out sideways, two samples from each of `count`: 3/4 of the
 * nearer one, 1/4 of the farther, rounded as libjpeg does. stb_image's own (to 2.30) has the two the wrong way round at the last
 * pair; a macro that needs arguments renames its definition and leaves the place where it is named to this one. */
static unsigned char *stbi__resample_row_h_2(unsigned char *out, unsigned char *row, unsigned char *row_below, int count,
                                             int scale) {
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
/* stb_image counts on int wrapping around (a PNM width of 12 digits, JPEG coefficients out of range). Let it,
 * in gcc; clang has no such pragma, so there the undefined-behaviour sanitizer is told to look away. The
 * address sanitizer stays on. */
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

/* No format packs more into a byte: 8 pixels a byte in a 1-bit PNG, deflate's limit of 1032 to 1.
 * So a header of a few bytes cannot make us reserve gigabytes. */
enum { MAX_PIXELS_PER_BYTE = 8 * 1032 };

/* What stb_image would get wrong in silence, or worse. What it refuses itself is left to it. */
static int check_header(const void *bytes, size_t size, const char *name) {
    const unsigned char *first = bytes;
    if (*first == 0xff && !jpeg_tables_fit(bytes, size)) /* 0xff may be repeated before the 0xd8 */
        return log_fail(OCELLI_ERR_FILE, "%s: broken picture: a Huffman table of over 256 symbols", name);
    int width, height, channels;
    struct reader r = {.bytes = bytes, .size = size};
    if (!stbi_info_from_callbacks(&callbacks, &r, &width, &height, &channels)) return OCELLI_OK;
    if ((uint64_t)width * (uint64_t)height > (uint64_t)size * MAX_PIXELS_PER_BYTE)
        return log_fail(OCELLI_ERR_FILE, "%s: cut short: %zu bytes cannot hold %dx%d pixels", name, size, width, height);
    r = (struct reader){.bytes = bytes, .size = size};
    if (*first == 'P' && stbi_is_16_bit_from_callbacks(&callbacks, &r))
        return log_fail(OCELLI_ERR_LIMIT, "%s: a PNM of 16 bits a channel; convert it to PNG", name);
    return OCELLI_OK;
}

static int refuse(const struct reader *r, const char *name) {
    const char *reason = stbi_failure_reason();
    if (!strcmp(reason, "unknown image type"))
        return log_fail(OCELLI_ERR_FILE, "%s: not a picture (PNG, JPEG, BMP, GIF, TGA or PNM)", name);
    if (!strcmp(reason, "too large"))
        return log_fail(OCELLI_ERR_LIMIT, "%s: over the limit of %d pixels a side: scale it down", name, PREP_MAX_SIDE);
    if (!strcmp(reason, "outofmem")) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for its pixels", name);
    if (r->cut) return log_fail(OCELLI_ERR_FILE, "%s: cut short: copy it again", name);
    return log_fail(OCELLI_ERR_FILE, "%s: broken picture: %s", name, reason);
}

int decode_memory(struct ocelli_image *image, const void *bytes, size_t size, const char *name) {
    *image = (struct ocelli_image){0};
    if (size == 0) return log_fail(OCELLI_ERR_FILE, "%s: empty", name);
    if (size > INT_MAX) return log_fail(OCELLI_ERR_LIMIT, "%s: over 2 GiB", name); /* stb_image counts in int */
    int status = check_header(bytes, size, name);
    if (status) return status;
    int width = 0, height = 0, channels;
    struct reader r = {.bytes = bytes, .size = size};
    stbi_uc *rgb = stbi_load_from_callbacks(&callbacks, &r, &width, &height, &channels, 3);
    if (!rgb) return refuse(&r, name);
    if (r.cut)
        status = log_fail(OCELLI_ERR_FILE, "%s: cut short: copy it again", name);
    else if (width < 1 || height < 1)
        status = log_fail(OCELLI_ERR_FILE, "%s: has no pixels", name);
    if (status)
        stbi_image_free(rgb);
    else
        *image = (struct ocelli_image){.rgb = rgb, .width = (uint32_t)width, .height = (uint32_t)height};
    return status;
}

int decode_file(struct ocelli_image *image, const char *path) {
    *image = (struct ocelli_image){0};
    struct file_bytes bytes;
    int status = file_read(&bytes, path);
    if (!status) status = decode_memory(image, bytes.data, bytes.size, path);
    file_free(&bytes);
    return status;
}

void decode_free(struct ocelli_image *image) {
    if (!image) return;
    stbi_image_free((void *)image->rgb);
    *image = (struct ocelli_image){0};
}
