/* SPDX-License-Identifier: Apache-2.0 */
#include "op/product.h"
#include "op/linear_mma.h"

#include <string.h>

enum { SPLIT_MAX_LANES = 16, UNIFORM_SUBGROUP = 16 };

static const struct product products[] = {
    [OP_PRODUCT_TILE] = {"tile", "linear_tile", "linear_tile_then", 4, 5, PRODUCT_HALVES, false, false},
    [OP_PRODUCT_SPLIT] = {"split", "linear_split", "linear_split_then", 1, 1, PRODUCT_ROWS, false, false},
    [OP_PRODUCT_SPLIT_DOT] = {"split-dot", "linear_split_dot", "linear_split_dot_then", 1, 1, PRODUCT_ROWS, true, false},
    [OP_PRODUCT_DOT] = {"dot", "linear_dot", "linear_dot_then", 4, 5, PRODUCT_BYTES, true, false},
    [OP_PRODUCT_UNIFORM4] = {"uniform4", "linear_uniform4", "linear_uniform4_then", 4, 5, PRODUCT_HALVES, false, true},
    [OP_PRODUCT_UNIFORM2] = {"uniform2", "linear_uniform2", "linear_uniform2_then", 2, 10, PRODUCT_HALVES, false, true},
    [OP_PRODUCT_UNIFORM_DOT] = {"uniform-dot", "linear_uniform_dot", "linear_uniform_dot_then", 4, 5, PRODUCT_BYTES, true, true},
    [OP_PRODUCT_MMA] = {"mma", "linear_mma", "linear_mma_then", 1, 1, PRODUCT_TILES, true, false},
};

const struct product *product_of(enum op_product product) {
    return &products[product];
}

const char *op_product_name(enum op_product product) {
    return products[product].name;
}

bool product_fits(const struct op_device *d, enum op_product product) {
    const struct product *p = &products[product];
    if (p->weights == PRODUCT_ROWS) /* K is padded to 64: a word of 4 for each of at most 16 lanes */
        return d->vk.subgroup_arithmetic && d->vk.subgroup_size <= SPLIT_MAX_LANES;
    if (product == OP_PRODUCT_MMA) return mma_fits(&d->vk);
    if (p->int8_inputs && !d->vk.integer_dot) return false;
    if (p->uniform && (d->vk.subgroup_size != UNIFORM_SUBGROUP || !d->vk.full_subgroups)) return false;
    return vk_shader_exists(p->shader);
}

/* In floats. Counted with the drivers' own compilers: docs/shaders.md. */
static enum op_product best_float(const struct op_device *d) {
    enum op_product best = OP_PRODUCT_TILE;
    if (strncmp(d->vk.name, "V3D ", 4) == 0)
        best = strncmp(d->vk.name, "V3D 4", 5) == 0 ? OP_PRODUCT_UNIFORM2 : OP_PRODUCT_UNIFORM4;
    else if (op_device_is_cpu(d))
        best = OP_PRODUCT_SPLIT;
    return product_fits(d, best) ? best : OP_PRODUCT_TILE;
}

static enum op_product best_dot(const struct op_device *d) {
    if (op_device_is_cpu(d) && product_fits(d, OP_PRODUCT_SPLIT_DOT)) return OP_PRODUCT_SPLIT_DOT;
    bool uniform = strncmp(d->vk.name, "V3D ", 4) == 0 && d->vk.integer_dot_accelerated;
    return uniform && product_fits(d, OP_PRODUCT_UNIFORM_DOT) ? OP_PRODUCT_UNIFORM_DOT : OP_PRODUCT_DOT;
}

enum op_product product_best(const struct op_device *d, enum ocelli_kind kind) {
    if (kind == OCELLI_KIND_MMA) return OP_PRODUCT_MMA;
    if (kind == OCELLI_KIND_DOT) return best_dot(d);
    if (kind == OCELLI_KIND_F16W) return best_float(d);
    if (!op_device_is_cpu(d) && product_fits(d, OP_PRODUCT_MMA)) return OP_PRODUCT_MMA;
    bool dot = d->vk.integer_dot_accelerated && product_fits(d, best_dot(d));
    return dot ? best_dot(d) : best_float(d);
}

/* The Pi 4's compiler gives the loop of a shader that does more fewer registers: 435 against 425 ms, docs/shaders.md. */
bool product_fuses(const struct op_device *d) {
    return strncmp(d->vk.name, "V3D 4", 5) != 0;
}

/* A tile costs about as much for its loads as one more row would. */
uint32_t product_tile(uint32_t rows, uint32_t most) {
    uint32_t best = 1;
    for (uint32_t r = 2; r <= most; r++)
        if (op_groups(rows, r) * (r + 1) <= op_groups(rows, best) * (best + 1)) best = r;
    return best;
}

uint32_t product_panel(const struct product *p, uint32_t rows) {
    return product_tile(rows, p->rows);
}

uint32_t product_in_scales(const struct op_linear *a) {
    return a->in.scales.memory ? op_apart(a->in.values, a->in.scales, sizeof(float)) : 0;
}

void product_record(struct op_list *list, const struct op_linear *a, const char *shader_then, struct vk_dispatch *dispatch,
                    const void *push, uint32_t size) {
    struct op_view in = a->in.scales.memory ? op_span(a->in.values, a->in.scales) : a->in.values;
    struct op_view views[VK_MAX_BINDINGS] = {in, a->matrix->weights, a->matrix->scales, a->matrix->bias, a->out.values};
    dispatch->label = a->label;
    dispatch->shader.bindings = 5;
    uint32_t count = product_count(a);
    dispatch->bytes = a->matrix->weights.size * count / a->matrix->rows + 2 * sizeof(float) * count +
                      op_bytes(a->in, a->rows, a->matrix->columns) + (a->add ? 2 : 1) * op_bytes(a->out, a->rows, count);
    dispatch->macs = (uint64_t)a->rows * count * a->matrix->columns;
    bool fuses = then_fuses(list, &a->then, shader_then, dispatch->groups[1]);
    if (fuses) then_fuse(list, &a->then, shader_then, dispatch, views);
    op_list_record(list, dispatch, views, push, fuses ? size : size - (uint32_t)sizeof(struct then_push));
    if (!fuses) then_record(list, &a->then, a->out, a->rows, count);
}
