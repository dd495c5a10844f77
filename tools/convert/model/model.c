/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/model.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/quantize.h"
#include "convert/model/stem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum side { ONE, WIDTH, ATTENTION, HIDDEN, TOKENS, PATCH, EMBEDDING, VOCABULARY };
enum { NAME_SIZE = 96 };

/* docs/blob.md, "Tensors", in the order of the file. */
struct part {
    const char *name;
    bool matrix;
    enum side rows, columns;
};

static const struct part image_head[] = {
    {TENSOR_PATCHES TENSOR_WEIGHT, true, WIDTH, PATCH}, {TENSOR_CLASS, false, ONE, WIDTH},
    {TENSOR_IMAGE_POSITIONS, false, TOKENS, WIDTH},     {TENSOR_PRE_NORM TENSOR_WEIGHT, false, ONE, WIDTH},
    {TENSOR_PRE_NORM TENSOR_BIAS, false, ONE, WIDTH},
}; /* with a stem: stem.c */
static const struct part image_tail[] = {
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_WEIGHT, false, ONE, WIDTH},
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_BIAS, false, ONE, WIDTH},
    {TENSOR_IMAGE_PROJECTION TENSOR_WEIGHT, true, EMBEDDING, WIDTH},
};
static const struct part attention_pool_head[] = {
    {TENSOR_PATCHES TENSOR_WEIGHT, true, WIDTH, PATCH},
    {TENSOR_IMAGE_POSITIONS, false, TOKENS, WIDTH},
};
#define HEAD(part) TENSOR_HEAD "." part
#define PRODUCT(name, rows, columns)                                                                                   \
    {name TENSOR_WEIGHT, true, rows, columns}, {                                                                       \
        name TENSOR_BIAS, false, ONE, rows                                                                             \
    }
static const struct part attention_pool_tail[] = {
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_WEIGHT, false, ONE, WIDTH},
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_BIAS, false, ONE, WIDTH},
    {TENSOR_HEAD_QUERY, false, ONE, WIDTH},
    PRODUCT(HEAD(TENSOR_KEY), WIDTH, WIDTH),
    PRODUCT(HEAD(TENSOR_VALUE), WIDTH, WIDTH),
    PRODUCT(HEAD(TENSOR_ATTENTION_OUT), WIDTH, WIDTH),
    {HEAD(TENSOR_NORM_2) TENSOR_WEIGHT, false, ONE, WIDTH},
    {HEAD(TENSOR_NORM_2) TENSOR_BIAS, false, ONE, WIDTH},
    PRODUCT(HEAD(TENSOR_UP), HIDDEN, WIDTH),
    PRODUCT(HEAD(TENSOR_DOWN), WIDTH, HIDDEN),
};
static const struct part text_head[] = {
    {TENSOR_TOKENS, true, VOCABULARY, WIDTH},
    {TENSOR_TEXT_POSITIONS, false, TOKENS, WIDTH},
};
static const struct part text_tail[] = {
    {TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_WEIGHT, false, ONE, WIDTH},
    {TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_BIAS, false, ONE, WIDTH},
    {TENSOR_TEXT_PROJECTION TENSOR_WEIGHT, true, EMBEDDING, WIDTH},
};
static const struct part text_bias[] = {{TENSOR_TEXT_PROJECTION TENSOR_BIAS, false, ONE, EMBEDDING}};
static const struct part block[] = {
    {TENSOR_NORM_1 TENSOR_WEIGHT, false, ONE, WIDTH},
    {TENSOR_NORM_1 TENSOR_BIAS, false, ONE, WIDTH},
    {TENSOR_QUERY TENSOR_WEIGHT, true, ATTENTION, WIDTH},
    {TENSOR_QUERY TENSOR_BIAS, false, ONE, ATTENTION},
    {TENSOR_KEY TENSOR_WEIGHT, true, ATTENTION, WIDTH},
    {TENSOR_KEY TENSOR_BIAS, false, ONE, ATTENTION},
    {TENSOR_VALUE TENSOR_WEIGHT, true, ATTENTION, WIDTH},
    {TENSOR_VALUE TENSOR_BIAS, false, ONE, ATTENTION},
    {TENSOR_ATTENTION_OUT TENSOR_WEIGHT, true, WIDTH, ATTENTION},
    {TENSOR_ATTENTION_OUT TENSOR_BIAS, false, ONE, WIDTH},
    {TENSOR_NORM_2 TENSOR_WEIGHT, false, ONE, WIDTH},
    {TENSOR_NORM_2 TENSOR_BIAS, false, ONE, WIDTH},
    {TENSOR_UP TENSOR_WEIGHT, true, HIDDEN, WIDTH},
    {TENSOR_UP TENSOR_BIAS, false, ONE, HIDDEN},
    {TENSOR_DOWN TENSOR_WEIGHT, true, WIDTH, HIDDEN},
    {TENSOR_DOWN TENSOR_BIAS, false, ONE, WIDTH},
};

