/* SPDX-License-Identifier: Apache-2.0
 * A board's answer for people. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>

/* Prints fields, and arrays as tables. *next gets the number to ask on from, or 0. Errors: FILE (not JSON). */
int answer_print(const char *json, size_t *next);

/* Prints a change as a line; nothing for a heartbeat. */
int answer_print_push(const char *json);

#endif
