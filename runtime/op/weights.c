/* SPDX-License-Identifier: Apache-2.0 */
#include "op/backend.h"

static struct op_view reserve(struct op_weights *w, uint64_t size) {
    struct op_view view = {.memory = w->memory, .offset = w->used, .size = size};
    w->used = (w->used + size + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    return view;
}

int op_weights_allocate(struct op_weights *weights, const char *name) {
    int status = op_memory_create(&weights->memory, weights->device, weights->used, OP_USE_DEVICE, name);
    weights->used = 0;
    return status;
}

void op_weights_destroy(struct op_weights *weights) {
    if (weights->device) op_memory_destroy(&weights->memory, weights->device);
    *weights = (struct op_weights){0};
}

int op_weights_floats(struct op_weights *weights, const float *values, uint64_t count, struct op_view *view) {
    *view = reserve(weights, count * sizeof *values);
    return weights->memory ? op_memory_write(weights->memory, weights->device, view->offset, values, view->size)
                           : OCELLI_OK;
}

/* Scales and biases in their places; the weights themselves are laid out by the backend. */
static int upload(struct op_weights *w, const struct op_source *sources, uint32_t count, const struct op_matrix *m) {
    int status = w->device->backend->matrix_write(w->device, m, sources, count);
    uint32_t row0 = 0;
    for (uint32_t i = 0; i < count && !status; row0 += sources[i++].rows) {
        const struct op_source *s = &sources[i];
        uint64_t at = row0 * sizeof(float), size = s->rows * sizeof(float);
        status = op_memory_write(w->memory, w->device, m->scales.offset + at, s->scales, size);
        if (!status && s->bias) status = op_memory_write(w->memory, w->device, m->bias.offset + at, s->bias, size);
    }
    return status;
}

int op_weights_matrix(struct op_weights *weights, const struct op_source *sources, uint32_t count, uint32_t columns,
                      struct op_matrix *matrix) {
    uint32_t rows = 0;
    for (uint32_t i = 0; i < count; i++) rows += sources[i].rows;
    bool float_inputs = sources[0].float_inputs;
    uint64_t floats = (op_padded(rows, OP_MATRIX_STEP) + OP_MATRIX_SPARE) * sizeof(float);
    *matrix = (struct op_matrix){.weights = reserve(weights, weights->device->backend->matrix_bytes(
                                                                 weights->device, rows, columns, float_inputs)),
                                 .scales = reserve(weights, floats),
                                 .bias = reserve(weights, floats), /* zeros without one: always bound */
                                 .rows = rows,
                                 .columns = columns,
                                 .has_bias = sources[0].bias != NULL,
                                 .float_inputs = float_inputs};
    return weights->memory ? upload(weights, sources, count, matrix) : OCELLI_OK;
}
