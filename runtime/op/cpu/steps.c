/* SPDX-License-Identifier: Apache-2.0
 * The ops as steps of a list: what each task of them computes, with the kernels in use. */
#include "op/cpu/cpu.h"
#include "op/cpu/linear.h"

#include <math.h>
#include <string.h>

enum { ROWS = 4 }; /* of a task of ops that work on rows */

static const struct cpu_kernels *kernels_of(const struct op_list *list) {
    return cpu_of(list->device)->kernels;
}

void cpu_op_linear(struct op_list *list, const struct op_linear *linear) {
    const struct cpu_kernels *k = kernels_of(list);
    const struct op_matrix *m = linear->matrix;
    bool int8 = linear->in.scales.memory != NULL;
    struct cpu_linear l = {
        .kernels = k,
        .in = int8 ? cpu_at(linear->in.values) : NULL,
        .in_floats = int8 ? NULL : cpu_at(linear->in.values),
        .in_stride = linear->in.stride,
        .panels = cpu_at(m->weights),
        .finish = {.in_scales = int8 ? cpu_at(linear->in.scales) : NULL,
                   .scales = cpu_at(m->scales),
                   .bias = m->has_bias ? cpu_at(m->bias) : NULL,
                   .out = (float *)cpu_at(linear->out.values) + linear->first,
                   .out_stride = linear->out.stride,
                   .activation = linear->activation,
                   .add = linear->add},
        .padded = op_stride(m->columns),
        .rows = linear->rows,
        .first = linear->first,
        .count = op_linear_count(linear),
    };
    struct cpu_step step = {.about = {.shader = k->name,
                                      .label = linear->label,
                                      .macs = op_linear_macs(linear),
                                      .bytes = op_linear_bytes(linear)},
                            .run = linear_run,
                            .tasks = linear_tasks(&l),
                            .worker_bytes = linear_scratch(k, l.padded)};
    cpu_record(list, &step, &l, sizeof l);
    op_epilogue_record(list, &linear->epilogue, linear->out, linear->rows, op_linear_count(linear));
}

/* ---- rows ---- */

struct quantize {
    const struct cpu_rows *kernels;
    const float *in;
    int8_t *out;
    float *scales;
    uint32_t in_stride, out_stride, rows, width;
};

static void quantize_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct quantize *q = args;
    (void)worker;
    for (uint32_t r = task * ROWS; r < q->rows && r < (task + 1) * ROWS; r++)
        q->scales[r] =
            q->kernels->quantize(q->in + (size_t)r * q->in_stride, q->width, q->out + (size_t)r * q->out_stride);
}

void cpu_op_quantize(struct op_list *list, struct op_rows in, struct op_rows out, uint32_t rows, uint32_t width) {
    const struct cpu_kernels *k = kernels_of(list);
    struct quantize q = {
        k->rows, cpu_at(in.values), cpu_at(out.values), cpu_at(out.scales), in.stride, out.stride, rows, width};
    struct cpu_step step = {.about = {.shader = k->name,
                                      .label = "quantize",
                                      .bytes = op_bytes(in, rows, width) + op_bytes(out, rows, width)},
                            .run = quantize_run,
                            .tasks = op_groups(rows, ROWS)};
    cpu_record(list, &step, &q, sizeof q);
}

struct norm {
    const struct cpu_rows *kernels;
    struct op_norm a;
    const float *weight, *bias, *class_token, *positions;
    const uint32_t *gather;
};

/* Row `row` of the input of a norm; tokens are made of patch and position in `scratch`. */
static const float *norm_row(const struct norm *n, uint32_t row, float *scratch) {
    const struct op_norm *a = &n->a;
    if (n->gather) return cpu_row(a->in, n->gather[row]);
    if (!a->tokens) return cpu_row(a->in, row);
    uint32_t t = row % a->tokens, picture = row / a->tokens;
    const float *token = t ? cpu_row(a->in, picture * (a->tokens - 1) + t - 1) : n->class_token;
    const float *position = n->positions + (size_t)t * a->width;
    for (uint32_t i = 0; i < a->width; i++) scratch[i] = token[i] + position[i];
    return scratch;
}

