/* SPDX-License-Identifier: Apache-2.0
 * A tower's weights out of the checkpoint, and its rounded ones where there are some. */
#include "convert/compute/reference.h"
#include "base/log.h"
#include "blob/tensor_names.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 96, SUFFIX_SIZE = 8 }; /* ".weight" */

static int no_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "reference: out of memory");
}

int reference_read_tensor(const struct model *model, struct arena *arena, const char *name, const char *suffix,
                          const struct model_tensor **tensor, float **values) {
    char full[NAME_SIZE + SUFFIX_SIZE];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    const struct model_tensor *t = *tensor = model_tensor(model, full);
    *values = arena_alloc(arena, t->rows, t->columns * sizeof(float));
    return *values ? model_read(t, 0, t->rows, *values) : no_memory();
}

int reference_read_norm(const struct model *model, struct arena *arena, const char *name, float *norm[2]) {
    const struct model_tensor *t;
    int status = reference_read_tensor(model, arena, name, TENSOR_WEIGHT, &t, &norm[0]);
    return status ? status : reference_read_tensor(model, arena, name, TENSOR_BIAS, &t, &norm[1]);
}

int reference_read_matrix(const struct model *model, struct arena *arena, const char *name, bool bias,
                          struct reference_matrix *matrix) {
    const struct model_tensor *t, *unused;
    *matrix = (struct reference_matrix){0};
    int status = reference_read_tensor(model, arena, name, TENSOR_WEIGHT, &t, &matrix->values);
    if (!status && bias) status = reference_read_tensor(model, arena, name, TENSOR_BIAS, &unused, &matrix->bias);
    matrix->rows = t->rows, matrix->columns = t->columns;
    matrix->rounded = t->rounded, matrix->scales = t->scales;
    return status;
}

/* q, k and v on top of each other, or the last `parts` of them. */
static int read_qkv(const struct model *model, struct arena *arena, const char *block, uint32_t parts,
                    struct reference_matrix *m) {
    static const char *const names[] = {TENSOR_QUERY, TENSOR_KEY, TENSOR_VALUE};
    const char *const *part = names + 3 - parts;
    char name[NAME_SIZE];
    int8_t *rounded = NULL;
    float *scales = NULL;
    int status = OCELLI_OK;
    for (uint32_t i = 0; i < parts && !status; i++) {
        snprintf(name, sizeof name, "%s.%s" TENSOR_WEIGHT, block, part[i]);
        const struct model_tensor *t = model_tensor(model, name);
        size_t count = (size_t)t->rows * t->columns;
        if (i == 0) {
            *m = (struct reference_matrix){.rows = parts * t->rows, .columns = t->columns};
            m->values = arena_alloc(arena, m->rows, m->columns * sizeof(float));
            m->bias = arena_alloc(arena, m->rows, sizeof(float));
            if (t->rounded)
                rounded = arena_alloc(arena, parts * count, 1), scales = arena_alloc(arena, m->rows, sizeof(float));
            if (!m->values || !m->bias || (t->rounded && (!rounded || !scales))) return no_memory();
        }
        if (rounded) memcpy(rounded + i * count, t->rounded, count);
        if (rounded) memcpy(scales + i * t->rows, t->scales, t->rows * sizeof *scales);
        status = model_read(t, 0, t->rows, m->values + i * count);
        snprintf(name, sizeof name, "%s.%s" TENSOR_BIAS, block, part[i]);
        if (!status) status = model_read(model_tensor(model, name), 0, 1, m->bias + (size_t)i * t->rows);
    }
    m->rounded = rounded, m->scales = scales;
    return status;
}

int reference_read_weights(const struct model *model, const char *at, const char *first_norm, uint32_t parts,
                           struct reference_weights_of_block *weights) {
    char name[NAME_SIZE];
    struct arena *arena = &weights->arena;
    int status = reference_read_norm(model, arena, first_norm, weights->norm1);
    if (!status) status = read_qkv(model, arena, at, parts, &weights->qkv);
    snprintf(name, sizeof name, "%s." TENSOR_ATTENTION_OUT, at);
    if (!status) status = reference_read_matrix(model, arena, name, true, &weights->out);
    snprintf(name, sizeof name, "%s." TENSOR_NORM_2, at);
    if (!status) status = reference_read_norm(model, arena, name, weights->norm2);
    snprintf(name, sizeof name, "%s." TENSOR_UP, at);
    if (!status) status = reference_read_matrix(model, arena, name, true, &weights->up);
    snprintf(name, sizeof name, "%s." TENSOR_DOWN, at);
    return status ? status : reference_read_matrix(model, arena, name, true, &weights->down);
}

int reference_read_block(const struct reference *run, uint32_t block, struct reference_weights_of_block *weights) {
    char at[32], norm[NAME_SIZE];
    snprintf(at, sizeof at, TENSOR_BLOCK, run->prefix, block);
    snprintf(norm, sizeof norm, "%s." TENSOR_NORM_1, at);
    weights->heads = run->tower->block[block].heads;
    return reference_read_weights(run->model, at, norm, 3, weights);
}