#define COUNT(parts) (sizeof(parts) / sizeof(parts)[0])
enum { FIRST_OF_MLP = 10 }; /* in `block`: its norm */

struct loader {
    struct model *m;
    struct checkpoint *c;
    const struct config_tower *tower;
    const char *source_block; /* prefix of block %u in the checkpoint */
    const char *prefix;       /* of the tower in the blob */
    const struct names_row *names;
    struct config_block block; /* the one that is being added */
};

static uint32_t side(const struct loader *l, enum side s) {
    const struct config *c = l->m->config;
    switch (s) {
    case WIDTH: return l->tower->width;
    case ATTENTION: return l->block.heads * l->tower->head;
    case HIDDEN: return l->block.hidden;
    case TOKENS: return l->tower->tokens;
    case PATCH: return 3 * c->patch_size * c->patch_size;
    case EMBEDDING: return c->embedding;
    case VOCABULARY: return c->vocabulary;
    default: return 1;
    }
}

static void set_dimensions(const struct loader *l, struct model_tensor *t, bool patches) {
    uint32_t patch = l->m->config->patch_size;
    t->dimensions = patches ? 4 : t->rows == 1 && !t->matrix ? 1 : 2;
    uint64_t plain[4] = {t->columns, t->rows, 1, 1}, square[4] = {patch, patch, 3, t->rows};
    memcpy(t->ne, patches ? square : plain, sizeof t->ne);
}

static size_t print_shape(char *text, size_t size, const uint64_t *shape, uint32_t dimensions) {
    size_t length = (size_t)snprintf(text, size, "(");
    for (uint32_t i = 0; i < dimensions && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%llu", i ? ", " : "", (unsigned long long)shape[i]);
    if (length < size) length += (size_t)snprintf(text + length, size - length, ")");
    return length;
}

static int check_shape(const struct checkpoint_tensor *from, const uint64_t *expected, uint32_t dimensions,
                       const char *config) {
    const struct stored_tensor *s = from->stored;
    uint32_t ones = 0; /* timm and torch keep a batch of 1 before positions and queries */
    while (ones + dimensions < s->dimensions && s->shape[ones] == 1) ones++;
    bool same =
        s->dimensions - ones == dimensions && memcmp(s->shape + ones, expected, dimensions * sizeof *expected) == 0;
    char is[200], wanted[200];
    if (!same) {
        print_shape(is, sizeof is, s->shape, s->dimensions);
        print_shape(wanted, sizeof wanted, expected, dimensions);
        return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is %s, expected %s by %s: the two do not belong together",
                        from->file, s->name, is, wanted, config);
    }
    if (stored_is_float(s)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is %s, expected F32, F16 or BF16: save it as one of these",
                    from->file, s->name, s->type);
}

/* As it stands in the checkpoint: slowest first, q, k and v together, projections turned. */
static int check_source(const struct loader *l, const struct model_tensor *t, const struct names_row *row,
                        const struct checkpoint_tensor *from) {
    uint64_t shape[4];
    for (uint32_t i = 0; i < t->dimensions; i++) shape[i] = t->ne[t->dimensions - 1 - i];
    if (t->dimensions == 2) shape[0] = t->stored_rows;
    if (t->dimensions < 3) shape[t->dimensions - 1] = t->stored_columns;
    if (row->part) shape[0] *= row->part > 3 ? 2 : 3;
    if (row->transposed) shape[0] = t->columns, shape[1] = t->rows;
    return check_shape(from, shape, t->dimensions, l->m->config->file);
}

