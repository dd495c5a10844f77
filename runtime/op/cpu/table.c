/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "op/cpu/tiles.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined __x86_64__
#include <cpuid.h>
#elif defined __aarch64__
#include <sys/auxv.h>
#endif

struct row {
    struct cpu_kernels kernels;
    bool (*fits)(void);
};

static bool always(void) {
    return true;
}

#if defined __x86_64__
static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* __builtin_cpu_supports() learnt of it later than compilers that have the instructions. */
static bool has_avx_vnni(void) {
    unsigned a, b, c, d;
    return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4);
}

static bool has_avx512_vnni(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}

static const struct row table[] = {
    {{"avx512vnni", {32, 4, 10, CPU_BIASED, dot_avx512_vnni}, {16, 5, float_avx2}, &rows_avx512, &pixels_avx2},
     has_avx512_vnni},
    {{"avxvnni", {16, 4, 5, CPU_BIASED, dot_avx_vnni}, {16, 5, float_avx2}, &rows_avx2, &pixels_avx2}, has_avx_vnni},
    {{"avx2", {16, 4, 5, CPU_CLIPPED, dot_avx2}, {16, 5, float_avx2}, &rows_avx2, &pixels_avx2}, has_avx2},
    {{"plain",
      {CPU_PLAIN_COLUMNS, 1, 4, CPU_INT8, dot_plain},
      {CPU_PLAIN_COLUMNS, 4, float_plain},
      &rows_plain,
      &pixels_plain},
     always},
};
#elif defined __aarch64__
#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1ul << 13)
#endif
static bool has_dotprod(void) {
    return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
}

static bool has_i8mm(void) {
    return getauxval(AT_HWCAP2) & HWCAP2_I8MM;
}

static const struct row table[] = {
    {{"i8mm", {16, 8, 6, CPU_INT8, dot_i8mm}, {16, 5, float_neon}, &rows_plain, &pixels_plain}, has_i8mm},
    {{"dotprod", {16, 4, 5, CPU_INT8, dot_dotprod}, {16, 5, float_neon}, &rows_plain, &pixels_plain}, has_dotprod},
    {{"neon", {16, 16, 4, CPU_INT8, dot_neon}, {16, 5, float_neon}, &rows_plain, &pixels_plain}, always},
    {{"plain",
      {CPU_PLAIN_COLUMNS, 1, 4, CPU_INT8, dot_plain},
      {CPU_PLAIN_COLUMNS, 4, float_plain},
      &rows_plain,
      &pixels_plain},
     always},
};
#else
static const struct row table[] = {
    {{"plain",
      {CPU_PLAIN_COLUMNS, 1, 4, CPU_INT8, dot_plain},
      {CPU_PLAIN_COLUMNS, 4, float_plain},
      &rows_plain,
      &pixels_plain},
     always},
};
#endif

enum { ROWS = (int)(sizeof table / sizeof table[0]) };
_Static_assert((int)ROWS <= (int)CPU_KERNELS_MOST, "they have room");

static size_t first_of(const char *name) {
    size_t i = 0;
    while (i < ROWS && strcmp(table[i].kernels.name, name)) i++;
    return i;
}

uint32_t cpu_kernels_list(const struct cpu_kernels *out[CPU_KERNELS_MOST]) {
    const char *masked = getenv("OCELLI_CPU");
    size_t first = masked && *masked ? first_of(masked) : 0;
    uint32_t count = 0;
    static atomic_flag told = ATOMIC_FLAG_INIT; /* the list is asked for several times */
    if (first == ROWS) {
        if (!atomic_flag_test_and_set(&told))
            log_warn("OCELLI_CPU=%s: there are no such kernels here: going on with all of them", masked);
        first = 0;
    }
    for (size_t i = first; i < ROWS; i++)
        if (table[i].fits()) out[count++] = &table[i].kernels;
    return count;
}
