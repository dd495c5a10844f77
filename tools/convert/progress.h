/* SPDX-License-Identifier: Apache-2.0
 * How far a conversion is: one line on stderr that is drawn anew, on a terminal only. */
#ifndef CONVERT_PROGRESS_H
#define CONVERT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown;         /* stderr is a terminal */
    double begin, last; /* ms */
    uint64_t all, done; /* bytes of weights, as floats */
    bool drawn;
};

void progress_begin(struct progress *progress, uint64_t bytes);
/* `what` is being done now; `bytes` more are behind. */
void progress_step(struct progress *progress, const char *what, uint64_t bytes);
/* Clears the line, so that other lines begin at their beginning. */
void progress_clear(struct progress *progress);

#endif
