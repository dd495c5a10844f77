/* SPDX-License-Identifier: Apache-2.0 */
#include "prep/encode_jpeg_rows.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

struct writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes;
    unsigned long size;
    jmp_buf out;
};

static void on_error(j_common_ptr jpeg) {
    struct writer *w = jpeg->client_data;
    longjmp(w->out, 1);
}

static void on_message(j_common_ptr jpeg, int level) {
    (void)jpeg, (void)level;
}

static void write_rows(struct writer *w, const uint8_t *rgb, uint32_t width, uint32_t height) {
    struct jpeg_compress_struct *jpeg = &w->jpeg;
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &w->bytes, &w->size);
    jpeg->image_width = width, jpeg->image_height = height;
    jpeg->input_components = 3, jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, JPEG_QUALITY, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    for (uint32_t y = 0; y < height; y++) {
        JSAMPROW row = (JSAMPROW)(rgb + (size_t)y * width * 3); /* the library has no const, and only reads */
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

bool encode_jpeg_rows(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **jpeg, size_t *size) {
    struct writer *w = calloc(1, sizeof *w); /* not on the stack: it has to outlive longjmp() unchanged */
    if (!w) return false;
    w->jpeg.err = jpeg_std_error(&w->errors);
    w->jpeg.client_data = w;
    w->errors.error_exit = on_error, w->errors.emit_message = on_message;
    bool good = !setjmp(w->out);
    if (good) write_rows(w, rgb, width, height);
    jpeg_destroy_compress(&w->jpeg);
    if (good)
        *jpeg = w->bytes, *size = w->size;
    else
        free(w->bytes);
    free(w);
    return good;
}
