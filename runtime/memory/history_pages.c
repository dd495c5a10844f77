/* SPDX-License-Identifier: Apache-2.0
 * Vectors of a library lie side by side in pages, so that a search reads them at the speed of memory. A sum tells of
 * damage. */
#include "memory/history_inner.h"

#include <string.h>

size_t page_vectors(size_t size) {
    size_t fit = size ? PAGE_BYTES / size : PAGE_VECTORS;
    return fit > PAGE_VECTORS ? PAGE_VECTORS : fit;
}

/* Eight lanes, as a multiplication takes some cycles and the next word need not wait for it. */
enum { LANES = 8, WORD = 8 };

static uint64_t mix(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return sum << 29 | sum >> 35;
}

int64_t page_sum(const void *bytes, size_t size) {
    uint64_t lanes[LANES], all = size, word;
    const uint8_t *at = bytes, *end = at + size;
    for (unsigned i = 0; i < LANES; i++) lanes[i] = i + 1;
    for (; end - at >= LANES * WORD; at += LANES * WORD)
        for (unsigned i = 0; i < LANES; i++) {
            memcpy(&word, at + i * WORD, WORD);
            lanes[i] = mix(lanes[i], word);
        }
    for (; at < end; at++) lanes[0] = mix(lanes[0], *at);
    for (unsigned i = 0; i < LANES; i++) all = mix(all, lanes[i]);
    return (int64_t)all;
}
