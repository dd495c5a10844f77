/* SPDX-License-Identifier: Apache-2.0
 * The sum over a row of vectors, docs/memory.md: of a file's format. */
#ifndef MEMORY_PAGE_SUM_H
#define MEMORY_PAGE_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Over facts and vectors it is the exclusive or of both, so that new facts need no look at the vectors. */
int64_t page_sum(const void *bytes, size_t size);

/* Its parts, for who reads the bytes anyhow. Eight lanes, as a multiplication takes some cycles and the next word need
 * not wait for it. */
enum { PAGE_SUM_LANES = 8, PAGE_SUM_STEP = 8 * PAGE_SUM_LANES /* bytes */ };
struct page_sum {
    uint64_t lanes[PAGE_SUM_LANES];
};

static inline uint64_t page_sum_mix(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return sum << 29 | sum >> 35;
}

static inline void page_sum_begin(struct page_sum *s) {
    for (unsigned i = 0; i < PAGE_SUM_LANES; i++) s->lanes[i] = i + 1;
}

/* PAGE_SUM_STEP bytes. */
static inline void page_sum_step(struct page_sum *s, const void *bytes) {
    uint64_t word;
    for (unsigned i = 0; i < PAGE_SUM_LANES; i++) {
        memcpy(&word, (const uint8_t *)bytes + i * sizeof word, sizeof word);
        s->lanes[i] = page_sum_mix(s->lanes[i], word);
    }
}

/* The bytes behind the last whole step; size: of all. */
static inline int64_t page_sum_end(struct page_sum *s, const uint8_t *rest, size_t rest_size, size_t size) {
    uint64_t all = size;
    for (size_t i = 0; i < rest_size; i++) s->lanes[0] = page_sum_mix(s->lanes[0], rest[i]);
    for (unsigned i = 0; i < PAGE_SUM_LANES; i++) all = page_sum_mix(all, s->lanes[i]);
    return (int64_t)all;
}

#endif