/* Hidden widths are stored as multiples of 4: units behind the pruned model's own are zeros. */
static void find_stored(const struct loader *l, const struct part *part, const struct checkpoint_tensor *from,
                        struct model_tensor *t) {
    t->stored_rows = t->rows, t->stored_columns = t->columns;
    if (!l->tower->pruned || (part->rows != HIDDEN && part->columns != HIDDEN)) return;
    const uint64_t *shape = from->stored->shape;
    bool is_row = part->rows == HIDDEN;
    uint64_t stored = from->stored->dimensions == 0 ? 0 : shape[is_row ? 0 : from->stored->dimensions - 1];
    uint32_t *side = is_row ? &t->stored_rows : &t->stored_columns;
    if (stored <= l->block.hidden && l->block.hidden - stored < 4) *side = (uint32_t)stored;
}

static uint64_t count_of(const struct model_tensor *t) {
    return (uint64_t)t->rows * t->columns;
}

/* A part of a block that the pruned model does not have is a smallest one of zeros. */
static bool is_pruned_away(const struct loader *l, const struct part *part) {
    size_t place = (size_t)(part - block);
    if (part < block || place >= COUNT(block)) return false;
    return place < FIRST_OF_MLP ? !l->block.attention : !l->block.mlp;
}

static int add(struct loader *l, const struct part *part, const struct names_row *row, const char *name,
               const char *source) {
    struct model *m = l->m;
    struct model_tensor *t = &m->tensors[m->count++];
    *t = (struct model_tensor){.name = arena_copy(&m->arena, name, strlen(name)),
                               .source = arena_copy(&m->arena, source, strlen(source)),
                               .matrix = part->matrix,
                               .rows = side(l, part->rows),
                               .columns = side(l, part->columns)};
    if (!t->name || !t->source) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", l->c->folder);
    set_dimensions(l, t, part->columns == PATCH);
    if (is_pruned_away(l, part)) return OCELLI_OK;
    const struct checkpoint_tensor *from;
    int status = checkpoint_need(l->c, source, &from);
    if (status) return status;
    find_stored(l, part, from, t);
    status = check_source(l, t, row, from);
    t->from = from;
    t->first = row->part ? (uint64_t)((row->part > 3 ? row->part - 3 : row->part) - 1) * count_of(t) : 0;
    t->transposed = row->transposed;
    return status;
}

static int add_parts(struct loader *l, const struct part *parts, size_t count) {
    int status = OCELLI_OK;
    for (size_t i = 0; i < count && !status; i++) {
        const struct names_row *row = names_find(l->c->layout->outside, parts[i].name);
        status = add(l, &parts[i], row, parts[i].name, row->source);
    }
    return status;
}

static int add_block(struct loader *l, uint32_t number) {
    int status = OCELLI_OK;
    l->block = l->tower->block[number];
    for (size_t i = 0; i < COUNT(block) && !status; i++) {
        const struct names_row *row = names_find(l->names, block[i].name);
        char name[NAME_SIZE], source[NAME_SIZE];
        snprintf(name, sizeof name, TENSOR_BLOCK ".%s", l->prefix, number, block[i].name);
        int length = snprintf(source, sizeof source, l->source_block, number);
        snprintf(source + length, sizeof source - (size_t)length, "%s", row->source);
        status = add(l, &block[i], row, name, source);
    }
    return status;
}

static int add_blocks(struct loader *l) {
    int status = OCELLI_OK;
    for (uint32_t i = 0; i < l->tower->blocks && !status; i++) status = add_block(l, i);
    return status;
}

