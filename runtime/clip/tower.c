/* SPDX-License-Identifier: Apache-2.0 */
#include "clip/tower.h"
#include "base/log.h"
#include "blob/tensor_names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64, KEY_SIZE = NAME_SIZE + 16 };

/* While the loaders only count, nothing is read of the file. */
static bool counts_only(const struct clip_tower *t) {
    return !t->weights.memory;
}

int clip_load_vector(struct clip_tower *tower, struct blob *blob, const char *name, uint64_t count,
                     struct op_view *view) {
    const float *values = NULL;
    int status = blob_vector(blob, name, count, counts_only(tower) ? NULL : &values);
    return status ? status : op_weights_floats(&tower->weights, values, count, view);
}

int clip_load_rows(struct clip_tower *tower, struct blob *blob, const char *name, uint32_t rows, struct op_view *view) {
    uint32_t width = tower->config->width, stride = op_stride(width);
    const float *values = NULL;
    int status = blob_vector(blob, name, (uint64_t)rows * width, counts_only(tower) ? NULL : &values);
    if (status) return status;
    if (!values) return op_weights_floats(&tower->weights, NULL, (uint64_t)rows * stride, view);
    float *wide = calloc((size_t)rows * stride, sizeof *wide);
    if (!wide) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (uint32_t r = 0; r < rows; r++)
        memcpy(wide + (size_t)r * stride, values + (size_t)r * width, width * sizeof *wide);
    status = op_weights_floats(&tower->weights, wide, (uint64_t)rows * stride, view);
    free(wide);
    return status;
}

int clip_load_norm(struct clip_tower *tower, struct blob *blob, const char *name, struct clip_norm *norm) {
    char key[KEY_SIZE];
    snprintf(key, sizeof key, "%s" TENSOR_WEIGHT, name);
    int status = clip_load_vector(tower, blob, key, tower->config->width, &norm->weight);
    snprintf(key, sizeof key, "%s" TENSOR_BIAS, name);
    return status ? status : clip_load_vector(tower, blob, key, tower->config->width, &norm->bias);
}

/* NAME.weight with its scales, and NAME.bias. */
static int source(const struct clip_tower *t, struct blob *blob, const char *name, uint32_t rows, uint32_t columns,
                  bool bias, struct op_source *s) {
    char key[KEY_SIZE];
    struct blob_matrix matrix = {0};
    snprintf(key, sizeof key, "%s" TENSOR_WEIGHT, name);
    int status = blob_matrix(blob, key, rows, columns, counts_only(t) ? NULL : &matrix);
    if (status) return status;
    *s = (struct op_source){.values = matrix.values, .scales = matrix.scales, .rows = rows};
    snprintf(key, sizeof key, "%s" TENSOR_BIAS, name);
    return bias ? blob_vector(blob, key, rows, counts_only(t) ? NULL : &s->bias) : OCELLI_OK;
}

int clip_load_matrix(struct clip_tower *tower, struct blob *blob, const char *name, uint32_t rows, uint32_t columns,
                     bool bias, bool float_inputs, struct op_matrix *matrix) {
    struct op_source s;
    int status = source(tower, blob, name, rows, columns, bias, &s);
    if (status) return status;
    s.float_inputs = float_inputs;
    return op_weights_matrix(&tower->weights, &s, 1, columns, matrix);
}

/* Of all heads of a block. */
static uint32_t attention_width(const struct clip_tower *t, uint32_t block) {
    return t->config->block[block].heads * t->config->head;
}

static bool keeps_floats(const struct clip_tower *t, enum clip_product product, uint32_t block) {
    return t->config->float_inputs[product] >> block & 1;
}

static int load_qkv(struct clip_tower *t, struct blob *blob, const char *block, uint32_t rows, bool float_inputs,
                    struct op_matrix *matrix) {
    static const char *const parts[] = {TENSOR_QUERY, TENSOR_KEY, TENSOR_VALUE};
    uint32_t width = t->config->width;
    struct op_source sources[3];
    for (int i = 0; i < 3; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s.%s", block, parts[i]);
        int status = source(t, blob, name, rows, width, true, &sources[i]);
        if (status) return status;
    }
    sources[0].float_inputs = float_inputs; /* of all three */
    return op_weights_matrix(&t->weights, sources, 3, width, matrix);
}

