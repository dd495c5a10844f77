/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/epilogue.h"

#include <assert.h>

enum { COUNTERS = 4096 }; /* groups of rows of a dispatch */

/* Shared by all lists: dispatches follow one another, and each leaves zeros. */
static bool have_counters(struct op_list *list) {
    struct vulkan_device *d = vulkan_of(list->device);
    if (!d->counters && !list->status)
        list->status =
            op_memory_create(&d->counters, list->device, COUNTERS * sizeof(uint32_t), OP_USE_DEVICE, "counters");
    return d->counters != NULL;
}

bool epilogue_fuses(struct op_list *list, const struct op_epilogue *epilogue, const char *shader, uint32_t counters) {
    return op_epilogue_wanted(epilogue) && vulkan_of(list->device)->fuses && counters <= COUNTERS &&
           vk_shader_exists(shader) && have_counters(list);
}

struct op_view op_span(struct op_view first, struct op_view second) {
    assert(first.memory == second.memory && second.offset >= first.offset);
    first.size = second.offset + second.size - first.offset;
    return first;
}

uint32_t op_apart(struct op_view first, struct op_view second, uint32_t unit) {
    return (uint32_t)((second.offset - first.offset) / unit);
}

struct epilogue_push epilogue_push(const struct op_epilogue *epilogue, struct op_rows out, uint32_t width) {
    return (struct epilogue_push){
        .words = op_groups(width, 4),
        .in_stride = out.stride / 4,
        .out_stride = epilogue->out.stride / 4,
        .out_panel = op_panel(epilogue->out),
        .scales = op_apart(epilogue->out.values, epilogue->out.scales, sizeof(float)),
        .bias = op_apart(epilogue->weight, epilogue->bias, 4 * sizeof(float)),
        .epsilon = epilogue->epsilon,
    };
}

void epilogue_fuse(struct op_list *list, const struct op_epilogue *epilogue, const char *shader,
                   struct vk_dispatch *dispatch, struct op_view *views) {
    bool norm = epilogue->weight.memory != NULL;
    dispatch->shader.name = shader;
    dispatch->shader.constants[dispatch->shader.constant_count++] = norm;
    dispatch->shader.bindings = EPILOGUE_BINDING + 3;
    views[EPILOGUE_BINDING] = op_view_of(vulkan_of(list->device)->counters);
    views[EPILOGUE_BINDING + 1] =
        epilogue->out.scales.memory ? op_span(epilogue->out.values, epilogue->out.scales) : epilogue->out.values;
    views[EPILOGUE_BINDING + 2] =
        norm ? op_span(epilogue->weight, epilogue->bias) : views[EPILOGUE_BINDING]; /* bound, not read */
}
