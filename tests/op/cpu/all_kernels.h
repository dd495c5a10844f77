/* SPDX-License-Identifier: Apache-2.0
 * Each set of kernels that this processor runs, for the tests of runtime/op/cpu; and noise. */
#ifndef OP_CPU_ALL_KERNELS_H
#define OP_CPU_ALL_KERNELS_H

#include "op/cpu/kernels.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static inline void each_kernels(void (*check)(const struct cpu_kernels *kernels)) {
    const struct cpu_kernels *all[CPU_KERNELS_MOST];
    uint32_t count = cpu_kernels_list(all);
    assert_in_range(count, 1, CPU_KERNELS_MOST);
    assert_string_equal(all[count - 1]->name, "plain");
    for (uint32_t i = 0; i < count; i++) {
        printf("%s\n", all[i]->name);
        check(all[i]);
    }
}

/* xorshift64*: the same on every machine. */
static inline uint32_t noise(uint64_t *state) {
    *state ^= *state >> 12, *state ^= *state << 25, *state ^= *state >> 27;
    return (uint32_t)(*state * 0x2545F4914F6CDD1Dull >> 32);
}

static inline int8_t noise_int8(uint64_t *state) {
    return (int8_t)((int)(noise(state) % 255) - 127);
}

/* -1 to 1. */
static inline float noise_float(uint64_t *state) {
    return (float)noise(state) / 2147483648.0f - 1.0f;
}

/* Zeroed, of whole cache lines: reading past its end is seen by the address sanitizer. */
static inline void *lines(size_t bytes) {
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(p);
    return memset(p, 0, (bytes + 63) / 64 * 64);
}

static inline uint32_t padded(uint32_t k) {
    return (k + 63) / 64 * 64;
}

#endif
