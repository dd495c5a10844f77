/* SPDX-License-Identifier: Apache-2.0
 * W wide, H hidden, D the embedding. */
#include "convert/walk.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/reference_head.h"
#include "convert/walk_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 96, SAMPLE_ROWS = 256 };

const char *const walk_product_names[REFERENCE_PRODUCTS] = {"qkv", TENSOR_ATTENTION_OUT, TENSOR_UP, TENSOR_DOWN};

/* What a walk keeps from block to block. */
struct state {
    const struct walk *walk;
    struct reference run;
    struct walk_tower *tower;
    struct arena arena;
    struct calibrate_sample samples[REFERENCE_PRODUCTS];
    bool *is_pooled; /* (rows) */
    size_t step;     /* every so many rows are sampled, and the pooled ones */
    float *factors;  /* (the widest) */
    float *ranges;   /* (2, the widest) */
};

static int no_memory(const struct walk *w) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->model->config->file);
}

/* ---- what the products see ---- */

static void observe(void *user, enum reference_product product, const float *rows, size_t row0, size_t count,
                    uint32_t columns) {
    struct state *s = user;
    struct calibrate_sample *sample = &s->samples[product];
    sample->columns = columns;
    for (size_t r = 0; r < count; r++) {
        bool taken = (row0 + r) % s->step == 0 || s->is_pooled[row0 + r];
        if (!taken || sample->count == sample->capacity) continue;
        memcpy(sample->rows + sample->count++ * columns, rows + r * columns, columns * sizeof *rows);
    }
}

static int make_samples(struct state *s) {
    const struct config_tower *c = s->run.tower;
    s->step = s->run.rows / SAMPLE_ROWS + 1;
    uint32_t widest = c->hidden > c->width ? c->hidden : c->width;
    if (c->heads * c->head > widest) widest = c->heads * c->head;
    s->is_pooled = arena_alloc(&s->arena, s->run.rows, sizeof *s->is_pooled);
    s->factors = arena_alloc(&s->arena, widest, sizeof *s->factors);
    s->ranges = arena_alloc(&s->arena, 2 * (size_t)widest, sizeof *s->ranges);
    bool good = s->is_pooled && s->factors && s->ranges;
    for (int p = 0; p < REFERENCE_PRODUCTS && good; p++) {
        struct calibrate_sample *sample = &s->samples[p];
        sample->capacity = s->run.rows / s->step + 1 + s->run.count;
        sample->rows = arena_alloc(&s->arena, sample->capacity * widest, sizeof *sample->rows);
        good = sample->rows != NULL;
    }
    for (size_t i = 0; i < s->run.count && good; i++) s->is_pooled[s->run.pooled[i]] = true;
    return good ? OCELLI_OK : no_memory(s->walk);
}

/* ---- balancing ---- */

/* Shares of int8 inputs at the end of their range and at 0, of a sample that was divided by the factors. */
static void count_ends(const struct state *s, const struct calibrate_sample *sample, struct walk_layer *layer) {
    size_t ends = 0, zeros = 0;
    for (size_t r = 0; r < sample->count; r++) {
        const float *x = sample->rows + r * sample->columns;
        float largest = 0;
        for (uint32_t i = 0; i < sample->columns; i++)
            largest = fabsf(x[i] / s->factors[i]) > largest ? fabsf(x[i] / s->factors[i]) : largest;
        for (uint32_t i = 0; i < sample->columns; i++) {
            float share = largest > 0 ? fabsf(x[i] / s->factors[i]) / largest * 127 : 0;
            ends += share >= 126.5f, zeros += share < 0.5f;
        }
    }
    double all = (double)sample->count * sample->columns * REFERENCE_PRODUCTS;
    layer->ends += all > 0 ? (double)ends / all : 0;
    layer->zeros += all > 0 ? (double)zeros / all : 0;
}

static int keep_ranges(struct state *s, const char *name, uint32_t columns, double spread) {
    struct walk_ranges *kept = &s->tower->ranges;
    if (spread <= kept->spread) return OCELLI_OK;
    kept->values = arena_alloc(&s->tower->arena, 2 * (size_t)columns, sizeof *kept->values);
    if (!kept->values) return no_memory(s->walk);
    memcpy(kept->values, s->ranges, 2 * (size_t)columns * sizeof *kept->values);
    kept->columns = columns, kept->spread = spread;
    snprintf(kept->product, sizeof kept->product, "%s", name);
    return OCELLI_OK;
}

/* Factors for one product's inputs, and the product's part of them. */
static int balance(struct state *s, uint32_t block, enum reference_product product, struct reference_matrix *m,
                   struct walk_layer *layer) {
    struct calibrate_weights weights = {m->values, m->rows, m->columns};
    struct calibrate_choice *choice = &layer->products[product];
    char name[64];
    int status = calibrate_choose(s->walk->pool, &s->samples[product], &weights, product != REFERENCE_DOWN, s->factors,
                                  s->ranges, choice);
    if (status) return status;
    calibrate_columns(m->values, m->rows, m->columns, s->factors);
    m->float_inputs = choice->float_inputs;
    count_ends(s, &s->samples[product], layer);
    snprintf(name, sizeof name, TENSOR_BLOCK ".%s", s->run.prefix, block, walk_product_names[product]);
    return keep_ranges(s, name, m->columns, choice->spread_before);
}