static void norm_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct norm *n = args;
    const struct op_norm *a = &n->a;
    bool int8 = a->out.scales.memory != NULL;
    float *scratch = cpu_scratch(worker);
    for (uint32_t r = task * ROWS; r < a->rows && r < (task + 1) * ROWS; r++) {
        const float *x = norm_row(n, r, scratch);
        if (n->gather) memcpy(cpu_row(a->picked, r), x, a->width * sizeof *x);
        float *out = int8 ? scratch : cpu_row(a->out, r);
        if (n->weight)
            n->kernels->norm(x, n->weight, n->bias, a->width, a->epsilon, out);
        else
            memcpy(out, x, a->width * sizeof *x);
        if (int8) {
            int8_t *packed = (int8_t *)cpu_at(a->out.values) + (size_t)r * a->out.stride;
            ((float *)cpu_at(a->out.scales))[r] = n->kernels->quantize(out, a->width, packed);
        }
    }
}

void cpu_op_norm(struct op_list *list, const struct op_norm *norm) {
    const struct cpu_kernels *k = kernels_of(list);
    struct norm n = {.kernels = k->rows,
                     .a = *norm,
                     .weight = norm->weight.memory ? cpu_at(norm->weight) : NULL,
                     .bias = norm->weight.memory ? cpu_at(norm->bias) : NULL,
                     .class_token = norm->tokens ? cpu_at(norm->class_token) : NULL,
                     .positions = norm->tokens ? cpu_at(norm->positions) : NULL,
                     .gather = norm->gather.memory ? cpu_at(norm->gather) : NULL};
    struct cpu_step step = {
        .about = {.shader = k->name,
                  .label = "norm",
                  .bytes = op_bytes(norm->in, norm->rows, norm->width) + op_bytes(norm->out, norm->rows, norm->width)},
        .run = norm_run,
        .tasks = op_groups(norm->rows, ROWS),
        .worker_bytes = norm->width * sizeof(float)};
    cpu_record(list, &step, &n, sizeof n);
}

/* ---- attention ---- */

struct attention {
    const struct cpu_rows *kernels;
    struct op_attention a;
    const uint32_t *pooled;
};

/* A task is one head of one sequence. */
static void attention_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct attention *n = args;
    const struct op_attention *a = &n->a;
    uint32_t sequence = task / a->heads, head = a->width / a->heads, column = task % a->heads * head;
    uint32_t row0 = sequence * a->tokens, query0 = n->pooled ? sequence : row0;
    const float *in = cpu_row(a->in, row0) + column;
    struct op_rows query = n->pooled ? a->query : a->in;
    n->kernels->attention(&(struct cpu_attention){.q = cpu_row(query, query0) + column,
                                                  .k = in + a->width,
                                                  .v = in + 2 * a->width,
                                                  .stride = a->in.stride,
                                                  .query_stride = query.stride,
                                                  .out_stride = a->out.stride,
                                                  .tokens = a->tokens,
                                                  .queries = op_attention_queries(a),
                                                  .head = head,
                                                  .first = n->pooled ? n->pooled[sequence] - row0 : 0,
                                                  .causal = a->causal,
                                                  .scale = 1.0f / sqrtf((float)head),
                                                  .out = cpu_row(a->out, query0) + column,
                                                  .scratch = cpu_scratch(worker)});
}

void cpu_op_attention(struct op_list *list, const struct op_attention *attention) {
    const struct cpu_kernels *k = kernels_of(list);
    struct attention n = {
        .kernels = k->rows, .a = *attention, .pooled = attention->pooled.memory ? cpu_at(attention->pooled) : NULL};
    struct cpu_step step = {
        .about = {.shader = k->name,
                  .label = "attention",
                  .bytes = op_attention_bytes(attention),
                  .macs = op_attention_macs(attention)},
        .run = attention_run,
        .tasks = attention->sequences * attention->heads,
        .worker_bytes = cpu_attention_scratch(attention->tokens, attention->width / attention->heads) * sizeof(float)};
    cpu_record(list, &step, &n, sizeof n);
    op_epilogue_record(list, &attention->epilogue, attention->out,
                       op_attention_queries(attention) * attention->sequences, attention->width);
}

/* ---- copies ---- */

enum { COPY = 1 << 16 };

struct copy {
    const char *from;
    char *to;
    uint64_t size;
};

static void copy_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct copy *c = args;
    uint64_t at = (uint64_t)task * COPY, left = c->size - at;
    (void)worker;
    memcpy(c->to + at, c->from + at, left < COPY ? left : COPY);
}

void cpu_op_copy(struct op_list *list, struct op_view from, struct op_view to) {
    struct copy c = {cpu_at(from), cpu_at(to), from.size};
    struct cpu_step step = {.about = {.shader = "memcpy", .label = "copy", .bytes = 2 * from.size},
                            .run = copy_run,
                            .tasks = (uint32_t)((from.size + COPY - 1) / COPY)};
    cpu_record(list, &step, &c, sizeof c);
}
