/* SPDX-License-Identifier: Apache-2.0
 * What the log said since listen(). */
#ifndef SUPPORT_HEARD_H
#define SUPPORT_HEARD_H

#include <ocelli.h>
#include <stdio.h>
#include <string.h>

static struct {
    int lines;
    char text[1024]; /* of the last */
} heard;

static inline void hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level;
    heard.lines++;
    snprintf(heard.text, sizeof heard.text, "%s", message);
}

static inline void listen(void) {
    memset(&heard, 0, sizeof heard);
    ocelli_set_log(hear, NULL);
}

#endif
