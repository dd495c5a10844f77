/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/product.h"

#include <string.h>

/* GCC's and clang's vectors: SSE2, NEON, or plain code where there is neither. */
typedef float lanes __attribute__((vector_size(16)));
enum { LANES = 4, ROWS = 4 };

static inline lanes load(const float *p) {
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline float sum(lanes v) {
    return (v[0] + v[1]) + (v[2] + v[3]);
}

float product(const float *a, const float *b, size_t count) {
    lanes first = {0}, second = {0};
    size_t i = 0;
    for (; i + 2 * LANES <= count; i += 2 * LANES) {
        first += load(a + i) * load(b + i);
        second += load(a + i + LANES) * load(b + i + LANES);
    }
    float total = sum(first + second);
    for (; i < count; i++) total += a[i] * b[i];
    return total;
}

/* Four rows at once, so that a weight is loaded once for all of them. */
static void four(const float *w, const float *in, size_t count, float out[ROWS]) {
    const float *row[ROWS] = {in, in + count, in + 2 * count, in + 3 * count};
    lanes even[ROWS] = {{0}}, odd[ROWS] = {{0}};
    size_t i = 0;
    for (; i + 2 * LANES <= count; i += 2 * LANES) {
        lanes w0 = load(w + i), w1 = load(w + i + LANES);
        for (int r = 0; r < ROWS; r++) {
            even[r] += w0 * load(row[r] + i);
            odd[r] += w1 * load(row[r] + i + LANES);
        }
    }
    for (int r = 0; r < ROWS; r++) {
        out[r] = sum(even[r] + odd[r]);
        for (size_t rest = i; rest < count; rest++) out[r] += w[rest] * row[r][rest];
    }
}

void product_rows(const float *weights, const float *in, size_t count, size_t rows, float bias, float *out,
                  size_t stride) {
    size_t t = 0;
    for (; t + ROWS <= rows; t += ROWS) {
        float four_sums[ROWS];
        four(weights, in + t * count, count, four_sums);
        for (size_t r = 0; r < ROWS; r++) out[(t + r) * stride] = four_sums[r] + bias;
    }
    for (; t < rows; t++) out[t * stride] = product(weights, in + t * count, count) + bias;
}
