/* SPDX-License-Identifier: Apache-2.0
 * Numbers of each kind, any range of them, also where they do not lie one after the other. Halves: safetensors.c. */
#include "convert/read/stored.h"
#include "support/heard.h"
#include "support/test.h"

#include <ocelli.h>
#include <string.h>

/* Every range of `count` numbers is `expected`. */
static void check_ranges(const struct stored_tensor *t, const float *expected, uint64_t count) {
    float out[200];
    for (uint64_t first = 0; first <= count; first++)
        for (uint64_t n = 0; first + n <= count; n++) {
            memset(out, 0x7f, sizeof out);
            assert_int_equal(stored_read(t, first, n, out), OCELLI_OK);
            assert_memory_equal(out, expected + first, n * sizeof *out);
        }
}

/* Two blocks of 32, scales 0.5 and -2. */
static void blocks(void **state) {
    uint8_t bytes[2 * 34];
    float expected[64];
    struct storage_memory in;
    (void)state;
    memcpy(bytes, "\x00\x38", 2);
    memcpy(bytes + 34, "\x00\xc0", 2);
    for (int i = 0; i < 64; i++) {
        int8_t number = (int8_t)(i * 5 - 128);
        bytes[i / 32 * 34 + 2 + i % 32] = (uint8_t)number;
        expected[i] = (i < 32 ? 0.5f : -2.0f) * number;
    }
    storage_of_memory(&in, bytes, sizeof bytes, "x");
    struct stored_tensor t = {
        .kind = STORED_Q8_0, .dimensions = 2, .shape = {2, 32}, .count = 64, .storage = &in.base, .size = sizeof bytes};
    assert_true(stored_is_float(&t));
    assert_int_equal(stored_size(STORED_Q8_0, 64), sizeof bytes);
    assert_int_equal(stored_size(STORED_Q8_0, 65), 0);
    check_ranges(&t, expected, 64);
}

/* Three rows of four, each with its scale. */
static void rows(void **state) {
    static const float scales[] = {0.25f, 3, 0};
    static const int8_t numbers[] = {-127, 0, 1, 127, 5, 6, 7, 8, 1, 2, 3, 4};
    float expected[12];
    struct storage_memory in, scale_in;
    (void)state;
    for (int i = 0; i < 12; i++) expected[i] = (float)numbers[i] * scales[i / 4];
    storage_of_memory(&in, numbers, sizeof numbers, "x");
    storage_of_memory(&scale_in, scales, sizeof scales, "x");
    struct stored_tensor s = {.kind = STORED_F32, .dimensions = 1, .shape = {3}, .count = 3, .storage = &scale_in.base};
    struct stored_tensor t = {
        .kind = STORED_I8, .dimensions = 2, .shape = {3, 4}, .count = 12, .storage = &in.base, .scales = &s};
    check_ranges(&t, expected, 12);
    t.scales = NULL;
    assert_false(stored_is_float(&t));
}

/* (2, 3, 2) numbers whose last two dimensions are turned, behind one number more, and one that repeats a row. */
static void strides(void **state) {
    float numbers[13], turned[12], repeated[8];
    struct storage_memory in;
    (void)state;
    for (int i = 0; i < 13; i++) numbers[i] = (float)i;
    for (int i = 0; i < 12; i++) turned[i] = numbers[1 + i / 6 * 6 + i / 2 % 3 + i % 2 * 3];
    for (int i = 0; i < 8; i++) repeated[i] = numbers[i % 4];
    storage_of_memory(&in, numbers, sizeof numbers, "x");
    struct stored_tensor t = {.kind = STORED_F32,
                              .dimensions = 3,
                              .shape = {2, 3, 2},
                              .count = 12,
                              .storage = &in.base,
                              .begin = 4,
                              .strided = true,
                              .stride = {6, 1, 3}};
    check_ranges(&t, turned, 12);
    t = (struct stored_tensor){.kind = STORED_F32,
                               .dimensions = 2,
                               .shape = {2, 4},
                               .count = 8,
                               .storage = &in.base,
                               .strided = true,
                               .stride = {0, 1}};
    check_ranges(&t, repeated, 8);
}

/* Past the end: one line. */
static void outside(void **state) {
    float numbers[4] = {0}, out[8];
    struct storage_memory in;
    (void)state;
    storage_of_memory(&in, numbers, sizeof numbers, "x");
    struct stored_tensor t = {.kind = STORED_F32, .dimensions = 1, .shape = {8}, .count = 8, .storage = &in.base};
    listen();
    assert_int_equal(stored_read(&t, 0, 4, out), OCELLI_OK);
    assert_int_equal(stored_read(&t, 1, 4, out), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    t.begin = UINT64_MAX - 3;
    assert_int_equal(stored_read(&t, 0, 1, out), OCELLI_ERR_FILE);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks), cmocka_unit_test(rows), cmocka_unit_test(strides),
                                       cmocka_unit_test(outside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
