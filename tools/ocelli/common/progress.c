/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/progress.h"
#include "base/clock.h"
#include "ocelli/common/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* FIRST_MS: a short run needs no progress. */
enum { FIRST_MS = 1000, REDRAW_MS = 200, LINE = 96 };

static struct progress *shown; /* NULL: none */
static bool drawn;             /* its line stands on the terminal */

bool progress_possible(void) {
    return terminal_usable(STDERR_FILENO);
}

/* A line that wraps leaves its first rows behind when it is drawn anew. */
static void cut_to_width(char text[LINE]) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col || size.ws_col > LINE) return;
    text[size.ws_col - 1] = '\0';
}

void progress_begin_of(struct progress *p, size_t total, const char *unit) {
    *p = (struct progress){.shown = true, .total = total, .unit = unit, .began_ns = clock_ns(CLOCK_MONOTONIC)};
    shown = p;
}

void progress_begin(struct progress *p, size_t total) {
    progress_begin_of(p, total, "pictures");
}

/* Seconds as people say them. */
static void write_left(char *text, size_t size, double seconds) {
    if (seconds < 90)
        snprintf(text, size, "%.0f s", seconds);
    else if (seconds < 5400)
        snprintf(text, size, "%.0f min", seconds / 60);
    else
        snprintf(text, size, "%.1f h", seconds / 3600);
}

void progress_text(char *text, size_t size, size_t done, size_t total, double seconds, const char *unit) {
    char left[32];
    double rate = seconds > 0 ? (double)done / seconds : 0;
    size_t most = total > done ? total : done; /* more may have come since they were counted */
    int used = snprintf(text, size, "%zu/%zu %s", done, most, unit);
    if (!done || rate <= 0) return;
    write_left(left, sizeof left, (double)(most - done) / rate);
    snprintf(text + used, size - (size_t)used, "  %.*f/s  %s left", rate < 10 ? 1 : 0, rate, left);
}

static void draw(const struct progress *p, int64_t now) {
    char text[LINE];
    progress_text(text, sizeof text, p->done, p->total, (double)(now - p->began_ns) / 1e9, p->unit);
    strncat(text, p->note, sizeof text - strlen(text) - 1);
    cut_to_width(text);
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
    drawn = true;
}

void progress_step(struct progress *p, size_t more) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    p->done += more;
    if (!p->shown || now - p->began_ns < FIRST_MS * INT64_C(1000000)) return;
    if (drawn && now - p->drawn_ns < REDRAW_MS * INT64_C(1000000)) return;
    p->drawn_ns = now;
    draw(p, now);
}

void progress_hide(void) {
    if (!shown || !drawn) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    drawn = false;
}

void progress_end(struct progress *p) {
    progress_hide();
    if (shown == p) shown = NULL;
    p->shown = false;
}
