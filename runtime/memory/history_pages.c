/* SPDX-License-Identifier: Apache-2.0
 * Vectors of a library lie side by side in pages, so that a search reads them at the speed of memory. A sum tells of
 * damage. */
#include "memory/history_inner.h"

enum {
    LEAF = PAGE_LEAF - 36, /* what SQLite puts into one page at most */
    BESIDE = 80,           /* of each row, at most: the other columns, its id, its place */
};

/* Small vectors: several rows share a page of SQLite's, and fill it. */
size_t page_vectors(size_t size) {
    size_t rows = 1, fit;
    while ((fit = (LEAF / rows - BESIDE) / (size + sizeof(struct page_fact))) > PAGE_VECTORS) rows++;
    return fit;
}

enum { AHEAD = 2048 /* bytes: memory is the limit */ };

int64_t page_sum(const void *bytes, size_t size) {
    struct page_sum sum;
    const uint8_t *at = bytes, *end = at + size;
    page_sum_begin(&sum);
    for (; end - at >= PAGE_SUM_STEP; at += PAGE_SUM_STEP) {
        __builtin_prefetch(at + AHEAD);
        page_sum_step(&sum, at);
    }
    return page_sum_end(&sum, at, (size_t)(end - at), size);
}
