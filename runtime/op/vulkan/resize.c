/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/vulkan.h"

#include <stddef.h>

struct frame_push {
    uint32_t width, height, offset[3], stride[3];
    struct frame_rule rule;
};

static struct frame_push frame_push(const struct frame *f) {
    struct frame_push p = {.width = f->width, .height = f->height, .rule = *frame_rule_of(f->matrix, f->full_range)};
    for (int i = 0; i < 3; i++) p.offset[i] = f->planes[i].offset, p.stride[i] = f->planes[i].stride;
    return p;
}

static void resize_x(struct op_list *list, const struct op_resize *resize) {
    struct push {
        uint32_t in_width, row0, size, taps;
        struct frame_push frame;
    } push = {resize->in_width, resize->row0, resize->size, resize->x.taps, {0}};
    struct op_view views[] = {resize->picture, resize->x.first, resize->x.weight, resize->between};
    struct vk_dispatch dispatch = {
        .label = "resize",
        .bytes = 3ull * resize->in_width * resize->rows + 4ull * resize->size * resize->rows,
        .shader = {.name = "resize_x",
                   .constants = {vulkan_of(list->device)->lanes},
                   .constant_count = 1,
                   .bindings = 4},
        .groups = {op_groups(resize->size, vulkan_of(list->device)->lanes), resize->rows, 1},
    };
    if (resize->frame) {
        dispatch.shader.name = "resize_x_frame";
        dispatch.shader.constants[1] = resize->frame->format;
        dispatch.shader.constants[2] = resize->frame->rotation;
        dispatch.shader.constant_count = 3;
        push.frame = frame_push(resize->frame);
    }
    vulkan_record(list, &dispatch, views, &push, resize->frame ? sizeof push : offsetof(struct push, frame));
}

static void resize_y(struct op_list *list, const struct op_resize *resize) {
    struct {
        uint32_t size, row0, rows, taps, patch_size, out_stride, out_row, out_panel;
        float factor[4], offset[4];
        uint32_t piece;
    } push = {resize->size,
              resize->row0,
              resize->rows,
              resize->y.taps,
              resize->patch_size,
              resize->out.stride,
              resize->out_row,
              op_panel(resize->out),
              {0},
              {0},
              resize->piece};
    for (int c = 0; c < 3; c++) {
        push.factor[c] = 1.0f / (255.0f * resize->std[c]);
        push.offset[c] = -resize->mean[c] / resize->std[c];
    }
    struct op_view views[] = {resize->between, resize->y.first, resize->y.weight, resize->out.values};
    struct vk_dispatch dispatch = {
        .label = "resize",
        .bytes = 4ull * resize->size * resize->rows + 12ull * resize->size * resize->size,
        .shader = {.name = "resize_y",
                   .constants = {vulkan_of(list->device)->lanes},
                   .constant_count = 1,
                   .bindings = 4},
        .groups = {op_groups(resize->size, vulkan_of(list->device)->lanes), resize->size, 1},
    };
    vulkan_record(list, &dispatch, views, &push, sizeof push);
}

void vulkan_resize(struct op_list *list, const struct op_resize *resize) {
    resize_x(list, resize);
    resize_y(list, resize);
}
