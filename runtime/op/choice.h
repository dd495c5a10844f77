/* SPDX-License-Identifier: Apache-2.0
 * Which product, by timing: the candidates that a device can run compute the same half of a block in turns; the
 * fastest is remembered in the cache's folder, for this device, driver and build. */
#ifndef OP_CHOICE_H
#define OP_CHOICE_H

#include "op/list.h"

struct choice {
    enum op_product product;
    bool fuses;
};

enum { CHOICE_MOST = 2 * OP_PRODUCT_COUNT };
/* What may be chosen, the one that is best by what is known of the device first. */
uint32_t choice_candidates(const struct op_device *d, struct choice out[CHOICE_MOST]);
/* Which of `count` was fastest by `ms`, each the least of its turns; the first unless another is clearly faster.
 * Negative: it did not run. */
uint32_t choice_fastest(const double *ms, uint32_t count);

/* Errors: FILE (not there, cut short, or not a choice of this device; no line is logged, *choice stays). */
int choice_read(const struct op_device *d, const char *path, struct choice *choice);
/* A fault is told and costs nothing but the next start's time. */
void choice_write(const char *path, struct choice choice);

#endif
