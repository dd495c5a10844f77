/* SPDX-License-Identifier: Apache-2.0
 * Chooses the way of computing products by timing. All ways that a device has compute the same half of a block in
 * turns. The cache's folder remembers the fastest, for this device, driver and build. */
#ifndef OP_CHOICE_H
#define OP_CHOICE_H

#include "op/backend.h"

/* Which of `count` to take by `ms`, each the least of its turns; negative: it did not run, or computed wrongly. The
 * fastest, the first of equals; but one with float inputs, which is more exact, unless it takes over 15 % longer than
 * one with int8. */
uint32_t choice_fastest(const double *ms, const struct op_way *ways, uint32_t count);
/* Does the way in use compute rightly? Weights, rows and a bias that are not trivial, against plain C, in doubles: to
 * 1e-4 of the largest result. Without a line. Errors: WRONG, and as op_memory_create() and op_list_run(). */
int choice_check(struct op_device *device);

/* A line, "NAME: 1.234 ms". Errors: FILE (not there, cut short, or no way of this device; no line is logged, *way
 * stays). */
int choice_read(const struct op_device *device, const char *path, struct op_way *way, double *ms);
/* A fault is logged, and costs only time at the next start. */
void choice_write(const char *path, const struct op_way *way, double ms);

#endif
