/* SPDX-License-Identifier: Apache-2.0
 * Both passes of a resize by each set of kernels, against sums of 64 bits. */
#include "op/cpu/all_kernels.h"

enum { PIXELS_MOST = 90, SIZE_MOST = 70, TAPS_MOST = 41, ROWS_MOST = 9, CASES = 400 };

static uint32_t up_to(uint64_t *state, uint32_t most) {
    return 1 + noise(state) % most;
}

static uint8_t *noise_bytes(uint64_t *state, size_t size) {
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) bytes[i] = noise(state) % 4 ? (uint8_t)noise(state) : 255;
    return bytes;
}

/* Some negative, their magnitudes together at most 1.5: what filters with overshoot come to. */
static void noise_weights(uint64_t *state, int32_t *weight, uint32_t taps) {
    for (uint32_t t = 0; t < taps; t++)
        weight[t] = (int32_t)((double)noise_float(state) * 1.5 * (1 << CPU_PIXEL_BITS) / taps);
    if (taps == 1) weight[0] = 1 << CPU_PIXEL_BITS; /* a copy */
}

static uint8_t clipped(int64_t sum) {
    int64_t v = (sum + CPU_PIXEL_HALF) >> CPU_PIXEL_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void check_across(const struct cpu_kernels *kernels) {
    uint64_t state = 3;
    for (int i = 0; i < CASES; i++) {
        uint32_t width = up_to(&state, PIXELS_MOST), size = up_to(&state, SIZE_MOST), taps = up_to(&state, TAPS_MOST);
        uint32_t rows = up_to(&state, ROWS_MOST);
        size_t stride = 3 * (size_t)width + CPU_PIXEL_ROOM;
        int32_t *first = malloc(size * sizeof *first), *weight = malloc((size_t)size * taps * sizeof *weight);
        uint32_t *out = malloc((size_t)rows * size * sizeof *out);
        uint8_t *rgb = noise_bytes(&state, rows * stride);
        for (uint32_t x = 0; x < size; x++) {
            first[x] = (int32_t)(noise(&state) % width);
            noise_weights(&state, weight + (size_t)x * taps, taps);
        }
        kernels->pixels->across(rgb, stride, rows, width, &(struct cpu_axis){first, weight, size, taps}, out);
        for (uint32_t r = 0; r < rows; r++)
            for (uint32_t x = 0; x < size; x++)
                for (uint32_t c = 0; c < 4; c++) {
                    int64_t sum = 0;
                    for (uint32_t t = 0; c < 3 && t < taps && (uint32_t)first[x] + t < width; t++)
                        sum +=
                            (int64_t)weight[(size_t)x * taps + t] * rgb[r * stride + 3 * ((uint32_t)first[x] + t) + c];
                    assert_int_equal(out[(size_t)r * size + x] >> 8 * c & 255, c < 3 ? clipped(sum) : 0);
                }
        free(first), free(weight), free(out), free(rgb);
    }
}

static void check_down(const struct cpu_kernels *kernels) {
    uint64_t state = 4;
    for (int i = 0; i < CASES; i++) {
        uint32_t count = 4 * up_to(&state, SIZE_MOST), taps = up_to(&state, TAPS_MOST);
        int32_t *weight = malloc(taps * sizeof *weight);
        uint8_t *rows = noise_bytes(&state, (size_t)taps * count), *out = malloc(count);
        noise_weights(&state, weight, taps);
        kernels->pixels->down(rows, count, weight, taps, count, out);
        for (uint32_t k = 0; k < count; k++) {
            int64_t sum = 0;
            for (uint32_t t = 0; t < taps; t++) sum += (int64_t)weight[t] * rows[(size_t)t * count + k];
            assert_int_equal(out[k], clipped(sum));
        }
        free(weight), free(rows), free(out);
    }
}

static void test_pixels(void **unused) {
    (void)unused;
    each_kernels(check_across);
    each_kernels(check_down);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pixels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
