/* SPDX-License-Identifier: Apache-2.0
 * R rows of all inputs, W wide, H hidden, D the embedding. Shapes stand at the line ends. */
#include "convert/compute/reference.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/product.h"
#include "convert/compute/reference_head.h"
#include "convert/compute/quantize.h"
#include "convert/compute/reference_ops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 2048, NAME_SIZE = 96 }; /* rows that are worked on at once, unless one input has more */

static int no_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "reference: out of memory");
}

/* ---- a run ---- */

static size_t longest_input(const struct reference *r) {
    size_t longest = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->first[i + 1] - r->first[i] > longest) longest = r->first[i + 1] - r->first[i];
    return longest;
}

static int allocate(struct reference *r, unsigned kinds, uint32_t widest) {
    const struct config_tower *c = r->tower;
    size_t longest = longest_input(r);
    if (c->hidden > widest) widest = c->hidden;
    if (c->width > widest) widest = c->width;
    r->chunk = longest > CHUNK ? longest : r->rows < CHUNK ? r->rows : CHUNK;
    r->normed = arena_alloc(&r->arena, r->chunk, c->width * sizeof(float));
    uint32_t attention = c->heads * c->head;
    if (attention > widest) widest = attention;
    r->qkv = arena_alloc(&r->arena, r->chunk, 3 * (size_t)attention * sizeof(float));
    r->attended = arena_alloc(&r->arena, r->chunk, (attention > c->width ? attention : c->width) * sizeof(float));
    r->hidden = arena_alloc(&r->arena, r->chunk, widest * sizeof(float));
    r->rounded = arena_alloc(&r->arena, r->chunk, widest * sizeof(float));
    bool good = r->normed && r->qkv && r->attended && r->hidden && r->rounded;
    for (int kind = 0; kind < REFERENCE_KINDS; kind++)
        if (kinds & 1u << kind) good = (r->x[kind] = arena_alloc(&r->arena, r->rows, c->width * sizeof(float))) && good;
    return good ? OCELLI_OK : no_memory();
}

static int begin(struct reference *r, const struct model *model, struct pool *pool, const struct config_tower *tower,
                 size_t count) {
    *r = (struct reference){.model = model, .pool = pool, .tower = tower, .count = count};
    r->first = arena_alloc(&r->arena, count + 1, sizeof *r->first);
    r->pooled = arena_alloc(&r->arena, count, sizeof *r->pooled);
    return r->first && r->pooled ? OCELLI_OK : no_memory();
}

void reference_finish(struct reference *run) {
    arena_finish(&run->arena);
    *run = (struct reference){0};
}

/* Whole inputs from `input` on, as many as fit; gives how many. */
static size_t inputs_of_chunk(const struct reference *r, size_t input) {
    size_t end = input + 1;
    while (end < r->count && r->first[end + 1] - r->first[input] <= r->chunk) end++;
    return end - input;
}

/* out = in . matrix^T + bias, as the kind has them: (rows, columns) -> (rows, matrix rows) */
int reference_multiply(const struct reference *r, enum reference_weights kind, const struct reference_matrix *m,
                       const float *in, size_t rows, float *out) {
    bool rounds = kind == REFERENCE_DOT && !m->float_inputs;
    if (rounds) ops_round(r->pool, in, rows, m->columns, r->rounded);
    return product_run(r->pool,
                       &(struct product){.weights = kind == REFERENCE_FLOAT ? m->values : NULL,
                                         .rounded = m->rounded,
                                         .scales = m->scales,
                                         .bias = kind != REFERENCE_FLOAT && m->rounded_bias ? m->rounded_bias : m->bias,
                                         .rows = m->rows,
                                         .columns = m->columns,
                                         .in = rounds ? r->rounded : in,
                                         .count = rows,
                                         .out = out});
}

/* ---- blocks ---- */

void reference_see(const struct reference *r, enum reference_product product, const float *rows, size_t row0,
                   size_t count, uint32_t columns) {
    if (r->observe) r->observe(r->user, product, rows, row0, count, columns);
}

/* The heads' results: (R, A). */
static int attend_chunk(struct reference *r, const struct reference_weights_of_block *b, enum reference_weights kind,
                        size_t input, size_t inputs, const float *x, size_t rows) {
    uint32_t width = r->tower->width, attention = b->out.columns;
    size_t row0 = r->first[input];
    ops_norm(r->pool, x, b->norm1, rows, width, r->tower->epsilon, r->normed); // (R, W)
    reference_see(r, REFERENCE_QKV, r->normed, row0, rows, width);
    int status = reference_multiply(r, kind, &b->qkv, r->normed, rows, r->qkv); // (R, 3A)
    struct ops_attention a = {.qkv = r->qkv - row0 * 3 * attention,
                              .out = r->attended - row0 * attention,
                              .first = r->first + input,
                              .sequences = inputs,
                              .width = attention,
                              .heads = b->heads,
                              .causal = r->causal};
    return status ? status : ops_attend(r->pool, &a); // (R, A)
}

