/* SPDX-License-Identifier: Apache-2.0
 * Configurations that come out of the weights themselves. */
#ifndef CONVERT_CHECKPOINT_INNER_H
#define CONVERT_CHECKPOINT_INNER_H

#include "convert/model/checkpoint.h"
#include "convert/model/config_given.h"

/* NULL when there is none. Does not mark it used. */
struct checkpoint_tensor *checkpoint_find(const struct checkpoint *checkpoint, const char *name);
/* The same of block `block`, whose tensors begin with the layout's `format`. */
struct checkpoint_tensor *checkpoint_find_in_block(const struct checkpoint *checkpoint, const char *format,
                                                   uint32_t block, const char *part);

/* Sizes by shapes, and what the file's hash or kind tells; *facts are what is known then. Errors: FILE, LIMIT. */
int checkpoint_read_shapes(struct checkpoint *checkpoint, uint32_t *facts, struct report *report);
/* What the values of a GGUF tell beyond that. Errors: FILE, LIMIT. */
int checkpoint_read_gguf(struct checkpoint *checkpoint, uint32_t *facts, struct report *report);

#endif
