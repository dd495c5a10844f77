/* SPDX-License-Identifier: Apache-2.0
 * The Vulkan backend: devices, memory and lists through runtime/vk. */
#include "base/log.h"
#include "op/vulkan/linear_mma.h"
#include "op/vulkan/vulkan.h"
#include "vk/cache.h"
#include "vk/import.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DISPATCHES = 2048, ROW_LANES = 64 };

/* Workgroups of ops that work on rows: a subgroup where that is a fast one. */
static uint32_t row_lanes(const struct vulkan_device *d) {
    return d->vk.subgroup_size < ROW_LANES ? d->vk.subgroup_size : ROW_LANES;
}

static int device_open(struct op_device **out, const struct op_device_params *params) {
    struct vulkan_device *d = calloc(1, sizeof *d);
    if (!d) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = vk_device_open(&d->vk, params->device);
    if (status) {
        free(d);
        return status;
    }
    d->lanes = row_lanes(d);
    d->base = (struct op_device){.backend = &op_vulkan,
                                 .type = d->vk.type == VK_PHYSICAL_DEVICE_TYPE_CPU ? OP_DEVICE_SOFTWARE : OP_DEVICE_GPU,
                                 .name = d->vk.name,
                                 .driver = d->vk.driver,
                                 .has_timestamps = d->vk.timestamp_bits > 0};
    d->base.is_slow = product_device_is_slow(d);
    *out = &d->base;
    return OCELLI_OK;
}

static void device_close(struct op_device *device) {
    struct vulkan_device *d = vulkan_of(device);
    op_memory_destroy(&d->counters, device);
    vk_device_close(&d->vk);
    free(d);
}

static void use(struct op_device *device, const struct op_way *way) {
    struct vulkan_device *d = vulkan_of(device);
    d->product = product_of_way(way);
    d->fuses = product_way_fuses(way);
}

static const char *lacks(const struct op_device *device, enum ocelli_kind kind) {
    if (kind != OCELLI_KIND_MMA)
        return "it has no packed integer dot product (VK_KHR_shader_integer_dot_product): use kind f16w";
    return vk_shader_exists(mma_shader(&vulkan_of_const(device)->vk))
               ? "it has no int8 cooperative matrices (VK_KHR_cooperative_matrix with a shape that fits): use kind dot "
                 "or f16w"
               : "this build's glslang lacked GL_KHR_cooperative_matrix: use kind dot or f16w";
}

static char *choice_path(const struct op_device *device) {
    const struct vulkan_device *d = vulkan_of_const(device);
    return vk_cache_file(&d->vk, "product", "txt");
}

static uint64_t bytes(const struct op_device *device) {
    return vulkan_of_const(device)->vk.bytes_allocated;
}

static uint32_t input_panel(const struct op_device *device, uint32_t rows, bool float_inputs) {
    const struct vulkan_device *d = vulkan_of_const(device);
    if (float_inputs && d->product == PRODUCT_MMA) return 1; /* what comes before writes no panels */
    return product_panel(product_form(product_for(d, float_inputs)), rows);
}

/* ---- memory ---- */

static struct vk_buffer *buffer_of(struct op_memory *m) {
    return &((struct vulkan_memory *)m)->vk;
}

/* Hands over what was made; after a fault nothing. */
static int made(struct op_memory **out, struct vulkan_memory *m, int status) {
    if (status) {
        free(m);
        return status;
    }
    m->base = (struct op_memory){.size = m->vk.size, .mapped = m->vk.mapped};
    *out = &m->base;
    return OCELLI_OK;
}

static int memory_create(struct op_memory **out, struct op_device *device, uint64_t size, enum op_use use_,
                         const char *name) {
    static const enum vk_buffer_use uses[] = {VK_BUFFER_DEVICE, VK_BUFFER_INPUT, VK_BUFFER_OUTPUT};
    struct vulkan_memory *m = calloc(1, sizeof *m);
    if (!m) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    return made(out, m, vk_buffer_create(&m->vk, &vulkan_of(device)->vk, size, uses[use_], name));
}

static int memory_import(struct op_memory **out, struct op_device *device, int fd, uint64_t size, const char *name) {
    struct vulkan_memory *m = calloc(1, sizeof *m);
    if (!m) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    return made(out, m, vk_buffer_import(&m->vk, &vulkan_of(device)->vk, fd, size, name));
}

