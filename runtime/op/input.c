/* SPDX-License-Identifier: Apache-2.0
 * The form in which op_linear() wants its input: floats or int8, in panels or one row after another. */
#include "op/backend.h"

bool op_input_is_int8(const struct op_device *device) {
    return device->way.kind != OCELLI_KIND_F16W;
}

bool op_product_is_int8(const struct op_device *device, bool float_inputs) {
    return op_input_is_int8(device) && !float_inputs;
}

struct op_rows op_input_rows(const struct op_device *device, struct op_rows in, uint32_t rows) {
    in.panel = device->backend->input_panel(device, rows, false);
    return in;
}

struct op_rows op_unquantized_rows(const struct op_device *device, struct op_rows in, uint32_t rows) {
    return op_input_is_int8(device) ? in : op_input_rows(device, in, rows);
}

struct op_rows op_quantized_rows(const struct op_device *device, struct op_rows floats, struct op_rows quantized,
                                 uint32_t rows) {
    return op_input_is_int8(device) ? op_input_rows(device, quantized, rows) : floats;
}

struct op_rows op_matrix_input(const struct op_device *device, const struct op_matrix *matrix, struct op_rows floats,
                               struct op_rows quantized, uint32_t rows) {
    bool int8 = op_product_is_int8(device, matrix->float_inputs);
    struct op_rows input = int8 ? quantized : floats;
    input.panel = device->backend->input_panel(device, rows, !int8);
    return input;
}

struct op_rows op_matrix_floats(const struct op_device *device, const struct op_matrix *matrix, struct op_rows floats,
                                uint32_t rows) {
    return op_product_is_int8(device, matrix->float_inputs) ? floats
                                                            : op_matrix_input(device, matrix, floats, floats, rows);
}

struct op_rows op_input(struct op_list *list, struct op_rows in, uint32_t rows, uint32_t width,
                        struct op_rows quantized) {
    struct op_rows input = op_quantized_rows(list->device, in, quantized, rows);
    if (input.scales.memory) op_quantize(list, in, input, rows, width);
    return input;
}

bool op_epilogue_wanted(const struct op_epilogue *epilogue) {
    return epilogue->weight.memory || epilogue->out.scales.memory;
}

void op_epilogue_record(struct op_list *list, const struct op_epilogue *epilogue, struct op_rows out, uint32_t rows,
                        uint32_t width) {
    if (!op_epilogue_wanted(epilogue)) return;
    if (!epilogue->weight.memory) {
        op_quantize(list, out, epilogue->out, rows, width);
        return;
    }
    op_norm(list, &(struct op_norm){.in = out,
                                    .out = epilogue->out,
                                    .weight = epilogue->weight,
                                    .bias = epilogue->bias,
                                    .rows = rows,
                                    .width = width,
                                    .epsilon = epilogue->epsilon});
}
