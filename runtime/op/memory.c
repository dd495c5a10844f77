/* SPDX-License-Identifier: Apache-2.0 */
#include "op/backend.h"

int op_memory_create(struct op_memory **out, struct op_device *device, uint64_t size, enum op_use use,
                     const char *name) {
    *out = NULL;
    return device->backend->memory_create(out, device, size, use, name);
}

int op_memory_import(struct op_memory **out, struct op_device *device, int fd, uint64_t size, const char *name) {
    *out = NULL;
    return device->backend->memory_import(out, device, fd, size, name);
}

void op_memory_destroy(struct op_memory **memory, struct op_device *device) {
    if (*memory) device->backend->memory_destroy(*memory, device);
    *memory = NULL;
}

int op_memory_write(struct op_memory *memory, struct op_device *device, uint64_t offset, const void *data,
                    uint64_t size) {
    return device->backend->memory_write(memory, device, offset, data, size);
}

int op_memory_read(struct op_memory *memory, struct op_device *device, uint64_t offset, void *data, uint64_t size) {
    return device->backend->memory_read(memory, device, offset, data, size);
}

void *op_memory_mapped(struct op_memory *memory) {
    return memory->mapped;
}

uint64_t op_memory_size(const struct op_memory *memory) {
    return memory->size;
}

struct op_view op_view_of(struct op_memory *memory) {
    return (struct op_view){.memory = memory, .size = memory->size};
}
