/* SPDX-License-Identifier: Apache-2.0
 * The log of a program that runs for months: a line that comes again within 10 minutes is counted, not written. The
 * count comes with the next one or when the 10 minutes are over. The thread that logs a line never waits for standard
 * error. While that stalls, lines wait. When too many wait, they are only counted, and the count is written when it
 * flows again. */
#ifndef DAEMON_LOG_FILTER_H
#define DAEMON_LOG_FILTER_H

#include <stdbool.h>

/* From here on lines go through the filter to standard error. Thread-safety: before other threads log. */
void log_filter_begin(void);

/* From here on each line, with its end, goes to `to` first, which waits for nobody and says nothing to the log; true:
 * it is not for standard error. NULL: no longer; none is under way when this returns. */
void log_filter_divert(bool (*to)(void *user, const char *line), void *user);

/* Says the counts whose 10 minutes are over; all of them when `all`. */
void log_filter_flush(int all);

/* Waits until all that was said is written; false: not within timeout_ms. */
bool log_filter_wait(int timeout_ms);

/* Back to ocelli.h's own handler; counts are said. timeout_ms: for standard error to take what is left. */
void log_filter_end(int timeout_ms);

#endif
