/* SPDX-License-Identifier: Apache-2.0
 * Rows as PostgreSQL's binary COPY takes them: numbers the highest byte first, a length before each field. */
#ifndef LIBRARY_POSTGRES_ROWS_H
#define LIBRARY_POSTGRES_ROWS_H

#include "memory/history.h"

struct postgres_row {
    const char *board, *model; /* key */
    const struct history_fact *fact;
    const char *tags, *path; /* path NULL: none */
    const int8_t *vector;    /* (size) */
    size_t size;
    int64_t sum; /* of all of it: another one means another row */
};

/* Begin with a zeroed one. */
struct postgres_rows {
    uint8_t *bytes; /* (used) */
    size_t used, capacity, count;
    bool full; /* no memory: what was added is not whole */
};

/* The sum of tags, path, time, scale and vector. */
int64_t postgres_row_sum(const struct postgres_row *row);
/* The stream's head before the first row, its end behind the last one. */
void postgres_rows_begin(struct postgres_rows *rows);
void postgres_rows_add(struct postgres_rows *rows, const struct postgres_row *row);
void postgres_rows_end(struct postgres_rows *rows);
void postgres_rows_finish(struct postgres_rows *rows);

/* IEEE 754's half of a float, rounded to the nearest, halves to even. */
uint16_t postgres_half(float value);

#endif
