/* SPDX-License-Identifier: Apache-2.0
 * The local time, as people say when it was. */
#ifndef LOCAL_TIME_H
#define LOCAL_TIME_H

#include <time.h>

enum { LOCAL_CLOCK = 16, LOCAL_DATE = 32 };

/* Now: "14:03:22". */
void local_clock(char text[LOCAL_CLOCK]);
/* "2026-11-24 14:03:22". */
void local_date(time_t seconds, char text[LOCAL_DATE]);

#endif
