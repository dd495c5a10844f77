/* SPDX-License-Identifier: Apache-2.0
 * AVX2: int8 widened to int16, whose products in pairs (VPMADDWD) are exact; VPMADDUBSW would be no faster, and saturates.
 * Five rows by 16 columns fill 10 of 16 registers with sums: of 2x16 to 6x16 and 3x24 the fastest on Zen 3. */
#include "op/cpu/rows_of.h"
#include "op/cpu/tiles.h"

#include <immintrin.h>
#include <string.h>

static inline __m256i weights(const int8_t *w) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)w));
}

static inline __m256i pair(const int16_t *x) {
    int two;
    memcpy(&two, x, sizeof two);
    return _mm256_set1_epi32(two);
}

#define BEGIN(r)                                                                                                                 \
    const int16_t *x##r = in + (r)*stride;                                                                                       \
    __m256i a##r = _mm256_setzero_si256(), b##r = a##r;
#define ADD(r)                                                                                                                   \
    {                                                                                                                            \
        __m256i x = pair(x##r + 2 * k);                                                                                          \
        a##r = _mm256_add_epi32(a##r, _mm256_madd_epi16(x, wa));                                                                 \
        b##r = _mm256_add_epi32(b##r, _mm256_madd_epi16(x, wb));                                                                 \
    }
#define END(r)                                                                                                                   \
    _mm256_storeu_si256((__m256i *)(sums + 16 * (r)), a##r);                                                                     \
    _mm256_storeu_si256((__m256i *)(sums + 16 * (r) + 8), b##r);
#define TILE(count)                                                                                                              \
    static void dot##count(const int16_t *in, size_t stride, const int8_t *w, uint32_t steps, int32_t *sums) {                   \
        ROWS##count(BEGIN) for (uint32_t k = 0; k < steps; k++, w += 32) {                                                       \
            __m256i wa = weights(w), wb = weights(w + 16);                                                                       \
            ROWS##count(ADD)                                                                                                     \
        }                                                                                                                        \
        ROWS##count(END)                                                                                                         \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)

DOT_TILE(dot_avx2) {
    static void (*const tiles[])(const int16_t *, size_t, const int8_t *, uint32_t, int32_t *) = {dot1, dot2, dot3, dot4, dot5};
    tiles[rows - 1](in, row_bytes / sizeof(int16_t), panel, steps, sums);
}

static inline __m256 floats(const int8_t *w) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)w)));
}

#define FLOAT_BEGIN(r)                                                                                                           \
    const float *x##r = in + (r)*stride;                                                                                         \
    __m256 a##r = _mm256_setzero_ps(), b##r = a##r;
#define FLOAT_ADD(r)                                                                                                             \
    {                                                                                                                            \
        __m256 x = _mm256_broadcast_ss(x##r + i);                                                                                \
        a##r = _mm256_fmadd_ps(x, wa, a##r);                                                                                     \
        b##r = _mm256_fmadd_ps(x, wb, b##r);                                                                                     \
    }
#define FLOAT_END(r)                                                                                                             \
    _mm256_storeu_ps(sums + 16 * (r), a##r);                                                                                     \
    _mm256_storeu_ps(sums + 16 * (r) + 8, b##r);
#define FLOAT(count)                                                                                                             \
    static void float##count(const float *in, size_t stride, const int8_t *w, uint32_t k, float *sums) {                         \
        ROWS##count(FLOAT_BEGIN) for (uint32_t i = 0; i < k; i++, w += 16) {                                                     \
            __m256 wa = floats(w), wb = floats(w + 8);                                                                           \
            ROWS##count(FLOAT_ADD)                                                                                               \
        }                                                                                                                        \
        ROWS##count(FLOAT_END)                                                                                                   \
    }
FLOAT(1)
FLOAT(2)
FLOAT(3)
FLOAT(4)
FLOAT(5)

FLOAT_TILE(float_avx2) {
    static void (*const tiles[])(const float *, size_t, const int8_t *, uint32_t, float *) = {float1, float2, float3, float4,
                                                                                              float5};
    tiles[rows - 1](in, stride, panel, k, sums);
}
