/* SPDX-License-Identifier: Apache-2.0
 * What a checkpoint without a configuration does not tell by its shapes, and where it is taken from instead: the file's
 * own values, the hash of a published file, or options. Never a guess. */
#ifndef CONVERT_CONFIG_GIVEN_H
#define CONVERT_CONFIG_GIVEN_H

#include "convert/model/config.h"

enum config_fact {
    CONFIG_ACTIVATION = 1,
    CONFIG_MEAN = 2,
    CONFIG_STD = 4,
    CONFIG_RESIZE = 8,
    CONFIG_FILTER = 16,
    CONFIG_HEADS = 32,
    CONFIG_LOGIT_SCALE = 64, /* of a file without that tensor; never needed otherwise */
};

struct config_given {
    uint32_t facts; /* those that were given */
    enum config_activation activation;
    float mean[3], std[3];
    bool squash, bilinear;
    uint32_t image_heads, text_heads;
    float logit_scale; /* exponentiated: what similarities are multiplied with */
};

/* One option's value: "quick_gelu", "0.5,0.5,0.5", "crop", "bicubic", "12,8", "100". false: no such value. */
bool config_given_set(struct config_given *given, enum config_fact fact, const char *value);

/* What is known of a file that its publisher's name or its hash tell. NULL: nothing. `hash`: SHA-256 in hex. */
const struct config_known *config_known_file(const char *hash);
struct config_known {
    const char *hash; /* or only the start that the publisher tells */
    const char *name;
    bool quick_gelu;
};

/* The training of OpenAI's and OpenCLIP's own releases: mean, std, crop, bicubic. */
void config_known_prep(struct config *config, uint32_t *facts);

/* Puts what was given into the configuration; *facts are those known, with what was given afterwards. Warns where
 * the configuration said something else. */
void config_given_apply(struct config *config, const struct config_given *given, uint32_t *facts,
                        struct report *report);

/* Errors: FILE, which names all the options that are needed. */
int config_given_require(const char *file, uint32_t facts);

#endif
