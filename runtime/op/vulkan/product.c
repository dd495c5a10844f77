/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/product.h"
#include "op/vulkan/linear_mma.h"

enum { SPLIT_MAX_LANES = 16, UNIFORM_SUBGROUP = 16 };

static const struct product_form forms[] = {
    [PRODUCT_TILE] = {"tile", LAYOUT_HALVES, 4, 5, false, false},
    [PRODUCT_SPLIT] = {"split", LAYOUT_ROWS, 1, 1, false, false},
    [PRODUCT_SPLIT_DOT] = {"split-dot", LAYOUT_ROWS, 1, 1, true, false},
    [PRODUCT_DOT] = {"dot", LAYOUT_BYTES, 4, 5, true, false},
    [PRODUCT_UNIFORM4] = {"uniform4", LAYOUT_HALVES, 4, 5, false, true},
    [PRODUCT_UNIFORM2] = {"uniform2", LAYOUT_HALVES, 2, 10, false, true},
    [PRODUCT_UNIFORM_DOT] = {"uniform-dot", LAYOUT_BYTES, 4, 5, true, true},
    [PRODUCT_MMA] = {"mma", LAYOUT_TILES, 1, 1, true, false},
};

static const struct product_shader shaders[] = {
    [PRODUCT_TILE] = {"linear_tile", "linear_tile_row_epilogue"},
    [PRODUCT_SPLIT] = {"linear_split", "linear_split_row_epilogue"},
    [PRODUCT_SPLIT_DOT] = {"linear_split_dot", "linear_split_dot_row_epilogue"},
    [PRODUCT_DOT] = {"linear_dot", "linear_dot_row_epilogue"},
    [PRODUCT_UNIFORM4] = {"linear_uniform4", "linear_uniform4_row_epilogue"},
    [PRODUCT_UNIFORM2] = {"linear_uniform2", "linear_uniform2_row_epilogue"},
    [PRODUCT_UNIFORM_DOT] = {"linear_uniform_dot", "linear_uniform_dot_row_epilogue"},
    [PRODUCT_MMA] = {"linear_mma", "linear_mma_row_epilogue"},
};

const struct product_form *product_form(enum product product) {
    return &forms[product];
}

const struct product_shader *product_shader(enum product product) {
    return &shaders[product];
}

bool product_fits(const struct vulkan_device *device, enum product product) {
    const struct product_form *p = &forms[product];
    if (p->layout == LAYOUT_ROWS) /* K is padded to 64: a word of 4 for each of at most 16 lanes */
        return device->vk.subgroup_arithmetic && device->vk.subgroup_size <= SPLIT_MAX_LANES;
    if (product == PRODUCT_MMA) return mma_fits(&device->vk);
    if (p->int8_inputs && !device->vk.integer_dot) return false;
    if (p->uniform && (device->vk.subgroup_size != UNIFORM_SUBGROUP || !device->vk.full_subgroups)) return false;
    return vk_shader_exists(shaders[product].plain);
}

enum product product_for(const struct vulkan_device *device, bool float_inputs) {
    if (!float_inputs || !forms[device->product].int8_inputs) return device->product;
    switch (device->product) {
    case PRODUCT_SPLIT_DOT: return PRODUCT_SPLIT;
    case PRODUCT_UNIFORM_DOT: return PRODUCT_UNIFORM4;
    default: return PRODUCT_TILE;
    }
}

uint32_t product_panel(const struct product_form *form, uint32_t rows) {
    return op_tile(rows, form->rows);
}
