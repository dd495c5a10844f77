/* SPDX-License-Identifier: Apache-2.0
 * JPEG through libjpeg-turbo, with Pillow's settings: exact integer transform, smooth chroma. Damage that the library
 * gets over is accepted. A file whose end is missing is refused. */
#include "prep/decoding.h"
#include "prep/exif.h"

#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

enum { SCANS_MOST = 100 }; /* each of a progressive picture goes over all of it; those that are made have about ten */

/* Which fault ended it; the library's own says why in words. */
enum fault { BROKEN, CUT, NO_MEMORY, TOO_MUCH_MEMORY, MANY_SCANS, STOPPED };

struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    struct decoding *d;
    enum fault fault;
    char why[JMSG_LENGTH_MAX];
    uint8_t *row; /* one as the library gives it, where it cannot be written in place */
    jmp_buf out;
};

static void leave(struct reader *r, enum fault fault) {
    r->fault = fault;
    longjmp(r->out, 1);
}

static void on_error(j_common_ptr jpeg) {
    struct reader *r = jpeg->client_data;
    jpeg->err->format_message(jpeg, r->why);
    int code = jpeg->err->msg_code;
    leave(r, code == JERR_OUT_OF_MEMORY ? NO_MEMORY : code == JERR_NO_BACKING_STORE ? TOO_MUCH_MEMORY : BROKEN);
}

static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0) jpeg->err->num_warnings++;
}

static void nothing(j_decompress_ptr jpeg) {
    (void)jpeg;
}

/* All of it was given at once: wanting more means that there is no end. */
static boolean want_more(j_decompress_ptr jpeg) {
    leave(jpeg->client_data, CUT);
    return FALSE;
}

static void skip_input(j_decompress_ptr jpeg, long count) {
    struct jpeg_source_mgr *s = jpeg->src;
    if (count <= 0) return;
    if ((size_t)count > s->bytes_in_buffer) leave(jpeg->client_data, CUT);
    s->next_input_byte += count, s->bytes_in_buffer -= (size_t)count;
}

/* Called for each row of blocks, of each scan. */
static void watch_progress(j_common_ptr jpeg) {
    struct reader *r = jpeg->client_data;
    if (decoding_stopped(r->d)) leave(r, STOPPED);
    if (((j_decompress_ptr)jpeg)->input_scan_number > SCANS_MOST) leave(r, MANY_SCANS);
}

static void open_reader(struct reader *r) {
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->jpeg.client_data = r; /* jpeg_create_decompress() keeps both */
    r->errors.error_exit = on_error;
    r->errors.emit_message = on_message;
}

static void set_source(struct reader *r) {
    r->source = (struct jpeg_source_mgr){.next_input_byte = r->d->bytes,
                                         .bytes_in_buffer = r->d->size,
                                         .init_source = nothing,
                                         .fill_input_buffer = want_more,
                                         .skip_input_data = skip_input,
                                         .resync_to_restart = jpeg_resync_to_restart,
                                         .term_source = nothing};
    r->progress.progress_monitor = watch_progress;
    r->jpeg.src = &r->source;
    r->jpeg.progress = &r->progress;
}

static uint8_t times(unsigned a, unsigned b) { /* a * b / 255, rounded, as Pillow's MULDIV255 */
    unsigned product = a * b + 128;
    return (uint8_t)(((product >> 8) + product) >> 8);
}

/* Inks stand inverted, as Adobe's programs write them; Pillow takes all files so, with their marker and without. */
static void inks_to_rgb(const uint8_t *inks, uint8_t *rgb, uint32_t width) {
    for (uint32_t x = 0; x < width; x++, inks += 4, rgb += 3) {
        unsigned light = inks[3]; /* 255 - black */
        for (int c = 0; c < 3; c++) {
            int value = (int)light - times(255u - inks[c], light);
            rgb[c] = (uint8_t)(value < 0 ? 0 : value);
        }
    }
}

/* From the segments that the library finds: it gets over junk between them. */
static unsigned orientation_of(const struct reader *r) {
    struct exif_segments segments = {0};
    for (jpeg_saved_marker_ptr m = r->jpeg.marker_list; m; m = m->next)
        exif_add_segment(&segments, m->data, m->data_length);
    return exif_end_segments(&segments);
}

/* The inverse transform of a block gives 8, 4, 2 or 1 pixels a side. */
static void choose_scale(struct reader *r) {
    struct jpeg_decompress_struct *j = &r->jpeg;
    uint32_t shorter = j->image_width < j->image_height ? j->image_width : j->image_height;
    unsigned denominator = 1;
    while (r->d->rule.least_side && denominator < 8 && shorter / (2 * denominator) >= r->d->rule.least_side)
        denominator *= 2;
    j->scale_num = 1, j->scale_denom = denominator;
    jpeg_calc_output_dimensions(j);
}

static int read_header(struct reader *r) {
    jpeg_save_markers(&r->jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&r->jpeg, TRUE);
    if (r->jpeg.data_precision != 8) return decoding_unread(r->d, "a JPEG of other than 8 bits");
    int inks = r->jpeg.num_components == 4;
    if (!inks && r->jpeg.num_components != 3 && r->jpeg.num_components != 1)
        return decoding_unread(r->d, "a JPEG of such components");
    r->jpeg.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    r->d->orientation = orientation_of(r);
    choose_scale(r);
    return decoding_begin(r->d, r->jpeg.output_width, r->jpeg.output_height, 0);
}

static int read_rows(struct reader *reader) {
    struct decoding *d = reader->d;
    uint64_t left = decoding_left(d);
    reader->jpeg.mem->max_memory_to_use = left < LONG_MAX ? (long)left : LONG_MAX;
    bool inks = reader->jpeg.out_color_space == JCS_CMYK;
    reader->row = malloc((size_t)d->width * 7); /* four inks, then three colours of them */
    if (!reader->row) return decoding_no_memory(d);
    jpeg_start_decompress(&reader->jpeg);
    for (uint32_t y = 0; y < d->height; y++) {
        uint8_t *in_place = decoding_place(d, y), *turned = inks ? reader->row + (size_t)d->width * 4 : reader->row;
        uint8_t *rgb = in_place ? in_place : turned, *got = inks ? reader->row : rgb;
        jpeg_read_scanlines(&reader->jpeg, &got, 1);
        if (inks) inks_to_rgb(reader->row, rgb, d->width);
        if (!in_place) decoding_put(d, y, rgb);
    }
    jpeg_finish_decompress(&reader->jpeg);
    return OCELLI_OK;
}

static int refuse(const struct reader *r) {
    switch (r->fault) {
    case CUT: return decoding_cut(r->d);
    case NO_MEMORY: return decoding_no_memory(r->d);
    case TOO_MUCH_MEMORY: return decoding_over_budget(r->d);
    case STOPPED: return OCELLI_ERR_FILE;
    case MANY_SCANS: return decoding_unread(r->d, "a JPEG of so many scans");
    default: return decoding_broken(r->d, r->why);
    }
}

int jpeg_decode(struct decoding *decoding) {
    struct reader *r = calloc(1, sizeof *r); /* not on the stack: it has to outlive longjmp() unchanged */
    if (!r) return decoding_no_memory(decoding);
    r->d = decoding;
    int status;
    open_reader(r);
    if (setjmp(r->out)) {
        status = refuse(r);
    } else {
        jpeg_create_decompress(&r->jpeg);
        set_source(r);
        status = read_header(r);
        if (!status) status = read_rows(r);
    }
    jpeg_destroy_decompress(&r->jpeg);
    free(r->row);
    free(r);
    return status;
}
