/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/walk_write.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/quantize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 128, PIECE = 1 << 22 }; /* numbers read at a time */

static int no_memory(const struct walk *w) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->model->config->file);
}

int walk_make_room(const struct walk *walk, struct arena *arena, struct reference_matrix *matrix) {
    matrix->rounded = arena_alloc(arena, (size_t)matrix->rows * matrix->columns, 1);
    matrix->scales = arena_alloc(arena, matrix->rows, sizeof *matrix->scales);
    if (matrix->bias) matrix->rounded_bias = arena_alloc(arena, matrix->rows, sizeof *matrix->rounded_bias);
    bool good = matrix->rounded && matrix->scales && (!matrix->bias || matrix->rounded_bias);
    return good ? OCELLI_OK : no_memory(walk);
}

static int write_part(const struct walk *w, const char *name, const char *suffix, const void *data, size_t size) {
    char full[NAME_SIZE];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    return gguf_write_piece(w->blob, full, data, size);
}

int walk_round_part(const struct walk *walk, struct reference_matrix *matrix, uint32_t part, struct walk_lost *lost) {
    const struct quantize_inputs inputs = {matrix->means, matrix->energies, matrix->compensate};
    uint32_t rows = matrix->rows / lost->parts;
    size_t row = (size_t)part * rows, at = row * matrix->columns;
    float *bias = matrix->bias ? matrix->rounded_bias + row : NULL;
    const struct quantize_weights weights = {.values = matrix->values + at,
                                             .rows = rows,
                                             .columns = matrix->columns,
                                             .times = matrix->times,
                                             .over = part + 1 == lost->parts ? matrix->over : NULL};
    for (uint32_t i = 0; bias && i < rows; i++)
        bias[i] = weights.over ? matrix->bias[row + i] / weights.over[i] : matrix->bias[row + i];
    return quantize_matrix(walk->pool, &weights, matrix->energies ? &inputs : NULL,
                           (int8_t *)matrix->rounded + at, /* of walk_make_room() */
                           (float *)matrix->scales + row, bias, &lost->errors[part]);
}

int walk_round_matrix(const struct walk *walk, struct reference_matrix *matrix, uint32_t parts,
                      struct walk_lost *lost) {
    int status = OCELLI_OK;
    lost->parts = parts;
    for (uint32_t i = 0; i < parts && !status; i++) status = walk_round_part(walk, matrix, i, lost);
    return status;
}

int walk_round_kernels(const struct walk *walk, struct reference_matrix *matrix, uint32_t side,
                       struct walk_lost *lost) {
    lost->parts = 1;
    if (matrix->bias) memcpy(matrix->rounded_bias, matrix->bias, matrix->rows * sizeof *matrix->bias);
    return quantize_kernels(walk->pool, matrix->values, matrix->rows, side, (int8_t *)matrix->rounded,
                            (float *)matrix->scales, &lost->errors[0]);
}

int walk_write_matrix(const struct walk *walk, const char *name, const struct reference_matrix *matrix,
                      const struct walk_lost *lost, uint32_t part) {
    char weight[NAME_SIZE];
    uint32_t rows = matrix->rows / lost->parts;
    size_t row = (size_t)part * rows, count = (size_t)rows * matrix->columns;
    snprintf(weight, sizeof weight, "%s" TENSOR_WEIGHT, name);
    report_tensor(walk->report, weight, rows, matrix->columns, &lost->errors[part]);
    int status = write_part(walk, name, TENSOR_WEIGHT, matrix->rounded + part * count, count);
    if (!status)
        status = write_part(walk, name, TENSOR_WEIGHT TENSOR_SCALE, matrix->scales + row, rows * sizeof(float));
    if (!status && matrix->bias)
        status = write_part(walk, name, TENSOR_BIAS, matrix->rounded_bias + row, rows * sizeof(float));
    progress_step(walk->progress, name, count * sizeof(float));
    return status;
}

int walk_write_norm(const struct walk *walk, const char *name, float *const norm[2]) {
    char full[NAME_SIZE];
    snprintf(full, sizeof full, "%s" TENSOR_WEIGHT, name);
    size_t size = model_tensor(walk->model, full)->columns * sizeof(float);
    int status = write_part(walk, name, TENSOR_WEIGHT, norm[0], size);
    return status ? status : write_part(walk, name, TENSOR_BIAS, norm[1], size);
}

/* ---- the rest ---- */

struct pieces {
    float *values, *scales;
    int8_t *rounded;
};

static int write_vector(const struct walk *w, const struct model_tensor *t, struct pieces *p, uint32_t rows) {
    int status = OCELLI_OK;
    for (uint32_t row = 0; row < t->rows && !status; row += rows) {
        uint32_t count = t->rows - row < rows ? t->rows - row : rows;
        status = model_read(t, row, count, p->values);
        if (!status) status = gguf_write_piece(w->blob, t->name, p->values, (size_t)count * t->columns * sizeof(float));
    }
    return status;
}

static int write_rounded(const struct walk *w, const struct model_tensor *t, struct pieces *p, uint32_t rows) {
    struct report_error error, whole = {0};
    char name[NAME_SIZE];
    double squares = 0;
    int status = OCELLI_OK;
    snprintf(name, sizeof name, "%s" TENSOR_SCALE, t->name);
    for (uint32_t row = 0; row < t->rows && !status; row += rows) {
        uint32_t count = t->rows - row < rows ? t->rows - row : rows;
        status = model_read(t, row, count, p->values);
        const struct quantize_weights weights = {.values = p->values, .rows = count, .columns = t->columns};
        const struct quantize_inputs inputs = {.variances = t->energies};
        if (!status)
            status =
                quantize_matrix(w->pool, &weights, t->energies ? &inputs : NULL, p->rounded, p->scales, NULL, &error);
        if (!status) status = gguf_write_piece(w->blob, t->name, p->rounded, (size_t)count * t->columns);
        if (!status) status = gguf_write_piece(w->blob, name, p->scales, count * sizeof(float));
        progress_step(w->progress, t->name, (uint64_t)count * t->columns * sizeof(float));
        if (status) break;
        whole.largest = error.largest > whole.largest ? error.largest : whole.largest;
        squares += error.relative * error.relative * count / t->rows; /* rows of a piece weigh alike */
    }
    whole.relative = sqrt(squares);
    if (!status) report_tensor(w->report, t->name, t->rows, t->columns, &whole);
    return status;
}

static int write_tensor(const struct walk *w, const struct model_tensor *t) {
    uint32_t rows = t->columns < PIECE ? PIECE / t->columns : 1;
    if (t->transposed || rows > t->rows) rows = t->rows; /* a turned one is read as a whole anyway */
    struct arena arena = {0};
    struct pieces p = {.values = arena_alloc(&arena, (size_t)rows * t->columns, sizeof(float)),
                       .scales = arena_alloc(&arena, rows, sizeof(float)),
                       .rounded = arena_alloc(&arena, (size_t)rows * t->columns, 1)};
    int status = p.values && p.scales && p.rounded ? OCELLI_OK : no_memory(w);
    if (!status) status = t->matrix ? write_rounded(w, t, &p, rows) : write_vector(w, t, &p, rows);
    arena_finish(&arena);
    return status;
}

int walk_rest(const struct walk *walk) {
    int status = OCELLI_OK;
    for (size_t i = 0; i < walk->model->count && !status; i++)
        if (!walk->model->tensors[i].left_out && !gguf_write_has(walk->blob, walk->model->tensors[i].name))
            status = write_tensor(walk, &walk->model->tensors[i]);
    return status;
}
