/* SPDX-License-Identifier: Apache-2.0
 * A device and a list for op tests: rows up, an op, rows down. */
#ifndef SUPPORT_GPU_H
#define SUPPORT_GPU_H

#include "op/op.h"

struct gpu {
    struct op_device *device;
    struct op_list *list;
    struct op_memory *memories[128]; /* everything made below, freed by gpu_close() */
    int count;
    bool own; /* the device is this one's alone */
};

/* Exits with 77 (skipped) when no Vulkan device is here, unless OCELLI_NEED_GPU=1. */
void gpu_open(struct gpu *gpu); /* the device is shared with the program's other cases, its product as at first */
/* With a device of its own: where opening it or what is changed in it is the case. */
void gpu_open_anew(struct gpu *gpu);
/* Takes the best way of a kind; false: there is none. */
bool gpu_use_kind(struct gpu *gpu, enum ocelli_kind kind);
/* Fails the test when the validation layer has spoken. */
void gpu_close(struct gpu *gpu);
/* The last test of a group that opens devices by itself: a check in the group's teardown would be no good,
 * cmocka's exit status does not count it. */
void gpu_test_silent(void **state);

struct op_view gpu_bytes(struct gpu *gpu, const void *data, uint64_t size);
/* Float rows (count, width); values NULL: zeros. Between width and stride: zeros. */
struct op_rows gpu_rows(struct gpu *gpu, const double *values, uint32_t count, uint32_t width);
/* The same with `panel` rows interleaved, room for whole panels; the processor has rows alone. */
struct op_rows gpu_panels(struct gpu *gpu, const double *values, uint32_t count, uint32_t width, uint32_t panel);
struct op_rows gpu_int8_rows(struct gpu *gpu, uint32_t count, uint32_t width);
/* A matrix of stacked sources as op_linear() takes it; its memory belongs to *loader (op_weights_destroy). */
struct op_matrix gpu_matrix(struct gpu *gpu, struct op_weights *loader, const struct op_source *sources, uint32_t count,
                            uint32_t k);
/* Ends the list's recording and runs it. */
void gpu_run(struct gpu *gpu);
void gpu_read_rows(struct gpu *gpu, struct op_rows rows, uint32_t count, uint32_t width, double *values);

/* Deterministic noise, uniform in -1..1; rounded to float, so that both sides see the same. */
double gpu_noise(uint64_t *state);
double *gpu_random(uint64_t *state, size_t count); /* free() */

/* max |a - b| / max(1, max |b|) */
double gpu_difference(const double *a, const double *b, size_t count);

#endif
