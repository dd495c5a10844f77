/* SPDX-License-Identifier: Apache-2.0
 * Products of one packed text with many packed pictures (pack.h): what an exact search does. A function for each set of
 * instructions, chosen when the program runs. The sums are integers, so every function gives the same ones. */
#ifndef MEMORY_DOTS_H
#define MEMORY_DOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* vectors: (count, size), -127..127; text: (size), -2047..2047; sums: (count). size: at most PACK_MOST. bytes: gets
 * page_sum() of the vectors, which is made on the way; NULL: it is not wanted. */
typedef void dots_function(const int8_t *vectors, size_t count, size_t size, const int16_t *text, int32_t *sums,
                           int64_t *bytes);

struct dots_kernel {
    const char *name; /* "avx2" */
    dots_function *run;
    bool (*fits)(void); /* has this processor the instructions? */
};

/* All of this build, the fastest first; the last one is plain C, which fits always. */
const struct dots_kernel *dots_kernels(size_t *count);

/* The first that fits. */
dots_function *dots_best(void);

#if defined __x86_64__
dots_function dots_avx2;
#elif defined __aarch64__
dots_function dots_neon;
#endif
dots_function dots_plain;

#endif
