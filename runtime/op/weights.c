/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "op/op.h"

#include <stdlib.h>
#include <string.h>

enum { K_STEP = 16 }; /* int8 in a 16-byte word */

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

/* (K / 16, rows, 16): neighbouring lanes read neighbouring words. */
static void pack_steps(int8_t *to, const struct op_source *s, uint32_t columns, uint32_t row0, uint32_t rows) {
    for (uint32_t r = 0; r < s->rows; r++)
        for (uint32_t k = 0; k < columns; k += K_STEP) {
            uint32_t n = columns - k < K_STEP ? columns - k : K_STEP;
            size_t word = (size_t)(k / K_STEP) * rows + row0 + r;
            memcpy(to + word * K_STEP, s->values + (size_t)r * columns + k, n);
        }
}

static int upload(struct op_weights *w, const struct op_source *sources, uint32_t count, const struct op_matrix *m) {
    uint32_t stride = op_stride(m->columns);
    int8_t *packed = calloc(m->rows, stride);
    if (!packed) return log_fail(OCELLI_ERR_MEMORY, "out of memory packing weights");
    int status = OCELLI_OK;
    uint32_t row0 = 0;
    for (uint32_t i = 0; i < count && !status; i++) {
        const struct op_source *s = &sources[i];
        if (op_device_product(w->device) == OP_PRODUCT_SPLIT)
            pack_rows(packed + (size_t)row0 * stride, s, m->columns, stride);
        else
            pack_steps(packed, s, m->columns, row0, m->rows);
        uint64_t at = row0 * sizeof(float), size = s->rows * sizeof(float);
        status = op_memory_write(w->memory, w->device, m->scales.offset + at, s->scales, size);
        if (!status && s->bias) status = op_memory_write(w->memory, w->device, m->bias.offset + at, s->bias, size);
        row0 += s->rows;
    }
    if (!status) status = op_memory_write(w->memory, w->device, m->weights.offset, packed, m->weights.size);
    free(packed);
    return status;
}

int op_weights_matrix(struct op_weights *w, const struct op_source *sources, uint32_t count, uint32_t columns,
                      struct op_matrix *matrix) {
    uint32_t rows = 0;
    for (uint32_t i = 0; i < count; i++) rows += sources[i].rows;
    *matrix = (struct op_matrix){.weights = reserve(w, (uint64_t)rows * op_stride(columns)),
                                 .scales = reserve(w, rows * sizeof(float)),
                                 .bias = reserve(w, rows * sizeof(float)), /* zeros without one: always bound */
                                 .rows = rows,
                                 .columns = columns,
                                 .has_bias = sources[0].bias != NULL};
    return w->memory ? upload(w, sources, count, matrix) : OCELLI_OK;
}
