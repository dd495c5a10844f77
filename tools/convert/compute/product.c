/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/compute/product.h"

#include <string.h>

/* A task computes WIDE columns of the result. Its weights, DEEP numbers of K at a time, stay in the second level of the
 * cache, and so many numbers of a tile's inputs in the first. */
enum { WIDE = 64, DEEP = 512 };

const struct product_kernel *product_kernel(void) {
#if defined __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &product_avx2;
#endif
    return &product_plain;
}

/* Numbers k to k + deep of as many rows from `row` on as a panel has columns, number by number; zeros for rows past the
 * last one. */
static void pack(const struct product *p, const struct product_kernel *f, uint32_t row, uint32_t k, uint32_t deep,
                 float *to) {
    size_t at = (size_t)row * p->columns + k;
    if (p->rows - row >= f->columns && p->weights) {
        f->pack(p->weights + at, p->columns, deep, to);
    } else if (p->rows - row >= f->columns) {
        f->pack_rounded(p->rounded + at, p->scales + row, p->columns, deep, to);
    } else {
        memset(to, 0, (size_t)deep * f->columns * sizeof *to);
        for (uint32_t c = 0; c < p->rows - row; c++, at += p->columns)
            for (uint32_t i = 0; i < deep; i++)
                to[i * f->columns + c] =
                    p->weights ? p->weights[at + i] : p->scales[row + c] * (float)p->rounded[at + i];
    }
}

/* The sums of a tile lie together; those of columns past the last one are dropped. */
static void load_sums(const struct product *p, size_t t, uint32_t rows, uint32_t row, uint32_t columns, float *sums) {
    uint32_t count = p->rows - row < columns ? p->rows - row : columns;
    for (uint32_t r = 0; r < rows; r++) memcpy(sums + r * columns, p->out + (t + r) * p->rows + row, count * 4);
}

static void store_sums(const struct product *p, size_t t, uint32_t rows, uint32_t row, uint32_t columns,
                       const float *sums, bool last) {
    uint32_t count = p->rows - row < columns ? p->rows - row : columns;
    for (uint32_t r = 0; r < rows; r++) {
        float *out = p->out + (t + r) * p->rows + row;
        for (uint32_t c = 0; c < count; c++) out[c] = sums[r * columns + c] + (last && p->bias ? p->bias[row + c] : 0);
    }
}

static void run_task(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct product *p = args;
    const struct product_kernel *f = product_kernel();
    uint32_t first = task * WIDE, end = first + WIDE < p->rows ? first + WIDE : p->rows;
    float *panels = worker->scratch, sums[PRODUCT_ROWS * PRODUCT_COLUMNS_MOST] = {0};
    for (uint32_t k = 0; k < p->columns; k += DEEP) {
        uint32_t deep = p->columns - k < DEEP ? p->columns - k : DEEP;
        for (uint32_t row = first; row < end; row += f->columns)
            pack(p, f, row, k, deep, panels + (size_t)(row - first) * DEEP);
        for (size_t t = 0; t < p->count; t += PRODUCT_ROWS) {
            uint32_t rows = p->count - t < PRODUCT_ROWS ? (uint32_t)(p->count - t) : PRODUCT_ROWS;
            for (uint32_t row = first; row < end; row += f->columns) {
                if (k) load_sums(p, t, rows, row, f->columns, sums);
                f->tile(p->in + t * p->columns + k, p->columns, panels + (size_t)(row - first) * DEEP, deep, rows, sums,
                        k > 0);
                store_sums(p, t, rows, row, f->columns, sums, k + deep == p->columns);
            }
        }
    }
}

int product_run(struct pool *pool, const struct product *product) {
    int status = thread_pool_reserve(pool, (size_t)WIDE * DEEP * sizeof(float));
    if (status) return status;
    struct thread_pool_step step = {.run = run_task, .args = product, .tasks = (product->rows + WIDE - 1) / WIDE};
    thread_pool_run(pool, &step, 1);
    return status;
}
