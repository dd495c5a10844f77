/* SPDX-License-Identifier: Apache-2.0
 * The beginning of MobileCLIP-B's image tower, as open_clip stores it (timm's vit_base_mci_224). */
#ifndef CONVERT_STEM_H
#define CONVERT_STEM_H

#include "convert/model/model.h"

enum { STEM_TENSORS = 8 };

/* Adds the three convolutions, with the batch norms folded into the first two and their numbers in the order of
 * clip/stem.h, the class token, and positions with a row of zeros for it. Errors: FILE, MEMORY. */
int stem_load(struct model *model, struct checkpoint *checkpoint);

#endif
