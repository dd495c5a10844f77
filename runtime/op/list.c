/* SPDX-License-Identifier: Apache-2.0 */
#include "op/backend.h"

int op_list_create(struct op_list **out, struct op_device *device) {
    *out = NULL;
    int status = device->backend->list_create(out, device);
    if (*out) (*out)->device = device;
    return status;
}

void op_list_destroy(struct op_list **list) {
    if (*list) (*list)->device->backend->list_destroy(*list);
    *list = NULL;
}

int op_list_begin(struct op_list *list, bool timed) {
    return list->status = list->device->backend->list_begin(list, timed);
}

int op_list_end(struct op_list *list) {
    if (!list->status) list->status = list->device->backend->list_end(list);
    return list->status;
}

int op_list_run(struct op_list *list) {
    return list->status ? list->status : list->device->backend->list_run(list);
}

uint32_t op_list_count(const struct op_list *list) {
    return list->device->backend->list_count(list);
}

struct op_dispatch op_list_dispatch(const struct op_list *list, uint32_t index) {
    return list->device->backend->list_dispatch(list, index);
}

int op_list_times(const struct op_list *list, double *ms) {
    return list->device->backend->list_times(list, ms);
}

/* ---- the ops ---- */

void op_linear(struct op_list *list, const struct op_linear *args) {
    if (!list->status) list->device->backend->linear(list, args);
}

void op_quantize(struct op_list *list, struct op_rows in, struct op_rows out, uint32_t rows, uint32_t width) {
    if (!list->status) list->device->backend->quantize(list, in, out, rows, width);
}

void op_norm(struct op_list *list, const struct op_norm *args) {
    if (!list->status) list->device->backend->norm(list, args);
}

void op_attention(struct op_list *list, const struct op_attention *args) {
    if (!list->status) list->device->backend->attention(list, args);
}

void op_copy(struct op_list *list, struct op_view from, struct op_view to) {
    if (!list->status) list->device->backend->copy(list, from, to);
}

void op_resize(struct op_list *list, const struct op_resize *args) {
    if (!list->status) list->device->backend->resize(list, args);
}
