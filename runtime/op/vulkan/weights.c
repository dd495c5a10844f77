/* SPDX-License-Identifier: Apache-2.0
 * Weights laid out as the shaders read them. */
#include "base/log.h"
#include "op/vulkan/linear_mma.h"

#include <stdlib.h>
#include <string.h>

/* Row-major, padded to `stride`: lanes split K. */
static void pack_rows(int8_t *to, const struct op_source *s, uint32_t columns, uint32_t stride) {
    for (uint32_t r = 0; r < s->rows; r++) memcpy(to + (size_t)r * stride, s->values + (size_t)r * columns, columns);
}

/* Number k of matrix row r within words of `columns` rows, `steps` (K) deep, `row_words` of them a step; inside a word
 * pieces of `piece` steps, row by row. In units of the packed number. */
static size_t place(uint32_t r, uint32_t k, uint32_t columns, uint32_t steps, uint32_t piece, uint32_t row_words) {
    size_t word = (size_t)(k / steps) * row_words + r / columns;
    uint32_t within = (k % steps / piece * columns + r % columns) * piece + k % piece;
    return word * columns * steps + within;
}

/* Halves of the integers -128..127, which they hold exactly. */
static void fill_halves(uint16_t table[256]) {
    table[0] = 0;
    for (int i = 1; i <= 128; i++) {
        uint32_t exponent = 31 - (uint32_t)__builtin_clz((unsigned)i);
        uint16_t half = (uint16_t)((exponent + 15) << 10 | (((uint32_t)i << (10 - exponent)) & 1023));
        if (i < 128) table[i] = half;
        table[256 - i] = half | 0x8000;
    }
}

static void pack_halves(uint16_t *to, const struct op_source *s, uint32_t k_count, uint32_t row0,
                        const struct product_form *p, uint32_t row_words) {
    uint16_t half[256];
    fill_halves(half);
    for (uint32_t r = 0; r < s->rows; r++)
        for (uint32_t k = 0; k < k_count; k++)
            to[place(row0 + r, k, p->columns, 8 / p->columns, 2, row_words)] =
                half[(uint8_t)s->values[(size_t)r * k_count + k]];
}

static void pack_bytes(int8_t *to, const struct op_source *s, uint32_t k_count, uint32_t row0,
                       const struct product_form *p, uint32_t row_words) {
    for (uint32_t r = 0; r < s->rows; r++)
        for (uint32_t k = 0; k < k_count; k++)
            to[place(row0 + r, k, p->columns, 16 / p->columns, 4, row_words)] = s->values[(size_t)r * k_count + k];
}

static void pack(void *to, const struct op_source *s, const struct op_matrix *m, uint32_t row0,
                 const struct vulkan_device *d) {
    const struct product_form *p = product_form(product_for(d, m->float_inputs));
    uint32_t stride = op_stride(m->columns), row_words = product_row_words(p, m);
    switch (p->layout) {
    case LAYOUT_ROWS: pack_rows((int8_t *)to + (size_t)row0 * stride, s, m->columns, stride); break;
    case LAYOUT_HALVES: pack_halves(to, s, m->columns, row0, p, row_words); break;
    case LAYOUT_BYTES: pack_bytes(to, s, m->columns, row0, p, row_words); break;
    case LAYOUT_TILES: mma_pack(to, d->vk.cooperative, s, m->columns, stride, row0); break;
    }
}

/* Row after row in the file as on the device: no copy between. */
static int write_rows(struct op_device *device, const struct op_matrix *m, const struct op_source *sources,
                      uint32_t count) {
    uint64_t at = m->weights.offset;
    int status = OCELLI_OK;
    for (uint32_t i = 0; i < count && !status; i++) {
        uint64_t size = (uint64_t)sources[i].rows * m->columns;
        status = op_memory_write(m->weights.memory, device, at, sources[i].values, size);
        at += size;
    }
    return status;
}

int vulkan_matrix_write(struct op_device *device, const struct op_matrix *matrix, const struct op_source *sources,
                        uint32_t count) {
    struct vulkan_device *d = vulkan_of(device);
    enum layout layout = product_form(product_for(d, matrix->float_inputs))->layout;
    if (layout == LAYOUT_ROWS && matrix->columns == op_stride(matrix->columns))
        return write_rows(device, matrix, sources, count);
    void *packed = calloc(1, matrix->weights.size);
    if (!packed) return log_fail(OCELLI_ERR_MEMORY, "out of memory packing weights");
    for (uint32_t i = 0, row0 = 0; i < count; row0 += sources[i++].rows) pack(packed, &sources[i], matrix, row0, d);
    int status = op_memory_write(matrix->weights.memory, device, matrix->weights.offset, packed, matrix->weights.size);
    free(packed);
    return status;
}

uint64_t vulkan_matrix_bytes(const struct op_device *device, uint32_t rows, uint32_t columns, bool float_inputs) {
    const struct vulkan_device *d = vulkan_of_const(device);
    enum layout layout = product_form(product_for(d, float_inputs))->layout;
    uint32_t step = layout == LAYOUT_TILES ? d->vk.cooperative.m : OP_MATRIX_STEP;
    return (layout == LAYOUT_HALVES ? 2 : 1) * (uint64_t)op_padded(rows, step) * op_stride(columns);
}
