/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints of torch: a zip archive of a pickle and its storages (torch.save since 1.6, torch.jit.save), or pickles
 * with the storages behind them (before 1.6). */
#ifndef CONVERT_TORCH_H
#define CONVERT_TORCH_H

#include "convert/read/weights.h"

/* Fill weights->tensors from `in`. Errors: FILE, LIMIT, MEMORY. */
int torch_read_archive(struct weights *weights, struct storage *in);
int torch_read_old(struct weights *weights, struct storage *in);
/* Does it begin as a file of torch before 1.6? */
bool torch_is_old(struct storage *storage);

#endif
