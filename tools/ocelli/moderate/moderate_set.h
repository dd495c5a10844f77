/* SPDX-License-Identifier: Apache-2.0
 * Model, policies and pictures of `ocelli moderate`. */
#ifndef MODERATE_SET_H
#define MODERATE_SET_H

#include "ocelli/common/picture_list.h"
#include "ocelli/common/pictures.h"
#include "ocelli/common/progress.h"
#include "ocelli/options.h"
#include "base/sha256.h"
#include "policy/policy_judge.h"

#include <stdbool.h>

/* What the command line gave. */
struct moderate_request {
    const char *policy;             /* the file */
    const char *labels, *positives; /* NULL: not given */
    struct decode_rule rule;
    bool learn, recursive, quiet;
};

/* A zeroed struct is empty. */
struct moderate_set {
    struct ocelli *handle;
    char *text; /* the policy file's bytes, as they were read */
    size_t text_size;
    struct policy_file file;
    struct policy_judge *judge;
    struct policy_finding *findings; /* (file.count), of the last picture */
    float *vectors;                  /* (PICTURES_MOST, dimensions) */
    size_t dimensions;
    char model_key[SHA256_HEX_SIZE];
};

/* Reads the policies, opens the model, embeds the texts. learn: thresholds may be missing. Errors: those of
 * policy_file_parse(), policy_file_ready(), options_open(), policy_judge_create(). moderate_set_finish() then too. */
int moderate_set_init(struct moderate_set *set, const struct options *options, const char *path, bool learn);
void moderate_set_finish(struct moderate_set *set);

/* Each picture, in order: `see` gets its verdict, and set->findings; NULL for one that cannot be read, which was told.
 */
typedef int moderate_see(void *user, const char *name, const struct policy_verdict *verdict);
struct moderate_walk {
    struct moderate_set *set;
    struct pictures pictures;
    struct progress progress;
    moderate_see *see;
    void *user;
    size_t all, unread;
};
/* Reads one more, and judges when enough are held. moderate_walk_end() judges the rest, and frees them. Errors: those
 * of ocelli_embed_images() and of `see`. */
int moderate_walk_add(struct moderate_walk *walk, const char *name);
int moderate_walk_end(struct moderate_walk *walk);
/* All of a list; ends the walk. Folders that have no picture are counted in list->unread. */
int moderate_walk_list(struct moderate_walk *walk, struct picture_list *list, bool quiet);

#endif
