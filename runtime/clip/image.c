/* SPDX-License-Identifier: Apache-2.0 */
#include "clip/image.h"
#include "base/log.h"
#include "blob/tensor_names.h"

static uint32_t patch_numbers(const struct clip_config *c) {
    return 3 * c->patch_size * c->patch_size;
}

/* Rows that resize writes for a patch, and numbers of each. */
static uint32_t pieces_of(const struct clip_config *c) {
    return c->stem ? CLIP_STEM_PIECES : 1;
}

static uint32_t piece_numbers(const struct clip_config *c) {
    return c->stem ? 3 * CLIP_STEM_PIECE * CLIP_STEM_PIECE : patch_numbers(c);
}

/* Of the product that sees the pixels. */
static const struct op_matrix *pixels_matrix(const struct clip_image *s) {
    return s->config->stem ? &s->stem.first : &s->patch_weights;
}

static int load(struct clip_image *s, struct blob *blob) {
    struct clip_tower *t = &s->tower;
    const struct clip_config *c = s->config;
    uint64_t positions = (uint64_t)c->image.tokens * c->image.width;
    uint32_t columns = c->stem ? 4 * c->stem : patch_numbers(c);
    int status = clip_stem_load(&s->stem, t, blob, c->stem);
    if (!status)
        status = clip_load_matrix(t, blob, TENSOR_PATCHES, c->image.width, columns, c->stem > 0,
                                  c->image.float_pixels && !c->stem, &s->patch_weights);
    if (!status && c->image.attention_pool)
        status = clip_load_rows(t, blob, TENSOR_IMAGE_POSITIONS, c->image.tokens, &s->positions);
    if (!c->image.attention_pool) {
        if (!status) status = clip_load_vector(t, blob, TENSOR_CLASS, c->image.width, &s->class_token);
        if (!status) status = clip_load_vector(t, blob, TENSOR_IMAGE_POSITIONS, positions, &s->positions);
        if (!status && c->pre_norm) status = clip_load_norm(t, blob, TENSOR_PRE_NORM, &s->pre);
    }
    return status ? status : clip_load_stack(t, blob, TENSOR_IMAGE, TENSOR_IMAGE_PROJECTION);
}

static void plan(struct clip_image *s) {
    struct clip_tower *t = &s->tower;
    uint32_t patches = t->max_batch * clip_patches(s->config), numbers = piece_numbers(s->config);
    uint32_t rows = patches * pieces_of(s->config) + OP_MAX_PANEL;
    s->patches = clip_plan_rows(t, rows, numbers, false);
    if (op_input_is_int8(t->device)) s->patches_quantized = clip_plan_rows(t, rows, numbers, true);
    clip_stem_plan(&s->stem, t, patches);
    clip_plan_stack(t, t->max_batch * s->config->image.tokens);
}

static int allocate(struct clip_image *tower, uint32_t batch) {
    struct clip_tower *t = &tower->tower;
    clip_free_activations(t);
    clip_resize_forget(&tower->resize); /* it writes to the patches */
    t->max_batch = batch;               /* what is planned for */
    plan(tower);
    int status = clip_allocate(t, "image activations");
    if (status) {
        clip_free_activations(t);
        t->max_batch = 0; /* there is room for nothing: the next picture tries again */
        return status;
    }
    plan(tower);
    uint32_t *pool = op_memory_mapped(t->pool_rows);
    for (uint32_t i = 0; i < batch; i++) pool[i] = i * tower->config->image.tokens;
    return OCELLI_OK;
}

/* Room for one picture at first: a camera needs no more. If a batch finds no memory, pictures go one at a time. */
static int reserve(struct clip_image *s, uint32_t batch) {
    struct clip_tower *t = &s->tower;
    if (batch <= t->max_batch) return OCELLI_OK;
    int status = allocate(s, batch);
    if (status != OCELLI_ERR_MEMORY || batch == 1) return status;
    log_warn("no memory for %u pictures at once: going on with one at a time", batch);
    s->most = 1;
    return allocate(s, 1);
}

static int init(struct clip_image *s, struct blob *blob) {
    struct clip_tower *t = &s->tower;
    int status = load(s, blob);
    if (!status) status = op_weights_allocate(&t->weights, "image weights");
    if (!status) status = load(s, blob);
    return status ? status : reserve(s, 1);
}

int clip_image_init(struct clip_image *tower, struct op_device *device, struct blob *blob,
                    const struct clip_config *config, uint32_t max_batch) {
    *tower = (struct clip_image){.config = config, .most = max_batch};
    tower->tower = (struct clip_tower){
        .device = device, .config = &config->image, .embedding = config->embedding, .weights = {.device = device}};
    clip_resize_init(&tower->resize, device, config);
    int status = init(tower, blob);
    if (status) clip_image_finish(tower);
    return status;
}

void clip_image_finish(struct clip_image *tower) {
    if (!tower->tower.device) return;
    clip_resize_finish(&tower->resize);
    clip_tower_finish(&tower->tower);
    *tower = (struct clip_image){0};
}

