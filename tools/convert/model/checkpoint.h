/* SPDX-License-Identifier: Apache-2.0
 * A checkpoint on disk: which layout it is, its configuration, and its tensors by name. */
#ifndef CONVERT_CHECKPOINT_H
#define CONVERT_CHECKPOINT_H

#include "convert/model/config_given.h"
#include "convert/model/names.h"
#include "convert/read/weights.h"

struct checkpoint_tensor {
    const char *name; /* without wrappers */
    const char *file; /* for messages */
    const struct stored_tensor *stored;
    bool used;
};

struct checkpoint {
    struct arena arena;
    struct sources *sources;
    const char *folder; /* that holds the other files */
    struct weights *files;
    struct checkpoint_tensor *tensors; /* sorted by name */
    size_t count;
    const struct names_layout *layout;
    struct config config;
};

/* Opens a folder or a file of weights. `given`: what options tell. Errors: FILE, LIMIT (a kind not supported yet),
 * MEMORY. */
int checkpoint_open(struct checkpoint *checkpoint, const char *path, const struct config_given *given,
                    struct sources *sources, struct report *report);
void checkpoint_close(struct checkpoint *checkpoint);

/* Are the files still as they were? Errors: FILE. */
int checkpoint_check_unchanged(const struct checkpoint *checkpoint);

/* Gives NULL when there is none. Marks it used. */
const struct checkpoint_tensor *checkpoint_take(struct checkpoint *checkpoint, const char *name);
/* The same of one that has to be there. Errors: FILE; *tensor is NULL then. */
int checkpoint_need(struct checkpoint *checkpoint, const char *name, const struct checkpoint_tensor **tensor);

/* Every tensor must have been taken or be known to be no weight. Errors: FILE, naming the first ones. */
int checkpoint_check_used(const struct checkpoint *checkpoint, struct report *report);

#endif
