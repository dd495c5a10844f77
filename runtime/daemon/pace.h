/* SPDX-License-Identifier: Apache-2.0
 * When the next frame is due: a cap on the rate, less of it when the board is hot. No clock: time comes in. */
#ifndef DAEMON_PACE_H
#define DAEMON_PACE_H

#include <stdint.h>

/* A zeroed one is always due. */
struct pace {
    double rate;     /* frames a second at most; 0: no cap */
    double hot;      /* degrees Celsius from which it slows down */
    double slowdown; /* 1: none; set by pace_heat() */
    int64_t due_ns;
};

/* Takes the temperature (NAN: not known: no slowdown). Above `hot` the time between frames doubles with every 2.5
 * degrees, up to 16 times: 10 degrees above it, where boards throttle by themselves, little is left to do. */
void pace_heat(struct pace *pace, double celsius);

/* A frame is taken at `now_ns`, and kept the processor for `busy_ns` before, of which without a cap the slowdown
 * makes more. Moves `due_ns` on: evenly, unless frames came late. */
void pace_step(struct pace *pace, int64_t now_ns, int64_t busy_ns);

/* Degrees of the hottest zone: `path` is a folder like /sys/class/thermal with thermal_zoneN/temp in it, or one such
 * file, in thousandths of a degree. NAN: there is none. */
double pace_temperature(const char *path);

#endif