/* A tensor of one number; timm's have a dimension of 1. */
static int read_one(struct loader *loader, const char *name, float *value) {
    const struct checkpoint_tensor *from;
    int status = checkpoint_need(loader->c, name, &from);
    if (status) return status;
    if (from->stored->count != 1 || !stored_is_float(from->stored))
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not one number: fetch the checkpoint again", from->file, name);
    status = stored_read(from->stored, 0, 1, value);
    if (!status && !isfinite(*value))
        status = log_fail(OCELLI_ERR_FILE, "%s: %s is %g: fetch the checkpoint again", from->file, name, *value);
    return status;
}

static int read_scale(struct loader *loader, struct report *report) {
    float scale;
    char value[32];
    loader->m->logit_scale = loader->m->config->logit_scale;
    if (loader->m->logit_scale > 0) {
        snprintf(value, sizeof value, "%g", loader->m->logit_scale);
        report_choice(report, "logit scale", value, "%s",
                      checkpoint_take(loader->c, "logit_scale")
                          ? "--logit-scale; the checkpoint has its own"
                          : "--logit-scale, or a value of the file: it has no tensor of it");
        return OCELLI_OK;
    }
    int status = read_one(loader, "logit_scale", &scale);
    if (status) return status;
    loader->m->logit_scale = expf(scale);
    if (!isfinite(loader->m->logit_scale) || !(loader->m->logit_scale > 0))
        return log_fail(OCELLI_ERR_FILE, "%s: logit_scale is %g: fetch the checkpoint again", loader->c->folder, scale);
    float most = loader->m->config->most_scale;
    bool capped = most > 0 && loader->m->logit_scale > most;
    if (capped) loader->m->logit_scale = most;
    snprintf(value, sizeof value, "%g", loader->m->logit_scale);
    report_choice(report, "logit scale", value, "exp(%g) of the checkpoint%s", scale,
                  capped ? ", cut to the family's highest" : ", not capped");
    return OCELLI_OK;
}

static int read_bias(struct loader *loader, struct report *report) {
    char value[32];
    int status = read_one(loader, "logit_bias", &loader->m->logit_bias);
    snprintf(value, sizeof value, "%g", loader->m->logit_bias);
    if (!status) report_choice(report, "logit bias", value, "of the checkpoint");
    return status;
}

/* ---- what is folded into other tensors ---- */

/* A tensor of `count` numbers in the layout's place of `name`, of which part is used perhaps. */
static int read_folded(struct loader *l, const char *name, uint32_t rows, uint32_t columns, float **out) {
    const struct names_row *row = names_find(l->c->layout->outside, name);
    const struct checkpoint_tensor *from;
    struct model_tensor shape = {.source = row->source,
                                 .rows = rows,
                                 .columns = columns,
                                 .stored_rows = rows,
                                 .stored_columns = columns,
                                 .matrix = rows > 1};
    set_dimensions(l, &shape, false);
    int status = checkpoint_need(l->c, row->source, &from);
    if (!status) status = check_source(l, &shape, row, from);
    if (status) return status;
    *out = arena_alloc(&l->m->arena, count_of(&shape), sizeof **out);
    if (!*out) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", from->file);
    status = stored_read(from->stored, 0, count_of(&shape), *out); /* q stands first where there are several */
    return status ? status : quantize_check(from->file, row->source, *out, count_of(&shape));
}

/* The tensor's numbers, to be changed; model_read() gives these from then on. */
static int take_values(struct loader *l, const char *name, float **out) {
    struct model_tensor *t = model_tensor(l->m, name);
    *out = arena_alloc(&l->m->arena, count_of(t), sizeof **out);
    if (!*out) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", l->c->folder);
    int status = model_read(t, 0, t->rows, *out);
    t->values = *out;
    return status;
}

/* No norm stands between: x = patches + bias + positions. */
static int fold_patch_bias(struct loader *l) {
    float *positions, *bias;
    uint32_t width = l->tower->width;
    int status = take_values(l, TENSOR_IMAGE_POSITIONS, &positions);
    if (!status) status = read_folded(l, NAMES_PATCH_BIAS, 1, width, &bias);
    for (uint32_t i = 0; i < l->tower->tokens * width && !status; i++) positions[i] += bias[i % width];
    return status;
}

