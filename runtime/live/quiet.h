/* SPDX-License-Identifier: Apache-2.0
 * The log of a program that runs for months: a line that comes again within 10 minutes is counted, not said, and the
 * count comes with the next one or when the 10 minutes are over. */
#ifndef LIVE_QUIET_H
#define LIVE_QUIET_H

/* From here on lines go through the filter to standard error. Thread-safety: before other threads log. */
void quiet_begin(void);

/* Says the counts whose 10 minutes are over; all of them when `all`. */
void quiet_flush(int all);

/* Back to ocelli.h's own handler; counts are said. */
void quiet_end(void);

#endif
