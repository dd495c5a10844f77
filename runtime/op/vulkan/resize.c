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

static void resize_x(struct op_list *list, const struct op_resize *a) {
    struct push {
        uint32_t in_width, row0, size, taps;
        struct frame_push frame;
    } push = {a->in_width, a->row0, a->size, a->x.taps, {0}};
    struct op_view views[] = {a->picture, a->x.first, a->x.weight, a->between};
    struct vk_dispatch dispatch = {
        .label = "resize",
        .bytes = 3ull * a->in_width * a->rows + 4ull * a->size * a->rows,
        .shader = {.name = "resize_x", .constants = {vulkan_of(list->device)->lanes}, .constant_count = 1, .bindings = 4},
        .groups = {op_groups(a->size, vulkan_of(list->device)->lanes), a->rows, 1},
    };
    if (a->frame) {
        dispatch.shader.name = "resize_x_frame";
        dispatch.shader.constants[1] = a->frame->format;
        dispatch.shader.constants[2] = a->frame->rotation;
        dispatch.shader.constant_count = 3;
        push.frame = frame_push(a->frame);
    }
    vulkan_record(list, &dispatch, views, &push, a->frame ? sizeof push : offsetof(struct push, frame));
}

static void resize_y(struct op_list *list, const struct op_resize *a) {
    struct {
        uint32_t size, row0, rows, taps, patch_size, out_stride, out_row, out_panel;
        float factor[4], offset[4];
    } push = {a->size, a->row0, a->rows, a->y.taps, a->patch_size, a->out.stride, a->out_row, op_panel(a->out), {0}, {0}};
    for (int c = 0; c < 3; c++) {
        push.factor[c] = 1.0f / (255.0f * a->std[c]);
        push.offset[c] = -a->mean[c] / a->std[c];
    }
    struct op_view views[] = {a->between, a->y.first, a->y.weight, a->out.values};
    struct vk_dispatch dispatch = {
        .label = "resize",
        .bytes = 4ull * a->size * a->rows + 12ull * a->size * a->size,
        .shader = {.name = "resize_y", .constants = {vulkan_of(list->device)->lanes}, .constant_count = 1, .bindings = 4},
        .groups = {op_groups(a->size, vulkan_of(list->device)->lanes), a->size, 1},
    };
    vulkan_record(list, &dispatch, views, &push, sizeof push);
}

void vulkan_resize(struct op_list *list, const struct op_resize *a) {
    resize_x(list, a);
    resize_y(list, a);
}