/* The query is the same for all pictures, so its product is too. */
static int fold_query(struct loader *l) {
    float *query, *weight, *bias, *copy;
    uint32_t width = l->tower->width;
    int status = take_values(l, TENSOR_HEAD_QUERY, &query);
    if (!status) status = read_folded(l, HEAD(TENSOR_QUERY) TENSOR_WEIGHT, width, width, &weight);
    if (!status) status = read_folded(l, HEAD(TENSOR_QUERY) TENSOR_BIAS, 1, width, &bias);
    copy = status ? NULL : arena_alloc(&l->m->arena, width, sizeof *copy);
    if (!copy) return status ? status : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", l->c->folder);
    memcpy(copy, query, width * sizeof *copy);
    for (uint32_t r = 0; r < width; r++) {
        double sum = bias[r];
        for (uint32_t i = 0; i < width; i++) sum += (double)weight[(size_t)r * width + i] * copy[i];
        query[r] = (float)sum;
    }
    return OCELLI_OK;
}

static int load_image(struct loader *l) {
    int status = l->m->config->stem ? stem_load(l->m, l->c) : add_parts(l, image_head, COUNT(image_head));
    if (!status) status = add_blocks(l);
    return status ? status : add_parts(l, image_tail, COUNT(image_tail));
}

static int load_attention_pooled(struct loader *l) {
    int status = add_parts(l, attention_pool_head, COUNT(attention_pool_head));
    if (!status) status = add_blocks(l);
    if (!status) status = add_parts(l, attention_pool_tail, COUNT(attention_pool_tail));
    if (!status) status = fold_patch_bias(l);
    return status ? status : fold_query(l);
}

static int load_text(struct loader *l) {
    int status = add_parts(l, text_head, COUNT(text_head));
    if (!status) status = add_blocks(l);
    if (!status) status = add_parts(l, text_tail, COUNT(text_tail));
    return status || !l->m->config->text_bias ? status : add_parts(l, text_bias, COUNT(text_bias));
}

/* A token's row meets the norms of the first blocks next: what is large there multiplies its error. */
static int weigh_tokens(struct loader *l) {
    static const char *const norms[] = {TENSOR_NORM_1, TENSOR_NORM_2};
    enum { NEXT = 3 };
    uint32_t width = l->tower->width;
    float *room = arena_alloc(&l->m->arena, 2 * (size_t)width, sizeof *room), *norm = room + width;
    int status = room ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", l->c->folder);
    for (uint32_t n = 0; n < 2 * NEXT && n / 2 < l->tower->blocks && !status; n++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, TENSOR_BLOCK ".%s" TENSOR_WEIGHT, l->prefix, n / 2, norms[n % 2]);
        status = model_read(model_tensor(l->m, name), 0, 1, norm);
        for (uint32_t i = 0; i < width && !status; i++) room[i] += (n ? 1 : 2) * norm[i] * norm[i];
    }
    model_tensor(l->m, TENSOR_TOKENS)->energies = room;
    return status;
}

static int load(struct model *m, struct checkpoint *c, struct report *r) {
    const struct config *config = m->config;
    const struct names_layout *l = c->layout;
    struct loader image = {m, c, &config->image, l->image_block, TENSOR_IMAGE, l->in_block, {0}};
    struct loader text = {m, c, &config->text, l->text_block, TENSOR_TEXT, l->in_text_block, {0}};
    int status = config->attention_pool ? load_attention_pooled(&image) : load_image(&image);
    if (!status) status = load_text(&text);
    if (!status) status = weigh_tokens(&text);
    if (!status) status = read_scale(&text, r);
    if (!status && config->sigmoid) status = read_bias(&text, r);
    return status ? status : checkpoint_check_used(c, r);
}