static void divide_norm(const struct state *s, float *const norm[2], uint32_t width) {
    calibrate_divide(norm[0], width, s->factors);
    calibrate_divide(norm[1], width, s->factors);
}

static int balance_block(struct state *s, uint32_t block, struct reference_weights_of_block *b) {
    struct walk_layer *layer = &s->tower->layers[block];
    uint32_t width = s->run.tower->width, attention = b->out.columns;
    int status = balance(s, block, REFERENCE_QKV, &b->qkv, layer);
    if (!status) divide_norm(s, b->norm1, width);
    if (!status) status = balance(s, block, REFERENCE_OUT, &b->out, layer);
    if (!status)
        calibrate_rows(b->qkv.values + 2 * (size_t)attention * width, b->qkv.bias + 2 * (size_t)attention, attention,
                       width, s->factors); /* v */
    if (!status) status = balance(s, block, REFERENCE_UP, &b->up, layer);
    if (!status) divide_norm(s, b->norm2, width);
    if (!status) status = balance(s, block, REFERENCE_DOWN, &b->down, layer);
    for (int p = 0; p < REFERENCE_PRODUCTS; p++) s->samples[p].count = 0;
    return status;
}

/* ---- a block ---- */

static int write_matrix(const struct state *s, struct arena *arena, const char *block, const char *part,
                        struct reference_matrix *m) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s.%s", block, part);
    int status = walk_make_room(s->walk, arena, m);
    return status ? status : walk_write_matrix(s->walk, name, m, 0, m->rows);
}

static int write_qkv(const struct state *s, struct arena *arena, const char *block, struct reference_matrix *m) {
    static const char *const parts[] = {TENSOR_QUERY, TENSOR_KEY, TENSOR_VALUE};
    char name[NAME_SIZE];
    int status = walk_make_room(s->walk, arena, m);
    for (uint32_t i = 0; i < 3 && !status; i++) {
        snprintf(name, sizeof name, "%s.%s", block, parts[i]);
        status = walk_write_matrix(s->walk, name, m, i * (m->rows / 3), m->rows / 3);
    }
    return status;
}

static int write_block(const struct state *s, uint32_t number, struct reference_weights_of_block *b) {
    char block[32], name[NAME_SIZE];
    snprintf(block, sizeof block, TENSOR_BLOCK, s->run.prefix, number);
    snprintf(name, sizeof name, "%s." TENSOR_NORM_1, block);
    int status = walk_write_norm(s->walk, name, b->norm1);
    if (!status) status = write_qkv(s, &b->arena, block, &b->qkv);
    if (!status) status = write_matrix(s, &b->arena, block, TENSOR_ATTENTION_OUT, &b->out);
    snprintf(name, sizeof name, "%s." TENSOR_NORM_2, block);
    if (!status) status = walk_write_norm(s->walk, name, b->norm2);
    if (!status) status = write_matrix(s, &b->arena, block, TENSOR_UP, &b->up);
    return status ? status : write_matrix(s, &b->arena, block, TENSOR_DOWN, &b->down);
}

/* Of every row to the float one. */
static void compare_rows(const struct state *s, struct walk_layer *layer) {
    uint32_t width = s->run.tower->width;
    for (int kind = 0; kind < REFERENCE_KINDS; kind++) {
        double sum = 0, worst = 1;
        for (size_t r = 0; r < s->run.rows; r++) {
            double cosine = reference_cosine(s->run.x[REFERENCE_FLOAT] + r * width, s->run.x[kind] + r * width, width);
            sum += cosine;
            worst = cosine < worst ? cosine : worst;
        }
        layer->cosine[kind] = sum / (double)s->run.rows;
        layer->worst[kind] = worst;
    }
}

static int do_block(struct state *s, uint32_t number) {
    struct reference_weights_of_block b = {0};
    int status = reference_read_block(&s->run, number, &b);
    if (!status) status = reference_block(&s->run, &b, REFERENCE_FLOAT);
    if (!status && s->walk->calibrate) status = balance_block(s, number, &b);
    if (!status) status = write_block(s, number, &b);
    s->run.observe = NULL;
    if (!status) status = reference_block(&s->run, &b, REFERENCE_INT8);
    if (!status) status = reference_block(&s->run, &b, REFERENCE_DOT);
    s->run.observe = s->walk->calibrate ? observe : NULL;
    if (!status) compare_rows(s, &s->tower->layers[number]);
    arena_finish(&b.arena);
    return status;
}

/* ---- the projection ---- */

