/* SPDX-License-Identifier: Apache-2.0
 * From a picture or a camera's frame to the image tower's rows of patches, on the GPU. Each form of picture is recorded
 * once. */
#ifndef CLIP_RESIZE_H
#define CLIP_RESIZE_H

#include "base/frame.h"
#include "clip/config.h"
#include "op/op.h"

enum { CLIP_MAX_BATCH = 64, CLIP_IMPORTS = 8 };

/* A recorded resize of one picture into its place in the batch. */
struct clip_slot {
    struct op_list *list;
    uint32_t in_width, in_height, panel; /* what it was recorded for; width 0: nothing */
    struct frame frame;                  /* its format and how it lies; width 0: RGB */
};

/* One of a camera's dma-bufs, whose frames are read where they lie. */
struct clip_import {
    struct op_memory *memory; /* NULL: none */
    uint64_t device, inode;   /* which file it is */
    struct clip_slot slot;
    uint64_t used; /* the frame it was last used for */
};

struct clip_resize {
    struct op_device *device;
    const struct clip_config *config;
    struct prep_plan plan;     /* of the pictures' last size */
    struct op_memory *picture; /* bytes as they came; grows with the largest picture */
    struct op_memory *between; /* between the two passes */
    struct op_memory *tables;  /* of `plan` */
    struct clip_slot slots[CLIP_MAX_BATCH];
    struct clip_import imports[CLIP_IMPORTS];
    uint64_t frames;  /* so far */
    uint32_t refused; /* dma-bufs, one after another: not tried again after eight */
    bool timed;       /* lists are recorded with timestamps */
};

/* The place of patches: picture `slot` of a batch of B goes to rows of (B P, K). */
struct clip_place {
    struct op_rows patches;
    uint32_t slot;
};

/* Config must outlive it. Cannot fail. */
void clip_resize_init(struct clip_resize *resize, struct op_device *device, const struct clip_config *config);
void clip_resize_finish(struct clip_resize *resize);

/* Recorded lists are void: the patches have moved. */
void clip_resize_forget(struct clip_resize *resize);

/* Records, does not run, an RGB picture of this size for the first place; its list is slots[0].list. Errors: MEMORY,
 * LOST, LIMIT.
 */
int clip_resize_prepare(struct clip_resize *resize, struct op_rows patches, uint32_t width, uint32_t height,
                        bool timed);

/* Resizes, crops and normalises, and waits for it. Errors: MEMORY, LOST, LIMIT. */
int clip_resize_picture(struct clip_resize *resize, struct clip_place to, const struct ocelli_image *picture);
/* A frame, upright. Its dma-buf is read where it lies if the device can do so, and kept open until eight others or 64
 * frames have come after it; else the planes are copied. */
int clip_resize_frame(struct clip_resize *resize, struct op_rows patches, const struct frame *frame);
/* Dma-bufs that are read where they lie. */
uint32_t clip_resize_imports(const struct clip_resize *resize);

#endif