/* What stands behind q, k and v. */
static int load_rest(struct clip_tower *tower, struct blob *blob, const char *block, uint32_t attention,
                     uint32_t hidden, const bool floats[CLIP_PRODUCTS], struct clip_block *b) {
    uint32_t width = tower->config->width;
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s." TENSOR_ATTENTION_OUT, block);
    int status = clip_load_matrix(tower, blob, name, width, attention, true, floats[CLIP_ATTENTION_OUT], &b->out);
    snprintf(name, sizeof name, "%s." TENSOR_NORM_2, block);
    if (!status) status = clip_load_norm(tower, blob, name, &b->ln2);
    snprintf(name, sizeof name, "%s." TENSOR_UP, block);
    if (!status) status = clip_load_matrix(tower, blob, name, hidden, width, true, floats[CLIP_UP], &b->up);
    snprintf(name, sizeof name, "%s." TENSOR_DOWN, block);
    if (!status) status = clip_load_matrix(tower, blob, name, width, hidden, true, floats[CLIP_DOWN], &b->down);
    blob_release(blob, block); /* its weights are on the device, or are only counted yet */
    return status;
}

static int load_block(struct clip_tower *tower, struct blob *blob, const char *prefix, uint32_t index) {
    const struct clip_block_config *c = &tower->config->block[index];
    struct clip_block *b = &tower->blocks[index];
    uint32_t attention = attention_width(tower, index);
    bool floats[CLIP_PRODUCTS];
    char block[32], name[NAME_SIZE];
    b->heads = c->heads;
    for (int i = 0; i < CLIP_PRODUCTS; i++) floats[i] = keeps_floats(tower, (enum clip_product)i, index);
    snprintf(block, sizeof block, TENSOR_BLOCK, prefix, index);
    snprintf(name, sizeof name, "%s." TENSOR_NORM_1, block);
    int status = clip_load_norm(tower, blob, name, &b->ln1);
    if (!status) status = load_qkv(tower, blob, block, attention, floats[CLIP_QKV], &b->qkv);
    return status ? status : load_rest(tower, blob, block, attention, c->hidden, floats, b);
}

/* Keys and values stand where those of a block do: q has rows of zeros, which nothing computes. */
static int load_head_kv(struct clip_tower *t, struct blob *blob, struct op_matrix *matrix) {
    uint32_t width = t->config->width;
    struct op_source sources[3];
    int8_t *zeros = calloc(width, width);
    float *none = calloc(width, sizeof *none);
    int status = zeros && none ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory");
    sources[0] = (struct op_source){.values = zeros, .scales = none, .bias = none, .rows = width};
    if (!status) status = source(t, blob, TENSOR_HEAD "." TENSOR_KEY, width, width, true, &sources[1]);
    if (!status) status = source(t, blob, TENSOR_HEAD "." TENSOR_VALUE, width, width, true, &sources[2]);
    sources[0].float_inputs = t->config->float_head[CLIP_QKV];
    if (!status) status = op_weights_matrix(&t->weights, sources, 3, width, matrix);
    free(zeros), free(none);
    return status;
}

static int load_head(struct clip_tower *t, struct blob *blob) {
    t->head.block.heads = t->config->heads;
    int status = clip_load_rows(t, blob, TENSOR_HEAD_QUERY, 1, &t->head.query);
    if (!status) status = load_head_kv(t, blob, &t->head.block.qkv);
    uint32_t width = t->config->width;
    return status ? status
                  : load_rest(t, blob, TENSOR_HEAD, width, t->config->hidden, t->config->float_head, &t->head.block);
}

int clip_load_stack(struct clip_tower *tower, struct blob *blob, const char *prefix, const char *projection) {
    if (!tower->blocks) tower->blocks = calloc(tower->config->blocks, sizeof *tower->blocks);
    if (!tower->blocks) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = OCELLI_OK;
    for (uint32_t i = 0; i < tower->config->blocks && !status; i++) status = load_block(tower, blob, prefix, i);
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s." TENSOR_POST_NORM, prefix);
    if (!status) status = clip_load_norm(tower, blob, name, &tower->post);
    if (!status && tower->config->attention_pool) status = load_head(tower, blob);
    if (!status && !tower->config->attention_pool)
        status = clip_load_matrix(tower, blob, projection, tower->embedding, tower->config->width,
                                  tower->config->projection_bias, tower->config->float_projection, &tower->projection);
    blob_release(blob, prefix);
    blob_release(blob, projection);
    return status;
}

