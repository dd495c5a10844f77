/* SPDX-License-Identifier: Apache-2.0
 * The golden models of tests/golden/towers: their inputs, what transformers makes of them, and the
 * models themselves as checkpoint folders, made from random_weights.h. Faults fail the test. */
#ifndef SUPPORT_CHECKPOINT_H
#define SUPPORT_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHECKPOINT_INPUTS = 8 };

extern const char *const checkpoint_names[];        /* of all CLIP models; ended by NULL */
extern const char *const checkpoint_siglip_names[]; /* the same of SigLIP models, which have tokenizers of their own */

/* Of families that only an open_clip folder holds; their tensors have its names already. */
extern const char *const checkpoint_family_names[];

struct cJSON;

struct checkpoint_golden {
    struct cJSON *index;
    uint64_t seed;
    uint32_t image_size, dim;
    double f16w, dot;                     /* marks: lowest cosine of each kind */
    uint8_t *images;                      /* (8, size, size, 3) */
    const char *texts[CHECKPOINT_INPUTS]; /* UTF-8 */
    int32_t *ids[CHECKPOINT_INPUTS];      /* start to end mark */
    size_t id_count[CHECKPOINT_INPUTS];
    double scores[CHECKPOINT_INPUTS * CHECKPOINT_INPUTS]; /* SigLIP: of picture i and text j, at i * 8 + j */
    float *embeddings;                                    /* (16, dim): images, then texts; unit length */
};

void checkpoint_golden_open(struct checkpoint_golden *golden, const char *name);
void checkpoint_golden_close(struct checkpoint_golden *golden);

/* Zero: the model as it is, as a transformers folder. */
struct checkpoint_form {
    bool open_clip;      /* flat names, q, k and v in one, projections turned */
    const char *prefix;  /* before every tensor's name */
    const char *type;    /* "F16", "BF16"; NULL: F32 */
    const char *without; /* tensor left out */
    const char *extra;   /* tensor added, of 4 zeros */
    const char *broken;  /* tensor whose number 7 becomes NaN */
    const char *narrow;  /* tensor whose first dimension is said to be 1 smaller */
    const char *padded;  /* tensor that gets one more row, of zeros */
};

/* Writes config, weights and tokenizer into an existing folder. */
void checkpoint_write(const char *name, const char *folder, const struct checkpoint_form *form);

/* A fresh temporary folder, to be given to checkpoint_remove(). */
char *checkpoint_folder(void);
void checkpoint_remove(char *folder);

/* FOLDER/NAME; valid during the next 60 calls, of which checkpoint_write() makes 12. */
const char *checkpoint_path(const char *folder, const char *name);
void checkpoint_put(const char *folder, const char *name, const void *bytes, size_t size);
/* The whole file, terminated; free(). */
char *checkpoint_get(const char *path, size_t *size);

#endif
