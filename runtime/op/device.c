/* SPDX-License-Identifier: Apache-2.0 */
#include "op/backend.h"

uint32_t op_device_ways(const struct op_device *d, struct op_way out[OP_WAYS_MOST]) {
    return d->backend->ways(d, out);
}

void op_device_use(struct op_device *d, const struct op_way *way) {
    d->way = *way;
    d->backend->use(d, way);
}

const struct op_way *op_device_way(const struct op_device *d) {
    return &d->way;
}

bool op_device_use_plainer(struct op_device *d) {
    struct op_way way;
    if (!d->backend->plainer(d, &way)) return false;
    op_device_use(d, &way);
    d->chosen = true;
    d->ms = 0; /* of another way */
    return true;
}

const char *op_device_why(const struct op_device *d) {
    return d->why;
}

enum op_device_type op_device_type(const struct op_device *d) {
    return d->type;
}

const char *op_device_name(const struct op_device *d) {
    return d->name;
}

const char *op_device_driver(const struct op_device *d) {
    return d->driver;
}

uint64_t op_device_bytes(const struct op_device *d) {
    return d->backend->bytes(d);
}

bool op_device_has_timestamps(const struct op_device *d) {
    return d->has_timestamps;
}

int op_peak_measure(struct op_device *d, struct op_peak *peak) {
    *peak = (struct op_peak){0};
    return d->backend->peak(d, peak);
}
