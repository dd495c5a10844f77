/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/stem.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/quantize.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 96 };
static const double batch_norm_epsilon = 1e-5; /* timm's */

#define TRUNK "visual.trunk."
#define CONVOLUTION TRUNK "patch_embed.backbone.%d."

/* All numbers of a tensor, of the shape given without sides of 1 at its front; memory is the arena's. */
static int take(struct checkpoint *c, struct arena *arena, const char *name, size_t count, float **values) {
    const struct checkpoint_tensor *t;
    int status = checkpoint_need(c, name, &t);
    if (status) return status;
    if (t->stored->count != count || !stored_is_float(t->stored))
        return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is not of %zu floats: fetch the checkpoint again", t->file,
                        name, count);
    *values = arena_alloc(arena, count, sizeof **values);
    if (!*values) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->file);
    status = stored_read(t->stored, 0, count, *values);
    return status ? status : quantize_check(t->file, name, *values, count);
}

static int take_part(struct checkpoint *c, struct arena *arena, int number, const char *part, size_t count,
                     float **values) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, CONVOLUTION "%s", number, part);
    return take(c, arena, name, count, values);
}

/* One convolution. A batch norm behind it is y = (x - mean) / sqrt(variance + e) * weight + bias, by channel. */
struct convolution {
    uint32_t outputs, inputs, side; /* channels; pixels of the kernel */
    float *weights;                 /* (outputs, inputs, side, side) */
    float *factor, *bias;           /* (outputs) */
};

static int read_norm(struct checkpoint *c, struct arena *a, int number, struct convolution *v) {
    float *weight, *bias, *mean, *variance;
    int status = take_part(c, a, number, "bn.weight", v->outputs, &weight);
    if (!status) status = take_part(c, a, number, "bn.bias", v->outputs, &bias);
    if (!status) status = take_part(c, a, number, "bn.running_mean", v->outputs, &mean);
    if (!status) status = take_part(c, a, number, "bn.running_var", v->outputs, &variance);
    if (status) return status;
    for (uint32_t i = 0; i < v->outputs; i++) {
        double factor = weight[i] / sqrt(variance[i] + batch_norm_epsilon);
        if (!isfinite(factor))
            return log_fail(OCELLI_ERR_FILE, "%s: the variance of batch norm %d is %g: fetch the checkpoint again",
                            c->folder, number, variance[i]);
        v->factor[i] = (float)factor;
        v->bias[i] = (float)(bias[i] - mean[i] * factor);
    }
    char count[NAME_SIZE]; /* of batches seen: no weight; files without it are as good */
    snprintf(count, sizeof count, CONVOLUTION "bn.num_batches_tracked", number);
    checkpoint_take(c, count);
    return OCELLI_OK;
}

static int read(struct checkpoint *c, struct arena *arena, int number, struct convolution *v) {
    size_t count = (size_t)v->outputs * v->inputs * v->side * v->side;
    int status = take_part(c, arena, number, "conv.weight", count, &v->weights);
    if (status) return status;
    v->factor = arena_alloc(arena, v->outputs, sizeof *v->factor);
    v->bias = arena_alloc(arena, v->outputs, sizeof *v->bias);
    if (!v->factor || !v->bias) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->folder);
    if (number < 2) return read_norm(c, arena, number, v);
    for (uint32_t i = 0; i < v->outputs; i++) v->factor[i] = 1;
    return take_part(c, arena, number, "conv.bias", v->outputs, &v->bias);
}

/* The first sees channels of pixels, as an ordinary patch; the others pixels of channels. */
static void fold(const struct convolution *v, bool pixels_last, float *weights, float *bias) {
    uint32_t pixels = v->side * v->side;
    memcpy(bias, v->bias, v->outputs * sizeof *bias);
    for (uint32_t o = 0; o < v->outputs; o++)
        for (uint32_t i = 0; i < v->inputs; i++)
            for (uint32_t p = 0; p < pixels; p++) {
                size_t row = (size_t)o * v->inputs * pixels, at = pixels_last ? i * pixels + p : p * v->inputs + i;
                weights[row + at] = v->weights[row + i * pixels + p] * v->factor[o];
            }
}

