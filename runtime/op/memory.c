/* SPDX-License-Identifier: Apache-2.0 */
#include "op/backend.h"

int op_memory_create(struct op_memory **out, struct op_device *d, uint64_t size, enum op_use use, const char *name) {
    *out = NULL;
    return d->backend->memory_create(out, d, size, use, name);
}

int op_memory_import(struct op_memory **out, struct op_device *d, int fd, uint64_t size, const char *name) {
    *out = NULL;
    return d->backend->memory_import(out, d, fd, size, name);
}

void op_memory_destroy(struct op_memory **memory, struct op_device *d) {
    if (*memory) d->backend->memory_destroy(*memory, d);
    *memory = NULL;
}

int op_memory_write(struct op_memory *m, struct op_device *d, uint64_t offset, const void *data, uint64_t size) {
    return d->backend->memory_write(m, d, offset, data, size);
}

int op_memory_read(struct op_memory *m, struct op_device *d, uint64_t offset, void *data, uint64_t size) {
    return d->backend->memory_read(m, d, offset, data, size);
}

void *op_memory_mapped(struct op_memory *m) {
    return m->mapped;
}

uint64_t op_memory_size(const struct op_memory *m) {
    return m->size;
}

struct op_view op_view_of(struct op_memory *m) {
    return (struct op_view){.memory = m, .size = m->size};
}