static int attention_of_chunk(struct reference *r, const struct reference_weights_of_block *b,
                              enum reference_weights kind, enum reference_product first, size_t input, size_t inputs,
                              float *x, size_t rows) {
    size_t row0 = r->first[input], count = rows * r->tower->width;
    int status = first < REFERENCE_OUT ? attend_chunk(r, b, kind, input, inputs, x, rows) : OCELLI_OK;
    if (status) return status;
    reference_see(r, REFERENCE_OUT, r->attended, row0, rows, b->out.columns);
    status = reference_multiply(r, kind, &b->out, r->attended, rows, r->normed); // (R, W)
    if (status) return status;
    ops_add(x, r->normed, count);
    if (r->middle) memcpy(r->middle + row0 * r->tower->width, x, count * sizeof *x);
    return status;
}

static int mlp_of_chunk(struct reference *r, const struct reference_weights_of_block *b, enum reference_weights kind,
                        enum reference_product first, size_t row0, float *x, size_t rows) {
    uint32_t width = r->tower->width, hidden = b->up.rows;
    int status = OCELLI_OK;
    if (first < REFERENCE_DOWN) {
        ops_norm(r->pool, x, b->norm2, rows, width, r->tower->epsilon, r->normed); // (R, W)
        reference_see(r, REFERENCE_UP, r->normed, row0, rows, width);
        status = reference_multiply(r, kind, &b->up, r->normed, rows, r->hidden); // (R, H)
        if (status) return status;
        ops_activate(r->pool, r->tower->activation, r->hidden, rows, hidden);
    }
    reference_see(r, REFERENCE_DOWN, r->hidden, row0, rows, hidden);
    status = reference_multiply(r, kind, &b->down, r->hidden, rows, r->normed); // (R, W)
    if (!status) ops_add(x, r->normed, rows * width);
    return status;
}

int reference_block_from(struct reference *run, const struct reference_weights_of_block *weights,
                         enum reference_weights kind, enum reference_product first) {
    int status = OCELLI_OK;
    for (size_t input = 0, inputs; input < run->count && !status; input += inputs) {
        inputs = inputs_of_chunk(run, input);
        size_t row0 = run->first[input], rows = run->first[input + inputs] - row0;
        float *x = run->x[kind] + row0 * run->tower->width;
        if (first < REFERENCE_UP) status = attention_of_chunk(run, weights, kind, first, input, inputs, x, rows);
        if (!status) status = mlp_of_chunk(run, weights, kind, first, row0, x, rows);
    }
    return status;
}

int reference_block(struct reference *run, const struct reference_weights_of_block *weights,
                    enum reference_weights kind) {
    return reference_block_from(run, weights, kind, REFERENCE_QKV);
}

/* Of several chunks only the last one's numbers inside a block are still there. */
enum reference_product reference_again(const struct reference *run, enum reference_product first) {
    if (run->rows <= run->chunk) return first;
    return first < REFERENCE_UP ? REFERENCE_QKV : REFERENCE_UP;
}

/* ---- the end of a tower ---- */

void reference_pool(const struct reference *run, enum reference_weights kind, float *const norm[2], float *out) {
    uint32_t width = run->tower->width;
    for (size_t i = 0; i < run->count; i++)
        ops_norm(run->pool, run->x[kind] + run->pooled[i] * width, norm, 1, width, run->tower->epsilon,
                 out + i * width);
}

int reference_make_unit(const struct reference *r, float *row, uint32_t size) {
    double squares = 0;
    for (uint32_t i = 0; i < size; i++) squares += (double)row[i] * row[i];
    if (!isfinite(squares) || squares == 0)
        return log_fail(OCELLI_ERR_FILE, "%s: the model gives no usable embedding: its weights are damaged",
                        r->model->config->file);
    for (uint32_t i = 0; i < size; i++) row[i] = (float)(row[i] / sqrt(squares));
    return OCELLI_OK;
}