static void memory_destroy(struct op_memory *m, struct op_device *device) {
    vk_buffer_destroy(buffer_of(m), &vulkan_of(device)->vk);
    free(m);
}

static int memory_write(struct op_memory *m, struct op_device *device, uint64_t offset, const void *data,
                        uint64_t size) {
    return vk_buffer_write(buffer_of(m), &vulkan_of(device)->vk, offset, data, size);
}

static int memory_read(struct op_memory *m, struct op_device *device, uint64_t offset, void *data, uint64_t size) {
    return vk_buffer_read(buffer_of(m), &vulkan_of(device)->vk, offset, data, size);
}

/* ---- lists ---- */

static struct vk_commands *commands_of(const struct op_list *list) {
    return &((struct vulkan_list *)list)->commands;
}

static struct vk_device *vk_of(const struct op_list *list) {
    return &vulkan_of(list->device)->vk;
}

static int list_create(struct op_list **out, struct op_device *device) {
    (void)device;
    struct vulkan_list *list = calloc(1, sizeof *list);
    if (!list) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    *out = &list->base;
    return OCELLI_OK;
}

static void list_destroy(struct op_list *list) {
    vk_commands_destroy(commands_of(list), vk_of(list));
    free(list);
}

static int list_begin(struct op_list *list, bool timed) {
    return timed ? vk_commands_begin_timed(commands_of(list), vk_of(list), MAX_DISPATCHES)
                 : vk_commands_begin(commands_of(list), vk_of(list), MAX_DISPATCHES);
}

static struct vk_view vk_view(struct op_view v) {
    return (struct vk_view){.buffer = buffer_of(v.memory), .offset = v.offset, .size = v.size};
}

void vulkan_record(struct op_list *list, const struct vk_dispatch *dispatch, const struct op_view *views,
                   const void *push, uint32_t push_size) {
    struct vk_view vk[VK_MAX_BINDINGS];
    if (list->status) return;
    for (uint32_t i = 0; i < dispatch->shader.bindings; i++) vk[i] = vk_view(views[i]);
    list->status = vk_commands_dispatch(commands_of(list), vk_of(list), dispatch, vk, push, push_size);
}

static void copy(struct op_list *list, struct op_view from, struct op_view to) {
    struct vk_view source = vk_view(from), target = vk_view(to);
    vk_commands_copy(commands_of(list), &source, &target, from.size);
}

static int list_end(struct op_list *list) {
    return vk_commands_end(commands_of(list), vk_of(list));
}

static int list_run(struct op_list *list) {
    return vk_commands_run(commands_of(list), vk_of(list));
}

static uint32_t list_count(const struct op_list *list) {
    return commands_of(list)->count;
}

static struct op_dispatch list_dispatch(const struct op_list *list, uint32_t index) {
    const struct vk_dispatch *d = &commands_of(list)->dispatches[index];
    return (struct op_dispatch){.shader = d->shader.name,
                                .label = d->label,
                                .constants = d->shader.constants,
                                .constant_count = d->shader.constant_count,
                                .groups = {d->groups[0], d->groups[1], d->groups[2]},
                                .macs = d->macs,
                                .bytes = d->bytes,
                                .push = d->push,
                                .push_count = d->push_count};
}

static int list_times(const struct op_list *list, double *ms) {
    return vk_commands_times(commands_of(list), vk_of(list), ms);
}

const struct op_backend op_vulkan = {
    .open = device_open,
    .find = vk_device_name,
    .close = device_close,
    .ways = product_ways,
    .use = use,
    .plainer = product_plainer,
    .lacks = lacks,
    .choice_path = choice_path,
    .bytes = bytes,
    .peak = vulkan_peak,
    .memory_create = memory_create,
    .memory_import = memory_import,
    .memory_destroy = memory_destroy,
    .memory_write = memory_write,
    .memory_read = memory_read,
    .matrix_bytes = vulkan_matrix_bytes,
    .matrix_write = vulkan_matrix_write,
    .input_panel = input_panel,
    .list_create = list_create,
    .list_destroy = list_destroy,
    .list_begin = list_begin,
    .list_end = list_end,
    .list_run = list_run,
    .list_count = list_count,
    .list_dispatch = list_dispatch,
    .list_times = list_times,
    .linear = vulkan_linear,
    .quantize = vulkan_quantize,
    .norm = vulkan_norm,
    .attention = vulkan_attention,
    .copy = copy,
    .resize = vulkan_resize,
};
