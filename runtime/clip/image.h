/* SPDX-License-Identifier: Apache-2.0
 * The image tower: pictures of any size to embeddings. P patches of K = 3 * patch * patch numbers. */
#ifndef CLIP_IMAGE_H
#define CLIP_IMAGE_H

#include "clip/resize.h"
#include "clip/stem.h"
#include "clip/tower.h"

struct clip_image {
    struct clip_tower tower;
    const struct clip_config *config;

    struct op_matrix patch_weights; /* (W, K), with a stem (W, 4 C) */
    struct op_view class_token;     /* (W); not with attention_pool, nor is `pre` */
    struct op_view positions;       /* (T, W); with attention_pool, rows a stride apart */
    struct clip_norm pre;
    struct clip_stem stem;
    struct op_rows patches;           /* (B P, K), with a stem (16 B P, 48) */
    struct op_rows patches_quantized; /* their int8 form */

    uint32_t most;             /* pictures at once; tower.max_batch: that there is room for now */
    struct clip_resize resize; /* its `timed` is the tower's too */
};

/* Loads weights and allocates for max_batch pictures. Blob and config must outlive it.
 * Errors: FILE, MEMORY, LIMIT, DEVICE. */
int clip_image_init(struct clip_image *image, struct op_device *device, struct blob *blob,
                    const struct clip_config *config, uint32_t max_batch);
void clip_image_finish(struct clip_image *image);

/* out: (count, D), unit length. Errors: USAGE, LIMIT, MEMORY, LOST. */
int clip_image_embed(struct clip_image *image, const struct ocelli_image *pictures, uint32_t count, float *out);

/* One frame of a camera, made upright, RGB and small on the GPU, see clip_resize_frame(). out: (D). */
int clip_image_embed_frame(struct clip_image *image, const struct frame *frame, float *out);

/* For bench: records (does not run) resize and tower for one picture of this size, with a GPU
 * timestamp around every dispatch when `timed`. The lists are resize.slots[0].list and tower.list. */
int clip_image_prepare(struct clip_image *image, uint32_t width, uint32_t height, bool timed);

#endif
