/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "op/linear_mma.h"
#include "op/product.h"

#include <stdlib.h>
#include <string.h>

static struct op_view reserve(struct op_weights *w, uint64_t size) {
    struct op_view view = {.memory = w->memory, .offset = w->used, .size = size};
    w->used = (w->used + size + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    return view;
}

int op_weights_allocate(struct op_weights *w, const char *name) {
    int status = op_memory_create(&w->memory, w->device, w->used, OP_USE_DEVICE, name);
    w->used = 0;
    return status;
}

void op_weights_destroy(struct op_weights *w) {
    if (w->device) op_memory_destroy(&w->memory, w->device);
    *w = (struct op_weights){0};
}

int op_weights_floats(struct op_weights *w, const float *values, uint64_t count, struct op_view *view) {
    *view = reserve(w, count * sizeof *values);
    return w->memory ? op_memory_write(w->memory, w->device, view->offset, values, view->size) : OCELLI_OK;
}

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

static void pack_halves(uint16_t *to, const struct op_source *s, uint32_t k_count, uint32_t row0, const struct product *p,
                        uint32_t row_words) {
    uint16_t half[256];
    fill_halves(half);
    for (uint32_t r = 0; r < s->rows; r++)
        for (uint32_t k = 0; k < k_count; k++)
            to[place(row0 + r, k, p->columns, 8 / p->columns, 2, row_words)] = half[(uint8_t)s->values[(size_t)r * k_count + k]];
}

static void pack_bytes(int8_t *to, const struct op_source *s, uint32_t k_count, uint32_t row0, const struct product *p,
                       uint32_t row_words) {
    for (uint32_t r = 0; r < s->rows; r++)
        for (uint32_t k = 0; k < k_count; k++)
            to[place(row0 + r, k, p->columns, 16 / p->columns, 4, row_words)] = s->values[(size_t)r * k_count + k];
}

static void pack(void *to, const struct op_source *s, const struct op_matrix *m, uint32_t row0, const struct op_device *d) {
    const struct product *p = product_of(d->product);
    uint32_t stride = op_stride(m->columns), row_words = product_row_words(p, m);
    switch (p->weights) {
    case PRODUCT_ROWS: pack_rows((int8_t *)to + (size_t)row0 * stride, s, m->columns, stride); break;
    case PRODUCT_HALVES: pack_halves(to, s, m->columns, row0, p, row_words); break;
    case PRODUCT_BYTES: pack_bytes(to, s, m->columns, row0, p, row_words); break;
    case PRODUCT_TILES: mma_pack(to, d->vk.cooperative, s, m->columns, stride, row0); break;
    }
}

/* Row after row in the file as on the device: no copy between. */
static int upload_rows(struct op_weights *w, const struct op_source *s, uint32_t row0, const struct op_matrix *m) {
    uint64_t at = (uint64_t)row0 * m->columns, size = (uint64_t)s->rows * m->columns;
    return op_memory_write(w->memory, w->device, m->weights.offset + at, s->values, size);
}

static int upload(struct op_weights *w, const struct op_source *sources, uint32_t count, const struct op_matrix *m) {
    bool as_is = product_of(w->device->product)->weights == PRODUCT_ROWS && m->columns == op_stride(m->columns);
    void *packed = as_is ? NULL : calloc(1, m->weights.size);
    if (!packed && !as_is) return log_fail(OCELLI_ERR_MEMORY, "out of memory packing weights");
    int status = OCELLI_OK;
    uint32_t row0 = 0;
    for (uint32_t i = 0; i < count && !status; i++) {
        const struct op_source *s = &sources[i];
        uint64_t at = row0 * sizeof(float), size = s->rows * sizeof(float);
        if (as_is) status = upload_rows(w, s, row0, m);
        if (packed) pack(packed, s, m, row0, w->device);
        if (!status) status = op_memory_write(w->memory, w->device, m->scales.offset + at, s->scales, size);
        if (!status && s->bias) status = op_memory_write(w->memory, w->device, m->bias.offset + at, s->bias, size);
        row0 += s->rows;
    }
    if (!status && packed) status = op_memory_write(w->memory, w->device, m->weights.offset, packed, m->weights.size);
    free(packed);
    return status;
}

int op_weights_matrix(struct op_weights *w, const struct op_source *sources, uint32_t count, uint32_t columns,
                      struct op_matrix *matrix) {
    uint32_t rows = 0;
    for (uint32_t i = 0; i < count; i++) rows += sources[i].rows;
    enum product_weights layout = product_of(w->device->product)->weights;
    uint32_t step = layout == PRODUCT_TILES ? w->device->vk.cooperative.m : OP_MATRIX_STEP;
    uint64_t padded = op_padded(rows, step), bytes = layout == PRODUCT_HALVES ? 2 : 1;
    *matrix = (struct op_matrix){.weights = reserve(w, bytes * padded * op_stride(columns)),
                                 .scales = reserve(w, padded * sizeof(float)),
                                 .bias = reserve(w, padded * sizeof(float)), /* zeros without one: always bound */
                                 .rows = rows,
                                 .columns = columns,
                                 .has_bias = sources[0].bias != NULL};
    return w->memory ? upload(w, sources, count, matrix) : OCELLI_OK;
}
