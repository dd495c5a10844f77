/* SPDX-License-Identifier: Apache-2.0
 * VPMOVSXBW makes 16 bits of the picture's 8, VPMADDWD multiplies and adds pairs in 32: exact. Memory is the limit, so
 * the next vectors are asked for while these are multiplied. */
#include "memory/dots.h"
#include "memory/pack.h"
#include "memory/page_sum.h"

#include <immintrin.h>

enum { AHEAD = 2048 /* bytes */, LINE = 64 };

static __m256i products(const int8_t *picture, const int16_t *text) {
    __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)picture));
    return _mm256_madd_epi16(wide, _mm256_loadu_si256((const __m256i *)text));
}

static int32_t sum_of(__m256i a) {
    __m128i x = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0x4e));
    x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0xb1));
    return _mm_cvtsi128_si32(x);
}

/* The sum of the bytes takes whole-number units that the products leave idle. */
static inline __attribute__((always_inline)) void run(const int8_t *vectors, size_t count, size_t size,
                                                      const int16_t *text, int32_t *sums, struct page_sum *bytes) {
    size_t whole = size & ~(size_t)(LINE - 1);
    for (size_t i = 0; i < count; i++) {
        const int8_t *v = vectors + i * size;
        __m256i a = _mm256_setzero_si256(), b = a;
        for (size_t k = 0; k < whole; k += LINE) {
            __builtin_prefetch(v + k + AHEAD);
            if (bytes) page_sum_step(bytes, v + k);
            a = _mm256_add_epi32(a, products(v + k, text + k));
            b = _mm256_add_epi32(b, products(v + k + 16, text + k + 16));
            a = _mm256_add_epi32(a, products(v + k + 32, text + k + 32));
            b = _mm256_add_epi32(b, products(v + k + 48, text + k + 48));
        }
        sums[i] = sum_of(_mm256_add_epi32(a, b)) + pack_dot(v + whole, text + whole, size - whole);
    }
}

void dots_avx2(const int8_t *vectors, size_t count, size_t size, const int16_t *text, int32_t *sums, int64_t *bytes) {
    if (!bytes || size % PAGE_SUM_STEP) {
        if (bytes) *bytes = page_sum(vectors, count * size);
        run(vectors, count, size, text, sums, NULL);
        return;
    }
    struct page_sum sum;
    page_sum_begin(&sum);
    run(vectors, count, size, text, sums, &sum);
    *bytes = page_sum_end(&sum, NULL, 0, count * size);
}
