/* SPDX-License-Identifier: Apache-2.0 */
#define VECTOR __m256i
#define VECTOR_COLUMNS 8
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define BROADCAST _mm256_set1_epi32
#define DOT _mm256_dpbusd_avx_epi32
#define NAME dot_avx_vnni
#define TILES(X) X(1) X(2) X(3) X(4) X(5)
#include "op/cpu/vnni.inc"
