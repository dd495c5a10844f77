/* SPDX-License-Identifier: Apache-2.0 */
#define VECTOR __m512i
#define VECTOR_COLUMNS 16
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define BROADCAST _mm512_set1_epi32
#define DOT _mm512_dpbusd_epi32
#define NAME dot_avx512_vnni
#define TILES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10)
#include "op/cpu/vnni.inc"
