/* SPDX-License-Identifier: Apache-2.0 */
#include "clip/image.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* A larger picture is resized on the CPU: the GPU would need to bind it whole. */
enum { MAX_GPU_PICTURE = 64 << 20 };

static uint32_t patch_numbers(const struct clip_config *c) {
    return 3 * c->patch_size * c->patch_size;
}

static uint32_t patches_of(const struct clip_config *c) {
    return c->image.tokens - 1;
}

static int load(struct clip_image *s, struct blob *blob) {
    struct clip_tower *t = &s->tower;
    const struct clip_config *c = s->config;
    const float *values;
    uint64_t positions = (uint64_t)c->image.tokens * c->image.width;
    int status = clip_load_matrix(t, blob, "v.patch_embd", c->image.width, patch_numbers(c), false, &s->patch_weights);
    if (!status) status = blob_vector(blob, "v.class_embd", c->image.width, &values);
    if (!status) status = op_weights_floats(&t->weights, values, c->image.width, &s->class_token);
    if (!status) status = blob_vector(blob, "v.position_embd.weight", positions, &values);
    if (!status) status = op_weights_floats(&t->weights, values, positions, &s->positions);
    if (!status) status = clip_load_norm(t, blob, "v.pre_ln", &s->pre);
    return status ? status : clip_load_stack(t, blob, "v", "visual_projection");
}

static void plan(struct clip_image *s) {
    struct clip_tower *t = &s->tower;
    uint32_t rows = t->max_batch * patches_of(s->config) + OP_MAX_PANEL, numbers = patch_numbers(s->config);
    s->patches = clip_plan_rows(t, rows, numbers, false);
    if (op_input_is_int8(t->device)) s->patches_room = clip_plan_rows(t, rows, numbers, true);
    clip_plan_stack(t, t->max_batch * s->config->image.tokens);
}

static int allocate(struct clip_image *s, uint32_t batch) {
    struct clip_tower *t = &s->tower;
    clip_free_activations(t);
    for (int i = 0; i < CLIP_IMAGE_MAX_BATCH; i++) s->slots[i].in_width = 0; /* they write to the patches */
    t->max_batch = batch;
    plan(s);
    int status = clip_allocate(t, "image activations");
    if (status) return status;
    plan(s);
    uint32_t *pool = op_memory_mapped(t->pool_rows);
    for (uint32_t i = 0; i < batch; i++) pool[i] = i * s->config->image.tokens;
    return OCELLI_OK;
}

/* Room for one picture at first: a camera needs no more. Where a batch finds no memory, pictures go one at a time. */
static int make_room(struct clip_image *s, uint32_t batch) {
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
    return status ? status : make_room(s, 1);
}

int clip_image_init(struct clip_image *s, struct op_device *device, struct blob *blob, const struct clip_config *c,
                    uint32_t max_batch) {
    *s = (struct clip_image){.config = c, .most = max_batch};
    s->tower =
        (struct clip_tower){.device = device, .config = &c->image, .embedding = c->embedding, .weights = {.device = device}};
    int status = init(s, blob);
    if (status) clip_image_finish(s);
    return status;
}

void clip_image_finish(struct clip_image *s) {
    struct op_device *device = s->tower.device;
    if (!device) return;
    for (int i = 0; i < CLIP_IMAGE_MAX_BATCH; i++) op_list_destroy(&s->slots[i].list);
    op_memory_destroy(&s->picture, device);
    op_memory_destroy(&s->between, device);
    op_memory_destroy(&s->tables, device);
    prep_plan_finish(&s->plan);
    clip_tower_finish(&s->tower);
    *s = (struct clip_image){0};
}

static int record_tower(struct clip_image *s, uint32_t batch) {
    struct clip_tower *t = &s->tower;
    uint32_t rows = batch * patches_of(s->config), tokens = s->config->image.tokens, width = s->config->image.width;
    t->batch = 0;
    int status = op_list_begin(t->list, s->timed);
    if (status) return status;
    struct op_rows patches = op_unready_rows(t->device, s->patches, rows);
    patches = op_input(t->list, patches, rows, patch_numbers(s->config), s->patches_room); // (B P, K)
    op_linear(t->list, &(struct op_linear){.label = "patches",
                                           .in = patches,
                                           .matrix = &s->patch_weights, // (B P, W)
                                           .out = t->attended,
                                           .rows = rows});
    op_norm(t->list, &(struct op_norm){.in = t->attended,
                                       .out = t->x,
                                       .weight = s->pre.weight, // (B T, W)
                                       .bias = s->pre.bias,
                                       .rows = batch * tokens,
                                       .width = width,
                                       .epsilon = s->config->image.epsilon,
                                       .tokens = tokens,
                                       .class_token = s->class_token,
                                       .positions = s->positions});
    clip_record_stack(t, batch, tokens, false);
    status = op_list_end(t->list);
    if (status) return status;
    t->batch = batch, t->tokens = tokens;
    return OCELLI_OK;
}

