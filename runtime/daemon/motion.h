/* SPDX-License-Identifier: Apache-2.0
 * Did anything move? A frame as 64 by 36 grey cells, against the last one that was looked at. */
#ifndef DAEMON_MOTION_H
#define DAEMON_MOTION_H

#include "base/frame.h"

enum { MOTION_COLUMNS = 64, MOTION_ROWS = 36, MOTION_CELLS = MOTION_COLUMNS * MOTION_ROWS };

/* A zeroed one has seen nothing. */
struct motion {
    uint8_t now[MOTION_CELLS], reference[MOTION_CELLS];
    bool started;
    float luma; /* mean of `now`, 0..1 */
};

/* Takes a frame; gives the percent of its cells that differ from the last one kept. 100: none was kept yet. */
double motion_step(struct motion *motion, const struct frame *frame);

/* The frame of the last step is looked at: what follows is compared with it. Not with the frame before: what moves
 * slowly would never differ. */
void motion_keep(struct motion *motion);

#endif
