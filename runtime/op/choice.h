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
/* Which of `count` to take by `ms`, each the least of its turns; negative: it did not run, or computed wrongly. The fastest, the
 * first of equals; but one with float inputs, which is more exact, unless it takes over 15 % longer than one with int8. */
uint32_t choice_fastest(const double *ms, const struct choice *choices, uint32_t count);
/* Does the product in use compute rightly? Weights, rows and a bias that are not trivial, against plain C, in doubles: to 1e-4 of
 * the largest result. Without a line. Errors: WRONG, and as op_memory_create() and op_list_run(). */
int choice_check(struct op_device *d);

/* Errors: FILE (not there, cut short, or not a choice of this device; no line is logged, *choice stays). */
int choice_read(const struct op_device *d, const char *path, struct choice *choice);
/* A fault is told and costs nothing but the next start's time. */
void choice_write(const char *path, struct choice choice);

#endif
