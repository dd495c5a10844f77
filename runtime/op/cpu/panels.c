/* SPDX-License-Identifier: Apache-2.0 */
#include "op/cpu/panels.h"
#include "op/backend.h"
#include "op/cpu/tiles.h"

#include <string.h>

static size_t head_bytes(const struct cpu_dot *dot) {
    return dot->input == CPU_BIASED ? dot->columns * sizeof(int32_t) : 0;
}

size_t panel_bytes(const struct cpu_dot *dot, uint32_t padded) {
    return head_bytes(dot) + (size_t)dot->columns * padded;
}

size_t panels_bytes(const struct cpu_dot *dot, uint32_t rows, uint32_t padded) {
    return op_groups(rows, dot->columns) * panel_bytes(dot, padded);
}

size_t panel_float_bytes(const struct cpu_float *floats, uint32_t padded) {
    return (size_t)floats->columns * padded;
}

size_t panels_float_bytes(const struct cpu_float *floats, uint32_t rows, uint32_t padded) {
    return op_groups(rows, floats->columns) * panel_float_bytes(floats, padded);
}

/* `count` columns of a panel beside each other, groups of `group` numbers: the compiler makes one load and one store of
 * each. */
static inline void pack_groups(const int8_t *rows, uint32_t k, uint32_t count, uint32_t columns, uint32_t group,
                               int8_t *to) {
    uint32_t whole = k / group * group;
    for (uint32_t i = 0; i < whole; i += group, to += columns * group)
        for (uint32_t c = 0; c < count; c++) memcpy(to + c * group, rows + (size_t)c * k + i, group);
    for (uint32_t c = 0; whole < k && c < count; c++) memcpy(to + c * group, rows + (size_t)c * k + whole, k - whole);
}

/* As unsigned numbers; 0 behind the last one of K too. */
static void make_unsigned(int8_t *to, uint32_t padded, uint32_t count, uint32_t columns, uint32_t group) {
    for (uint32_t k = 0; k < padded; k += group, to += columns * group)
        for (uint32_t i = 0; i < count * group; i++) to[i] = (int8_t)((uint8_t)to[i] ^ 128);
}

static void pack_columns(const int8_t *rows, uint32_t k, uint32_t count, uint32_t columns, uint32_t group, int8_t *to) {
    switch (group) {
    case 1: pack_groups(rows, k, count, columns, 1, to); break;
    case 4: pack_groups(rows, k, count, columns, 4, to); break;
    case 8: pack_groups(rows, k, count, columns, 8, to); break;
    case 16: pack_groups(rows, k, count, columns, 16, to); break;
    default: pack_groups(rows, k, count, columns, group, to); break;
    }
}

static int32_t bias_of(const int8_t *row, uint32_t k) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < k; i++) sum += row[i];
    return -128 * sum;
}

/* Rows of the matrix become columns of panels; those of one panel go together. */
static void pack(const int8_t *values, uint32_t row0, uint32_t rows, uint32_t k, uint32_t columns, uint32_t group,
                 size_t head, size_t bytes, bool is_unsigned, int8_t *to) {
    for (uint32_t r = 0, count; r < rows; r += count) {
        uint32_t first = (row0 + r) % columns;
        int8_t *panel = to + (row0 + r) / columns * bytes;
        count = rows - r < columns - first ? rows - r : columns - first;
        int8_t *at = panel + head + (size_t)first * group;
        pack_columns(values + (size_t)r * k, k, count, columns, group, at);
        if (is_unsigned) make_unsigned(at, (uint32_t)((bytes - head) / columns), count, columns, group);
        for (uint32_t c = 0; head && c < count; c++) {
            int32_t bias = bias_of(values + (size_t)(r + c) * k, k);
            memcpy(panel + (first + c) * sizeof bias, &bias, sizeof bias);
        }
    }
}

void panels_pack(const struct cpu_dot *dot, const int8_t *values, uint32_t row0, uint32_t rows, uint32_t k,
                 uint32_t padded, int8_t *to) {
    pack(values, row0, rows, k, dot->columns, dot->group, head_bytes(dot), panel_bytes(dot, padded),
         dot->input == CPU_CLIPPED, to);
}

void panels_float_pack(const struct cpu_float *floats, const int8_t *values, uint32_t row0, uint32_t rows, uint32_t k,
                       uint32_t padded, int8_t *to) {
    pack(values, row0, rows, k, floats->columns, 1, 0, panel_float_bytes(floats, padded), false, to);
}

size_t input_bytes(const struct cpu_dot *dot, uint32_t padded) {
    if (dot->input != CPU_CLIPPED) return padded;
    size_t left = padded / 4 * sizeof((struct cpu_clipped *)NULL)->left[0];
    return (padded + sizeof(struct cpu_clipped) + left + 63) / 64 * 64;
}

void input_row(const struct cpu_dot *dot, const int8_t *row, uint32_t padded, void *to) {
    uint8_t *biased = to;
    switch (dot->input) {
    case CPU_INT8: memcpy(to, row, padded); break;
    case CPU_BIASED:
        for (uint32_t i = 0; i < padded; i++) biased[i] = (uint8_t)row[i] ^ 128;
        break;
    case CPU_CLIPPED:
#if defined __x86_64__
        clip_row_avx2(row, padded, to, (struct cpu_clipped *)(void *)((char *)to + padded));
#endif
        break;
    }
}