/* x = norm(class token and patches, + positions) */
static void start_with_class(struct clip_image *tower, struct op_rows patches, uint32_t batch) {
    struct clip_tower *t = &tower->tower;
    uint32_t tokens = tower->config->image.tokens, width = tower->config->image.width;
    op_linear(t->list, &(struct op_linear){.label = "patches",
                                           .in = patches,
                                           .matrix = &tower->patch_weights, // (B P, W)
                                           .out = t->attended,
                                           .rows = batch * clip_patches(tower->config)});
    op_norm(t->list, &(struct op_norm){.in = t->attended,
                                       .out = t->x,
                                       .weight = tower->pre.weight, // (B T, W)
                                       .bias = tower->pre.bias,
                                       .rows = batch * tokens,
                                       .width = width,
                                       .epsilon = tower->config->image.epsilon,
                                       .tokens = tokens,
                                       .class_token = tower->class_token,
                                       .positions = tower->positions});
}

/* x = positions; x += patches */
static void start_plain(struct clip_image *tower, struct op_rows patches, uint32_t batch) {
    struct clip_tower *t = &tower->tower;
    uint64_t size = (uint64_t)tower->config->image.tokens * t->x.stride * sizeof(float);
    for (uint32_t i = 0; i < batch; i++)
        op_copy(t->list, tower->positions,
                (struct op_view){t->x.values.memory, t->x.values.offset + i * size, size}); // (B T, W)
    op_linear(t->list, &(struct op_linear){.label = "patches",
                                           .in = patches,
                                           .matrix = &tower->patch_weights, // (B T, W)
                                           .out = t->x,
                                           .rows = batch * tower->config->image.tokens,
                                           .add = true});
}

/* The place of a batch of `count` pictures: the layout depends on the count. */
static struct op_rows patches_for(const struct clip_image *s, uint32_t count) {
    return op_matrix_floats(s->tower.device, pixels_matrix(s), s->patches,
                            count * clip_patches(s->config) * pieces_of(s->config));
}

static int record_tower(struct clip_image *tower, uint32_t batch) {
    struct clip_tower *t = &tower->tower;
    uint32_t rows = batch * clip_patches(tower->config), tokens = tower->config->image.tokens;
    t->batch = 0;
    int status = op_list_begin(t->list, tower->resize.timed);
    if (status) return status;
    uint32_t pieces = rows * pieces_of(tower->config);
    struct op_rows patches = patches_for(tower, batch); // (B P, K)
    if (op_product_is_int8(t->device, pixels_matrix(tower)->float_inputs))
        patches = op_input(t->list, patches, pieces, piece_numbers(tower->config), tower->patches_quantized);
    patches = clip_stem_record(&tower->stem, t, patches, rows);
    if (tower->config->image.attention_pool)
        start_plain(tower, patches, batch);
    else
        start_with_class(tower, patches, batch);
    clip_record_stack(t, batch, tokens);
    status = op_list_end(t->list);
    if (status) return status;
    t->batch = batch, t->tokens = tokens;
    return OCELLI_OK;
}

int clip_image_prepare(struct clip_image *tower, uint32_t width, uint32_t height, bool timed) {
    int status = reserve(tower, 1);
    if (!status) status = clip_resize_prepare(&tower->resize, patches_for(tower, 1), width, height, timed);
    return status ? status : record_tower(tower, 1);
}

static int run_tower(struct clip_image *s, uint32_t count, float *out) {
    struct clip_tower *t = &s->tower;
    int status = t->batch == count ? OCELLI_OK : record_tower(s, count);
    if (!status) status = op_list_run(t->list);
    return status ? status : clip_read_embeddings(t, count, out);
}

static int embed_batch(struct clip_image *s, const struct ocelli_image *pictures, uint32_t count, float *out) {
    for (uint32_t i = 0; i < count; i++) {
        int status = clip_resize_picture(&s->resize, (struct clip_place){patches_for(s, count), i}, &pictures[i]);
        if (status) return status;
    }
    return run_tower(s, count, out);
}

int clip_image_embed(struct clip_image *tower, const struct ocelli_image *pictures, uint32_t count, float *out) {
    for (uint32_t done = 0; done < count;) {
        uint32_t left = count - done, n = left < tower->most ? left : tower->most;
        int status = reserve(tower, n);
        if (n > tower->most) n = tower->most;
        if (!status) status = embed_batch(tower, pictures + done, n, out + (size_t)done * tower->tower.embedding);
        if (status) return status;
        done += n;
    }
    return OCELLI_OK;
}

int clip_image_embed_frame(struct clip_image *tower, const struct frame *frame, float *out) {
    int status = reserve(tower, 1);
    if (!status) status = clip_resize_frame(&tower->resize, patches_for(tower, 1), frame);
    return status ? status : run_tower(tower, 1, out);
}
