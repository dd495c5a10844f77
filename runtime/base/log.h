/* SPDX-License-Identifier: Apache-2.0
 * One line a fault, said where it is seen first. Callers only pass the code up. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <ocelli.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Says the line and is `status`, so that `return log_fail(OCELLI_ERR_FILE, ...)` reads well and the compiler
 * sees which status it is. */
#define log_fail(status, ...) (log_error(__VA_ARGS__), (status))
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes of a line at most, with its end. */
enum { LOG_LINE = 1024 };

/* As a message shows `text`, a file's name for instance: one line, UTF-8, no control characters. */
void log_one_line(const char *text, char out[LOG_LINE]);

/* Is given each line too, after the handler; one at a time, and it must not log. NULL: nobody. Any thread. */
void log_tap(void (*tap)(void *user, enum ocelli_log_level level, const char *message), void *user);

/* From here on errors of this thread are not logged: the last one is kept in `text` (of `capacity` bytes, "" before
 * any), for who answers it to somebody else. Until log_release(), in the same function. */
void log_hold(char *text, size_t capacity);
void log_release(void);

#ifdef __cplusplus
}
#endif

#endif
