/* SPDX-License-Identifier: Apache-2.0
 * W wide, H hidden, D the embedding. */
#include "convert/walk.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/reference_head.h"
#include "convert/walk_settle.h"

#include <stdio.h>

enum { NAME_SIZE = 96 };

static int no_memory(const struct walk *w) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->model->config->file);
}

/* ---- a block ---- */

static int write_matrix(const struct walk_state *s, const char *block, enum reference_product product,
                        const struct reference_matrix *m, const struct walk_block_lost *lost) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s.%s", block, walk_product_names[product]);
    return walk_write_matrix(s->walk, name, m, &lost->of[product], 0);
}

/* q, k and v, or k and v. */
static int write_qkv(const struct walk_state *s, const char *block, const struct reference_matrix *m,
                     const struct walk_block_lost *lost) {
    static const char *const names[] = {TENSOR_QUERY, TENSOR_KEY, TENSOR_VALUE};
    char name[NAME_SIZE];
    int status = OCELLI_OK;
    uint32_t parts = lost->of[REFERENCE_QKV].parts;
    for (uint32_t i = 0; i < parts && !status; i++) {
        snprintf(name, sizeof name, "%s.%s", block, names[3 - parts + i]);
        status = walk_write_matrix(s->walk, name, m, &lost->of[REFERENCE_QKV], i);
    }
    return status;
}

static int write_block(const struct walk_state *s, const char *block, const char *first_norm,
                       const struct reference_weights_of_block *b, const struct walk_block_lost *lost) {
    char name[NAME_SIZE];
    int status = walk_write_norm(s->walk, first_norm, b->norm1);
    if (!status) status = write_qkv(s, block, &b->qkv, lost);
    if (!status) status = write_matrix(s, block, REFERENCE_OUT, &b->out, lost);
    snprintf(name, sizeof name, "%s." TENSOR_NORM_2, block);
    if (!status) status = walk_write_norm(s->walk, name, b->norm2);
    if (!status) status = write_matrix(s, block, REFERENCE_UP, &b->up, lost);
    return status ? status : write_matrix(s, block, REFERENCE_DOWN, &b->down, lost);
}

static int do_block(struct walk_state *s, uint32_t number) {
    struct reference_weights_of_block b = {0};
    struct walk_layer *layer = &s->tower->layers[number];
    struct walk_block_lost lost;
    char name[32], norm[NAME_SIZE];
    snprintf(name, sizeof name, TENSOR_BLOCK, s->run.prefix, number);
    snprintf(norm, sizeof norm, "%s." TENSOR_NORM_1, name);
    s->run.observe = s->walk->calibrate ? walk_observe : NULL;
    int status = reference_read_block(&s->run, number, &b);
    if (!status) status = reference_block(&s->run, &b, REFERENCE_FLOAT);
    s->run.observe = NULL;
    if (!status) status = walk_settle_block(s, number, name, &b, &lost);
    if (!status) status = write_block(s, name, norm, &b, &lost);
    if (!status) status = reference_block(&s->run, &b, REFERENCE_INT8);
    if (!status) walk_compare_rows(s, layer, REFERENCE_INT8);
    layer->cosine[REFERENCE_FLOAT] = layer->worst[REFERENCE_FLOAT] = 1;
    for (int p = 0; p < REFERENCE_PRODUCTS; p++) s->samples[p].count = s->many[p].count = 0;
    arena_finish(&b.arena);
    return status;
}

/* ---- the projection ---- */

/* One row an input: floats cost nothing. */
static int choose_projection(struct walk_state *s, const float *pooled, struct arena *arena, struct reference_matrix *m,
                             const char *name) {
    struct calibrate_sample sample = {(float *)pooled, m->columns, s->run.count, s->run.count};
    return walk_choose_inputs(s, name, &sample, CALIBRATE_SPARE, s->factors[0], arena, m, &s->tower->projection);
}

static int do_projection(struct walk_state *s, const char *projection) {
    struct arena arena = {0};
    struct reference_matrix m;
    struct walk_lost lost;
    char post[NAME_SIZE];
    float *norm[2];
    float *pooled = arena_alloc(&arena, s->run.count * s->run.tower->width, sizeof *pooled);
    snprintf(post, sizeof post, "%s." TENSOR_POST_NORM, s->run.prefix);
    int status = pooled ? reference_read_norm(s->walk->model, &arena, post, norm) : no_memory(s->walk);
    bool bias = s->walk->model->config->text_bias && s->run.tower == &s->walk->model->config->text;
    if (!status) status = reference_read_matrix(s->walk->model, &arena, projection, bias, &m);
    if (!status) reference_pool(&s->run, REFERENCE_FLOAT, norm, pooled);
    if (!status)
        status = reference_project(&s->run, REFERENCE_FLOAT, &m, pooled, s->tower->embeddings[REFERENCE_FLOAT]);
    if (!status && s->walk->calibrate) status = choose_projection(s, pooled, &arena, &m, projection);
    if (!status) status = walk_make_room(s->walk, &arena, &m);
    if (!status) status = walk_round_matrix(s->walk, &m, 1, &lost);
    if (!status) status = walk_write_matrix(s->walk, projection, &m, &lost, 0);
    for (int kind = REFERENCE_FLOAT + 1; kind < REFERENCE_KINDS && !status; kind++) {
        reference_pool(&s->run, kind, norm, pooled);
        status = reference_project(&s->run, kind, &m, pooled, s->tower->embeddings[kind]);
    }
    if (!status) status = walk_write_norm(s->walk, post, norm);
    arena_finish(&arena);
    return status;
}

