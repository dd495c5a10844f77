/* SPDX-License-Identifier: Apache-2.0
 * Text for a terminal, counted in cells: a wide character takes two, a combining one none. */
#ifndef SHOW_TEXT_H
#define SHOW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* One row that is being written. */
struct show_row {
    char *bytes;
    size_t capacity, used;
    size_t column, width; /* cells */
    bool color, utf8;
};

/* Cells that `text` takes; bytes of it that fit so many cells. */
size_t show_cells(const char *text);
size_t show_fitting(const char *text, size_t cells);

/* Exactly `cells` cells, of which the text takes what it needs: cut with an ellipsis, or padded. Less where the row
 * ends. */
void show_text(struct show_row *row, const char *text, size_t cells);
/* The text as it is, cut where the row ends. */
void show_word(struct show_row *row, const char *text);
void show_format(struct show_row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));
void show_space(struct show_row *row, size_t cells);
/* The end of the row: what stood there before goes. */
void show_end(struct show_row *row);
/* "1;32": Select Graphic Rendition of ECMA-48; "0": plain. Nothing without colours. */
void show_paint(struct show_row *row, const char *rendition);

/* A bar from 0 to 1 of so many cells; NAN: empty. `mark` 0..1: where a line stands in it; NAN: none. */
void show_bar(struct show_row *row, double value, double mark, size_t cells, const char *rendition);

#endif
