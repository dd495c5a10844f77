/* SPDX-License-Identifier: Apache-2.0 */
#include "op/device.h"
#include "base/log.h"
#include "op/linear_mma.h"
#include "op/product.h"
#include "vk/import.h"

#include <stdlib.h>

enum { MAX_DISPATCHES = 2048, ROW_LANES = 64 };

static int choose_product(struct op_device *d, enum ocelli_kind kind) {
    d->product = product_best(d, kind);
    if (product_fits(d, d->product)) return OCELLI_OK;
    if (kind == OCELLI_KIND_MMA)
        return log_fail(OCELLI_ERR_DEVICE, "%s: no int8 cooperative matrices (%s): use kind dot or f16w", d->vk.name,
                        vk_shader_exists(mma_shader(&d->vk)) ? "VK_KHR_cooperative_matrix with a shape that fits"
                                                             : "this build's glslang lacked GL_KHR_cooperative_matrix");
    return log_fail(OCELLI_ERR_DEVICE, "%s has no packed integer dot product (VK_KHR_shader_integer_dot_product): use kind f16w",
                    d->vk.name);
}

/* Workgroups of ops that work on rows: a subgroup where that is a fast one. */
static uint32_t row_lanes(const struct op_device *d) {
    return d->vk.subgroup_size < ROW_LANES ? d->vk.subgroup_size : ROW_LANES;
}

int op_device_open(struct op_device **out, const char *choice, enum ocelli_kind kind) {
    *out = NULL;
    struct op_device *d = calloc(1, sizeof *d);
    if (!d) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = vk_device_open(&d->vk, choice);
    if (!status) status = choose_product(d, kind);
    if (status) {
        op_device_close(&d);
        return status;
    }
    d->lanes = row_lanes(d);
    d->fuses = product_fuses(d);
    d->chosen = kind != OCELLI_KIND_AUTO;
    *out = d;
    return OCELLI_OK;
}

void op_device_close(struct op_device **device) {
    if (!*device) return;
    op_memory_destroy(&(*device)->counters, *device);
    vk_device_close(&(*device)->vk);
    free(*device);
    *device = NULL;
}

int op_device_set_product(struct op_device *d, enum op_product product) {
    if (!product_fits(d, product)) return OCELLI_ERR_DEVICE;
    d->product = product;
    d->chosen = true;
    return OCELLI_OK;
}

void op_device_set_fuses(struct op_device *d, bool fuses) {
    d->fuses = fuses;
}

bool op_device_next_product(struct op_device *d) {
    if (d->fuses) {
        d->fuses = false;
        return true;
    }
    if (d->product == OP_PRODUCT_TILE) return false;
    bool dot = d->product == OP_PRODUCT_MMA && d->vk.integer_dot_accelerated;
    if (dot && op_device_set_product(d, OP_PRODUCT_DOT) == OCELLI_OK) return true;
    bool split = op_device_is_cpu(d) && d->product != OP_PRODUCT_SPLIT;
    if (split && op_device_set_product(d, OP_PRODUCT_SPLIT) == OCELLI_OK) return true;
    return op_device_set_product(d, OP_PRODUCT_TILE) == OCELLI_OK;
}

enum op_product op_device_product(const struct op_device *d) {
    return d->product;
}

enum ocelli_kind op_device_kind(const struct op_device *d) {
    if (d->product == OP_PRODUCT_MMA) return OCELLI_KIND_MMA;
    return product_of(d->product)->int8_inputs ? OCELLI_KIND_DOT : OCELLI_KIND_F16W;
}

const char *op_device_name(const struct op_device *d) {
    return d->vk.name;
}

const char *op_device_driver(const struct op_device *d) {
    return d->vk.driver;
}

uint64_t op_device_bytes(const struct op_device *d) {
    return d->vk.bytes_allocated;
}

