/* SPDX-License-Identifier: Apache-2.0 */
#include "clip/resize.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A larger picture is resized on the CPU: the GPU would need to bind it whole. */
enum { MAX_GPU_PICTURE = 64 << 20 };
/* An import that no frame came in for so long is let go: its camera is gone. */
enum { IMPORT_FRAMES = 64 };

void clip_resize_init(struct clip_resize *resize, struct op_device *device, const struct clip_config *config) {
    *resize = (struct clip_resize){.device = device, .config = config};
}

static void let_go(struct clip_resize *r, struct clip_import *i) {
    op_list_destroy(&i->slot.list);
    op_memory_destroy(&i->memory, r->device);
    *i = (struct clip_import){0};
}

void clip_resize_finish(struct clip_resize *resize) {
    if (!resize->device) return;
    for (int i = 0; i < CLIP_MAX_BATCH; i++) op_list_destroy(&resize->slots[i].list);
    for (int i = 0; i < CLIP_IMPORTS; i++) let_go(resize, &resize->imports[i]);
    op_memory_destroy(&resize->picture, resize->device);
    op_memory_destroy(&resize->between, resize->device);
    op_memory_destroy(&resize->tables, resize->device);
    prep_plan_finish(&resize->plan);
    *resize = (struct clip_resize){0};
}

void clip_resize_forget(struct clip_resize *resize) {
    for (int i = 0; i < CLIP_MAX_BATCH; i++) resize->slots[i].in_width = 0;
    for (int i = 0; i < CLIP_IMPORTS; i++) resize->imports[i].slot.in_width = 0;
}

/* ---- recording ---- */

/* Makes *memory hold at least `size` bytes. Lists that were recorded with the old one are void. */
static int grow(struct clip_resize *r, struct op_memory **memory, uint64_t size, enum op_use use, const char *name) {
    if (*memory && op_memory_size(*memory) >= size) return OCELLI_OK;
    clip_resize_forget(r);
    op_memory_destroy(memory, r->device);
    return op_memory_create(memory, r->device, size, use, name);
}

