/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/motion.h"

#include <stdlib.h>
#include <string.h>

/* Samples of a cell a side: their mean has a quarter of a sensor's noise, which then stays far below DIFFERS. */
enum { SAMPLES = 4, DIFFERS = 10 };

/* Luma, or what is near enough to it. */
static unsigned grey_at(const struct frame *f, const uint8_t *row, uint32_t x) {
    switch (f->format) {
    case FRAME_RGB:
    case FRAME_BGR: return (row[3 * x] + 2u * row[3 * x + 1] + row[3 * x + 2]) / 4;
    case FRAME_YUYV: return row[2 * x];
    default: return row[x];
    }
}

/* Adds one row of samples to a row of cells. */
static void add_row(const struct frame *f, const uint8_t *row, const uint32_t *columns, unsigned *sums) {
    for (int c = 0; c < MOTION_COLUMNS; c++)
        for (int i = 0; i < SAMPLES; i++) sums[c] += grey_at(f, row, columns[c * SAMPLES + i]);
}

/* Sample `i` of `count` that lie evenly over `size` pixels. */
static uint32_t place(uint32_t i, uint32_t count, uint32_t size) {
    return (uint32_t)((2ull * i + 1) * size / (2ull * count));
}

static void take_cells(struct motion *motion, const struct frame *frame) {
    uint32_t columns[MOTION_COLUMNS * SAMPLES];
    uint64_t total = 0;
    for (uint32_t i = 0; i < MOTION_COLUMNS * SAMPLES; i++)
        columns[i] = place(i, MOTION_COLUMNS * SAMPLES, frame->width);
    for (uint32_t r = 0; r < MOTION_ROWS; r++) {
        unsigned sums[MOTION_COLUMNS] = {0};
        for (uint32_t i = 0; i < SAMPLES; i++) {
            uint32_t y = place(r * SAMPLES + i, MOTION_ROWS * SAMPLES, frame->height);
            add_row(frame, frame->planes[0].data + (size_t)frame->planes[0].stride * y, columns, sums);
        }
        for (int c = 0; c < MOTION_COLUMNS; c++) {
            motion->now[r * MOTION_COLUMNS + (uint32_t)c] = (uint8_t)(sums[c] / (SAMPLES * SAMPLES));
            total += sums[c];
        }
    }
    float mean = (float)total / (MOTION_CELLS * SAMPLES * SAMPLES);
    bool limited = !frame->full_range && frame->format != FRAME_RGB && frame->format != FRAME_BGR;
    motion->luma = limited ? (mean - 16) / 219 : mean / 255;
}

double motion_step(struct motion *motion, const struct frame *frame) {
    int differ = 0;
    take_cells(motion, frame);
    if (!motion->started) return 100;
    for (int i = 0; i < MOTION_CELLS; i++) differ += abs(motion->now[i] - motion->reference[i]) > DIFFERS;
    return 100.0 * differ / MOTION_CELLS;
}

void motion_keep(struct motion *motion) {
    memcpy(motion->reference, motion->now, sizeof motion->reference);
    motion->started = true;
}
