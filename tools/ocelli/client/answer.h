/* SPDX-License-Identifier: Apache-2.0
 * A board's answer for people. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>

/* Prints fields, and arrays as tables; of the pages behind the first only their arrays. Errors: FILE (not JSON). */
int answer_print(const char *json, bool first);

/* Prints a change as a line; nothing for a heartbeat. Errors: FILE (not JSON). */
int answer_print_push(const char *json);

#endif
