/* SPDX-License-Identifier: Apache-2.0
 * Does the device compute a product rightly? One product with the norm behind it, of numbers that are not trivial,
 * against plain C. */
#include "base/log.h"
#include "op/choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows and columns that fill no tile; K of several 64 bytes. Integer sums stay below 2^24, which a float holds exactly.
 */
enum { ROWS = 23, COLUMNS = 68, K = 192 };
static const float EPSILON = 1e-5f;

struct check {
    struct op_device *device;
    bool int8;
    int8_t weights[COLUMNS * K], packed[ROWS * K];
    float in[ROWS * K], numbers[2 * COLUMNS], ones[COLUMNS]; /* numbers: the norm's weight and bias */
    struct op_weights loader;
    struct op_matrix matrix;
    struct op_memory *memory;
    struct op_list *list;
    struct op_rows from, out, input;
    struct op_view norm;
};

/* -1..1 */
static double noise(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 23) - 1;
}

static void fill(struct check *c) {
    uint32_t state = 1;
    for (int i = 0; i < COLUMNS * K; i++) c->weights[i] = (int8_t)lrint(noise(&state) * 127);
    for (int i = 0; i < ROWS * K; i++) {
        c->in[i] = (float)(noise(&state) * 127);
        c->packed[i] = (int8_t)lrintf(c->in[i]);
        if (c->int8) c->in[i] = c->packed[i];
    }
    for (int i = 0; i < COLUMNS; i++) c->ones[i] = 1;
    for (int i = 0; i < 2 * COLUMNS; i++) c->numbers[i] = (float)noise(&state);
}

/* Number (row, column) among rows, in numbers. */
static size_t place(const struct op_rows *r, uint32_t row, uint32_t column) {
    uint32_t panel = op_panel(*r), unit = r->scales.memory ? 4 : 1;
    return (size_t)row / panel * panel * r->stride + (size_t)(column / unit * panel + row % panel) * unit +
           column % unit;
}

