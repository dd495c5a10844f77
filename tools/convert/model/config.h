/* SPDX-License-Identifier: Apache-2.0
 * What a CLIP is, from either toolkit's configuration. Nothing here is guessed: a default is one
 * that the toolkit itself would take, and the report says so. */
#ifndef CONVERT_CONFIG_H
#define CONVERT_CONFIG_H

#include "convert/read/json.h"
#include "convert/report/report.h"

/* Limits of the runtime; runtime/clip/config.c checks the same when it opens a blob. */
enum config_limit {
    CONFIG_MAX_WIDTH = 4096,
    CONFIG_MAX_HEAD = 128, /* width of a head; also a multiple of 4 */
    CONFIG_MAX_BLOCKS = 64,
    CONFIG_MAX_HIDDEN = 16384,
    CONFIG_MAX_IMAGE = 1024, /* pixels */
    CONFIG_MAX_TOKENS = 896, /* 1 + patches: what attention has shared memory for */
    CONFIG_MAX_CONTEXT = 512,
    CONFIG_MAX_VOCABULARY = 300000,
};

enum config_activation { CONFIG_QUICK_GELU, CONFIG_GELU, CONFIG_GELU_TANH };

/* Of a pruned model's block; `attention`, `mlp` false: that part was pruned away, and is a smallest one of zeros. */
struct config_block {
    uint32_t heads, hidden;
    bool attention, mlp;
};

struct config_tower {
    uint32_t width, blocks;
    uint32_t heads, hidden; /* the most that a block has */
    uint32_t head;          /* numbers of a head */
    struct config_block block[CONFIG_MAX_BLOCKS];
    bool pruned;     /* sizes are those of the tensors (sizes.h) */
    uint32_t tokens; /* image: patches, and one with a class token; text: context length */
    float epsilon;
    enum config_activation activation;
};

/* Where a text's row is taken. */
enum config_pool {
    CONFIG_POOL_LARGEST, /* at the largest id: the end mark has to be that */
    CONFIG_POOL_END,     /* at the first `end_id` */
    CONFIG_POOL_LAST,    /* at the last position of the context; texts are padded up to it */
};

struct config {
    const char *file; /* for messages */
    struct config_tower image, text;
    uint32_t image_size, patch_size; /* pixels */
    uint32_t vocabulary, embedding;
    uint64_t token_rows; /* of the token table in the weights; 0: not known */
    enum config_pool pool;
    uint32_t end_id;     /* with CONFIG_POOL_END */
    bool attention_pool; /* of pictures: no class token, no norm before the blocks, no projection */
    bool no_mask;        /* of texts; else causal */
    bool text_bias;      /* of the text's projection */
    bool sigmoid;        /* score rule; else softmax */
    bool no_text;        /* asked for: the blob gets vectors of texts in place of text tower and tokenizer */
    const char *clean;   /* what texts go through before the tokenizer, see docs/blob.md; NULL: as CLIP's */
    const char *family;  /* for people */
    uint32_t stem;       /* channels of MobileCLIP-B's convolutions before the last one; 0: a plain ViT */
    bool no_pre_norm;
    float most_scale;      /* the score's factor is cut to it; 0: it is not */
    bool squash, bilinear; /* resize: else short side and crop, bicubic */
    float mean[3], std[3]; /* of pixels in 0..1 */
    float logit_scale;     /* exponentiated, where it is no tensor; 0: the tensor's */
};

extern const float config_openai_mean[3], config_openai_std[3];

/* `root` is config.json of a transformers folder, `prep` its preprocessor_config.json.
 * Errors: FILE (not CLIP, contradictory), LIMIT. */
int config_transformers(struct config *config, const cJSON *root, const char *file, struct report *report);
int config_preprocessor(struct config *config, const cJSON *root, const char *file, struct report *report);
/* `root` is open_clip_config.json, or only the model_cfg of it. Includes preprocessing. */
int config_open_clip(struct config *config, const cJSON *root, const char *file, struct report *report);

/* What towers have in common in config.json; a key that is absent leaves what is there. `otherwise`: the activation
 * where hidden_act is absent; *activation: what it says, or NULL. Errors: FILE, LIMIT. */
int config_transformers_tower(const struct json_at *at, const char *otherwise, struct config_tower *tower,
                              const char **activation);
/* The same of pictures and patches. */
int config_transformers_image(const struct json_at *at, struct config *config);

/* Sizes against each other and against the limits. Errors: FILE, LIMIT. */
int config_check(struct config *config);
/* All blocks of the tower's own heads and hidden width. */
void config_fill_blocks(struct config_tower *tower);
/* Checks the pixels' standard deviations that `file` gave. Errors: FILE. */
int config_check_std(const struct config *config, const char *file);

const char *config_activation_name(enum config_activation activation);

/* Of both towers, and of the pixels' mean and deviation, into the report. */
void config_report_activations(const struct config *config, const char *why, struct report *report);
void config_report_normalisation(const struct config *config, const char *why, struct report *report);
/* "mean R G B std R G B" */
enum { CONFIG_NORMALISATION_SIZE = 128 };
void config_print_normalisation(const struct config *config, char text[CONFIG_NORMALISATION_SIZE]);

/* Helpers of the readers: a value that must be as expected here, or the model computes other things. */
int config_expect_bool(const struct json_at *at, const char *key, bool expected);
int config_unsupported(const char *file, const char *what);

#endif
