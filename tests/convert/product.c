/* SPDX-License-Identifier: Apache-2.0
 * Float products of whole matrices against sums in double. */
#include "support/test.h"
#include "convert/compute/product.h"

#include <math.h>
#include <ocelli.h>

enum { ROWS = 65, COLUMNS = 513, COUNT = 7 };

static float weights[ROWS * COLUMNS], scales[ROWS], bias[ROWS], in[COUNT * COLUMNS], out[COUNT * ROWS];
static int8_t rounded[ROWS * COLUMNS];

static float random_unit(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1;
}

static void check(struct pool *pool, uint32_t rows, uint32_t columns, size_t count, bool floats) {
    struct product p = {floats ? weights : NULL, rounded, scales, bias, rows, columns, in, count, out};
    assert_int_equal(product_run(pool, &p), OCELLI_OK);
    for (size_t t = 0; t < count; t++)
        for (uint32_t r = 0; r < rows; r++) {
            double sum = bias[r];
            for (uint32_t i = 0; i < columns; i++) {
                size_t at = (size_t)r * columns + i;
                sum += in[t * columns + i] * (floats ? (double)weights[at] : (double)scales[r] * rounded[at]);
            }
            assert_true(fabs(out[t * rows + r] - sum) < 1e-4);
        }
}

static void shapes(void **state) {
    static const uint32_t all_rows[] = {1, 7, 8, 9, 15, 16, 17, 63, 64, ROWS};
    static const uint32_t all_columns[] = {1, 3, 4, 5, 7, 8, 9, 511, 512, COLUMNS};
    static const size_t counts[] = {1, 5, 6, COUNT};
    struct pool *pool;
    (void)state;
    assert_int_equal(thread_pool_create(&pool, 2), OCELLI_OK);
    for (size_t r = 0; r < sizeof all_rows / sizeof *all_rows; r++)
        for (size_t c = 0; c < sizeof all_columns / sizeof *all_columns; c++)
            for (size_t n = 0; n < sizeof counts / sizeof *counts; n++)
                for (int floats = 0; floats < 2; floats++) check(pool, all_rows[r], all_columns[c], counts[n], floats);
    thread_pool_destroy(&pool);
}

/* Panels of each kernel here: to the bit. */
static void panels(void **state) {
    const struct product_kernel *const all[] = {&product_plain, product_kernel()};
    static float panel[COLUMNS * PRODUCT_COLUMNS_MOST];
    (void)state;
    for (size_t n = 0; n < 2; n++)
        for (uint32_t k = 1; k < 20; k++)
            for (int floats = 0; floats < 2; floats++) {
                uint32_t wide = all[n]->columns;
                if (floats)
                    all[n]->pack(weights, COLUMNS, k, panel);
                else
                    all[n]->pack_rounded(rounded, scales, COLUMNS, k, panel);
                for (uint32_t i = 0; i < k * wide; i++) {
                    size_t row = i % wide, at = row * COLUMNS + i / wide;
                    assert_true(panel[i] == (floats ? weights[at] : scales[row] * (float)rounded[at]));
                }
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes), cmocka_unit_test(panels)};
    uint32_t state = 3;
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        weights[i] = random_unit(&state), rounded[i] = (int8_t)(127 * random_unit(&state));
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) in[i] = random_unit(&state);
    for (int i = 0; i < ROWS; i++) bias[i] = random_unit(&state), scales[i] = 0.01f * (2 + random_unit(&state));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
