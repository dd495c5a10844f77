/* SPDX-License-Identifier: Apache-2.0 */
#include "live/quiet.h"
#include "base/clock.h"

#include <ocelli.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PERIOD_NS (INT64_C(600) * 1000000000)
enum { LINES = 16 };

/* The lines said last. `count`: how often again since; `at`: when it was said, 0: free. */
static struct line {
    char text[1024];
    enum ocelli_log_level level;
    unsigned count;
    int64_t at;
} lines[LINES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void say(const struct line *l) {
    const char *warning = l->level == OCELLI_LOG_WARNING ? "warning: " : "";
    if (l->count)
        fprintf(stderr, "ocelli: %s%s (%u more time%s)\n", warning, l->text, l->count, l->count == 1 ? "" : "s");
    else
        fprintf(stderr, "ocelli: %s%s\n", warning, l->text);
}

/* The count is told with the line's text, so that it can be understood by itself. */
static void expire(struct line *l) {
    if (l->at && l->count) say(l);
    l->at = 0, l->count = 0;
}

static struct line *place_of(const char *text) {
    struct line *oldest = &lines[0];
    for (int i = 0; i < LINES; i++) {
        if (lines[i].at && !strcmp(lines[i].text, text)) return &lines[i];
        if (lines[i].at < oldest->at) oldest = &lines[i];
    }
    expire(oldest);
    return oldest;
}

static void handle(void *user, enum ocelli_log_level level, const char *message) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    (void)user;
    pthread_mutex_lock(&lock);
    struct line *l = place_of(message);
    if (l->at && now - l->at < PERIOD_NS) {
        l->count++;
    } else {
        expire(l);
        *l = (struct line){.level = level, .at = now};
        snprintf(l->text, sizeof l->text, "%s", message);
        say(l);
    }
    pthread_mutex_unlock(&lock);
}

void quiet_begin(void) {
    ocelli_set_log(handle, NULL);
}

void quiet_flush(int all) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LINES; i++)
        if (all || now - lines[i].at >= PERIOD_NS) expire(&lines[i]);
    pthread_mutex_unlock(&lock);
}

void quiet_end(void) {
    quiet_flush(1);
    ocelli_set_log(NULL, NULL);
}
