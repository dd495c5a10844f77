/* SPDX-License-Identifier: Apache-2.0
 * One line a fault, said where it is seen first. Callers only pass the code up. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <ocelli.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Says the line and is `status`, so that `return log_fail(OCELLI_ERR_FILE, ...)` reads well and the compiler
 * sees which status it is. */
#define log_fail(status, ...) (log_error(__VA_ARGS__), (status))
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif

#endif
