/* SPDX-License-Identifier: Apache-2.0
 * Comma-separated values, quoted as RFC 4180 says, in UTF-8, with a line feed alone at a line's end. */
#ifndef CSV_H
#define CSV_H

#include <stdbool.h>
#include <stdio.h>

/* Begin each file with {.to = file}. Faults of writing are left to ferror(). */
struct csv {
    FILE *to;
    bool comma; /* the next field needs one before it */
};

/* Bytes that are not UTF-8 become U+FFFD; NULL is an empty field. */
void csv_text(struct csv *csv, const char *text);
/* As JSON has it; what is not finite is an empty field. */
void csv_number(struct csv *csv, double value, int digits);
void csv_end_line(struct csv *csv);

#endif
