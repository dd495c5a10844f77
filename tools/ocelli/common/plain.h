/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stdio.h>

/* Writes text for people: control characters, and those that turn the order of letters, become '?', so that no file
 * name can move the cursor or look like another. */
void plain_text(FILE *to, const char *text);

/* Is all of it UTF-8? */
bool plain_utf8(const char *text);

/* JSON that another wrote, which a terminal must not obey: the same characters as JSON escapes them, U+FFFD for what is
 * not UTF-8.
 */
void plain_json(FILE *to, const char *json);

#endif
