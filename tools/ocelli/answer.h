/* SPDX-License-Identifier: Apache-2.0
 * A board's answer for people. */
#ifndef ANSWER_H
#define ANSWER_H

/* Prints fields, and arrays as tables. Errors: FILE (not JSON). */
int answer_print(const char *json);

/* Prints a change as a line; nothing for a heartbeat. Errors: FILE (not JSON). */
int answer_print_push(const char *json);

#endif
