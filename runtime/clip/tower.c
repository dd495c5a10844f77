/* SPDX-License-Identifier: Apache-2.0 */
#include "clip/tower.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_SIZE = 64, KEY_SIZE = NAME_SIZE + 16 };

/* While the loaders only count, nothing is read of the file. */
static bool counts_only(const struct clip_tower *t) {
    return !t->weights.memory;
}

int clip_load_vector(struct clip_tower *t, struct blob *blob, const char *name, uint64_t count, struct op_view *view) {
    const float *values = NULL;
    int status = blob_vector(blob, name, count, counts_only(t) ? NULL : &values);
    return status ? status : op_weights_floats(&t->weights, values, count, view);
}

int clip_load_norm(struct clip_tower *t, struct blob *blob, const char *name, struct clip_norm *norm) {
    char key[KEY_SIZE];
    snprintf(key, sizeof key, "%s.weight", name);
    int status = clip_load_vector(t, blob, key, t->config->width, &norm->weight);
    snprintf(key, sizeof key, "%s.bias", name);
    return status ? status : clip_load_vector(t, blob, key, t->config->width, &norm->bias);
}

/* NAME.weight with its scales, and NAME.bias. */
static int source(const struct clip_tower *t, struct blob *blob, const char *name, uint32_t rows, uint32_t columns, bool bias,
                  struct op_source *s) {
    char key[KEY_SIZE];
    struct blob_matrix matrix = {0};
    snprintf(key, sizeof key, "%s.weight", name);
    int status = blob_matrix(blob, key, rows, columns, counts_only(t) ? NULL : &matrix);
    if (status) return status;
    *s = (struct op_source){.values = matrix.values, .scales = matrix.scales, .rows = rows};
    snprintf(key, sizeof key, "%s.bias", name);
    return bias ? blob_vector(blob, key, rows, counts_only(t) ? NULL : &s->bias) : OCELLI_OK;
}

int clip_load_matrix(struct clip_tower *t, struct blob *blob, const char *name, uint32_t rows, uint32_t columns, bool bias,
                     struct op_matrix *matrix) {
    struct op_source s;
    int status = source(t, blob, name, rows, columns, bias, &s);
    return status ? status : op_weights_matrix(&t->weights, &s, 1, columns, matrix);
}

static int load_qkv(struct clip_tower *t, struct blob *blob, const char *block, struct op_matrix *matrix) {
    static const char *const parts[] = {"attn_q", "attn_k", "attn_v"};
    uint32_t width = t->config->width;
    struct op_source sources[3];
    for (int i = 0; i < 3; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s.%s", block, parts[i]);
        int status = source(t, blob, name, width, width, true, &sources[i]);
        if (status) return status;
    }
    return op_weights_matrix(&t->weights, sources, 3, width, matrix);
}

static int load_block(struct clip_tower *t, struct blob *blob, const char *prefix, uint32_t index) {
    uint32_t width = t->config->width, hidden = t->config->hidden;
    struct clip_block *b = &t->blocks[index];
    char block[32], name[NAME_SIZE];
    snprintf(block, sizeof block, "%s.blk.%u", prefix, index);
    snprintf(name, sizeof name, "%s.ln1", block);
    int status = clip_load_norm(t, blob, name, &b->ln1);
    if (!status) status = load_qkv(t, blob, block, &b->qkv);
    snprintf(name, sizeof name, "%s.attn_out", block);
    if (!status) status = clip_load_matrix(t, blob, name, width, width, true, &b->out);
    snprintf(name, sizeof name, "%s.ln2", block);
    if (!status) status = clip_load_norm(t, blob, name, &b->ln2);
    snprintf(name, sizeof name, "%s.ffn_up", block);
    if (!status) status = clip_load_matrix(t, blob, name, hidden, width, true, &b->up);
    snprintf(name, sizeof name, "%s.ffn_down", block);
    if (!status) status = clip_load_matrix(t, blob, name, width, hidden, true, &b->down);
    blob_release(blob, block); /* its weights are on the device, or are only counted yet */
    return status;
}

int clip_load_stack(struct clip_tower *t, struct blob *blob, const char *prefix, const char *projection) {
    if (!t->blocks) t->blocks = calloc(t->config->blocks, sizeof *t->blocks);
    if (!t->blocks) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = OCELLI_OK;
    for (uint32_t i = 0; i < t->config->blocks && !status; i++) status = load_block(t, blob, prefix, i);
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s.post_ln", prefix);
    if (!status) status = clip_load_norm(t, blob, name, &t->post);
    if (!status) status = clip_load_matrix(t, blob, projection, t->embedding, t->config->width, false, &t->projection);
    blob_release(blob, prefix);
    blob_release(blob, projection);
    return status;
}

