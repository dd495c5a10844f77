/* SPDX-License-Identifier: Apache-2.0
 * T tokens, W wide, N heads of E, H hidden, D the embedding. Shapes stand at the line ends. */
#include "convert/reference.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/product.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct run {
    struct arena arena;
    const struct model *m;
    enum reference_weights weights;
    const struct config_tower *c;
    const char *prefix;                       /* of the tower in the blob */
    float *x, *normed, *q, *k, *v, *attended; /* (T, W) */
    float *hidden;                            /* (T, H) */
    float *scores;                            /* (T) */
    float *row;                               /* a weight row out of int8 */
};

static int begin(struct run *r, const struct model *m, enum reference_weights weights, const struct config_tower *c,
                 const char *prefix, size_t tokens) {
    *r = (struct run){.m = m, .weights = weights, .c = c, .prefix = prefix};
    float **rows[] = {&r->x, &r->normed, &r->q, &r->k, &r->v, &r->attended};
    uint32_t patch = 3 * m->config->patch_size * m->config->patch_size;
    uint32_t longest = c->hidden > patch ? c->hidden : patch;
    bool good = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        good = (*rows[i] = arena_alloc(&r->arena, tokens * c->width, sizeof(float))) && good;
    good = (r->hidden = arena_alloc(&r->arena, tokens * longest, sizeof(float))) && good;
    good = (r->scores = arena_alloc(&r->arena, tokens, sizeof(float))) && good;
    good = (r->row = arena_alloc(&r->arena, longest > c->width ? longest : c->width, sizeof(float))) && good;
    if (good) return OCELLI_OK;
    arena_finish(&r->arena);
    return log_fail(OCELLI_ERR_MEMORY, "reference: out of memory");
}

/* Row of a matrix as the chosen weights have it. */
static const float *weight_row(const struct run *r, const struct model_tensor *t, size_t row) {
    if (r->weights == REFERENCE_FLOAT) return t->values + row * t->columns;
    const int8_t *rounded = t->rounded + row * t->columns;
    for (uint32_t i = 0; i < t->columns; i++) r->row[i] = t->scales[row] * rounded[i];
    return r->row;
}

/* out = in . weights^T + bias: (tokens, columns) -> (tokens, rows) */
static void linear(const struct run *r, const struct model_tensor *weights, const float *bias, const float *in,
                   size_t tokens, float *out) {
    for (uint32_t row = 0; row < weights->rows; row++)
        product_rows(weight_row(r, weights, row), in, weights->columns, tokens, bias ? bias[row] : 0, out + row,
                     weights->rows);
}

static const struct model_tensor *in_block(const struct run *r, uint32_t block, const char *name) {
    char full[96];
    snprintf(full, sizeof full, TENSOR_BLOCK ".%s", r->prefix, block, name);
    return model_tensor(r->m, full);
}

static void block_linear(const struct run *r, uint32_t block, const char *name, const float *in, size_t tokens,
                         float *out) {
    char weight[32], bias[32];
    snprintf(weight, sizeof weight, "%s" TENSOR_WEIGHT, name);
    snprintf(bias, sizeof bias, "%s" TENSOR_BIAS, name);
    linear(r, in_block(r, block, weight), in_block(r, block, bias)->values, in, tokens, out);
}

static void norm(const float *in, const float *weight, const float *bias, size_t rows, uint32_t width, double epsilon,
                 float *out) {
    for (size_t t = 0; t < rows; t++, in += width, out += width) {
        double mean = 0, variance = 0;
        for (uint32_t i = 0; i < width; i++) mean += in[i];
        mean /= width;
        for (uint32_t i = 0; i < width; i++) variance += (in[i] - mean) * (in[i] - mean);
        double factor = 1 / sqrt(variance / width + epsilon);
        for (uint32_t i = 0; i < width; i++) out[i] = (float)((in[i] - mean) * factor * weight[i] + bias[i]);
    }
}

