/* SPDX-License-Identifier: Apache-2.0
 * A board's answer for people. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>

/* Prints the pages of an answer: fields, which the first page alone tells, and arrays as tables, whose columns have a
 * head on a terminal. Errors: FILE (not JSON; nothing was printed), MEMORY. */
int answer_print(char *const *pages, size_t count);

/* Prints a change as a line; nothing for a heartbeat. Errors: FILE (not JSON). */
int answer_print_push(const char *json);

#endif