/* Makes *memory hold at least `size` bytes. What was recorded with the old one is void. */
static int grow(struct clip_image *s, struct op_memory **memory, uint64_t size, enum op_use use, const char *name) {
    if (*memory && op_memory_size(*memory) >= size) return OCELLI_OK;
    for (int i = 0; i < CLIP_IMAGE_MAX_BATCH; i++) s->slots[i].in_width = 0;
    op_memory_destroy(memory, s->tower.device);
    return op_memory_create(memory, s->tower.device, size, use, name);
}

/* Copies one axis' tables to the mapped `to`; gives their views and the offset behind them. */
static struct op_axis write_axis(struct clip_image *s, const struct prep_axis *axis, uint64_t *offset) {
    uint64_t first = axis->out_size * sizeof(int32_t), weight = first * axis->taps;
    uint64_t weight_at = (*offset + first + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    struct op_axis out = {.first = {s->tables, *offset, first}, .weight = {s->tables, weight_at, weight}, .taps = axis->taps};
    if (s->tables) {
        char *to = op_memory_mapped(s->tables);
        memcpy(to + *offset, axis->first, first);
        memcpy(to + weight_at, axis->weight, weight);
    }
    *offset = (weight_at + weight + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    return out;
}

static int change_plan(struct clip_image *s, uint32_t width, uint32_t height) {
    if (s->plan.in_width == width && s->plan.in_height == height) return OCELLI_OK;
    prep_plan_finish(&s->plan);
    for (int i = 0; i < CLIP_IMAGE_MAX_BATCH; i++) s->slots[i].in_width = 0; /* they use the tables */
    return prep_plan_init(&s->plan, &s->config->prep, width, height);
}

/* frame NULL: RGB. */
static int record_resize(struct clip_image *s, uint32_t slot, struct op_rows patches, const struct frame *frame, uint64_t bytes) {
    struct clip_slot *r = &s->slots[slot];
    const struct prep_plan *p = &s->plan;
    struct op_resize a = {.in_width = p->in_width,
                          .frame = frame,
                          .out = patches,
                          .out_row = slot * patches_of(s->config),
                          .size = p->size,
                          .patch_size = s->config->patch_size};
    memcpy(a.mean, s->config->prep.mean, sizeof a.mean);
    memcpy(a.std, s->config->prep.std, sizeof a.std);
    struct prep_rows needed = prep_rows_needed(p);
    a.row0 = needed.first, a.rows = needed.count;
    uint64_t tables = (uint64_t)(p->x.taps + p->y.taps + 2) * p->size * sizeof(int32_t) + 4 * OP_VIEW_ALIGNMENT;
    uint64_t between = (uint64_t)a.rows * p->size * sizeof(uint32_t), offset = 0;
    int status = grow(s, &s->picture, bytes, OP_USE_INPUT, "picture");
    if (!status) status = grow(s, &s->between, between, OP_USE_DEVICE, "resize");
    if (!status) status = grow(s, &s->tables, tables, OP_USE_INPUT, "resize tables");
    if (!status && !r->list) status = op_list_create(&r->list, s->tower.device);
    if (!status) status = op_list_begin(r->list, s->timed);
    if (status) return status;
    a.picture = op_view_of(s->picture);
    a.between = op_view_of(s->between);
    a.x = write_axis(s, &p->x, &offset);
    a.y = write_axis(s, &p->y, &offset);
    op_resize(r->list, &a);
    status = op_list_end(r->list);
    if (status) return status;
    r->in_width = p->in_width, r->in_height = p->in_height, r->panel = patches.panel;
    r->frame = frame ? *frame : (struct frame){0};
    return OCELLI_OK;
}

/* Do they differ in nothing that the recorded shader has? Offsets follow from the rest. */
static bool same_form(const struct frame *a, const struct frame *b) {
    bool same = a->format == b->format && a->width == b->width && a->height == b->height && a->matrix == b->matrix &&
                a->full_range == b->full_range && a->rotation == b->rotation;
    for (int i = 0; i < 3; i++) same = same && a->planes[i].stride == b->planes[i].stride;
    return same;
}

/* `count`: pictures of the batch, on which the layout of its patches depends. `bytes` of the picture as it is given. */
static int prepare_slot(struct clip_image *s, uint32_t slot, uint32_t count, uint32_t width, uint32_t height,
                        const struct frame *frame, uint64_t bytes) {
    struct clip_slot *r = &s->slots[slot];
    struct op_rows patches = op_unready_rows(s->tower.device, s->patches, count * patches_of(s->config));
    int status = change_plan(s, width, height);
    bool recorded = r->in_width == width && r->in_height == height && r->panel == patches.panel &&
                    same_form(&r->frame, frame ? frame : &(struct frame){0});
    return status || recorded ? status : record_resize(s, slot, patches, frame, bytes);
}

int clip_image_prepare(struct clip_image *s, uint32_t width, uint32_t height, bool timed) {
    s->timed = timed;
    s->slots[0].in_width = 0;
    int status = prepare_slot(s, 0, 1, width, height, NULL, 3ull * width * height);
    return status ? status : record_tower(s, 1);
}

static int resize(struct clip_image *s, uint32_t slot, uint32_t count, const uint8_t *rgb, uint32_t width, uint32_t height) {
    struct clip_slot *r = &s->slots[slot];
    int status = prepare_slot(s, slot, count, width, height, NULL, 3ull * width * height);
    if (status) return status;
    memcpy(op_memory_mapped(s->picture), rgb, 3ull * width * height);
    return op_list_run(r->list);
}

/* Down to model size on the CPU; the GPU's resize then changes nothing. */
static int resize_large(struct clip_image *s, uint32_t slot, uint32_t count, const struct ocelli_image *picture) {
    uint32_t size = s->config->image_size;
    uint8_t *small = malloc(3ull * size * size);
    if (!small) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = change_plan(s, picture->width, picture->height);
    if (!status) status = prep_resize(&s->plan, picture->rgb, small);
    if (!status) status = resize(s, slot, count, small, size, size);
    free(small);
    return status;
}

static int run_tower(struct clip_image *s, uint32_t count, float *out) {
    struct clip_tower *t = &s->tower;
    int status = t->batch == count ? OCELLI_OK : record_tower(s, count);
    if (!status) status = op_list_run(t->list);
    return status ? status : clip_read_embeddings(t, count, out);
}

static int embed_batch(struct clip_image *s, const struct ocelli_image *pictures, uint32_t count, float *out) {
    for (uint32_t i = 0; i < count; i++) {
        const struct ocelli_image *p = &pictures[i];
        bool large = 3ull * p->width * p->height > MAX_GPU_PICTURE;
        int status = large ? resize_large(s, i, count, p) : resize(s, i, count, p->rgb, p->width, p->height);
        if (status) return status;
    }
    return run_tower(s, count, out);
}

int clip_image_embed(struct clip_image *s, const struct ocelli_image *pictures, uint32_t count, float *out) {
    for (uint32_t done = 0; done < count;) {
        uint32_t left = count - done, n = left < s->most ? left : s->most;
        int status = make_room(s, n);
        if (n > s->most) n = s->most;
        if (!status) status = embed_batch(s, pictures + done, n, out + (size_t)done * s->tower.embedding);
        if (status) return status;
        done += n;
    }
    return OCELLI_OK;
}

/* A frame too large to be bound: RGB and small on the CPU. */
static int resize_large_frame(struct clip_image *s, const struct frame *f) {
    uint32_t width = frame_upright_width(f), height = frame_upright_height(f);
    uint8_t *rgb = malloc(3ull * width * height);
    if (!rgb) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    frame_to_rgb(f, rgb);
    int status = resize_large(s, 0, 1, &(struct ocelli_image){rgb, width, height});
    free(rgb);
    return status;
}

static int resize_frame(struct clip_image *s, const struct frame *f) {
    struct frame lying = *f;
    uint64_t bytes = 0;
    for (int i = 0; i < 3; i++) {
        lying.planes[i].offset = (uint32_t)bytes;
        bytes += frame_plane_bytes(f, i);
    }
    if (bytes > MAX_GPU_PICTURE) return resize_large_frame(s, f);
    int status = prepare_slot(s, 0, 1, frame_upright_width(f), frame_upright_height(f), &lying, bytes + 3); /* shaders read words */
    if (status) return status;
    uint8_t *to = op_memory_mapped(s->picture);
    for (int i = 0; i < 3; i++) {
        size_t size = frame_plane_bytes(f, i);
        if (size) memcpy(to + lying.planes[i].offset, f->planes[i].data, size);
    }
    return op_list_run(s->slots[0].list);
}

int clip_image_embed_frame(struct clip_image *s, const struct frame *frame, float *out) {
    int status = resize_frame(s, frame);
    return status ? status : run_tower(s, 1, out);
}