int model_load(struct model *model, struct checkpoint *checkpoint, struct report *report) {
    *model = (struct model){.config = &checkpoint->config};
    size_t most = STEM_TENSORS + COUNT(image_head) + COUNT(attention_pool_tail) + COUNT(text_head) + COUNT(text_tail) +
                  COUNT(text_bias) +
                  COUNT(block) * (size_t)(checkpoint->config.image.blocks + checkpoint->config.text.blocks);
    model->tensors = arena_alloc(&model->arena, most, sizeof *model->tensors);
    int status = model->tensors ? load(model, checkpoint, report)
                                : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", checkpoint->folder);
    if (status) model_finish(model);
    return status;
}

void model_finish(struct model *model) {
    arena_finish(&model->arena);
    *model = (struct model){0};
}

void model_leave_text(struct model *model) {
    for (size_t i = 0; i < model->count; i++) {
        struct model_tensor *t = &model->tensors[i];
        t->left_out = !strncmp(t->name, TENSOR_TEXT ".", sizeof TENSOR_TEXT) ||
                      !strncmp(t->name, TENSOR_TEXT_PROJECTION, sizeof TENSOR_TEXT_PROJECTION - 1);
    }
}

float *model_add_made(struct model *model, const char *name, const char *source, bool matrix, uint32_t rows,
                      uint32_t columns) {
    struct model_tensor *t = &model->tensors[model->count++];
    float *values = arena_alloc(&model->arena, (size_t)rows * columns, sizeof *values);
    *t = (struct model_tensor){.name = arena_copy(&model->arena, name, strlen(name)),
                               .source = arena_copy(&model->arena, source, strlen(source)),
                               .matrix = matrix,
                               .rows = rows,
                               .columns = columns,
                               .dimensions = rows == 1 && !matrix ? 1 : 2,
                               .ne = {columns, rows, 1, 1},
                               .values = values};
    if (t->name && t->source && values) return values;
    log_error("%s: out of memory", source);
    return NULL;
}

struct model_tensor *model_tensor(const struct model *model, const char *name) {
    for (size_t i = 0; i < model->count; i++)
        if (strcmp(model->tensors[i].name, name) == 0) return &model->tensors[i];
    return NULL;
}

/* All of it, since its rows are columns there: only projections are stored so. */
static int read_transposed(const struct model_tensor *t, uint32_t row, uint32_t rows, float *out) {
    struct arena scratch = {0};
    float *stored = arena_alloc(&scratch, (size_t)t->rows * t->columns, sizeof *stored);
    if (!stored) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->from->file);
    int status = stored_read(t->from->stored, t->first, (uint64_t)t->rows * t->columns, stored);
    for (uint32_t r = 0; r < rows && !status; r++)
        for (uint32_t c = 0; c < t->columns; c++)
            out[(size_t)r * t->columns + c] = stored[(size_t)c * t->rows + row + r];
    arena_finish(&scratch);
    return status;
}

/* Row by row, with zeros behind what is stored. */
static int read_padded(const struct model_tensor *t, uint32_t row, uint32_t rows, float *out) {
    int status = OCELLI_OK;
    memset(out, 0, (size_t)rows * t->columns * sizeof *out);
    for (uint32_t r = 0; r < rows && row + r < t->stored_rows && !status; r++, out += t->columns) {
        status =
            stored_read(t->from->stored, t->first + (uint64_t)(row + r) * t->stored_columns, t->stored_columns, out);
        if (!status) status = quantize_check(t->from->file, t->source, out, t->stored_columns);
    }
    return status;
}

int model_read(const struct model_tensor *tensor, uint32_t row, uint32_t rows, float *out) {
    uint64_t first = (uint64_t)row * tensor->columns, count = (uint64_t)rows * tensor->columns;
    if (tensor->values) {
        memcpy(out, tensor->values + first, count * sizeof *out);
        return OCELLI_OK;
    }
    if (!tensor->from) {
        memset(out, 0, count * sizeof *out);
        return OCELLI_OK;
    }
    if (tensor->stored_rows < tensor->rows || tensor->stored_columns < tensor->columns)
        return read_padded(tensor, row, rows, out);
    int status = tensor->transposed ? read_transposed(tensor, row, rows, out)
                                    : stored_read(tensor->from->stored, tensor->first + first, count, out);
    return status ? status : quantize_check(tensor->from->file, tensor->source, out, count);
}