/* ---- attention pooling ---- */

static int do_head(struct walk_state *s) {
    static const char post[] = TENSOR_IMAGE "." TENSOR_POST_NORM;
    struct reference_head head;
    /* Keys and values are the twentieth part of a tower, and one row a picture goes through the rest. */
    static const enum calibrate_may may[] = {CALIBRATE_SPARE, CALIBRATE_SPARE, CALIBRATE_SPARE, CALIBRATE_SPARE};
    struct walk_block_lost lost;
    s->run.observe = s->walk->calibrate ? walk_observe : NULL;
    int status = reference_read_head(&s->run, &head);
    if (!status) status = reference_run_head(&s->run, &head, REFERENCE_FLOAT, s->tower->embeddings[REFERENCE_FLOAT]);
    s->run.observe = NULL;
    if (!status && s->walk->calibrate) status = walk_balance_block(s, TENSOR_HEAD, may, &head.block, s->tower->head);
    if (!status) status = walk_round_block(s, &head.block, 2, &lost);
    if (!status) status = write_block(s, TENSOR_HEAD, post, &head.block, &lost);
    for (int kind = REFERENCE_FLOAT + 1; kind < REFERENCE_KINDS && !status; kind++)
        status = reference_run_head(&s->run, &head, kind, s->tower->embeddings[kind]);
    arena_finish(&head.block.arena);
    return status;
}

/* ---- a tower ---- */

static int make_tower(struct walk_state *s) {
    struct walk_tower *t = s->tower;
    *t = (struct walk_tower){.blocks = s->run.tower->blocks, .count = s->run.count};
    t->layers = arena_alloc(&t->arena, t->blocks, sizeof *t->layers);
    bool good = t->layers != NULL;
    for (int kind = 0; kind < REFERENCE_KINDS; kind++) {
        t->embeddings[kind] =
            arena_alloc(&t->arena, t->count * s->walk->model->config->embedding, sizeof *t->embeddings[kind]);
        good = good && t->embeddings[kind];
    }
    return good ? OCELLI_OK : no_memory(s->walk);
}

static int walk_tower(struct walk_state *s, const char *projection) {
    int status = make_tower(s);
    if (!status) status = walk_make_samples(s);
    s->run.user = s;
    for (uint32_t i = 0; i < s->run.tower->blocks && !status; i++) status = do_block(s, i);
    bool head = s->walk->model->config->attention_pool && s->run.tower == &s->walk->model->config->image;
    if (!status) status = head ? do_head(s) : do_projection(s, projection);
    reference_finish(&s->run);
    arena_finish(&s->arena);
    return status;
}

static const unsigned all_kinds = (1u << REFERENCE_KINDS) - 1;

int walk_images(const struct walk *walk, const struct inputs *inputs, struct walk_tower *tower) {
    struct walk_state s = {.walk = walk, .tower = tower};
    struct arena arena = {0};
    struct reference_matrix patches;
    struct walk_lost lost;
    int status = reference_read_matrix(walk->model, &arena, TENSOR_PATCHES, walk->model->config->stem > 0, &patches);
    if (!status) status = walk_make_room(walk, &arena, &patches);
    if (!status && walk->model->config->stem)
        status = walk_round_matrix(walk, &patches, 1, &lost);
    else if (!status)
        status = walk_round_kernels(walk, &patches, walk->model->config->patch_size, &lost);
    if (!status) status = walk_write_matrix(walk, TENSOR_PATCHES, &patches, &lost, 0);
    if (!status)
        status = reference_images(&s.run, walk->model, walk->pool, all_kinds, &patches, inputs->pictures,
                                  inputs->picture_count);
    arena_finish(&arena);
    if (!status) return walk_tower(&s, TENSOR_IMAGE_PROJECTION);
    reference_finish(&s.run);
    return status;
}

int walk_texts(const struct walk *walk, const struct inputs *inputs, uint32_t end_id, struct walk_tower *tower) {
    struct walk_state s = {.walk = walk, .tower = tower};
    int status = reference_texts(&s.run, walk->model, walk->pool, all_kinds, inputs->ids, inputs->text_count, end_id);
    if (!status) return walk_tower(&s, TENSOR_TEXT_PROJECTION);
    reference_finish(&s.run);
    return status;
}

void walk_tower_finish(struct walk_tower *tower) {
    arena_finish(&tower->arena);
    *tower = (struct walk_tower){0};
}
