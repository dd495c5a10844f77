/* SPDX-License-Identifier: Apache-2.0
 * PNG through libpng, row by row. 16-bit samples give their high byte. Gamma and profiles are not applied, as in
 * Pillow. */
#include "prep/decoding.h"
#include "prep/exif.h"
#include "prep/prep.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct reader {
    png_structp png;
    png_infop info;
    struct decoding *d;
    size_t at;
    bool cut, no_memory;
    char why[80];
    uint8_t *rows; /* one, or all of an interlaced picture, where they cannot be written in place */
    jmp_buf out;
};

static void on_error(png_structp png, const char *why) {
    struct reader *r = png_get_error_ptr(png);
    snprintf(r->why, sizeof r->why, "%s", why);
    longjmp(r->out, 1);
}

static void on_warning(png_structp png, const char *why) {
    (void)png, (void)why;
}

static void *reserve(png_structp png, png_alloc_size_t size) {
    struct reader *r = png_get_mem_ptr(png);
    void *memory = malloc(size);
    if (!memory) r->no_memory = true;
    return memory;
}

static void give_back(png_structp png, void *memory) {
    (void)png;
    free(memory);
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
    struct reader *r = png_get_io_ptr(png);
    r->cut = count > r->d->size - r->at;
    if (r->cut) png_error(png, "cut short");
    memcpy(out, r->d->bytes + r->at, count);
    r->at += count;
}

static uint32_t u32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int read_header(struct reader *reader) {
    struct decoding *d = reader->d;
    if (d->size >= 24 &&
        (u32(d->bytes + 16) > PREP_MAX_SIDE || u32(d->bytes + 20) > PREP_MAX_SIDE)) /* libpng calls it broken */
        return decoding_begin(d, u32(d->bytes + 16), u32(d->bytes + 20), 0);
    png_set_read_fn(reader->png, reader, read_bytes);
    png_read_info(reader->png, reader->info);
    int depth = png_get_bit_depth(reader->png, reader->info), kind = png_get_color_type(reader->png, reader->info);
    if (depth == 16 && kind == PNG_COLOR_TYPE_GRAY) return decoding_deep(d);
    if (kind == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader->png); /* colours that are not there are black */
    if (depth < 8 && kind == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(reader->png);
    if (depth == 16) png_set_strip_16(reader->png);
    if (!(kind & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(reader->png);
    png_set_strip_alpha(reader->png);
    png_set_crc_action(reader->png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE); /* from the pixels on */
    d->orientation = exif_of_png(d->bytes, d->size);
    uint32_t width = png_get_image_width(reader->png, reader->info),
             height = png_get_image_height(reader->png, reader->info);
    bool all = png_get_interlace_type(reader->png, reader->info) != PNG_INTERLACE_NONE && d->orientation != 1 &&
               !d->rule.ignore_orientation;
    return decoding_begin(d, width, height, all ? UINT64_C(3) * width * height : 0);
}

static int read_rows(struct reader *reader) {
    struct decoding *d = reader->d;
    size_t stride = (size_t)d->width * 3;
    int passes = png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
    if (png_get_rowbytes(reader->png, reader->info) != stride) return decoding_broken(d, "rows of another length");
    bool turned = !decoding_place(d, 0);
    if (turned) reader->rows = calloc(passes > 1 ? d->height : 1, stride);
    if (turned && !reader->rows) return decoding_no_memory(d);
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < d->height; y++) {
            if (decoding_stopped(d)) return OCELLI_ERR_FILE;
            uint8_t *row = turned ? reader->rows + (passes > 1 ? y * stride : 0) : decoding_place(d, y);
            png_read_row(reader->png, row, NULL);
            if (turned && pass == passes - 1) decoding_put(d, y, row);
        }
    png_read_end(reader->png, NULL);
    return OCELLI_OK;
}

static int refuse(const struct reader *r) {
    if (r->no_memory) return decoding_no_memory(r->d);
    return r->cut ? decoding_cut(r->d) : decoding_broken(r->d, r->why);
}

int png_decode(struct decoding *decoding) {
    struct reader *r = calloc(1, sizeof *r);
    if (!r) return decoding_no_memory(decoding);
    r->d = decoding;
    int status;
    if (setjmp(r->out)) {
        status = refuse(r);
    } else {
        r->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, r, on_error, on_warning, r, reserve, give_back);
        r->info = r->png ? png_create_info_struct(r->png) : NULL;
        status = r->info ? read_header(r) : decoding_no_memory(decoding);
        if (!status) status = read_rows(r);
    }
    png_destroy_read_struct(&r->png, &r->info, NULL);
    free(r->rows);
    free(r);
    return status;
}
