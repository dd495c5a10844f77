/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/log_filter.h"
#include "base/clock.h"
#include "daemon/line_writer.h"

#include <ocelli.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PERIOD_NS (INT64_C(600) * 1000000000)
enum { LINES = 16 };

/* The lines said last. `count`: how often again since; `at`: when it was said, 0: free. */
static struct line {
    char text[1024];
    enum ocelli_log_level level;
    unsigned count;
    int64_t at;
} lines[LINES];
static struct line_writer *out; /* to standard error */
static bool (*divert)(void *user, const char *line);
static void *divert_user;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void say(const struct line *l) {
    const char *warning = l->level == OCELLI_LOG_WARNING ? "warning: " : "";
    char text[1024 + 64], again[32] = "";
    if (l->count) snprintf(again, sizeof again, " (%u more time%s)", l->count, l->count == 1 ? "" : "s");
    snprintf(text, sizeof text, "ocelli: %s%s%s\n", warning, l->text, again);
    if (divert && divert(divert_user, text)) return;
    if (out)
        line_writer_add(out, text);
    else
        fputs(text, stderr);
}

/* The count is logged with the line's text, so that it can be understood by itself. */
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

void log_filter_begin(void) {
    struct line_writer *opened = NULL;
    line_writer_open(&opened, STDERR_FILENO,
                     NULL);    /* else, as was said, a line is written by the thread that says it */
    pthread_mutex_lock(&lock); /* the thread that guards the start may be at its end already: log_filter_wait() */
    out = opened;
    pthread_mutex_unlock(&lock);
    ocelli_set_log(handle, NULL);
}

void log_filter_divert(bool (*to)(void *user, const char *line), void *user) {
    pthread_mutex_lock(&lock);
    divert = to, divert_user = user;
    pthread_mutex_unlock(&lock);
}

/* Under the lock: the thread that opens things may come to its end meanwhile, and to log_filter_end(). */
bool log_filter_wait(int timeout_ms) {
    pthread_mutex_lock(&lock);
    bool done = !out || line_writer_drain(out, timeout_ms);
    pthread_mutex_unlock(&lock);
    return done;
}

void log_filter_flush(int all) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LINES; i++)
        if (all || now - lines[i].at >= PERIOD_NS) expire(&lines[i]);
    pthread_mutex_unlock(&lock);
}

void log_filter_end(int timeout_ms) {
    log_filter_flush(1);
    ocelli_set_log(NULL, NULL);
    pthread_mutex_lock(&lock);
    struct line_writer *gone = out;
    out = NULL;
    pthread_mutex_unlock(&lock);
    line_writer_close(&gone, timeout_ms);
}