/* Copies one axis' tables to the mapped `to`; gives their views and the offset behind them. */
static struct op_axis write_axis(struct clip_resize *r, const struct prep_axis *axis, uint64_t *offset) {
    uint64_t first = axis->out_size * sizeof(int32_t), weight = first * axis->taps;
    uint64_t weight_at = (*offset + first + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    struct op_axis out = {
        .first = {r->tables, *offset, first}, .weight = {r->tables, weight_at, weight}, .taps = axis->taps};
    char *to = op_memory_mapped(r->tables);
    memcpy(to + *offset, axis->first, first);
    memcpy(to + weight_at, axis->weight, weight);
    *offset = (weight_at + weight + OP_VIEW_ALIGNMENT - 1) & ~(uint64_t)(OP_VIEW_ALIGNMENT - 1);
    return out;
}

static int change_plan(struct clip_resize *r, uint32_t width, uint32_t height) {
    if (r->plan.in_width == width && r->plan.in_height == height) return OCELLI_OK;
    prep_plan_finish(&r->plan);
    clip_resize_forget(r); /* it uses the tables */
    return prep_plan_init(&r->plan, &r->config->prep, width, height);
}

/* frame NULL: RGB. */
static int record(struct clip_resize *resize, struct clip_slot *slot, struct op_memory *picture, struct clip_place to,
                  const struct frame *frame) {
    const struct clip_config *c = resize->config;
    const struct prep_plan *p = &resize->plan;
    struct op_resize a = {.in_width = p->in_width,
                          .picture = op_view_of(picture),
                          .frame = frame,
                          .out = to.patches,
                          .out_row = to.slot * clip_patches(c),
                          .size = p->size,
                          .patch_size = c->patch_size,
                          .piece = c->stem ? CLIP_STEM_PIECE : 0};
    memcpy(a.mean, c->prep.mean, sizeof a.mean);
    memcpy(a.std, c->prep.std, sizeof a.std);
    struct prep_rows needed = prep_rows_needed(p);
    a.row0 = needed.first, a.rows = needed.count;
    uint64_t tables = (uint64_t)(p->x.taps + p->y.taps + 2) * p->size * sizeof(int32_t) + 4 * OP_VIEW_ALIGNMENT;
    uint64_t between = (uint64_t)a.rows * p->size * sizeof(uint32_t), offset = 0;
    int status = grow(resize, &resize->between, between, OP_USE_DEVICE, "resize");
    if (!status) status = grow(resize, &resize->tables, tables, OP_USE_INPUT, "resize tables");
    if (!status && !slot->list) status = op_list_create(&slot->list, resize->device);
    slot->in_width = 0; /* what was recorded is dropped */
    if (!status) status = op_list_begin(slot->list, resize->timed);
    if (status) return status;
    a.between = op_view_of(resize->between);
    a.x = write_axis(resize, &p->x, &offset);
    a.y = write_axis(resize, &p->y, &offset);
    op_resize(slot->list, &a);
    status = op_list_end(slot->list);
    if (status) return status;
    slot->in_width = p->in_width, slot->in_height = p->in_height, slot->panel = to.patches.panel;
    slot->frame = frame ? *frame : (struct frame){0};
    return OCELLI_OK;
}

/* Do they differ in nothing that the recorded shader has? */
static bool same_form(const struct frame *a, const struct frame *b) {
    bool same = a->format == b->format && a->width == b->width && a->height == b->height && a->matrix == b->matrix &&
                a->full_range == b->full_range && a->rotation == b->rotation;
    for (int i = 0; i < 3; i++)
        same = same && a->planes[i].stride == b->planes[i].stride && a->planes[i].offset == b->planes[i].offset;
    return same;
}

static int prepare(struct clip_resize *r, struct clip_slot *s, struct op_memory *picture, struct clip_place to,
                   const struct frame *frame) {
    const struct prep_plan *p = &r->plan;
    bool recorded = s->in_width == p->in_width && s->in_height == p->in_height && s->panel == to.patches.panel &&
                    same_form(&s->frame, frame ? frame : &(struct frame){0});
    return recorded ? OCELLI_OK : record(r, s, picture, to, frame);
}

/* ---- pictures ---- */

static int prepare_picture(struct clip_resize *r, struct clip_place to, uint32_t width, uint32_t height) {
    int status = change_plan(r, width, height);
    if (!status) status = grow(r, &r->picture, 3ull * width * height, OP_USE_INPUT, "picture");
    return status ? status : prepare(r, &r->slots[to.slot], r->picture, to, NULL);
}

int clip_resize_prepare(struct clip_resize *resize, struct op_rows patches, uint32_t width, uint32_t height,
                        bool timed) {
    resize->timed = timed;
    resize->slots[0].in_width = 0;
    return prepare_picture(resize, (struct clip_place){patches, 0}, width, height);
}

static int resize(struct clip_resize *r, struct clip_place to, const uint8_t *rgb, uint32_t width, uint32_t height) {
    int status = prepare_picture(r, to, width, height);
    if (status) return status;
    memcpy(op_memory_mapped(r->picture), rgb, 3ull * width * height);
    return op_list_run(r->slots[to.slot].list);
}

/* Down to model size on the CPU; the GPU's resize then changes nothing. */
static int resize_large(struct clip_resize *r, struct clip_place to, const struct ocelli_image *picture) {
    uint32_t size = r->config->image_size;
    uint8_t *small = malloc(3ull * size * size);
    if (!small) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = change_plan(r, picture->width, picture->height);
    if (!status) status = prep_resize(&r->plan, picture->rgb, small);
    if (!status) status = resize(r, to, small, size, size);
    free(small);
    return status;
}

int clip_resize_picture(struct clip_resize *tables, struct clip_place to, const struct ocelli_image *image) {
    bool large = 3ull * image->width * image->height > MAX_GPU_PICTURE;
    return large ? resize_large(tables, to, image) : resize(tables, to, image->rgb, image->width, image->height);
}

/* ---- frames ---- */

/* A frame too large to be bound: RGB and small on the CPU. */
static int resize_large_frame(struct clip_resize *r, struct clip_place to, const struct frame *f) {
    uint32_t width = frame_upright_width(f), height = frame_upright_height(f);
    uint8_t *rgb = malloc(3ull * width * height);
    if (!rgb) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    frame_to_rgb(f, rgb);
    int status = resize_large(r, to, &(struct ocelli_image){rgb, width, height});
    free(rgb);
    return status;
}

static int copy_frame(struct clip_resize *r, struct clip_place to, const struct frame *f) {
    struct frame copy;
    uint64_t bytes = frame_planes_bytes(f);
    if (bytes > MAX_GPU_PICTURE) return resize_large_frame(r, to, f);
    int status = change_plan(r, frame_upright_width(f), frame_upright_height(f));
    if (!status) status = grow(r, &r->picture, bytes + 3, OP_USE_INPUT, "picture"); /* shaders read words */
    if (status) return status;
    frame_copy(f, op_memory_mapped(r->picture), &copy);
    status = prepare(r, &r->slots[0], r->picture, to, &copy);
    return status ? status : op_list_run(r->slots[0].list);
}

/* Does all of the frame lie in one file, each plane inside it? */
static bool in_one_file(const struct frame *f, struct stat *file, uint64_t *size) {
    if (f->planes[0].fd < 0 || fstat(f->planes[0].fd, file)) return false;
    off_t end = lseek(f->planes[0].fd, 0, SEEK_END);
    *size = end > 0 ? (uint64_t)end : 0;
    for (int i = 0; i < 3; i++) {
        struct stat other;
        uint64_t bytes = frame_plane_bytes(f, i);
        if (!bytes) continue;
        if (f->planes[i].fd < 0 || fstat(f->planes[i].fd, &other)) return false;
        if (other.st_dev != file->st_dev || other.st_ino != file->st_ino) return false;
        if (f->planes[i].offset + bytes > *size) return false;
    }
    return *size <= MAX_GPU_PICTURE && *size % sizeof(uint32_t) == 0; /* shaders read words */
}

/* The file's, or an empty one, or the one that was not used for longest. Those of a camera that is gone are let go. */
static struct clip_import *find_import(struct clip_resize *r, const struct stat *file) {
    struct clip_import *oldest = &r->imports[0];
    for (int k = 0; k < CLIP_IMPORTS; k++) {
        struct clip_import *i = &r->imports[k];
        if (i->memory && i->inode == file->st_ino && i->device == file->st_dev) return i;
        if (i->memory && r->frames - i->used > IMPORT_FRAMES) let_go(r, i);
        if (i->used < oldest->used) oldest = i;
    }
    return oldest;
}

/* The import of the frame's file. NULL: the frame is to be copied. An import keeps the file open, so that no other gets
 * its number. */
static struct clip_import *import(struct clip_resize *r, const struct frame *f) {
    struct stat file;
    uint64_t size;
    if (r->refused == CLIP_IMPORTS || !in_one_file(f, &file, &size)) return NULL;
    struct clip_import *i = find_import(r, &file);
    if (!i->memory || i->inode != file.st_ino || i->device != file.st_dev) {
        let_go(r, i);
        r->refused++;
        if (op_memory_import(&i->memory, r->device, f->planes[0].fd, size, "camera frame")) return NULL;
        i->inode = file.st_ino, i->device = file.st_dev;
    }
    r->refused = 0;
    i->used = r->frames;
    return i;
}

int clip_resize_frame(struct clip_resize *resize, struct op_rows patches, const struct frame *frame) {
    struct clip_place to = {patches, 0};
    resize->frames++;
    struct clip_import *i = import(resize, frame);
    if (!i) return copy_frame(resize, to, frame);
    int status = change_plan(resize, frame_upright_width(frame), frame_upright_height(frame));
    if (!status) status = prepare(resize, &i->slot, i->memory, to, frame);
    return status ? status : op_list_run(i->slot.list);
}

uint32_t clip_resize_imports(const struct clip_resize *resize) {
    uint32_t count = 0;
    for (int i = 0; i < CLIP_IMPORTS; i++) count += resize->imports[i].memory != NULL;
    return count;
}
