/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/progress.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double often = 100; /* ms between two drawings */

void progress_begin(struct progress *progress, uint64_t bytes) {
    const char *kind = getenv("TERM");
    bool dumb = !kind || strcmp(kind, "dumb") == 0; /* it cannot draw over */
    *progress = (struct progress){.shown = isatty(STDERR_FILENO) && !dumb, .begin = clock_ms(), .all = bytes};
}

void progress_step(struct progress *progress, const char *what, uint64_t bytes) {
    double now = clock_ms(), seconds = (now - progress->begin) / 1000;
    progress->done += bytes;
    if (!progress->shown || now - progress->last < often) return;
    progress->last = now;
    double share = progress->all ? (double)progress->done / (double)progress->all : 0;
    share = share > 1 ? 1 : share;
    fprintf(stderr, "\r\033[K%-26s %3.0f %%", what, 100 * share);
    if (seconds > 0.5 && share > 0)
        fprintf(stderr, "  %.0f MB/s  %.0f s left", (double)progress->done / 1e6 / seconds, seconds / share - seconds);
    fflush(stderr);
    progress->drawn = true;
}

void progress_clear(struct progress *progress) {
    if (progress->drawn) fputs("\r\033[K", stderr);
    progress->drawn = false;
}
