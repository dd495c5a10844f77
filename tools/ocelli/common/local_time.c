/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/local_time.h"

void local_clock(char text[LOCAL_CLOCK]) {
    time_t now = time(NULL);
    struct tm local;
    strftime(text, LOCAL_CLOCK, "%H:%M:%S", localtime_r(&now, &local));
}

void local_date(time_t seconds, char text[LOCAL_DATE]) {
    struct tm local;
    strftime(text, LOCAL_DATE, "%Y-%m-%d %H:%M:%S", localtime_r(&seconds, &local));
}
