/* SPDX-License-Identifier: Apache-2.0
 * out(rows, columns) = finish(in(rows, K) * weights(columns, K)^T) by blocks of rows and of panels, which threads
 * share. */
#ifndef OP_CPU_LINEAR_H
#define OP_CPU_LINEAR_H

#include "op/cpu/kernels.h"
#include "op/cpu/thread_pool.h"

struct cpu_linear {
    const struct cpu_kernels *kernels;
    const int8_t *in;       /* (rows, in_stride), with a scale a row; or ... */
    const float *in_floats; /* ... floats */
    size_t in_stride;
    const int8_t *panels;        /* of the whole matrix, as panels.h lays them out */
    struct cpu_finish finish;    /* scales and bias of the whole matrix; dot and floats are set here */
    uint32_t padded;             /* K */
    uint32_t rows, first, count; /* of the matrix' rows `count` from `first` on, which is where a panel begins */
};

/* Bytes of its room that a worker needs. */
size_t linear_scratch(const struct cpu_kernels *kernels, uint32_t padded);
uint32_t linear_tasks(const struct cpu_linear *linear);
void linear_run(const void *linear, uint32_t task, const struct thread_pool_worker *worker);

#endif