int reference_project(const struct reference *run, enum reference_weights kind,
                      const struct reference_matrix *projection, const float *pooled, float *out) {
    uint32_t width = run->tower->width, size = projection->rows;
    int status = OCELLI_OK;
    for (size_t done = 0, rows; done < run->count && !status; done += rows) {
        rows = run->count - done < run->chunk ? run->count - done : run->chunk;
        status = reference_multiply(run, kind, projection, pooled + done * width, rows, out + done * size); // (R, D)
    }
    for (size_t i = 0; i < run->count && !status; i++) status = reference_make_unit(run, out + i * size, size);
    return status;
}

/* ---- the image tower's beginning ---- */

/* Pixels of one patch in the order of the convolution's weights. */
static void cut_patch(const struct config *c, const uint8_t *rgb, uint32_t left, uint32_t top, float *out) {
    for (uint32_t channel = 0; channel < 3; channel++)
        for (uint32_t y = top; y < top + c->patch_size; y++)
            for (uint32_t x = left; x < left + c->patch_size; x++) {
                double value = rgb[((size_t)y * c->image_size + x) * 3 + channel] / 255.0;
                *out++ = (float)((value - c->mean[channel]) / c->std[channel]);
            }
}

/* What all pictures begin with besides their patches. */
struct image_start {
    float *class_token, *positions, *norm[2];
    struct reference_matrix stem[2]; /* (C, 48), (C, 4 C) */
    float *stem_rows[2];             /* (16 P, C), (4 P, C) */
};

/* Two convolutions, each over rows that are read as a quarter as many (clip/stem.h). */
static int run_stem(const struct reference *r, enum reference_weights kind, const struct image_start *start,
                    size_t patches, const float **rows) {
    for (int i = 0; i < 2; i++) {
        size_t count = patches * (i ? 4 : 16);
        int status = reference_multiply(r, kind, &start->stem[i], *rows, count, start->stem_rows[i]);
        if (status) return status;
        ops_activate(r->pool, r->tower->activation, start->stem_rows[i], count, start->stem[i].rows);
        *rows = start->stem_rows[i];
    }
    return OCELLI_OK;
}

/* Also the rounded weights, which nobody else needs. */
static int read_stem(const struct reference *r, struct arena *arena, struct image_start *start) {
    const struct config *c = r->model->config;
    size_t side = c->image_size / c->patch_size;
    int status = OCELLI_OK;
    for (int i = 0; i < 2 && !status; i++) {
        struct reference_matrix *m = &start->stem[i];
        char name[NAME_SIZE];
        snprintf(name, sizeof name, TENSOR_STEM, i);
        status = reference_read_matrix(r->model, arena, name, true, m);
        if (status) return status;
        int8_t *rounded = arena_alloc(arena, (size_t)m->rows * m->columns, 1);
        float *scales = arena_alloc(arena, m->rows, sizeof(float));
        start->stem_rows[i] = arena_alloc(arena, side * side * (i ? 4 : 16), m->rows * sizeof(float));
        if (!rounded || !scales || !start->stem_rows[i]) return no_memory();
        quantize_rows(m->values, m->rows, m->columns, rounded, scales);
        m->rounded = rounded, m->scales = scales;
    }
    return status;
}

/* Pieces of a patch in the order of clip/stem.h, each as the pixels of a small patch. */
static void cut_pieces(const struct config *c, const uint8_t *rgb, uint32_t left, uint32_t top, float *out) {
    struct config piece = *c;
    piece.patch_size = c->patch_size / 4;
    uint32_t side = piece.patch_size;
    for (uint32_t i = 0; i < 16; i++, out += 3 * side * side) {
        uint32_t x = (i / 4 % 2 * 2 + i % 2) * side, y = (i / 8 * 2 + i / 2 % 2) * side;
        cut_patch(&piece, rgb, left + x, top + y, out);
    }
}

static int embed_picture(const struct reference *r, enum reference_weights kind, const struct reference_matrix *patches,
                         const struct image_start *start, float *x) {
    const struct config *c = r->model->config;
    uint32_t width = r->tower->width, side = c->image_size / c->patch_size;
    uint32_t first = r->tower->tokens - side * side; // the class token
    const float *in = r->hidden;
    int status = OCELLI_OK;
    if (c->stem) status = run_stem(r, kind, start, (size_t)side * side, &in);                               // (P, 4 C)
    if (!status) status = reference_multiply(r, kind, patches, in, (size_t)side * side, x + first * width); // (P, W)
    if (first) memcpy(x, start->class_token, width * sizeof *x);
    ops_add(x, start->positions, (size_t)r->tower->tokens * width);                                       // (T, W)
    if (start->norm[0]) ops_norm(r->pool, x, start->norm, r->tower->tokens, width, r->tower->epsilon, x); // (T, W)
    return status;
}