static int add_convolution(struct model *m, struct checkpoint *c, int number, const char *name, struct convolution v) {
    struct arena arena = {0};
    char full[NAME_SIZE], source[NAME_SIZE];
    int status = read(c, &arena, number, &v);
    snprintf(source, sizeof source, CONVOLUTION "conv", number);
    snprintf(full, sizeof full, "%s" TENSOR_WEIGHT, name);
    float *weights = status ? NULL : model_add_made(m, full, source, true, v.outputs, v.inputs * v.side * v.side);
    snprintf(full, sizeof full, "%s" TENSOR_BIAS, name);
    float *bias = weights ? model_add_made(m, full, source, false, 1, v.outputs) : NULL;
    if (!status && !bias) status = OCELLI_ERR_MEMORY;
    if (!status) fold(&v, number == 0, weights, bias);
    arena_finish(&arena);
    return status;
}

static int add_convolutions(struct model *m, struct checkpoint *c) {
    uint32_t channels = m->config->stem, width = m->config->image.width;
    char name[32];
    snprintf(name, sizeof name, TENSOR_STEM, 0);
    int status = add_convolution(m, c, 0, name, (struct convolution){channels, 3, 4, NULL, NULL, NULL});
    snprintf(name, sizeof name, TENSOR_STEM, 1);
    if (!status) status = add_convolution(m, c, 1, name, (struct convolution){channels, channels, 2, NULL, NULL, NULL});
    if (status) return status;
    return add_convolution(m, c, 2, TENSOR_PATCHES, (struct convolution){width, channels, 2, NULL, NULL, NULL});
}

/* Positions are added before the class token is put in front, so that it has none. */
static int add_tokens(struct model *m, struct checkpoint *c, struct arena *arena) {
    uint32_t width = m->config->image.width, tokens = m->config->image.tokens;
    size_t patches = (size_t)(tokens - 1) * width;
    float *from, *to = NULL;
    int status = take(c, arena, TRUNK "cls_token", width, &from);
    if (!status && !(to = model_add_made(m, TENSOR_CLASS, TRUNK "cls_token", false, 1, width)))
        status = OCELLI_ERR_MEMORY;
    if (!status) memcpy(to, from, width * sizeof *to);
    if (!status) status = take(c, arena, TRUNK "pos_embed", patches, &from);
    if (!status && !(to = model_add_made(m, TENSOR_IMAGE_POSITIONS, TRUNK "pos_embed", false, tokens, width)))
        status = OCELLI_ERR_MEMORY;
    if (status) return status;
    memset(to, 0, width * sizeof *to);
    memcpy(to + width, from, patches * sizeof *to);
    return OCELLI_OK;
}

/* timm's head has a bias, which is zero in what Apple published: its own model has none. */
static int check_head_bias(struct model *m, struct checkpoint *c, struct arena *arena) {
    float *bias;
    int status = take(c, arena, TRUNK "head.bias", m->config->embedding, &bias);
    for (uint32_t i = 0; i < m->config->embedding && !status; i++)
        if (bias[i] != 0)
            status =
                log_fail(OCELLI_ERR_LIMIT,
                         "%s: " TRUNK "head.bias is not zero: a MobileCLIP-B that was trained further with a biased "
                         "projection is not supported",
                         c->folder);
    return status;
}

int stem_load(struct model *model, struct checkpoint *checkpoint) {
    struct arena arena = {0};
    int status = add_convolutions(model, checkpoint);
    if (!status) status = add_tokens(model, checkpoint, &arena);
    if (!status) status = check_head_bias(model, checkpoint, &arena);
    arena_finish(&arena);
    return status;
}
