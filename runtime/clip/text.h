/* SPDX-License-Identifier: Apache-2.0
 * The text tower: token ids to embeddings. */
#ifndef CLIP_TEXT_H
#define CLIP_TEXT_H

#include "clip/tower.h"

enum { CLIP_TEXT_BATCH = 16 };

struct clip_text {
    struct clip_tower tower;
    uint32_t vocabulary, pad_id;
    bool last_pool;           /* texts are padded to the context, and its last row is taken */
    struct blob *blob;        /* whose these two are: */
    struct blob_rows table;   /* (vocabulary, W); its rows stay in the file */
    int8_t *row;              /* (W) one of them */
    const float *positions;   /* (context, W) */
    struct op_memory *tokens; /* (B T, W) written by the host */
};

/* Loads weights and allocates for CLIP_TEXT_BATCH texts. The blob must outlive it.
 * Errors: FILE, MEMORY, LIMIT, DEVICE. Accepts nothing half-made: finish after a fault too. */
int clip_text_init(struct clip_text *text, struct op_device *device, struct blob *blob,
                   const struct clip_config *config);
void clip_text_finish(struct clip_text *text);

/* ids: (count, stride), the first lengths[i] of each row used, its last one the end mark; lengths
 * 1..context. out: (count, D), unit length. Errors: USAGE (an id outside the vocabulary), LOST... */
int clip_text_embed(struct clip_text *text, const int32_t *ids, const uint32_t *lengths, uint32_t count,
                    uint32_t stride, float *out);

/* Records (does not run) `batch` texts of `tokens` ids; also for bench. */
int clip_text_record(struct clip_text *text, uint32_t batch, uint32_t tokens);

#endif
