/* SPDX-License-Identifier: Apache-2.0
 * Colours against the standards' equations in double, samples found by another way of counting, turns. */
#include "support/test.h"
#include "base/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ITU-R BT.601-7, 2.5.1 and BT.709-6, 3.2: E'Y = Kr R + Kg G + Kb B, colour differences scaled to -0.5..0.5. */
static void colour(enum frame_matrix matrix, bool full, const int yuv[3], double rgb[3]) {
    double kr = matrix == FRAME_BT709 ? 0.2126 : 0.299, kb = matrix == FRAME_BT709 ? 0.0722 : 0.114;
    double y = full ? yuv[0] / 255.0 : (yuv[0] - 16) / 219.0;
    double cb = (yuv[1] - 128) / (full ? 255.0 : 224.0), cr = (yuv[2] - 128) / (full ? 255.0 : 224.0);
    rgb[0] = y + cr * 2 * (1 - kr);
    rgb[2] = y + cb * 2 * (1 - kb);
    rgb[1] = (y - kr * rgb[0] - kb * rgb[2]) / (1 - kr - kb);
    for (int i = 0; i < 3; i++) rgb[i] = fmin(fmax(rgb[i], 0), 1) * 255;
}

/* Every third of each of the 256 cubed, in both matrices and ranges: never off by more than rounding. */
static void colours(void **state) {
    (void)state;
    double worst = 0;
    for (int kind = 0; kind < 4; kind++)
        for (int i = 0; i < 86 * 86 * 86; i++) {
            int yuv[3] = {i % 86 * 3, i / 86 % 86 * 3, i / 86 / 86 * 3};
            uint8_t bytes[3] = {(uint8_t)yuv[0], (uint8_t)yuv[1], (uint8_t)yuv[2]}, got[3];
            struct frame f = {
                .format = FRAME_YUV444, .width = 1, .height = 1, .matrix = kind & 1, .full_range = kind & 2};
            double wanted[3];
            frame_lay(&f, bytes);
            frame_to_rgb(&f, got);
            colour(f.matrix, f.full_range, yuv, wanted);
            for (int c = 0; c < 3; c++) worst = fmax(worst, fabs(got[c] - wanted[c]));
        }
    print_message("worst difference %.4f of 255\n", worst);
    assert_true(worst < 0.504); /* half a step, and what factors of 65536 lose */
}

