/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli bench` shows of an opened model. Not part of the public API. */
#ifndef BENCH_H
#define BENCH_H

#include <ocelli.h>

struct bench_dispatch {
    const char *shader;
    const char *op; /* what it computes */
    uint32_t constants[12];
    uint32_t constant_count;
    uint32_t groups[3];
    uint64_t macs, bytes;          /* multiply-accumulates; bytes of buffers, each counted once */
    uint32_t push[32], push_count; /* push constants */
    double gpu_ms;                 /* negative: no timestamps */
};

/* The picture of the plans: a common camera size. */
enum { BENCH_WIDTH = 640, BENCH_HEIGHT = 480 };

/* The dispatches of one picture, nothing executed. *dispatches: free(). Errors: as ocelli_open(). */
int bench_image_plan(struct ocelli *handle, struct bench_dispatch **dispatches, size_t *count);
/* The same for one text of `tokens` ids. */
int bench_text_plan(struct ocelli *handle, uint32_t tokens, struct bench_dispatch **dispatches, size_t *count);
/* The device's limits: multiply-accumulates a second (0: unknown) and bytes read a second. */
int bench_peak(struct ocelli *handle, double *macs, double *bytes);
/* Runs one picture and gives each dispatch's GPU time. */
int bench_image_times(struct ocelli *handle, struct bench_dispatch **dispatches, size_t *count);

#endif