static void block_norm(const struct run *r, uint32_t block, const char *name, const float *in, size_t tokens,
                       float *out) {
    char weight[32], bias[32];
    snprintf(weight, sizeof weight, "%s" TENSOR_WEIGHT, name);
    snprintf(bias, sizeof bias, "%s" TENSOR_BIAS, name);
    norm(in, in_block(r, block, weight)->values, in_block(r, block, bias)->values, tokens, r->c->width, r->c->epsilon,
         out);
}

static double activate(enum config_activation a, double x) {
    if (a == CONFIG_QUICK_GELU) return x / (1 + exp(-1.702 * x));
    if (a == CONFIG_GELU) return 0.5 * x * (1 + erf(x * M_SQRT1_2));
    return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); /* sqrt(2 / pi) */
}

static void softmax(float *scores, size_t count) {
    double largest = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++)
        if (scores[i] > largest) largest = scores[i]; /* not fmax(): see runtime/tag/score.c */
    for (size_t i = 0; i < count; i++) sum += scores[i] = (float)exp(scores[i] - largest);
    for (size_t i = 0; i < count; i++) scores[i] = (float)(scores[i] / sum);
}

/* One head of one token: softmax(q . k / sqrt(E)) . v over the tokens it may see. */
static void attend(const struct run *r, size_t token, size_t seen, uint32_t head) {
    uint32_t width = r->c->width, e = width / r->c->heads;
    size_t at = (size_t)head * e;
    float *out = r->attended + token * width + at;
    for (size_t j = 0; j < seen; j++)
        r->scores[j] = product(r->q + token * width + at, r->k + j * width + at, e) / sqrtf((float)e);
    softmax(r->scores, seen);
    memset(out, 0, e * sizeof *out);
    for (size_t j = 0; j < seen; j++)
        for (uint32_t i = 0; i < e; i++) out[i] += r->scores[j] * r->v[j * width + at + i];
}

