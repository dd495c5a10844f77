/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/control.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

static void to_stderr(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    if (level == OCELLI_LOG_INFO) return;
    fprintf(stderr, "ocelli: %s%s\n", level == OCELLI_LOG_WARNING ? "warning: " : "", message);
}

static void (*handler)(void *, enum ocelli_log_level, const char *) = to_stderr;
static void *handler_user;

static pthread_mutex_t tap_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*tapped)(void *, enum ocelli_log_level, const char *);
static void *tap_user;

void log_tap(void (*tap)(void *, enum ocelli_log_level, const char *), void *user) {
    pthread_mutex_lock(&tap_lock);
    tapped = tap, tap_user = user;
    pthread_mutex_unlock(&tap_lock);
}

static void tell_tap(enum ocelli_log_level level, const char *message) {
    pthread_mutex_lock(&tap_lock);
    if (tapped) tapped(tap_user, level, message);
    pthread_mutex_unlock(&tap_lock);
}

static _Thread_local struct {
    char *text; /* NULL: not held */
    size_t capacity;
} held;

void ocelli_set_log(void (*new_handler)(void *, enum ocelli_log_level, const char *), void *user) {
    handler = new_handler ? new_handler : to_stderr;
    handler_user = user;
}

/* Bytes of the character that `text` begins with; 0: the first byte is none of UTF-8. */
static size_t character(const char *text, size_t size) {
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, &c);
    return n > 0 ? (size_t)n : 0;
}

/* File names and file contents may hold anything. Control characters must not break the promise of one line, nor turn
 * the order of its words: each of their bytes becomes '?'. What is no UTF-8 becomes \xHH, so that it can be read and
 * told apart. Stops where `out` is full; never in the middle of a character. */
void log_one_line(const char *text, char out[LOG_LINE]) {
    size_t used = 0;
    for (size_t left = strlen(text); left;) {
        size_t control = control_shown(text, left), whole = control ? control : character(text, left),
               capacity = whole ? whole : 4;
        if (used + capacity >= LOG_LINE) break;
        if (control)
            memset(out + used, '?', capacity);
        else if (whole)
            memcpy(out + used, text, capacity);
        else
            snprintf(out + used, capacity + 1, "\\x%02x", (unsigned char)*text);
        used += capacity;
        text += whole ? whole : 1;
        left -= whole ? whole : 1;
    }
    out[used] = '\0';
}

static void say(enum ocelli_log_level level, const char *format, va_list args) {
    char raw[LOG_LINE], message[LOG_LINE];
    vsnprintf(raw, sizeof raw, format, args);
    log_one_line(raw, message);
    if (held.text && level == OCELLI_LOG_ERROR) {
        snprintf(held.text, held.capacity, "%s", message);
        return;
    }
    handler(handler_user, level, message);
    tell_tap(level, message);
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

void log_hold(char *text, size_t capacity) {
    text[0] = 0;
    held.text = text, held.capacity = capacity;
}

void log_release(void) {
    held.text = NULL;
}
