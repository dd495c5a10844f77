/* SPDX-License-Identifier: Apache-2.0
 * The image tower: pictures of any size to embeddings. P patches of K = 3 * patch * patch numbers. */
#ifndef CLIP_IMAGE_H
#define CLIP_IMAGE_H

#include "base/frame.h"
#include "clip/tower.h"

enum { CLIP_IMAGE_MAX_BATCH = 64 };

/* A recorded resize of one picture into its place in the batch. */
struct clip_slot {
    struct op_list *list;
    uint32_t in_width, in_height, panel; /* what it was recorded for; width 0: nothing */
    struct frame frame;                  /* its format and how it lies; width 0: RGB */
};

struct clip_image {
    struct clip_tower tower;
    const struct clip_config *config;

    struct op_matrix patch_weights; /* (W, K) */
    struct op_view class_token;     /* (W) */
    struct op_view positions;       /* (T, W) */
    struct clip_norm pre;
    struct op_rows patches;      /* (B P, K) */
    struct op_rows patches_room; /* their int8 form */

    uint32_t most;             /* pictures at once; tower.max_batch: that there is room for now */
    struct prep_plan plan;     /* of the pictures' last size */
    struct op_memory *picture; /* RGB bytes, grows with the largest picture */
    struct op_memory *between; /* between the two passes of the resize */
    struct op_memory *tables;  /* of `plan` */
    struct clip_slot slots[CLIP_IMAGE_MAX_BATCH];
    bool timed; /* lists are recorded with timestamps */
};

/* Loads weights and allocates for max_batch pictures. Blob and config must outlive it.
 * Errors: FILE, MEMORY, LIMIT, DEVICE. */
int clip_image_init(struct clip_image *image, struct op_device *device, struct blob *blob, const struct clip_config *config,
                    uint32_t max_batch);
void clip_image_finish(struct clip_image *image);

/* out: (count, D), unit length. Errors: USAGE, LIMIT, MEMORY, LOST. */
int clip_image_embed(struct clip_image *image, const struct ocelli_image *pictures, uint32_t count, float *out);

/* One frame of a camera, made upright, RGB and small on the GPU; its planes are copied as they are. out: (D). */
int clip_image_embed_frame(struct clip_image *image, const struct frame *frame, float *out);

/* For bench: records (does not run) resize and tower for one picture of this size, with a GPU
 * timestamp around every dispatch when `timed`. The lists are slots[0].list and tower.list. */
int clip_image_prepare(struct clip_image *image, uint32_t width, uint32_t height, bool timed);

#endif
