/* SPDX-License-Identifier: Apache-2.0
 * How far a long run is, in one line on a terminal's standard error that is written over in place: count, rate, time
 * left. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool shown; /* set by progress_begin() */
    size_t total, done;
    int64_t began_ns, drawn_ns;
    const char *unit; /* what is counted */
    char note[32];    /* what stands behind the line; the caller's, "" at first */
};

/* Is standard error a terminal that knows sequences? TERM=dumb, and none, is not. Else a progress line is never drawn,
 * and a total need not be counted. */
bool progress_possible(void);
/* Shows it from now on; the first line comes after a second. Only one at a time. */
void progress_begin(struct progress *progress, size_t total);
/* The same for other things than pictures. */
void progress_begin_of(struct progress *progress, size_t total, const char *unit);
/* So many more are done. Draws at most five times a second. */
void progress_step(struct progress *progress, size_t more);
/* Clears the line, as something else is to be written to the terminal; the next step draws it again. Any time, also
 * without one: main.c calls it before each line of the log. */
void progress_hide(void);
void progress_end(struct progress *progress);

/* The line, without control characters: "   120/4567 pictures  12.3/s  6 min left". */
void progress_text(char *text, size_t size, size_t done, size_t total, double seconds, const char *unit);

#endif