static void known_colours(void **state) {
    (void)state;
    static const struct {
        uint8_t yuv[3];
        bool full;
        uint8_t rgb[3];
    } cases[] = {
        {{16, 128, 128}, false, {0, 0, 0}},  {{235, 128, 128}, false, {255, 255, 255}},
        {{0, 128, 128}, false, {0, 0, 0}},   {{255, 128, 128}, true, {255, 255, 255}},
        {{81, 90, 240}, false, {254, 0, 0}}, {{76, 85, 255}, true, {254, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {.format = FRAME_YUV444, .width = 1, .height = 1, .full_range = cases[i].full};
        uint8_t got[3];
        frame_lay(&f, cases[i].yuv);
        frame_to_rgb(&f, got);
        assert_memory_equal(got, cases[i].rgb, 3);
    }
}

/* Where the three numbers of a pixel lie, counted from the start of a picture of `stride` bytes a row: the luma plane
 * has `height` rows, others follow with strides as below. */
struct place {
    size_t at[3];
};

static struct place place(enum frame_format format, size_t w, size_t h, size_t pad, size_t x, size_t y) {
    size_t half = (w + 1) / 2, halves = (h + 1) / 2, luma = (w + pad) * h, cx = x >> 1, cy = y >> 1;
    switch (format) {
    case FRAME_NV12:
        return (struct place){
            {(w + pad) * y + x, luma + (2 * half + pad) * cy + 2 * cx, luma + (2 * half + pad) * cy + 2 * cx + 1}};
    case FRAME_YUV420:
        return (struct place){
            {(w + pad) * y + x, luma + (half + pad) * cy + cx, luma + (half + pad) * (halves + cy) + cx}};
    case FRAME_YUV422:
        return (struct place){{(w + pad) * y + x, luma + (half + pad) * y + cx, luma + (half + pad) * (h + y) + cx}};
    case FRAME_YUV444:
        return (struct place){{(w + pad) * y + x, luma + (w + pad) * y + x, 2 * luma + (w + pad) * y + x}};
    case FRAME_YUYV:
        return (struct place){{(4 * half + pad) * y + 4 * cx + 2 * (x & 1), (4 * half + pad) * y + 4 * cx + 1,
                               (4 * half + pad) * y + 4 * cx + 3}};
    case FRAME_GREY: return (struct place){{(w + pad) * y + x, SIZE_MAX, SIZE_MAX}};
    case FRAME_BGR:
        return (struct place){
            {(3 * w + pad) * y + 3 * x + 2, (3 * w + pad) * y + 3 * x + 1, (3 * w + pad) * y + 3 * x}};
    default:
        return (struct place){
            {(3 * w + pad) * y + 3 * x, (3 * w + pad) * y + 3 * x + 1, (3 * w + pad) * y + 3 * x + 2}};
    }
}

/* Every row of every plane `pad` bytes longer than it needs to be. */
static size_t lay_padded(struct frame *f, const uint8_t *bytes, size_t pad) {
    size_t total = 0;
    frame_lay(f, bytes);
    for (int i = 0; i < 3 && f->planes[i].data; i++) {
        bool fewer = i > 0 && (f->format == FRAME_NV12 || f->format == FRAME_YUV420);
        f->planes[i].stride += (uint32_t)pad;
        f->planes[i].data = bytes + total;
        total += (size_t)f->planes[i].stride * (fewer ? (f->height + 1) / 2 : f->height);
    }
    return total;
}

static void check_pixel(const struct frame *f, const uint8_t *bytes, size_t pad, size_t x, size_t y,
                        const uint8_t *got) {
    struct place p = place(f->format, f->width, f->height, pad, x, y);
    if (f->format == FRAME_RGB || f->format == FRAME_BGR) {
        for (int c = 0; c < 3; c++) assert_int_equal(got[c], bytes[p.at[c]]);
        return;
    }
    int yuv[3];
    double wanted[3];
    for (int c = 0; c < 3; c++) yuv[c] = p.at[c] == SIZE_MAX ? 128 : bytes[p.at[c]];
    colour(f->matrix, f->full_range, yuv, wanted);
    for (int c = 0; c < 3; c++) assert_true(fabs(got[c] - wanted[c]) < 0.504);
}

/* Upright column and row of a pixel. */
static size_t turned(const struct frame *f, size_t x, size_t y) {
    size_t w = f->width, h = f->height;
    switch (f->rotation) {
    case 90: return x * h + (h - 1 - y);
    case 180: return (h - 1 - y) * w + (w - 1 - x);
    case 270: return (w - 1 - x) * h + y;
    default: return y * w + x;
    }
}

static void check_frame(enum frame_format format, uint32_t width, uint32_t height, size_t pad, uint32_t rotation) {
    struct frame f = {.format = format, .width = width, .height = height, .rotation = rotation, .matrix = FRAME_BT709};
    size_t capacity = ((size_t)width * 4 + 16) * (height + 1) * 3, size;
    uint8_t *any = malloc(capacity); /* the size is what laying it out takes */
    assert_non_null(any);
    size = lay_padded(&f, any, pad);
    free(any);
    uint8_t *bytes = malloc(size), *rgb = malloc((size_t)width * height * 3);
    assert_non_null(bytes);
    assert_non_null(rgb);
    uint32_t noise = width * 31 + height;
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
    lay_padded(&f, bytes, pad);
    frame_to_rgb(&f, rgb);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) check_pixel(&f, bytes, pad, x, y, rgb + 3 * turned(&f, x, y));
    if (!pad) assert_int_equal(size, frame_bytes(format, width, height));
    free(bytes);
    free(rgb);
}

/* Exactly as many bytes as the picture has, so that a sanitizer sees a read past them. */
static void every_format(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {2, 2}, {3, 3}, {1, 4}, {5, 1}, {16, 9}, {17, 10}};
    for (int format = 0; format < FRAME_FORMATS; format++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (uint32_t rotation = 0; rotation < 360; rotation += 90)
                for (size_t pad = 0; pad < 8; pad += 7)
                    check_frame((enum frame_format)format, sizes[i][0], sizes[i][1], pad, rotation);
}

static void names(void **state) {
    (void)state;
    enum frame_format found;
    for (int format = 0; format < FRAME_FORMATS; format++) {
        const char *name = frame_format_name((enum frame_format)format);
        assert_true(frame_format_find(&found, name, strlen(name)));
        assert_int_equal(found, format);
        assert_false(frame_format_find(&found, name, strlen(name) - 1));
    }
    assert_true(frame_format_find(&found, "nv12@30", 4));
    assert_false(frame_format_find(&found, "NV12", 4));
}

/* Planes apart, their rows padded, come to lie close, and are the same picture. */
static void copies(void **state) {
    (void)state;
    enum { WIDTH = 5, HEIGHT = 3, PAD = 3, APART = 11, RGB = WIDTH * HEIGHT * 3 };
    for (int format = 0; format < FRAME_FORMATS; format++) {
        struct frame f = {.format = (enum frame_format)format, .width = WIDTH, .height = HEIGHT, .captured_ns = 7},
                     copy;
        uint8_t from[1024], wanted[RGB], got[RGB];
        size_t size = 0;
        for (size_t i = 0; i < sizeof from; i++) from[i] = (uint8_t)(i * 37);
        frame_lay(&f, from);
        for (int i = 0; i < 3 && f.planes[i].data; i++) {
            f.planes[i].stride += PAD, f.planes[i].fd = 9;
            f.planes[i].data = from + (i + 1) * APART + size;
            size += frame_plane_bytes(&f, i);
        }
        assert_int_equal(frame_planes_bytes(&f), size);
        uint8_t *bytes = malloc(size); /* no more: a sanitizer sees what goes past it */
        frame_copy(&f, bytes, &copy);
        assert_int_equal(copy.captured_ns, 7);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(copy.planes[i].fd, -1);
            if (f.planes[i].data) assert_ptr_equal(copy.planes[i].data, bytes + copy.planes[i].offset);
            if (!f.planes[i].data) assert_null(copy.planes[i].data);
        }
        frame_to_rgb(&f, wanted);
        frame_to_rgb(&copy, got);
        assert_memory_equal(got, wanted, RGB);
        free(bytes);
    }
}

static void upright(void **state) {
    (void)state;
    struct frame f = {.width = 4, .height = 3, .rotation = 270};
    assert_int_equal(frame_upright_width(&f), 3);
    assert_int_equal(frame_upright_height(&f), 4);
    f.rotation = 180;
    assert_int_equal(frame_upright_width(&f), 4);
    assert_int_equal(frame_guess_matrix(719), FRAME_BT601);
    assert_int_equal(frame_guess_matrix(720), FRAME_BT709);
    assert_int_equal(frame_bytes(FRAME_RGB, 16384, 16384), (size_t)3 << 28);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours), cmocka_unit_test(known_colours), cmocka_unit_test(every_format),
        cmocka_unit_test(names),   cmocka_unit_test(copies),        cmocka_unit_test(upright),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