bool op_device_is_cpu(const struct op_device *d) {
    return d->vk.type == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

bool op_device_has_timestamps(const struct op_device *d) {
    return d->vk.timestamp_bits > 0;
}

int op_memory_create(struct op_memory **out, struct op_device *d, uint64_t size, enum op_use use, const char *name) {
    static const enum vk_buffer_use uses[] = {VK_BUFFER_DEVICE, VK_BUFFER_INPUT, VK_BUFFER_OUTPUT};
    *out = NULL;
    struct op_memory *m = calloc(1, sizeof *m);
    if (!m) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = vk_buffer_create(&m->vk, &d->vk, size, uses[use], name);
    if (status) {
        free(m);
        return status;
    }
    *out = m;
    return OCELLI_OK;
}

int op_memory_import(struct op_memory **out, struct op_device *d, int fd, uint64_t size, const char *name) {
    *out = NULL;
    struct op_memory *m = calloc(1, sizeof *m);
    if (!m) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = vk_buffer_import(&m->vk, &d->vk, fd, size, name);
    if (status)
        free(m);
    else
        *out = m;
    return status;
}

void op_memory_destroy(struct op_memory **memory, struct op_device *d) {
    if (!*memory) return;
    vk_buffer_destroy(&(*memory)->vk, &d->vk);
    free(*memory);
    *memory = NULL;
}

int op_memory_write(struct op_memory *m, struct op_device *d, uint64_t offset, const void *data, uint64_t size) {
    return vk_buffer_write(&m->vk, &d->vk, offset, data, size);
}

int op_memory_read(struct op_memory *m, struct op_device *d, uint64_t offset, void *data, uint64_t size) {
    return vk_buffer_read(&m->vk, &d->vk, offset, data, size);
}

void *op_memory_mapped(struct op_memory *m) {
    return m->vk.mapped;
}

uint64_t op_memory_size(const struct op_memory *m) {
    return m->vk.size;
}

struct op_view op_view_of(struct op_memory *m) {
    return (struct op_view){.memory = m, .size = m->vk.size};
}

int op_list_create(struct op_list **out, struct op_device *d) {
    *out = calloc(1, sizeof **out);
    if (!*out) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    (*out)->device = d;
    return OCELLI_OK;
}

void op_list_destroy(struct op_list **list) {
    if (!*list) return;
    vk_commands_destroy(&(*list)->commands, &(*list)->device->vk);
    free(*list);
    *list = NULL;
}

int op_list_begin(struct op_list *list, bool timed) {
    list->status = timed ? vk_commands_begin_timed(&list->commands, &list->device->vk, MAX_DISPATCHES)
                         : vk_commands_begin(&list->commands, &list->device->vk, MAX_DISPATCHES);
    return list->status;
}

void op_list_record(struct op_list *list, const struct vk_dispatch *dispatch, const struct op_view *views, const void *push,
                    uint32_t push_size) {
    if (list->status) return;
    struct vk_view vk[VK_MAX_BINDINGS];
    for (uint32_t i = 0; i < dispatch->shader.bindings; i++)
        vk[i] = (struct vk_view){.buffer = &views[i].memory->vk, .offset = views[i].offset, .size = views[i].size};
    list->status = vk_commands_dispatch(&list->commands, &list->device->vk, dispatch, vk, push, push_size);
}

int op_list_end(struct op_list *list) {
    return list->status ? list->status : (list->status = vk_commands_end(&list->commands, &list->device->vk));
}

int op_list_run(struct op_list *list) {
    return list->status ? list->status : vk_commands_run(&list->commands, &list->device->vk);
}

uint32_t op_list_count(const struct op_list *list) {
    return list->commands.count;
}

struct op_dispatch op_list_dispatch(const struct op_list *list, uint32_t index) {
    const struct vk_dispatch *d = &list->commands.dispatches[index];
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

int op_list_times(const struct op_list *list, double *ms) {
    return vk_commands_times(&list->commands, &list->device->vk, ms);
}
