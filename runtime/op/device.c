/* SPDX-License-Identifier: Apache-2.0 */
#include "op/backend.h"

uint32_t op_device_ways(const struct op_device *device, struct op_way out[OP_WAYS_MOST]) {
    return device->backend->ways(device, out);
}

void op_device_use(struct op_device *device, const struct op_way *way) {
    device->way = *way;
    device->backend->use(device, way);
}

const struct op_way *op_device_way(const struct op_device *device) {
    return &device->way;
}

bool op_device_use_plainer(struct op_device *device) {
    struct op_way way;
    if (!device->backend->plainer(device, &way)) return false;
    op_device_use(device, &way);
    device->chosen = true;
    device->ms = 0; /* of another way */
    return true;
}

const char *op_device_why(const struct op_device *device) {
    return device->why;
}

enum op_device_type op_device_type(const struct op_device *device) {
    return device->type;
}

const char *op_device_name(const struct op_device *device) {
    return device->name;
}

const char *op_device_driver(const struct op_device *device) {
    return device->driver;
}

uint64_t op_device_bytes(const struct op_device *device) {
    return device->backend->bytes(device);
}

bool op_device_has_timestamps(const struct op_device *device) {
    return device->has_timestamps;
}

int op_peak_measure(struct op_device *device, struct op_peak *peak) {
    *peak = (struct op_peak){0};
    return device->backend->peak(device, peak);
}