static struct op_rows plan(struct check *c, uint32_t width, bool int8, uint64_t *used) {
    struct op_rows r = {.stride = op_stride(width)};
    r.values =
        (struct op_view){c->memory, *used, (uint64_t)(ROWS + OP_MAX_PANEL) * r.stride * (int8 ? 1 : sizeof(float))};
    *used += r.values.size; /* a multiple of 64 numbers */
    *used = (*used + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    if (!int8) return r;
    r.scales = (struct op_view){c->memory, *used, ROWS * sizeof(float)};
    *used += OP_VIEW_ALIGNMENT;
    return r;
}

static uint64_t plan_all(struct check *c) {
    uint64_t used = 0;
    c->from = op_input_rows(c->device, plan(c, K, c->int8, &used), ROWS);
    c->out = plan(c, COLUMNS, false, &used);
    c->input = op_input_rows(c->device, plan(c, COLUMNS, c->int8, &used), ROWS);
    c->norm = (struct op_view){c->memory, used, sizeof c->numbers};
    return used + sizeof c->numbers;
}

static int write_inputs(struct check *c) {
    size_t unit = c->int8 ? 1 : sizeof(float);
    char *values = calloc(1, c->from.values.size);
    if (!values) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (uint32_t r = 0; r < ROWS; r++)
        for (uint32_t k = 0; k < K; k++) {
            const void *number = c->int8 ? (const void *)&c->packed[r * K + k] : &c->in[r * K + k];
            memcpy(values + place(&c->from, r, k) * unit, number, unit);
        }
    int status = op_memory_write(c->memory, c->device, c->from.values.offset, values, c->from.values.size);
    if (!status && c->int8)
        status = op_memory_write(c->memory, c->device, c->from.scales.offset, c->ones, ROWS * sizeof(float));
    if (!status) status = op_memory_write(c->memory, c->device, c->norm.offset, c->numbers, sizeof c->numbers);
    free(values);
    return status;
}

static int load(struct check *c) {
    const struct op_source source = {.values = c->weights, .scales = c->ones, .rows = COLUMNS};
    c->loader.device = c->device;
    int status = op_weights_matrix(&c->loader, &source, 1, K, &c->matrix);
    if (!status) status = op_weights_allocate(&c->loader, "weights of a check");
    if (!status) status = op_weights_matrix(&c->loader, &source, 1, K, &c->matrix);
    if (!status) status = op_memory_create(&c->memory, c->device, plan_all(c), OP_USE_DEVICE, "activations of a check");
    if (status) return status;
    plan_all(c);
    return write_inputs(c);
}

static int run(struct check *check) {
    int status = op_list_create(&check->list, check->device);
    if (!status) status = op_list_begin(check->list, false);
    if (status) return status;
    struct op_view weight = check->norm, bias = check->norm;
    weight.size = bias.size = sizeof check->numbers / 2;
    bias.offset += bias.size;
    op_linear(check->list, &(struct op_linear){
                               .label = "check",
                               .in = check->from,
                               .matrix = &check->matrix,
                               .out = check->out,
                               .rows = ROWS,
                               .epilogue = {.out = check->input, .weight = weight, .bias = bias, .epsilon = EPSILON}});
    status = op_list_end(check->list);
    return status ? status : op_list_run(check->list);
}

/* Integer sums are exact; float ones as close as tests/op/linear.c asks for. */
static bool sums_right(const struct check *c, const float *out, double *sums) {
    double largest = 0, apart = 0;
    for (uint32_t r = 0; r < ROWS; r++)
        for (uint32_t n = 0; n < COLUMNS; n++) {
            double *sum = &sums[r * COLUMNS + n], got = out[place(&c->out, r, n)];
            *sum = 0;
            for (uint32_t k = 0; k < K; k++) *sum += (double)c->in[r * K + k] * c->weights[n * K + k];
            if (!isfinite(got)) return false;
            largest = fmax(largest, fabs(*sum)), apart = fmax(apart, fabs(got - *sum));
        }
    return apart <= (c->int8 ? 0 : 1e-5 * largest);
}

/* One row's LayerNorm, of which int8 is rounded to 1 / 254 of its largest. */
static bool norm_right(const struct check *c, const double *sums, const char *values, uint32_t row, float scale) {
    double mean = 0, variance = 0, largest = 0, apart = 0;
    for (int i = 0; i < COLUMNS; i++) mean += sums[i] / COLUMNS;
    for (int i = 0; i < COLUMNS; i++) variance += (sums[i] - mean) * (sums[i] - mean) / COLUMNS;
    for (uint32_t i = 0; i < COLUMNS; i++) {
        size_t at = place(&c->input, row, i);
        double expected = (sums[i] - mean) / sqrt(variance + EPSILON) * c->numbers[i] + c->numbers[COLUMNS + i];
        double got = c->int8 ? scale * (double)((const int8_t *)values)[at] : ((const float *)(const void *)values)[at];
        if (!isfinite(got)) return false;
        largest = fmax(largest, fabs(expected)), apart = fmax(apart, fabs(got - expected));
    }
    return apart <= (c->int8 ? 0.51 / 127 * largest : 1e-4 * fmax(1, largest));
}

static bool norms_right(const struct check *c, const double *sums, const char *values, const float *scales) {
    for (uint32_t r = 0; r < ROWS; r++)
        if (!norm_right(c, sums + (size_t)r * COLUMNS, values, r, scales[r])) return false;
    return true;
}

static int compare(struct check *c) {
    float *out = malloc(c->out.values.size), scales[ROWS] = {0};
    char *input = malloc(c->input.values.size);
    double *sums = malloc(ROWS * COLUMNS * sizeof *sums);
    int status = out && input && sums ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory");
    if (!status) status = op_memory_read(c->memory, c->device, c->out.values.offset, out, c->out.values.size);
    if (!status) status = op_memory_read(c->memory, c->device, c->input.values.offset, input, c->input.values.size);
    if (!status && c->int8)
        status = op_memory_read(c->memory, c->device, c->input.scales.offset, scales, sizeof scales);
    if (!status && !(sums_right(c, out, sums) && norms_right(c, sums, input, scales))) status = OCELLI_ERR_WRONG;
    free(out), free(input), free(sums);
    return status;
}

int choice_check(struct op_device *device) {
    struct check *c = calloc(1, sizeof *c);
    if (!c) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    c->device = device;
    c->int8 = op_input_is_int8(device);
    fill(c);
    int status = load(c);
    if (!status) status = run(c);
    if (!status) status = compare(c);
    op_list_destroy(&c->list);
    op_memory_destroy(&c->memory, device);
    op_weights_destroy(&c->loader);
    free(c);
    return status;
}
