/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/reference_ops.h"
#include "convert/product.h"

#include <math.h>
#include <string.h>

enum { ROWS = 16 }; /* of a task */

struct rows {
    const float *in;
    float *out;
    const float *weight, *bias;
    size_t count;
    uint32_t width;
    double epsilon;
    enum config_activation activation;
    void (*each)(const struct rows *rows, const float *in, float *out);
};

static void run_rows(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct rows *r = args;
    (void)worker;
    size_t end = (size_t)(task + 1) * ROWS;
    for (size_t i = (size_t)task * ROWS; i < end && i < r->count; i++)
        r->each(r, r->in + i * r->width, r->out + i * r->width);
}

static void for_rows(struct pool *pool, const struct rows *rows) {
    struct thread_pool_step step = {run_rows, rows, (uint32_t)((rows->count + ROWS - 1) / ROWS), 0};
    if (step.tasks) thread_pool_run(pool, &step, 1);
}

static void norm_row(const struct rows *r, const float *in, float *out) {
    double mean = 0, variance = 0;
    for (uint32_t i = 0; i < r->width; i++) mean += in[i];
    mean /= r->width;
    for (uint32_t i = 0; i < r->width; i++) variance += (in[i] - mean) * (in[i] - mean);
    double factor = 1 / sqrt(variance / r->width + r->epsilon);
    for (uint32_t i = 0; i < r->width; i++) out[i] = (float)((in[i] - mean) * factor * r->weight[i] + r->bias[i]);
}

void ops_norm(struct pool *pool, const float *in, float *const norm[2], size_t rows, uint32_t width, double epsilon,
              float *out) {
    for_rows(pool, &(struct rows){.in = in,
                                  .out = out,
                                  .weight = norm[0],
                                  .bias = norm[1],
                                  .count = rows,
                                  .width = width,
                                  .epsilon = epsilon,
                                  .each = norm_row});
}

static float activate(enum config_activation a, float x) {
    if (a == CONFIG_QUICK_GELU) return x / (1 + expf(-1.702f * x));
    if (a == CONFIG_GELU) return 0.5f * x * (1 + erff(x * 0.70710678f));
    return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x))); /* sqrt(2 / pi) */
}

static void activate_row(const struct rows *r, const float *in, float *out) {
    for (uint32_t i = 0; i < r->width; i++) out[i] = activate(r->activation, in[i]);
}

void ops_activate(struct pool *pool, enum config_activation activation, float *x, size_t rows, uint32_t width) {
    for_rows(pool,
             &(struct rows){
                 .in = x, .out = x, .count = rows, .width = width, .activation = activation, .each = activate_row});
}

static void round_row(const struct rows *r, const float *in, float *out) {
    float largest = 0;
    for (uint32_t i = 0; i < r->width; i++) largest = fabsf(in[i]) > largest ? fabsf(in[i]) : largest;
    float scale = largest / 127, inverse = largest > 0 ? 127 / largest : 0;
    for (uint32_t i = 0; i < r->width; i++) out[i] = scale * rintf(in[i] * inverse);
}

void ops_round(struct pool *pool, const float *in, size_t rows, uint32_t width, float *out) {
    for_rows(pool, &(struct rows){.in = in, .out = out, .count = rows, .width = width, .each = round_row});
}

void ops_add(float *to, const float *from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

/* ---- attention ---- */

static void softmax(float *scores, size_t count) {
    float largest = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        if (scores[i] > largest) largest = scores[i]; /* not fmax(): see runtime/tag/score.c */
    for (size_t i = 0; i < count; i++) sum += scores[i] = expf(scores[i] - largest);
    for (size_t i = 0; i < count; i++) scores[i] = (float)(scores[i] / sum);
}

/* A task is one head of one sequence. */
static void attend(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct ops_attention *a = args;
    size_t sequence = task / a->heads, tokens = a->first[sequence + 1] - a->first[sequence];
    uint32_t e = a->width / a->heads, at = task % a->heads * e, stride = 3 * a->width;
    const float *q = a->qkv + a->first[sequence] * stride + at, *k = q + a->width, *v = k + a->width;
    float *scores = worker->scratch;
    for (size_t t = 0; t < tokens; t++) {
        size_t seen = a->causal ? t + 1 : tokens;
        float *out = a->out + (a->first[sequence] + t) * a->width + at;
        for (size_t j = 0; j < seen; j++) scores[j] = product_dot(q + t * stride, k + j * stride, e) / sqrtf((float)e);
        softmax(scores, seen);
        memset(out, 0, e * sizeof *out);
        for (size_t j = 0; j < seen; j++) product_add(out, v + j * stride, scores[j], e);
    }
}

int ops_attend(struct pool *pool, const struct ops_attention *attention) {
    int status = thread_pool_reserve(pool, CONFIG_MAX_TOKENS * sizeof(float));
    struct thread_pool_step step = {attend, attention, (uint32_t)attention->sequences * attention->heads, 0};
    if (!status && step.tasks) thread_pool_run(pool, &step, 1);
    return status;
}
