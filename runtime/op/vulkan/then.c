/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/then.h"

#include <assert.h>

enum { COUNTERS = 4096 }; /* groups of rows of a dispatch */

/* Shared by all lists: dispatches follow one another, and each leaves zeros. */
static bool have_counters(struct op_list *list) {
    struct vulkan_device *d = vulkan_of(list->device);
    if (!d->counters && !list->status)
        list->status = op_memory_create(&d->counters, list->device, COUNTERS * sizeof(uint32_t), OP_USE_DEVICE, "counters");
    return d->counters != NULL;
}

bool then_fuses(struct op_list *list, const struct op_then *then, const char *shader, uint32_t counters) {
    return op_then_wanted(then) && vulkan_of(list->device)->fuses && counters <= COUNTERS && vk_shader_exists(shader) &&
           have_counters(list);
}

struct op_view op_span(struct op_view first, struct op_view second) {
    assert(first.memory == second.memory && second.offset >= first.offset);
    first.size = second.offset + second.size - first.offset;
    return first;
}

uint32_t op_apart(struct op_view first, struct op_view second, uint32_t unit) {
    return (uint32_t)((second.offset - first.offset) / unit);
}

struct then_push then_push(const struct op_then *then, struct op_rows out, uint32_t width) {
    return (struct then_push){
        .words = op_groups(width, 4),
        .in_stride = out.stride / 4,
        .out_stride = then->out.stride / 4,
        .out_panel = op_panel(then->out),
        .scales = op_apart(then->out.values, then->out.scales, sizeof(float)),
        .bias = op_apart(then->weight, then->bias, 4 * sizeof(float)),
        .epsilon = then->epsilon,
    };
}

void then_fuse(struct op_list *list, const struct op_then *then, const char *shader, struct vk_dispatch *dispatch,
               struct op_view *views) {
    bool norm = then->weight.memory != NULL;
    dispatch->shader.name = shader;
    dispatch->shader.constants[dispatch->shader.constant_count++] = norm;
    dispatch->shader.bindings = THEN_BINDING + 3;
    views[THEN_BINDING] = op_view_of(vulkan_of(list->device)->counters);
    views[THEN_BINDING + 1] = then->out.scales.memory ? op_span(then->out.values, then->out.scales) : then->out.values;
    views[THEN_BINDING + 2] = norm ? op_span(then->weight, then->bias) : views[THEN_BINDING]; /* bound, not read */
}
