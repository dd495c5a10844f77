/* SPDX-License-Identifier: Apache-2.0
 * Weights laid out as kernels read them: panel after panel. */
#ifndef OP_CPU_PANELS_H
#define OP_CPU_PANELS_H

#include "op/cpu/kernels.h"

/* Bytes of a panel, and of all panels, of a matrix (rows, k). k is padded to `padded`, a multiple of 64. The results
 * are multiples of 64 too. */
size_t panel_bytes(const struct cpu_dot *dot, uint32_t padded);
size_t panels_bytes(const struct cpu_dot *dot, uint32_t rows, uint32_t padded);
size_t panel_float_bytes(const struct cpu_float *floats, uint32_t padded);
size_t panels_float_bytes(const struct cpu_float *floats, uint32_t rows, uint32_t padded);

/* values: (rows, k), which become rows row0 and on of the matrix. `to` is zeroed before the first. */
void panels_pack(const struct cpu_dot *dot, const int8_t *values, uint32_t row0, uint32_t rows, uint32_t k,
                 uint32_t padded, int8_t *to);
void panels_float_pack(const struct cpu_float *floats, const int8_t *values, uint32_t row0, uint32_t rows, uint32_t k,
                       uint32_t padded, int8_t *to);

/* A row of int8 as the kernel wants its inputs; bytes of `padded` numbers. */
size_t input_bytes(const struct cpu_dot *dot, uint32_t padded);
void input_row(const struct cpu_dot *dot, const int8_t *row, uint32_t padded, void *to);

#endif
