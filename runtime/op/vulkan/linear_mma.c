/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/linear_mma.h"
#include "op/vulkan/linear.h"

#include <string.h>

enum {
    MAX_TILES = 4,     /* of columns, and of rows, a subgroup: 16 tiles of 16x16 are 128 registers a lane */
    MAX_JOBS = 4,      /* subgroups a workgroup */
    WANTED_JOBS = 512, /* subgroups a dispatch: four on each multiprocessor of a large GPU */
    MIN_STEPS = 4,     /* of K a subgroup */
    MAX_LANES = 256,
};

uint32_t mma_lanes(const struct vk_device *device, const struct mma_tiles *tiles) {
    return tiles->split * tiles->blocks * device->cooperative.subgroup;
}

uint32_t mma_strip_bytes(const struct vk_device *device, const struct mma_tiles *tiles) {
    return tiles->split * tiles->blocks * tiles->columns * device->cooperative.m * device->cooperative.n *
           (uint32_t)sizeof(int32_t);
}

const char *mma_shader(const struct vk_device *device) {
    return device->cooperative.plain ? "linear_mma_plain" : "linear_mma";
}

bool mma_fits(const struct vk_device *device) {
    return device->cooperative.m && device->cooperative.n <= OP_MAX_PANEL &&
           device->cooperative.subgroup <= device->limits.maxComputeWorkGroupInvocations &&
           vk_shader_exists(mma_shader(device));
}

static bool fits(const struct vk_device *d, const struct mma_tiles *t) {
    uint32_t lanes =
        d->limits.maxComputeWorkGroupInvocations < MAX_LANES ? d->limits.maxComputeWorkGroupInvocations : MAX_LANES;
    return mma_lanes(d, t) <= lanes && mma_strip_bytes(d, t) <= d->limits.maxComputeSharedMemorySize;
}

struct mma_tiles mma_tiles_choose(const struct vk_device *device, uint32_t rows, uint32_t columns, uint32_t steps) {
    uint32_t row_tiles = op_groups(rows, device->cooperative.n),
             column_tiles = op_groups(columns, device->cooperative.m);
    struct mma_tiles t = {.columns = MAX_TILES, .rows = op_tile(row_tiles, MAX_TILES), .split = 1, .blocks = 1};
    uint32_t row_jobs = op_groups(row_tiles, t.rows);
    while (t.columns > 1 && row_jobs * op_groups(column_tiles, t.columns) < WANTED_JOBS) t.columns /= 2;
    uint32_t jobs = row_jobs * op_groups(column_tiles, t.columns);
    while (t.split < MAX_JOBS && jobs * t.split < WANTED_JOBS && steps / (2 * t.split) >= MIN_STEPS) t.split *= 2;
    while (t.split * t.blocks < MAX_JOBS && t.blocks * t.columns < column_tiles) t.blocks *= 2;
    while (!fits(device, &t)) {
        uint32_t *largest = t.blocks > 1 ? &t.blocks : t.split > 1 ? &t.split : &t.columns;
        if (*largest == 1) break; /* a tile and a subgroup: product_fits() saw to it that they fit */
        *largest /= 2;
    }
    return t;
}

void mma_record(struct op_list *list, const struct op_linear *linear, const struct mma_tiles *tiles) {
    const struct vk_device *d = &vulkan_of(list->device)->vk;
    struct vk_cooperative shape = d->cooperative;
    uint32_t count = op_linear_count(linear), column0 = linear->first / shape.m * shape.m;
    struct {
        uint32_t rows, columns, column0, steps, in_stride, out_stride, in_scales;
        struct epilogue_push epilogue;
    } push = {linear->rows,
              count,
              linear->first,
              op_stride(linear->matrix->columns) / shape.k,
              linear->in.stride / 4,
              linear->out.stride / 4,
              linear_in_scales(linear),
              epilogue_push(&linear->epilogue, linear->out, count)};
    struct mma_tiles t =
        tiles ? *tiles : mma_tiles_choose(d, linear->rows, linear->first + count - column0, push.steps);
    struct vk_dispatch dispatch = {
        .shader = {.name = mma_shader(d),
                   .constants = {mma_lanes(d, &t), linear->activation, linear->matrix->has_bias, linear->add, shape.m,
                                 shape.n, shape.k, t.columns, t.rows, t.split, t.blocks},
                   .constant_count = 11},
        .groups = {op_groups(linear->first + count - column0, shape.m * t.columns * t.blocks),
                   op_groups(linear->rows, shape.n * t.rows), 1},
    };
    linear_record(list, linear, d->cooperative.plain ? "linear_mma_plain_row_epilogue" : "linear_mma_row_epilogue",
                  &dispatch, &push, sizeof push);
}

void mma_pack(int8_t *to, struct vk_cooperative shape, const struct op_source *source, uint32_t columns,
              uint32_t stride, uint32_t row0) {
    for (uint32_t r = 0; r < source->rows; r++)
        for (uint32_t k = 0; k < columns; k += shape.k) {
            uint32_t row = row0 + r, n = columns - k < shape.k ? columns - k : shape.k;
            size_t tile = (size_t)(row / shape.m) * (stride / shape.k) + k / shape.k;
            memcpy(to + (tile * shape.m + row % shape.m) * shape.k, source->values + (size_t)r * columns + k, n);
        }
}
