/* SPDX-License-Identifier: Apache-2.0
 * Sizes that stand in no configuration, but in the shapes of the tensors. */
#ifndef CONVERT_SIZES_H
#define CONVERT_SIZES_H

#include "convert/model/checkpoint.h"

/* Of pruned towers (TinyCLIP's automatic ones: their configuration is that of the model before) and of MobileCLIP-B,
 * whose configuration is only a name. Nothing to do for others. Errors: FILE, LIMIT. */
int sizes_of_tensors(struct checkpoint *checkpoint, struct report *report);

#endif
