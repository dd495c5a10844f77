/* SPDX-License-Identifier: Apache-2.0
 * What both forms of torch's files share: from the tree of a pickle to tensors. */
#ifndef CONVERT_TORCH_INNER_H
#define CONVERT_TORCH_INNER_H

#include "convert/read/pickle.h"
#include "convert/read/torch.h"

/* Finds the storage of a tensor: where it is, at which byte it begins, and how many bytes it has. Says its failures. */
typedef int torch_find(void *context, const struct pickle_storage *storage, struct storage **in, uint64_t *begin,
                       uint64_t *size);

/* Bytes of a number of a storage's type; 0: unknown. */
uint64_t torch_number_size(const char *storage_type);

/* The tensors of the state dict in `root`, which may be inside of other things. */
int torch_collect(struct weights *weights, const struct pickle_value *root, torch_find *find, void *context);

#endif