static struct op_view plan(struct clip_tower *t, uint64_t size) {
    struct op_view view = {.memory = t->activations, .offset = t->used, .size = size};
    t->used = (t->used + size + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    return view;
}

struct op_rows clip_plan_rows(struct clip_tower *t, uint32_t rows, uint32_t width, bool int8) {
    struct op_rows r = {.stride = op_stride(width)};
    r.values = plan(t, (uint64_t)rows * r.stride * (int8 ? 1 : sizeof(float)));
    if (int8) r.scales = plan(t, rows * sizeof(float));
    return r;
}

/* More rows than are used, so that panels are whole. */
static struct op_rows plan_inputs(struct clip_tower *t, uint32_t rows, uint32_t width, bool int8) {
    return clip_plan_rows(t, rows + OP_MAX_PANEL, width, int8);
}

void clip_plan_stack(struct clip_tower *t, uint32_t rows) {
    uint32_t width = t->config->width, hidden = t->config->hidden, batch = t->max_batch;
    bool int8 = op_input_is_int8(t->device);
    t->x = clip_plan_rows(t, rows, width, false);
    t->normed = plan_inputs(t, rows, width, int8);
    t->qkv = clip_plan_rows(t, rows, 3 * width, false);
    t->attended = plan_inputs(t, rows, width, false);
    t->hidden = plan_inputs(t, rows, hidden, false);
    t->pooled.x = clip_plan_rows(t, batch, width, false);
    t->pooled.normed = plan_inputs(t, batch, width, int8);
    t->pooled.q = clip_plan_rows(t, batch, width, false);
    t->pooled.attended = plan_inputs(t, batch, width, false);
    if (!int8) return;
    t->attended_room = plan_inputs(t, rows, width, true);
    t->hidden_room = plan_inputs(t, rows, hidden, true);
    t->pooled.attended_room = plan_inputs(t, batch, width, true);
}

int clip_allocate(struct clip_tower *t, const char *name) {
    uint64_t out = (uint64_t)t->max_batch * op_stride(t->embedding) * sizeof(float);
    int status = op_memory_create(&t->activations, t->device, t->used, OP_USE_DEVICE, name);
    if (!status) status = op_memory_create(&t->output, t->device, out, OP_USE_OUTPUT, "embeddings");
    if (!status) status = op_memory_create(&t->pool_rows, t->device, t->max_batch * sizeof(uint32_t), OP_USE_INPUT, "pool rows");
    if (!status) status = op_list_create(&t->list, t->device);
    t->used = 0;
    return status;
}

/* What ends a row of x: its norm is the input of a product in `room`. */
static struct op_then then_norm(const struct clip_tower *t, const struct clip_norm *n, struct op_rows room, uint32_t rows) {
    return (struct op_then){
        .out = op_input_rows(t->device, room, rows), .weight = n->weight, .bias = n->bias, .epsilon = t->config->epsilon};
}

/* x += out(attended); x += mlp(norm(x)); then the norm `next`, into the same rows as the one before. */
static void output_and_mlp(struct clip_tower *t, const struct clip_block *b, struct op_rows attended, struct op_rows x,
                           struct op_rows normed_room, const struct clip_norm *next, uint32_t rows) {
    struct op_rows normed = op_input_rows(t->device, normed_room, rows);
    op_linear(t->list, &(struct op_linear){.label = "attn_out",
                                           .in = attended,
                                           .matrix = &b->out, // (R, W)
                                           .out = x,
                                           .rows = rows,
                                           .add = true,
                                           .then = then_norm(t, &b->ln2, normed_room, rows)});
    struct op_rows hidden = op_unready_rows(t->device, t->hidden, rows);
    struct op_rows ready = op_ready_rows(t->device, hidden, t->hidden_room, rows);
    op_linear(t->list, &(struct op_linear){.label = "ffn_up",
                                           .in = normed,
                                           .matrix = &b->up, // (R, H)
                                           .out = hidden,
                                           .rows = rows,
                                           .activation = t->config->activation,
                                           .then = {.out = ready}});
    op_linear(t->list, &(struct op_linear){.label = "ffn_down",
                                           .in = ready,
                                           .matrix = &b->down, // (R, W)
                                           .out = x,
                                           .rows = rows,
                                           .add = true,
                                           .then = then_norm(t, next, normed_room, rows)});
}

/* x += attention(normed); x += mlp(norm(x)); normed = next(x) */
static void block(struct clip_tower *t, const struct clip_block *b, const struct clip_norm *next, uint32_t batch, uint32_t tokens,
                  bool causal) {
    uint32_t rows = batch * tokens, width = t->config->width;
    op_linear(t->list, &(struct op_linear){.label = "qkv",
                                           .in = op_input_rows(t->device, t->normed, rows),
                                           .matrix = &b->qkv, // (B T, 3W)
                                           .out = t->qkv,
                                           .rows = rows});
    struct op_rows attended = op_unready_rows(t->device, t->attended, rows);
    struct op_rows ready = op_ready_rows(t->device, attended, t->attended_room, rows);
    op_attention(t->list, &(struct op_attention){.in = t->qkv,
                                                 .out = attended, // (B T, W)
                                                 .sequences = batch,
                                                 .tokens = tokens,
                                                 .width = width,
                                                 .heads = t->config->heads,
                                                 .causal = causal,
                                                 .then = {.out = ready}});
    output_and_mlp(t, b, ready, t->x, t->normed, next, rows);
}

/* The last block, whose result is read for one row a sequence only: keys and values of all rows, the rest of that one. */
static void pooled_block(struct clip_tower *t, const struct clip_block *b, const struct clip_norm *next, uint32_t batch,
                         uint32_t tokens, bool causal) {
    uint32_t width = t->config->width;
    const struct clip_pooled *p = &t->pooled;
    op_linear(t->list, &(struct op_linear){.label = "kv",
                                           .in = op_input_rows(t->device, t->normed, batch * tokens),
                                           .matrix = &b->qkv, // (B T, 2W)
                                           .out = t->qkv,
                                           .rows = batch * tokens,
                                           .first = width,
                                           .count = 2 * width});
    struct op_rows pooled = op_input_rows(t->device, p->normed, batch);
    op_norm(t->list, &(struct op_norm){.in = t->x,
                                       .out = pooled, // (B, W)
                                       .gather = op_view_of(t->pool_rows),
                                       .picked = p->x, // (B, W)
                                       .weight = b->ln1.weight,
                                       .bias = b->ln1.bias,
                                       .rows = batch,
                                       .width = width,
                                       .epsilon = t->config->epsilon});
    op_linear(t->list, &(struct op_linear){.label = "q",
                                           .in = pooled,
                                           .matrix = &b->qkv, // (B, W)
                                           .out = p->q,
                                           .rows = batch,
                                           .count = width});
    struct op_rows attended = op_unready_rows(t->device, p->attended, batch);
    struct op_rows ready = op_ready_rows(t->device, attended, p->attended_room, batch);
    op_attention(t->list, &(struct op_attention){.in = t->qkv,
                                                 .query = p->q,
                                                 .pooled = op_view_of(t->pool_rows),
                                                 .out = attended, // (B, W)
                                                 .sequences = batch,
                                                 .tokens = tokens,
                                                 .width = width,
                                                 .heads = t->config->heads,
                                                 .causal = causal,
                                                 .then = {.out = ready}});
    output_and_mlp(t, b, ready, p->x, p->normed, next, batch);
}

void clip_record_stack(struct clip_tower *t, uint32_t batch, uint32_t tokens, bool causal) {
    uint32_t last = t->config->blocks - 1;
    const struct clip_block *b = t->blocks;
    op_norm(t->list, &(struct op_norm){.in = t->x,
                                       .out = op_input_rows(t->device, t->normed, batch * tokens), // (B T, W)
                                       .weight = b[0].ln1.weight,
                                       .bias = b[0].ln1.bias,
                                       .rows = batch * tokens,
                                       .width = t->config->width,
                                       .epsilon = t->config->epsilon});
    for (uint32_t i = 0; i < last; i++) block(t, &b[i], &b[i + 1].ln1, batch, tokens, causal);
    pooled_block(t, &b[last], &t->post, batch, tokens, causal);
    struct op_rows out = {.values = op_view_of(t->output), .stride = op_stride(t->embedding)};
    op_linear(t->list, &(struct op_linear){.label = "projection",
                                           .in = op_input_rows(t->device, t->pooled.normed, batch), // (B, W)
                                           .matrix = &t->projection,                                // (B, D)
                                           .out = out,
                                           .rows = batch});
}

int clip_read_embeddings(struct clip_tower *t, uint32_t count, float *out) {
    const float *from = op_memory_mapped(t->output);
    for (uint32_t i = 0; i < count; i++, from += op_stride(t->embedding), out += t->embedding) {
        double squares = 0;
        for (uint32_t d = 0; d < t->embedding; d++) squares += (double)from[d] * from[d];
        if (!(squares > 0) || !isfinite(squares))
            return log_fail(OCELLI_ERR_WRONG, "%s computed an embedding that is not finite: run `ocelli selftest`",
                            op_device_name(t->device));
        for (uint32_t d = 0; d < t->embedding; d++) out[d] = (float)(from[d] / sqrt(squares));
    }
    return OCELLI_OK;
}

void clip_free_activations(struct clip_tower *t) {
    op_list_destroy(&t->list);
    op_memory_destroy(&t->activations, t->device);
    op_memory_destroy(&t->output, t->device);
    op_memory_destroy(&t->pool_rows, t->device);
    t->used = t->batch = 0;
}

void clip_tower_finish(struct clip_tower *t) {
    if (!t->device) return;
    clip_free_activations(t);
    op_weights_destroy(&t->weights);
    free(t->blocks);
    *t = (struct clip_tower){0};
}