static void add(float *to, const float *from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

static void run_block(const struct run *run, uint32_t block, size_t tokens, bool causal) {
    size_t numbers = tokens * run->c->width;
    block_norm(run, block, TENSOR_NORM_1, run->x, tokens, run->normed);  // (T, W)
    block_linear(run, block, TENSOR_QUERY, run->normed, tokens, run->q); // (T, W)
    block_linear(run, block, TENSOR_KEY, run->normed, tokens, run->k);   // (T, W)
    block_linear(run, block, TENSOR_VALUE, run->normed, tokens, run->v); // (T, W)
    for (size_t t = 0; t < tokens; t++)                                  // (T, N, E)
        for (uint32_t head = 0; head < run->c->heads; head++) attend(run, t, causal ? t + 1 : tokens, head);
    block_linear(run, block, TENSOR_ATTENTION_OUT, run->attended, tokens, run->normed); // (T, W)
    add(run->x, run->normed, numbers);
    block_norm(run, block, TENSOR_NORM_2, run->x, tokens, run->normed);    // (T, W)
    block_linear(run, block, TENSOR_UP, run->normed, tokens, run->hidden); // (T, H)
    for (size_t i = 0; i < tokens * run->c->hidden; i++)
        run->hidden[i] = (float)activate(run->c->activation, run->hidden[i]);
    block_linear(run, block, TENSOR_DOWN, run->hidden, tokens, run->normed); // (T, W)
    add(run->x, run->normed, numbers);
}

/* Last norm and projection of one row, made unit length. */
static int project(const struct run *r, const float *row, const char *projection, float *out) {
    char weight[32], bias[32];
    snprintf(weight, sizeof weight, "%s." TENSOR_POST_NORM TENSOR_WEIGHT, r->prefix);
    snprintf(bias, sizeof bias, "%s." TENSOR_POST_NORM TENSOR_BIAS, r->prefix);
    uint32_t size = r->m->config->embedding;
    norm(row, model_tensor(r->m, weight)->values, model_tensor(r->m, bias)->values, 1, r->c->width, r->c->epsilon,
         r->normed);                                                    // (W)
    linear(r, model_tensor(r->m, projection), NULL, r->normed, 1, out); // (D)
    double squares = 0;
    for (uint32_t i = 0; i < size; i++) squares += (double)out[i] * out[i];
    if (!isfinite(squares) || squares == 0)
        return log_fail(OCELLI_ERR_FILE, "%s: the model gives no usable embedding: its weights are damaged",
                        r->m->config->file);
    for (uint32_t i = 0; i < size; i++) out[i] = (float)(out[i] / sqrt(squares));
    return OCELLI_OK;
}

/* Pixels of one patch in the order of the convolution's weights. */
static void cut_patch(const struct config *c, const uint8_t *rgb, uint32_t left, uint32_t top, float *out) {
    for (uint32_t channel = 0; channel < 3; channel++)
        for (uint32_t y = top; y < top + c->patch_size; y++)
            for (uint32_t x = left; x < left + c->patch_size; x++) {
                double value = rgb[((size_t)y * c->image_size + x) * 3 + channel] / 255.0;
                *out++ = (float)((value - c->mean[channel]) / c->std[channel]);
            }
}

static void embed_patches(const struct run *r, const uint8_t *rgb) {
    const struct config *c = r->m->config;
    uint32_t width = r->c->width, pixels = 3 * c->patch_size * c->patch_size, side = c->image_size / c->patch_size;
    for (uint32_t i = 0; i < side * side; i++)
        cut_patch(c, rgb, i % side * c->patch_size, i / side * c->patch_size, r->hidden + (size_t)i * pixels);
    linear(r, model_tensor(r->m, TENSOR_PATCHES TENSOR_WEIGHT), NULL, r->hidden, side * side, r->x + width);
    memcpy(r->x, model_tensor(r->m, TENSOR_CLASS)->values, width * sizeof *r->x);
    add(r->x, model_tensor(r->m, TENSOR_IMAGE_POSITIONS)->values, (size_t)r->c->tokens * width);
}

int reference_image(const struct model *model, enum reference_weights weights, const uint8_t *rgb, float *out) {
    struct run r;
    uint32_t tokens = model->config->image.tokens;
    int status = begin(&r, model, weights, &model->config->image, TENSOR_IMAGE, tokens);
    if (status) return status;
    embed_patches(&r, rgb); // (T, W)
    norm(r.x, model_tensor(model, TENSOR_PRE_NORM TENSOR_WEIGHT)->values,
         model_tensor(model, TENSOR_PRE_NORM TENSOR_BIAS)->values, tokens, r.c->width, r.c->epsilon, r.x); // (T, W)
    for (uint32_t i = 0; i < r.c->blocks; i++) run_block(&r, i, tokens, false);
    status = project(&r, r.x, TENSOR_IMAGE_PROJECTION TENSOR_WEIGHT, out); // (D)
    arena_finish(&r.arena);
    return status;
}

int reference_text(const struct model *model, enum reference_weights weights, const int32_t *ids, size_t count,
                   uint32_t end_id, float *out) {
    struct run r;
    size_t pooled = 0; /* the first end mark; what follows cannot reach it under the mask */
    while (pooled + 1 < count && (uint32_t)ids[pooled] != end_id) pooled++;
    size_t tokens = pooled + 1;
    int status = begin(&r, model, weights, &model->config->text, TENSOR_TEXT, tokens);
    if (status) return status;
    uint32_t width = r.c->width;
    for (size_t i = 0; i < tokens; i++)
        memcpy(r.x + i * width, weight_row(&r, model_tensor(model, TENSOR_TOKENS), (size_t)ids[i]),
               width * sizeof *r.x);                                              // (T, W)
    add(r.x, model_tensor(model, TENSOR_TEXT_POSITIONS)->values, tokens * width); // (T, W)
    for (uint32_t i = 0; i < r.c->blocks; i++) run_block(&r, i, tokens, true);
    status = project(&r, r.x + pooled * width, TENSOR_TEXT_PROJECTION TENSOR_WEIGHT, out); // (D)
    arena_finish(&r.arena);
    return status;
}

double reference_cosine(const float *a, const float *b, size_t count) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < count; i++) {
        ab += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return ab / sqrt(aa * bb);
}