static int balance_projection(struct state *s, const float *pooled, float *const norm[2], struct reference_matrix *m,
                              const char *name) {
    struct calibrate_sample sample = {(float *)pooled, m->columns, s->run.count, s->run.count};
    struct calibrate_weights weights = {m->values, m->rows, m->columns};
    struct calibrate_choice choice; /* its float_inputs apart: one row an input is not worth a kernel of its own */
    int status = calibrate_choose(s->walk->pool, &sample, &weights, true, s->factors, s->ranges, &choice);
    if (status) return status;
    calibrate_columns(m->values, m->rows, m->columns, s->factors);
    divide_norm(s, norm, m->columns);
    return keep_ranges(s, name, m->columns, choice.spread_before);
}

static int do_projection(struct state *s, const char *projection) {
    struct arena arena = {0};
    struct reference_matrix m;
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
    if (!status && s->walk->calibrate) status = balance_projection(s, pooled, norm, &m, projection);
    if (!status) status = walk_make_room(s->walk, &arena, &m);
    if (!status) status = walk_write_matrix(s->walk, projection, &m, 0, m.rows);
    for (int kind = REFERENCE_FLOAT + 1; kind < REFERENCE_KINDS && !status; kind++) {
        reference_pool(&s->run, kind, norm, pooled);
        status = reference_project(&s->run, kind, &m, pooled, s->tower->embeddings[kind]);
    }
    if (!status) status = walk_write_norm(s->walk, post, norm);
    arena_finish(&arena);
    return status;
}

/* ---- attention pooling ---- */

/* Not balanced: one row a picture goes through most of it. */
static int write_head(const struct state *s, struct reference_head *h) {
    static const char post[] = TENSOR_IMAGE "." TENSOR_POST_NORM, norm[] = TENSOR_HEAD "." TENSOR_NORM_2;
    int status = write_matrix(s, &h->arena, TENSOR_HEAD, TENSOR_KEY, &h->key);
    if (!status) status = write_matrix(s, &h->arena, TENSOR_HEAD, TENSOR_VALUE, &h->value);
    if (!status) status = write_matrix(s, &h->arena, TENSOR_HEAD, TENSOR_ATTENTION_OUT, &h->out);
    if (!status) status = write_matrix(s, &h->arena, TENSOR_HEAD, TENSOR_UP, &h->up);
    if (!status) status = write_matrix(s, &h->arena, TENSOR_HEAD, TENSOR_DOWN, &h->down);
    if (!status) status = walk_write_norm(s->walk, post, h->post);
    return status ? status : walk_write_norm(s->walk, norm, h->norm);
}

static int do_head(struct state *s) {
    struct reference_head head = {0};
    int status = reference_read_head(&s->run, &head);
    if (!status) status = write_head(s, &head);
    for (int kind = 0; kind < REFERENCE_KINDS && !status; kind++)
        status = reference_run_head(&s->run, &head, kind, s->tower->embeddings[kind]);
    arena_finish(&head.arena);
    return status;
}

/* ---- a tower ---- */

static int make_tower(struct state *s) {
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

static int walk_tower(struct state *s, const char *projection) {
    int status = make_tower(s);
    if (!status) status = make_samples(s);
    s->run.observe = s->walk->calibrate ? observe : NULL, s->run.user = s;
    for (uint32_t i = 0; i < s->run.tower->blocks && !status; i++) status = do_block(s, i);
    bool head = s->walk->model->config->attention_pool && s->run.tower == &s->walk->model->config->image;
    if (!status) status = head ? do_head(s) : do_projection(s, projection);
    reference_finish(&s->run);
    arena_finish(&s->arena);
    return status;
}

static const unsigned all_kinds = (1u << REFERENCE_KINDS) - 1;

int walk_images(const struct walk *walk, const struct inputs *inputs, struct walk_tower *tower) {
    struct state s = {.walk = walk, .tower = tower};
    struct arena arena = {0};
    struct reference_matrix patches;
    int status = reference_read_matrix(walk->model, &arena, TENSOR_PATCHES, walk->model->config->stem > 0, &patches);
    if (!status) status = walk_make_room(walk, &arena, &patches);
    if (!status) status = walk_write_matrix(walk, TENSOR_PATCHES, &patches, 0, patches.rows);
    if (!status)
        status = reference_images(&s.run, walk->model, walk->pool, all_kinds, &patches, inputs->pictures,
                                  inputs->picture_count);
    arena_finish(&arena);
    if (!status) return walk_tower(&s, TENSOR_IMAGE_PROJECTION);
    reference_finish(&s.run);
    return status;
}

int walk_texts(const struct walk *walk, const struct inputs *inputs, uint32_t end_id, struct walk_tower *tower) {
    struct state s = {.walk = walk, .tower = tower};
    int status = reference_texts(&s.run, walk->model, walk->pool, all_kinds, inputs->ids, inputs->text_count, end_id);
    if (!status) return walk_tower(&s, TENSOR_TEXT_PROJECTION);
    reference_finish(&s.run);
    return status;
}

void walk_tower_finish(struct walk_tower *tower) {
    arena_finish(&tower->arena);
    *tower = (struct walk_tower){0};
}