static int embed_pictures(struct reference *r, const struct reference_matrix *patches, const struct image_start *start,
                          const uint8_t *const *rgb) {
    const struct config *c = r->model->config;
    uint32_t pixels = 3 * c->patch_size * c->patch_size, side = c->image_size / c->patch_size;
    int status = OCELLI_OK;
    for (size_t i = 0; i < r->count && !status; i++) {
        for (uint32_t p = 0; p < side * side; p++)
            (c->stem ? cut_pieces : cut_patch)(c, rgb[i], p % side * c->patch_size, p / side * c->patch_size,
                                               r->hidden + (size_t)p * pixels);
        for (int kind = 0; kind < REFERENCE_KINDS && !status; kind++)
            if (r->x[kind]) status = embed_picture(r, kind, patches, start, r->x[kind] + r->first[i] * r->tower->width);
    }
    return status;
}

static int read_start(const struct reference *r, struct arena *arena, struct image_start *start) {
    const struct model *m = r->model;
    const struct model_tensor *t;
    *start = (struct image_start){0};
    int status = reference_read_tensor(m, arena, TENSOR_IMAGE_POSITIONS, "", &t, &start->positions);
    if (status || m->config->attention_pool) return status;
    status = reference_read_tensor(m, arena, TENSOR_CLASS, "", &t, &start->class_token);
    if (!status && !m->config->no_pre_norm) status = reference_read_norm(m, arena, TENSOR_PRE_NORM, start->norm);
    return status || !m->config->stem ? status : read_stem(r, arena, start);
}

int reference_images(struct reference *run, const struct model *model, struct pool *pool, unsigned kinds,
                     const struct reference_matrix *patches, const uint8_t *const *rgb, size_t count) {
    struct image_start start;
    int status = begin(run, model, pool, &model->config->image, count);
    run->prefix = TENSOR_IMAGE;
    run->rows = count * run->tower->tokens;
    for (size_t i = 0; i <= count && !status; i++) run->first[i] = i * run->tower->tokens;
    for (size_t i = 0; i < count && !status; i++) run->pooled[i] = run->first[i]; /* the class token */
    uint32_t pixels = 3 * model->config->patch_size * model->config->patch_size;
    if (!status) status = allocate(run, kinds, patches->columns > pixels ? patches->columns : pixels);
    if (!status) status = read_start(run, &run->arena, &start);
    return status ? status : embed_pictures(run, patches, &start, rgb);
}

/* ---- the text tower's beginning ---- */

/* Up to the first end mark; what follows cannot reach it under the mask. Or all, padding too. */
static size_t tokens_of(const struct config *c, const struct reference_text *text, uint32_t end_id) {
    size_t pooled = 0;
    if (c->pool == CONFIG_POOL_LAST) return text->count;
    while (pooled + 1 < text->count && (uint32_t)text->ids[pooled] != end_id) pooled++;
    return pooled + 1;
}

/* A row of the token table, as it is and as int8 keeps it. */
static int read_token(const struct model_tensor *table, const struct quantize_rule *rule, uint32_t id, float *exact,
                      float *rounded) {
    int status = model_read(table, id, 1, exact);
    float scale = table->rounded ? table->scales[id] : quantize_scale(rule, exact, table->columns);
    for (uint32_t i = 0; i < table->columns && !status; i++)
        rounded[i] = table->rounded ? scale * table->rounded[(size_t)id * table->columns + i]
                     : scale > 0    ? scale * rintf(exact[i] / scale)
                                    : 0;
    return status;
}

static int embed_text(struct reference *r, const struct quantize_rule *rule, const struct reference_text *text,
                      size_t row0, const float *positions) {
    const struct model_tensor *table = model_tensor(r->model, TENSOR_TOKENS);
    uint32_t width = r->tower->width;
    int status = OCELLI_OK;
    float *exact = r->normed, *rounded = r->attended;
    for (size_t i = 0; i < text->count && !status; i++) {
        status = read_token(table, rule, (uint32_t)text->ids[i], exact, rounded);
        ops_add(exact, positions + i * width, width);
        ops_add(rounded, positions + i * width, width);
        for (int kind = 0; kind < REFERENCE_KINDS; kind++)
            if (r->x[kind])
                memcpy(r->x[kind] + (row0 + i) * width, kind == REFERENCE_FLOAT ? exact : rounded,
                       width * sizeof *exact);
    }
    return status;
}

