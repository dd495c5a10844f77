/* SPDX-License-Identifier: Apache-2.0
 * The form in which op_linear() wants its input: floats or int8, in panels or one row after another. */
#include "op/backend.h"

bool op_input_is_int8(const struct op_device *d) {
    return d->way.kind != OCELLI_KIND_F16W;
}

struct op_rows op_input_rows(const struct op_device *d, struct op_rows in, uint32_t rows) {
    in.panel = d->backend->input_panel(d, rows);
    return in;
}

struct op_rows op_unready_rows(const struct op_device *d, struct op_rows in, uint32_t rows) {
    return op_input_is_int8(d) ? in : op_input_rows(d, in, rows);
}

struct op_rows op_ready_rows(const struct op_device *d, struct op_rows floats, struct op_rows room, uint32_t rows) {
    return op_input_is_int8(d) ? op_input_rows(d, room, rows) : floats;
}

struct op_rows op_input(struct op_list *list, struct op_rows in, uint32_t rows, uint32_t width, struct op_rows room) {
    struct op_rows ready = op_ready_rows(list->device, in, room, rows);
    if (ready.scales.memory) op_quantize(list, in, ready, rows, width);
    return ready;
}

bool op_then_wanted(const struct op_then *then) {
    return then->weight.memory || then->out.scales.memory;
}

void op_then_record(struct op_list *list, const struct op_then *then, struct op_rows out, uint32_t rows, uint32_t width) {
    if (!op_then_wanted(then)) return;
    if (!then->weight.memory) {
        op_quantize(list, out, then->out, rows, width);
        return;
    }
    op_norm(list, &(struct op_norm){.in = out,
                                    .out = then->out,
                                    .weight = then->weight,
                                    .bias = then->bias,
                                    .rows = rows,
                                    .width = width,
                                    .epsilon = then->epsilon});
}
