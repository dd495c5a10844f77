/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void to_stderr(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    if (level == OCELLI_LOG_INFO) return;
    fprintf(stderr, "ocelli: %s%s\n", level == OCELLI_LOG_WARNING ? "warning: " : "", message);
}

static void (*handler)(void *, enum ocelli_log_level, const char *) = to_stderr;
static void *handler_user;

static _Thread_local struct {
    char *text; /* NULL: not held */
    size_t room;
} held;

void ocelli_set_log(void (*new_handler)(void *, enum ocelli_log_level, const char *), void *user) {
    handler = new_handler ? new_handler : to_stderr;
    handler_user = user;
}

/* Control characters (from file names or file contents) must not break the promise of one line. */
static void one_line(char *text) {
    for (size_t left = strlen(text), length; left; text += length, left -= length) {
        length = control_bytes(text, left);
        memset(text, '?', length);
        if (!length) length = 1;
    }
}

static void say(enum ocelli_log_level level, const char *format, va_list args) {
    char message[LOG_LINE];
    vsnprintf(message, sizeof message, format, args);
    one_line(message);
    if (held.text && level == OCELLI_LOG_ERROR) {
        snprintf(held.text, held.room, "%s", message);
        return;
    }
    handler(handler_user, level, message);
}

void log_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(OCELLI_LOG_ERROR, format, args);
    va_end(args);
}

void log_warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(OCELLI_LOG_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(OCELLI_LOG_INFO, format, args);
    va_end(args);
}

void log_hold(char *text, size_t room) {
    text[0] = 0;
    held.text = text, held.room = room;
}

void log_release(void) {
    held.text = NULL;
}
