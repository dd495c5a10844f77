/* SPDX-License-Identifier: Apache-2.0
 * A resize with AVX2. A weight w is 4096 high + low, both of 16 bits: so one instruction multiplies 16 of them, and
 * adds the products in pairs. Sums are those of plain C. */
#include "op/cpu/tiles.h"

#include <immintrin.h>
#include <string.h>

enum { LOW_BITS = 12, ROWS = 4, TAPS = 4, COLUMNS = 32 };

/* ---- along rows ---- */

/* Four weights, the first two in the lower half of `high` and `low` each, as often as a pixel has channels. */
static inline void split(__m128i weights, __m256i *high, __m256i *low) {
    const __m256i which_high = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    const __m256i which_low = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
    __m128i l = _mm_srai_epi32(_mm_slli_epi32(weights, 32 - LOW_BITS), 32 - LOW_BITS);
    __m128i h = _mm_srai_epi32(_mm_sub_epi32(weights, l), LOW_BITS);
    __m256i both = _mm256_castsi128_si256(_mm_packs_epi32(h, l));
    *high = _mm256_permutevar8x32_epi32(both, which_high);
    *low = _mm256_permutevar8x32_epi32(both, which_low);
}

/* Four RGB pixels: R R, G G, B B, 0 0 of the first two in the lower half, of the others in the upper one. */
static inline __m256i pixels(const uint8_t *from) {
    enum { Z = -128 };
    const __m256i order = _mm256_setr_epi8(0, Z, 3, Z, 1, Z, 4, Z, 2, Z, 5, Z, Z, Z, Z, Z, /**/
                                           6, Z, 9, Z, 7, Z, 10, Z, 8, Z, 11, Z, Z, Z, Z, Z);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from)), order);
}

static inline uint32_t pixel_of(__m256i high, __m256i low) {
    const __m128i half = _mm_setr_epi32(CPU_PIXEL_HALF, CPU_PIXEL_HALF, CPU_PIXEL_HALF, 0);
    __m256i both = _mm256_add_epi32(_mm256_slli_epi32(high, LOW_BITS), low);
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    sum = _mm_srai_epi32(_mm_add_epi32(sum, half), CPU_PIXEL_BITS);
    sum = _mm_packs_epi32(sum, sum);
    return (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
}

static inline void across_some(const uint8_t *rgb, size_t stride, uint32_t rows, uint32_t width,
                               const struct cpu_axis *axis, uint32_t *out) {
    const int32_t *weight = axis->weight;
    for (uint32_t x = 0; x < axis->size; x++, weight += axis->taps) {
        uint32_t count = cpu_taps(axis, x, width);
        const uint8_t *from = rgb + 3 * (size_t)axis->first[x];
        __m256i high[ROWS], low[ROWS], h, l;
        for (uint32_t r = 0; r < rows; r++) high[r] = low[r] = _mm256_setzero_si256();
        for (uint32_t t = 0; t < count; t += TAPS, from += 3 * TAPS) {
            __m128i weights = _mm_setzero_si128();
            if (count - t >= TAPS)
                weights = _mm_loadu_si128((const __m128i *)(weight + t));
            else
                memcpy(&weights, weight + t, (count - t) * sizeof *weight);
            split(weights, &h, &l);
            for (uint32_t r = 0; r < rows; r++) {
                __m256i p = pixels(from + r * stride);
                high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(p, h));
                low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(p, l));
            }
        }
        for (uint32_t r = 0; r < rows; r++) out[(size_t)r * axis->size + x] = pixel_of(high[r], low[r]);
    }
}

static void across(const uint8_t *rgb, size_t stride, uint32_t rows, uint32_t width, const struct cpu_axis *axis,
                   uint32_t *out) {
    for (; rows >= ROWS; rows -= ROWS, rgb += ROWS * stride, out += ROWS * (size_t)axis->size)
        across_some(rgb, stride, ROWS, width, axis, out);
    for (; rows; rows--, rgb += stride, out += axis->size) across_some(rgb, stride, 1, width, axis, out);
}

/* ---- down columns ---- */

/* Two weights as pairs of 16 bits, everywhere. */
static inline void split_pair(int32_t a, int32_t b, __m256i *high, __m256i *low) {
    int32_t a_low = (int32_t)((uint32_t)a << (32 - LOW_BITS)) >> (32 - LOW_BITS);
    int32_t b_low = (int32_t)((uint32_t)b << (32 - LOW_BITS)) >> (32 - LOW_BITS);
    uint32_t a_high = (uint32_t)((a - a_low) >> LOW_BITS), b_high = (uint32_t)((b - b_low) >> LOW_BITS);
    *high = _mm256_set1_epi32((int32_t)((a_high & 0xffff) | b_high << 16));
    *low = _mm256_set1_epi32((int32_t)(((uint32_t)a_low & 0xffff) | (uint32_t)b_low << 16));
}

/* COLUMNS bytes of two rows: a b a b ..., eight pairs of 16 bits each. */
static inline void weave(const uint8_t *a, const uint8_t *b, __m256i pairs[4]) {
    for (int i = 0; i < 2; i++) {
        __m128i x = _mm_loadu_si128((const __m128i *)a + i), y = _mm_loadu_si128((const __m128i *)b + i);
        pairs[2 * i] = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(x, y));
        pairs[2 * i + 1] = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(x, y));
    }
}

/* Eight sums each, in order. */
static inline __m256i bytes_of(const __m256i high[4], const __m256i low[4]) {
    __m256i v[4];
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_add_epi32(_mm256_slli_epi32(high[i], LOW_BITS), low[i]);
        v[i] = _mm256_srai_epi32(_mm256_add_epi32(v[i], _mm256_set1_epi32(CPU_PIXEL_HALF)), CPU_PIXEL_BITS);
    }
    __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

static void down(const uint8_t *rows, size_t stride, const int32_t *weight, uint32_t taps, uint32_t count,
                 uint8_t *out) {
    uint32_t i = 0;
    for (; i + COLUMNS <= count; i += COLUMNS) {
        __m256i high[4], low[4], pairs[4], h, l;
        for (int k = 0; k < 4; k++) high[k] = low[k] = _mm256_setzero_si256();
        for (uint32_t t = 0; t < taps; t += 2) {
            const uint8_t *a = rows + t * stride + i;
            bool two = t + 1 < taps;
            split_pair(weight[t], two ? weight[t + 1] : 0, &h, &l);
            weave(a, two ? a + stride : a, pairs);
            for (int k = 0; k < 4; k++) {
                high[k] = _mm256_add_epi32(high[k], _mm256_madd_epi16(pairs[k], h));
                low[k] = _mm256_add_epi32(low[k], _mm256_madd_epi16(pairs[k], l));
            }
        }
        _mm256_storeu_si256((__m256i *)(out + i), bytes_of(high, low));
    }
    cpu_down_rest(rows, stride, weight, taps, i, count, out);
}

const struct cpu_pixels pixels_avx2 = {across, down};