static struct op_view plan(struct clip_tower *t, uint64_t size) {
    struct op_view view = {.memory = t->activations, .offset = t->used, .size = size};
    t->used = (t->used + size + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    return view;
}

struct op_rows clip_plan_rows(struct clip_tower *tower, uint32_t rows, uint32_t width, bool int8) {
    struct op_rows r = {.stride = op_stride(width)};
    r.values = plan(tower, (uint64_t)rows * r.stride * (int8 ? 1 : sizeof(float)));
    if (int8) r.scales = plan(tower, rows * sizeof(float));
    return r;
}

/* More rows than are used, so that panels are whole. */
static struct op_rows plan_inputs(struct clip_tower *t, uint32_t rows, uint32_t width, bool int8) {
    return clip_plan_rows(t, rows + OP_MAX_PANEL, width, int8);
}

/* Does a product behind a norm keep floats? */
static bool norms_floats(const struct clip_tower_config *c) {
    return c->float_inputs[CLIP_QKV] || c->float_inputs[CLIP_UP] || c->float_head[CLIP_QKV] || c->float_head[CLIP_UP] ||
           c->float_projection;
}

void clip_plan_stack(struct clip_tower *tower, uint32_t rows) {
    uint32_t width = tower->config->width, hidden = tower->config->hidden, batch = tower->max_batch;
    uint32_t attention = tower->config->heads * tower->config->head; /* of the largest block, as is `hidden` */
    bool int8 = op_input_is_int8(tower->device);
    tower->x = clip_plan_rows(tower, rows, width, false);
    tower->normed = plan_inputs(tower, rows, width, int8);
    tower->qkv = clip_plan_rows(tower, rows, 3 * attention, false);
    tower->attended = plan_inputs(tower, rows, attention > width ? attention : width, false);
    tower->hidden = plan_inputs(tower, rows, hidden, false);
    tower->pooled.x = clip_plan_rows(tower, batch, width, false);
    tower->pooled.normed = plan_inputs(tower, batch, width, int8);
    tower->pooled.q = clip_plan_rows(tower, batch, attention, false);
    tower->pooled.attended = plan_inputs(tower, batch, attention, false);
    tower->normed_floats = tower->normed, tower->pooled.normed_floats = tower->pooled.normed;
    if (!int8) return;
    if (norms_floats(tower->config)) {
        tower->normed_floats = plan_inputs(tower, rows, width, false);
        tower->pooled.normed_floats = plan_inputs(tower, batch, width, false);
    }
    tower->attended_quantized = plan_inputs(tower, rows, attention, true);
    tower->hidden_quantized = plan_inputs(tower, rows, hidden, true);
    tower->pooled.attended_quantized = plan_inputs(tower, batch, attention, true);
}

int clip_allocate(struct clip_tower *tower, const char *name) {
    uint64_t out = (uint64_t)tower->max_batch * op_stride(tower->embedding) * sizeof(float);
    int status = op_memory_create(&tower->activations, tower->device, tower->used, OP_USE_DEVICE, name);
    if (!status) status = op_memory_create(&tower->output, tower->device, out, OP_USE_OUTPUT, "embeddings");
    if (!status)
        status = op_memory_create(&tower->pool_rows, tower->device, tower->max_batch * sizeof(uint32_t), OP_USE_INPUT,
                                  "pool rows");
    if (!status) status = op_list_create(&tower->list, tower->device);
    tower->used = 0;
    return status;
}

/* The normed rows of a block, all of them or the pooled ones, as the product with `matrix` wants them. */
static struct op_rows normed_for(const struct clip_tower *t, const struct op_matrix *matrix, bool pooled,
                                 uint32_t rows) {
    return pooled ? op_matrix_input(t->device, matrix, t->pooled.normed_floats, t->pooled.normed, rows)
                  : op_matrix_input(t->device, matrix, t->normed_floats, t->normed, rows);
}

/* The end of a row of x: its norm becomes the input of a product. No norm: nothing follows. */
static struct op_epilogue epilogue_norm(const struct clip_tower *t, const struct clip_norm *n, struct op_rows input) {
    if (!n) return (struct op_epilogue){0};
    return (struct op_epilogue){.out = input, .weight = n->weight, .bias = n->bias, .epsilon = t->config->epsilon};
}

/* What comes behind a block: a norm, and the product that takes it. */
struct clip_next {
    const struct clip_norm *norm;
    const struct op_matrix *matrix;
};

/* x += out(attended), or x = that at the head; x += mlp(norm(x)); then the norm `next`, into the same rows as the one
 * before. */
static void output_and_mlp(struct clip_tower *tower, const struct clip_block *block, struct op_rows attended,
                           struct op_rows tokens, bool pooled, const struct clip_next *next, uint32_t rows) {
    struct op_rows normed = normed_for(tower, &block->up, pooled, rows);
    op_linear(tower->list, &(struct op_linear){.label = "attn_out",
                                               .in = attended,
                                               .matrix = &block->out, // (R, W)
                                               .out = tokens,
                                               .rows = rows,
                                               .add = block != &tower->head.block,
                                               .epilogue = epilogue_norm(tower, &block->ln2, normed)});
    struct op_rows hidden = op_matrix_floats(tower->device, &block->down, tower->hidden, rows);
    struct op_rows input = op_matrix_input(tower->device, &block->down, hidden, tower->hidden_quantized, rows);
    struct op_rows after = {0};
    if (next->norm) after = normed_for(tower, next->matrix, pooled, rows);
    op_linear(tower->list, &(struct op_linear){.label = "ffn_up",
                                               .in = normed,
                                               .matrix = &block->up, // (R, H)
                                               .out = hidden,
                                               .rows = rows,
                                               .activation = tower->config->activation,
                                               .epilogue = {.out = input}});
    op_linear(tower->list, &(struct op_linear){.label = "ffn_down",
                                               .in = input,
                                               .matrix = &block->down, // (R, W)
                                               .out = tokens,
                                               .rows = rows,
                                               .add = true,
                                               .epilogue = epilogue_norm(tower, next->norm, after)});
}

/* x += attention(normed); x += mlp(norm(x)); normed = next(x) */
static void block(struct clip_tower *tower, const struct clip_block *from, const struct clip_next *next, uint32_t batch,
                  uint32_t tokens) {
    uint32_t rows = batch * tokens, width = from->heads * tower->config->head;
    op_linear(tower->list, &(struct op_linear){.label = "qkv",
                                               .in = normed_for(tower, &from->qkv, false, rows),
                                               .matrix = &from->qkv, // (B T, 3A)
                                               .out = tower->qkv,
                                               .rows = rows});
    struct op_rows attended = op_matrix_floats(tower->device, &from->out, tower->attended, rows);
    struct op_rows input = op_matrix_input(tower->device, &from->out, attended, tower->attended_quantized, rows);
    op_attention(tower->list, &(struct op_attention){.in = tower->qkv,
                                                     .out = attended, // (B T, A)
                                                     .sequences = batch,
                                                     .tokens = tokens,
                                                     .width = width,
                                                     .heads = from->heads,
                                                     .causal = tower->config->causal,
                                                     .epilogue = {.out = input}});
    output_and_mlp(tower, from, input, tower->x, false, next, rows);
}

/* Of all rows, where qkv has them. */
static void keys_and_values(struct clip_tower *tower, const struct clip_block *block, const char *label,
                            uint32_t rows) {
    uint32_t width = block->heads * tower->config->head;
    op_linear(tower->list, &(struct op_linear){.label = label,
                                               .in = normed_for(tower, &block->qkv, false, rows),
                                               .matrix = &block->qkv, // (B T, 2A)
                                               .out = tower->qkv,
                                               .rows = rows,
                                               .first = width,
                                               .count = 2 * width});
}

/* What follows them, for one row a sequence: the attention of `query`, and the rest of the block. */
static void attend_and_finish(struct clip_tower *tower, const struct clip_block *block, struct op_rows query,
                              const struct clip_next *next, uint32_t batch, uint32_t tokens) {
    const struct clip_pooled *p = &tower->pooled;
    struct op_rows attended = op_matrix_floats(tower->device, &block->out, p->attended, batch);
    struct op_rows input = op_matrix_input(tower->device, &block->out, attended, p->attended_quantized, batch);
    op_attention(tower->list, &(struct op_attention){.in = tower->qkv,
                                                     .query = query,
                                                     .pooled = op_view_of(tower->pool_rows),
                                                     .out = attended, // (B, A)
                                                     .sequences = batch,
                                                     .tokens = tokens,
                                                     .width = block->heads * tower->config->head,
                                                     .heads = block->heads,
                                                     .causal = tower->config->causal,
                                                     .epilogue = {.out = input}});
    output_and_mlp(tower, block, input, p->x, true, next, batch);
}

/* The last block, whose result is read for one row a sequence only: keys and values of all rows, the rest of that one.
 */
static void pooled_block(struct clip_tower *tower, const struct clip_block *block, const struct clip_next *next,
                         uint32_t batch, uint32_t tokens) {
    const struct clip_pooled *p = &tower->pooled;
    keys_and_values(tower, block, "kv", batch * tokens);
    struct op_rows pooled = normed_for(tower, &block->qkv, true, batch);
    op_norm(tower->list, &(struct op_norm){.in = tower->x,
                                           .out = pooled, // (B, W)
                                           .gather = op_view_of(tower->pool_rows),
                                           .picked = p->x, // (B, W)
                                           .weight = block->ln1.weight,
                                           .bias = block->ln1.bias,
                                           .rows = batch,
                                           .width = tower->config->width,
                                           .epsilon = tower->config->epsilon});
    op_linear(tower->list, &(struct op_linear){.label = "q",
                                               .in = pooled,
                                               .matrix = &block->qkv, // (B, A)
                                               .out = p->q,
                                               .rows = batch,
                                               .count = block->heads * tower->config->head});
    attend_and_finish(tower, block, p->q, next, batch, tokens);
}

/* The last block, which is computed for the pooled row only, and the projection of that row. */
static void pool_row(struct clip_tower *tower, uint32_t batch, uint32_t tokens) {
    pooled_block(tower, &tower->blocks[tower->config->blocks - 1],
                 &(struct clip_next){&tower->post, &tower->projection}, batch, tokens);
    struct op_rows out = {.values = op_view_of(tower->output), .stride = op_stride(tower->embedding)};
    op_linear(tower->list, &(struct op_linear){.label = "projection",
                                               .in = normed_for(tower, &tower->projection, true, batch), // (B, W)
                                               .matrix = &tower->projection,                             // (B, D)
                                               .out = out,
                                               .rows = batch});
}

/* y = out(attention(query, normed)); y + mlp(norm(y)) is the embedding. All sequences have the same query, which is one
 * row without a stride. */
static void pool_by_attention(struct clip_tower *tower, uint32_t batch, uint32_t tokens) {
    const struct clip_block *head = &tower->head.block;
    const struct op_rows *y = &tower->pooled.x;
    keys_and_values(tower, head, "head_kv", batch * tokens);
    attend_and_finish(tower, head, (struct op_rows){.values = tower->head.query}, &(struct clip_next){0}, batch,
                      tokens);
    struct op_view from = y->values;
    from.size = (uint64_t)batch * y->stride * sizeof(float);
    op_copy(tower->list, from, op_view_of(tower->output)); // (B, D)
}

void clip_record_stack(struct clip_tower *tower, uint32_t batch, uint32_t tokens) {
    uint32_t last = tower->config->blocks - 1;
    const struct clip_block *b = tower->blocks;
    op_norm(tower->list, &(struct op_norm){.in = tower->x,
                                           .out = normed_for(tower, &b[0].qkv, false, batch * tokens), // (B T, W)
                                           .weight = b[0].ln1.weight,
                                           .bias = b[0].ln1.bias,
                                           .rows = batch * tokens,
                                           .width = tower->config->width,
                                           .epsilon = tower->config->epsilon});
    for (uint32_t i = 0; i < last; i++)
        block(tower, &b[i], &(struct clip_next){&b[i + 1].ln1, &b[i + 1].qkv}, batch, tokens);
    if (!tower->config->attention_pool) {
        pool_row(tower, batch, tokens);
        return;
    }
    block(tower, &b[last], &(struct clip_next){&tower->post, &tower->head.block.qkv}, batch, tokens);
    pool_by_attention(tower, batch, tokens);
}

int clip_read_embeddings(struct clip_tower *tower, uint32_t count, float *out) {
    const float *from = op_memory_mapped(tower->output);
    for (uint32_t i = 0; i < count; i++, from += op_stride(tower->embedding), out += tower->embedding) {
        double squares = 0;
        for (uint32_t d = 0; d < tower->embedding; d++) squares += (double)from[d] * from[d];
        if (!(squares > 0) || !isfinite(squares))
            return log_fail(OCELLI_ERR_WRONG, "%s computed an embedding that is not finite: run `ocelli selftest`",
                            op_device_name(tower->device));
        for (uint32_t d = 0; d < tower->embedding; d++) out[d] = (float)(from[d] / sqrt(squares));
    }
    return OCELLI_OK;
}

void clip_free_activations(struct clip_tower *tower) {
    op_list_destroy(&tower->list);
    op_memory_destroy(&tower->activations, tower->device);
    op_memory_destroy(&tower->output, tower->device);
    op_memory_destroy(&tower->pool_rows, tower->device);
    tower->used = tower->batch = 0;
}

void clip_tower_finish(struct clip_tower *tower) {
    if (!tower->device) return;
    clip_free_activations(tower);
    op_weights_destroy(&tower->weights);
    free(tower->blocks);
    *tower = (struct clip_tower){0};
}
