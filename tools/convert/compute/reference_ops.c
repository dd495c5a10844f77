/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/compute/reference_ops.h"
#include "convert/compute/product.h"

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

/* Of the first `seen` scores, each times `scale`; the others become 0. */
static void softmax(float *scores, size_t seen, size_t count, float scale) {
    float largest = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < seen; i++)
        if (scores[i] > largest) largest = scores[i]; /* not fmax(): see runtime/tag/score.c */
    for (size_t i = 0; i < seen; i++) sum += scores[i] = expf((scores[i] - largest) * scale);
    for (size_t i = 0; i < count; i++) scores[i] = i < seen ? (float)(scores[i] / sum) : 0;
}

/* A head's keys and values as panels of the kernel, and the scores of a tile of queries. */
struct head {
    const struct product_kernel *f;
    const float *qkv; /* of the sequence's first token and this head's first column */
    size_t tokens, padded, stride;
    uint32_t width, e;
    float *keys, *values, *scores;
};

static size_t pad(size_t count, uint32_t columns) {
    return (count + columns - 1) / columns * columns;
}

static void pack_head(const struct head *h) {
    uint32_t c = h->f->columns;
    for (size_t t = 0; t < h->padded; t++)
        for (uint32_t i = 0; i < h->e; i++)
            h->keys[(t / c * h->e + i) * c + t % c] = t < h->tokens ? h->qkv[t * h->stride + h->width + i] : 0;
    for (uint32_t i = 0; i < pad(h->e, c); i++)
        for (size_t t = 0; t < h->tokens; t++)
            h->values[(i / c * h->tokens + t) * c + i % c] = i < h->e ? h->qkv[t * h->stride + 2 * h->width + i] : 0;
}

/* `rows` queries from `token` on; out: their rows, `width` apart. */
static void attend_tile(const struct head *h, size_t token, uint32_t rows, bool causal, float *out) {
    uint32_t c = h->f->columns;
    float sums[PRODUCT_ROWS * PRODUCT_COLUMNS_MOST];
    for (size_t t = 0; t < h->padded; t += c) {
        h->f->tile(h->qkv + token * h->stride, h->stride, h->keys + t * h->e, h->e, rows, sums, 0);
        for (uint32_t r = 0; r < rows; r++) memcpy(h->scores + r * h->padded + t, sums + r * c, c * sizeof *sums);
    }
    for (uint32_t r = 0; r < rows; r++)
        softmax(h->scores + r * h->padded, causal ? token + r + 1 : h->tokens, h->tokens, 1 / sqrtf((float)h->e));
    for (uint32_t i = 0; i < h->e; i += c) {
        h->f->tile(h->scores, h->padded, h->values + i * h->tokens, h->tokens, rows, sums, 0);
        uint32_t count = h->e - i < c ? h->e - i : c;
        for (uint32_t r = 0; r < rows; r++) memcpy(out + r * (size_t)h->width + i, sums + r * c, count * sizeof *sums);
    }
}

/* A task is one head of one sequence. */
static void attend(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct ops_attention *a = args;
    size_t sequence = task / a->heads, first = a->first[sequence];
    uint32_t e = a->width / a->heads, at = task % a->heads * e;
    struct head h = {.f = product_kernel(),
                     .tokens = a->first[sequence + 1] - first,
                     .stride = 3 * (size_t)a->width,
                     .width = a->width,
                     .e = e};
    h.qkv = a->qkv + first * h.stride + at;
    h.padded = pad(h.tokens, h.f->columns);
    h.keys = worker->scratch;
    h.values = h.keys + h.padded * e;
    h.scores = h.values + h.tokens * pad(e, h.f->columns);
    pack_head(&h);
    for (size_t t = 0; t < h.tokens; t += PRODUCT_ROWS) {
        uint32_t rows = h.tokens - t < PRODUCT_ROWS ? (uint32_t)(h.tokens - t) : PRODUCT_ROWS;
        attend_tile(&h, t, rows, a->causal, a->out + (first + t) * a->width + at);
    }
}

int ops_attend(struct pool *pool, const struct ops_attention *attention) {
    size_t longest = 0, e = attention->width / attention->heads;
    for (size_t i = 0; i < attention->sequences; i++) {
        size_t tokens = attention->first[i + 1] - attention->first[i];
        longest = tokens > longest ? tokens : longest;
    }
    size_t padded = pad(longest, PRODUCT_COLUMNS_MOST), wide = pad(e, PRODUCT_COLUMNS_MOST);
    int status = thread_pool_reserve(pool, (2 * padded * wide + PRODUCT_ROWS * padded) * sizeof(float));
    struct thread_pool_step step = {attend, attention, (uint32_t)attention->sequences * attention->heads, 0};
    if (!status && step.tasks) thread_pool_run(pool, &step, 1);
    return status;
}
