/* SPDX-License-Identifier: Apache-2.0
 * NumPy's file format, version 1.0, for float32 arrays of shape (rows, columns):
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef NPY_H
#define NPY_H

#include <stddef.h>

enum { NPY_HEADER = 128 };

/* All that stands before the numbers, which then follow row by row as they are in memory. */
void npy_header(char header[NPY_HEADER], size_t rows, size_t columns);

#endif
