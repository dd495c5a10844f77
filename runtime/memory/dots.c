/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/dots.h"
#include "memory/pack.h"
#include "memory/page_sum.h"

static bool always(void) {
    return true;
}

#if defined __x86_64__
static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2");
}
#endif

static const struct dots_kernel kernels[] = {
#if defined __x86_64__
    {"avx2", dots_avx2, has_avx2},
#elif defined __aarch64__
    {"neon", dots_neon, always},
#endif
    {"plain", dots_plain, always},
};

const struct dots_kernel *dots_kernels(size_t *count) {
    *count = sizeof kernels / sizeof *kernels;
    return kernels;
}

dots_function *dots_best(void) {
    const struct dots_kernel *k = kernels;
    while (!k->fits()) k++;
    return k->run;
}

void dots_plain(const int8_t *vectors, size_t count, size_t size, const int16_t *text, int32_t *sums, int64_t *bytes) {
    if (bytes) *bytes = page_sum(vectors, count * size);
    for (size_t i = 0; i < count; i++) sums[i] = pack_dot(vectors + i * size, text, size);
}
