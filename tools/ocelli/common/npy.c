/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/npy.h"

#include <stdio.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FLOAT32 "<f4"
#else
#define FLOAT32 ">f4"
#endif

enum { BEFORE_TEXT = 10 }; /* magic, version, length of the text in two bytes */

void npy_header(char header[NPY_HEADER], size_t rows, size_t columns) {
    static const char start[BEFORE_TEXT] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, NPY_HEADER - BEFORE_TEXT, 0};
    char text[NPY_HEADER - BEFORE_TEXT]; /* two numbers of 20 digits fit */
    int length = snprintf(text, sizeof text, "{'descr': '" FLOAT32 "', 'fortran_order': False, 'shape': (%zu, %zu), }",
                          rows, columns);
    memset(header, ' ', NPY_HEADER);
    memcpy(header, start, BEFORE_TEXT);
    memcpy(header + BEFORE_TEXT, text, (size_t)length);
    header[NPY_HEADER - 1] = '\n';
}
