/* SPDX-License-Identifier: Apache-2.0 */
#include "op/cpu/panels.h"

#include <string.h>

static uint32_t groups(uint32_t rows, uint32_t columns) {
    return (rows + columns - 1) / columns;
}

static size_t head_bytes(const struct cpu_dot *dot) {
    return dot->input == CPU_BIASED ? dot->columns * sizeof(int32_t) : 0;
}

size_t panel_bytes(const struct cpu_dot *dot, uint32_t padded) {
    return head_bytes(dot) + (size_t)dot->columns * padded;
}

size_t panels_bytes(const struct cpu_dot *dot, uint32_t rows, uint32_t padded) {
    return groups(rows, dot->columns) * panel_bytes(dot, padded);
}

size_t panel_float_bytes(const struct cpu_float *floats, uint32_t padded) {
    return (size_t)floats->columns * padded;
}

size_t panels_float_bytes(const struct cpu_float *floats, uint32_t rows, uint32_t padded) {
    return groups(rows, floats->columns) * panel_float_bytes(floats, padded);
}

/* Column c of a panel: its numbers in groups, those of the other columns between. */
static int32_t pack_column(const int8_t *row, uint32_t k, uint32_t columns, uint32_t group, uint32_t c, int8_t *panel) {
    int32_t sum = 0;
    int8_t *to = panel + (size_t)c * group;
    for (uint32_t i = 0; i < k; i += group, to += (size_t)columns * group)
        for (uint32_t g = 0; g < group && i + g < k; g++) sum += to[g] = row[i + g];
    return sum;
}

void panels_pack(const struct cpu_dot *dot, const int8_t *values, uint32_t row0, uint32_t rows, uint32_t k, uint32_t padded,
                 int8_t *to) {
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t row = row0 + r, c = row % dot->columns;
        int8_t *panel = to + row / dot->columns * panel_bytes(dot, padded);
        int32_t sum = -128 * pack_column(values + (size_t)r * k, k, dot->columns, dot->group, c, panel + head_bytes(dot));
        if (dot->input == CPU_BIASED) memcpy(panel + c * sizeof sum, &sum, sizeof sum);
    }
}

void panels_float_pack(const struct cpu_float *floats, const int8_t *values, uint32_t row0, uint32_t rows, uint32_t k,
                       uint32_t padded, int8_t *to) {
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t row = row0 + r, c = row % floats->columns;
        int8_t *panel = to + row / floats->columns * panel_float_bytes(floats, padded);
        pack_column(values + (size_t)r * k, k, floats->columns, 1, c, panel);
    }
}

size_t input_bytes(const struct cpu_dot *dot, uint32_t padded) {
    return padded * (dot->input == CPU_INT16 ? sizeof(int16_t) : 1);
}

void input_row(const struct cpu_dot *dot, const int8_t *row, uint32_t padded, void *to) {
    int16_t *wide = to;
    uint8_t *biased = to;
    switch (dot->input) {
    case CPU_INT8: memcpy(to, row, padded); break;
    case CPU_INT16:
        for (uint32_t i = 0; i < padded; i++) wide[i] = row[i];
        break;
    case CPU_BIASED:
        for (uint32_t i = 0; i < padded; i++) biased[i] = (uint8_t)row[i] ^ 128;
        break;
    }
}