int reference_texts(struct reference *run, const struct model *model, struct pool *pool, unsigned kinds,
                    const struct reference_text *texts, size_t count, uint32_t end_id) {
    const struct model_tensor *t;
    float *positions;
    int status = begin(run, model, pool, &model->config->text, count);
    run->prefix = TENSOR_TEXT;
    run->causal = !model->config->no_mask;
    for (size_t i = 0; i < count && !status; i++) {
        run->first[i + 1] = run->first[i] + tokens_of(model->config, &texts[i], end_id);
        run->pooled[i] = run->first[i + 1] - 1;
        run->rows = run->first[i + 1];
    }
    if (!status) status = allocate(run, kinds, run->tower->hidden);
    if (!status) status = reference_read_tensor(model, &run->arena, TENSOR_TEXT_POSITIONS, "", &t, &positions);
    struct quantize_rule rule = {0};
    t = model_tensor(model, TENSOR_TOKENS);
    if (t->energies) quantize_rule_init(&rule, t->energies, t->columns);
    for (size_t i = 0; i < count && !status; i++) {
        struct reference_text seen = {texts[i].ids, run->first[i + 1] - run->first[i]};
        status = embed_text(run, &rule, &seen, run->first[i], positions);
    }
    return status;
}

/* ---- a whole tower ---- */

static int run_tower(struct reference *r, enum reference_weights kind, const char *projection, float *out) {
    struct arena arena = {0};
    char name[NAME_SIZE];
    float *norm[2], *pooled = arena_alloc(&arena, r->count, r->tower->width * sizeof(float));
    struct reference_matrix last;
    int status = pooled ? OCELLI_OK : no_memory();
    for (uint32_t i = 0; i < r->tower->blocks && !status; i++) {
        struct reference_weights_of_block b = {0};
        status = reference_read_block(r, i, &b);
        if (!status) status = reference_block(r, &b, kind);
        arena_finish(&b.arena);
    }
    if (r->model->config->attention_pool && r->tower == &r->model->config->image) {
        struct reference_head head = {0};
        if (!status) status = reference_read_head(r, &head);
        if (!status) status = reference_run_head(r, &head, kind, out);
        arena_finish(&head.block.arena);
        arena_finish(&arena);
        return status;
    }
    bool bias = r->model->config->text_bias && r->tower == &r->model->config->text;
    snprintf(name, sizeof name, "%s." TENSOR_POST_NORM, r->prefix);
    if (!status) status = reference_read_norm(r->model, &arena, name, norm);
    if (!status) status = reference_read_matrix(r->model, &arena, projection, bias, &last);
    if (!status) reference_pool(r, kind, norm, pooled);
    if (!status) status = reference_project(r, kind, &last, pooled, out);
    arena_finish(&arena);
    return status;
}

int reference_image(const struct model *model, enum reference_weights weights, const uint8_t *rgb, float *out) {
    struct reference r = {0};
    struct arena arena = {0};
    struct pool *pool;
    struct reference_matrix patches;
    int status = thread_pool_create(&pool, 0);
    if (status) return status;
    status = reference_read_matrix(model, &arena, TENSOR_PATCHES, model->config->stem > 0, &patches);
    if (!status) status = reference_images(&r, model, pool, 1u << weights, &patches, &rgb, 1);
    if (!status) status = run_tower(&r, weights, TENSOR_IMAGE_PROJECTION, out);
    reference_finish(&r);
    arena_finish(&arena);
    thread_pool_destroy(&pool);
    return status;
}

int reference_run_texts(const struct model *model, struct pool *pool, const struct reference_text *texts, size_t count,
                        uint32_t end_id, float *out) {
    struct reference r = {0};
    int status = reference_texts(&r, model, pool, 1u << REFERENCE_FLOAT, texts, count, end_id);
    if (!status) status = run_tower(&r, REFERENCE_FLOAT, TENSOR_TEXT_PROJECTION, out);
    reference_finish(&r);
    return status;
}

int reference_text(const struct model *model, enum reference_weights weights, const int32_t *ids, size_t count,
                   uint32_t end_id, float *out) {
    struct reference r = {0};
    struct pool *pool;
    struct reference_text text = {ids, count};
    int status = thread_pool_create(&pool, 0);
    if (status) return status;
    status = reference_texts(&r, model, pool, 1u << weights, &text, 1, end_id);
    if (!status) status = run_tower(&r, weights, TENSOR_TEXT_PROJECTION, out);
    reference_finish(&r);
    thread_pool_destroy(&pool);
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
