/* SPDX-License-Identifier: Apache-2.0
 * What a checkpoint's configuration files say, from either toolkit, in one form; and why. */
#ifndef CONVERT_CONFIG_H
#define CONVERT_CONFIG_H

#include "convert/folder.h"

enum layout { LAYOUT_TRANSFORMERS, LAYOUT_OPEN_CLIP };

struct tower_config {
    uint32_t width, hidden, blocks, heads;
    double epsilon;
    const char *activation; /* quick_gelu, gelu or gelu_tanh */
};

struct model_config {
    enum layout layout;
    struct tower_config image, text;
    uint32_t image_size, patch_size, context, vocabulary, embedding;
    uint32_t end_id;   /* what the config says; 2 with pooling_argmax */
    bool has_end_id;
    bool end_is_largest; /* old configs: the text's row is that of the largest id */
    const char *resize, *filter; /* crop or squash; bicubic or bilinear */
    double mean[3], std[3];
    /* where each choice comes from, for the report */
    const char *activation_why, *prep_why, *pooling_why;
    char name[128];
};

/* Reads config.json + preprocessor_config.json, or open_clip_config.json. Strings are static or
 * live in the folder. Errors: FILE (missing, not CLIP, contradictory), LIMIT (over what the
 * runtime takes: runtime/clip/config.c). */
int config_read(struct model_config *config, struct folder *folder);

#endif
