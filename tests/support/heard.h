/* SPDX-License-Identifier: Apache-2.0
 * What the log said since listen(). */
#ifndef SUPPORT_HEARD_H
#define SUPPORT_HEARD_H

#include <ocelli.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct {
    int lines;
    char text[1024]; /* of the last */
} heard;
static pthread_mutex_t heard_lock = PTHREAD_MUTEX_INITIALIZER;

static inline void hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level;
    pthread_mutex_lock(&heard_lock);
    heard.lines++;
    snprintf(heard.text, sizeof heard.text, "%s", message);
    pthread_mutex_unlock(&heard_lock);
}

/* The same while other threads may log. */
static inline int heard_lines(void) {
    pthread_mutex_lock(&heard_lock);
    int lines = heard.lines;
    pthread_mutex_unlock(&heard_lock);
    return lines;
}

static inline bool heard_has(const char *words) {
    pthread_mutex_lock(&heard_lock);
    bool has = strstr(heard.text, words) != NULL;
    pthread_mutex_unlock(&heard_lock);
    return has;
}

static inline void listen(void) {
    memset(&heard, 0, sizeof heard);
    ocelli_set_log(hear, NULL);
}

#endif
