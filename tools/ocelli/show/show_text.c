/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/show/show_text.h"
#include "base/control.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

/* ---- characters ---- */

/* The next character of a text: `bytes` to show ("?" for what is not to reach a terminal), how many cells, how long it
 * was. */
struct glyph {
    const char *bytes;
    size_t size, cells, length;
};

static struct glyph next_glyph(const char *text, size_t left) {
    utf8proc_int32_t point;
    size_t control = control_shown(text, left);
    if (control) return (struct glyph){"?", 1, 1, control};
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)left, &point);
    if (size <= 0) return (struct glyph){"?", 1, 1, 1};
    int cells = utf8proc_charwidth(point);
    return (struct glyph){text, (size_t)size, cells > 0 ? (size_t)cells : 0, (size_t)size};
}

size_t show_cells(const char *text) {
    size_t cells = 0;
    for (size_t left = strlen(text); left;) {
        struct glyph g = next_glyph(text, left);
        cells += g.cells, text += g.length, left -= g.length;
    }
    return cells;
}

size_t show_fitting(const char *text, size_t cells) {
    size_t used = 0;
    for (size_t left = strlen(text); left;) {
        struct glyph g = next_glyph(text + used, left);
        if (g.cells > cells) break;
        cells -= g.cells, used += g.length, left -= g.length;
    }
    return used;
}

/* ---- the row ---- */

static bool append(struct show_row *row, const char *bytes, size_t size) {
    if (row->used + size >= row->capacity) return false;
    memcpy(row->bytes + row->used, bytes, size);
    row->used += size;
    row->bytes[row->used] = 0;
    return true;
}

void show_space(struct show_row *row, size_t cells) {
    for (; cells && row->column < row->width && append(row, " ", 1); cells--) row->column++;
}

/* At most so many cells. A character that is wider than what is left is left out; marks stay with their letter. */
static void put(struct show_row *row, const char *text, size_t cells) {
    for (size_t left = strlen(text); left;) {
        struct glyph g = next_glyph(text, left);
        if (g.cells > cells || row->column + g.cells > row->width || !append(row, g.bytes, g.size)) break;
        row->column += g.cells, cells -= g.cells;
        text += g.length, left -= g.length;
    }
}

static bool is_plain(const char *text) {
    while (*text && !(*text & 0x80)) text++;
    return !*text;
}

/* Terminals differ about the width of some characters: behind such a text they are told the column. */
static void go_to_column(struct show_row *row) {
    char sequence[32];
    int size = snprintf(sequence, sizeof sequence, "\033[%zuG", row->column + 1);
    append(row, sequence, (size_t)size);
}

void show_text(struct show_row *row, const char *text, size_t cells) {
    if (cells > row->width - row->column) cells = row->width - row->column;
    size_t end = row->column + cells;
    if (show_cells(text) <= cells) {
        put(row, text, cells);
    } else if (cells) {
        put(row, text, cells - 1);
        put(row, row->utf8 ? "\xe2\x80\xa6" : "~", 1);
    }
    if (end > row->column) show_space(row, end - row->column);
    if (!is_plain(text) && row->column < row->width) go_to_column(row);
}

void show_word(struct show_row *row, const char *text) {
    size_t cells = show_cells(text), left = row->width - row->column;
    show_text(row, text, cells < left ? cells : left);
}

void show_format(struct show_row *row, const char *format, ...) {
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    show_word(row, text);
}

/* In the last column it would erase that. */
void show_end(struct show_row *row) {
    if (row->column < row->width) append(row, "\033[K", 3);
}

void show_paint(struct show_row *row, const char *rendition) {
    char sequence[32];
    if (!row->color) return;
    int size = snprintf(sequence, sizeof sequence, "\033[%sm", rendition);
    append(row, sequence, (size_t)size);
}

/* ---- bars ---- */

/* The half cells up to `value`; at least none, at most all. */
static size_t halves(double value, size_t cells) {
    if (isnan(value) || value <= 0) return 0;
    return value >= 1 ? 2 * cells : (size_t)(value * 2 * (double)cells + 0.5);
}

void show_bar(struct show_row *row, double value, double mark, size_t cells, const char *rendition) {
    size_t full = halves(value, cells), marked = isnan(mark) ? cells : halves(mark, cells) / 2;
    if (!isnan(mark) && marked >= cells) marked = cells - 1;
    const char *painted = NULL;
    for (size_t i = 0; i < cells && row->column < row->width; i++) {
        const char *cell = row->utf8 ? "\xc2\xb7" : ".";                /* MIDDLE DOT */
        if (2 * i + 2 <= full) cell = row->utf8 ? "\xe2\x96\x88" : "#"; /* FULL BLOCK */
        if (2 * i + 1 == full) cell = row->utf8 ? "\xe2\x96\x8c" : "#"; /* LEFT HALF BLOCK */
        if (i == marked) cell = row->utf8 ? "\xe2\x94\x82" : "|";       /* BOX DRAWINGS LIGHT VERTICAL */
        const char *paint = i == marked ? "0;1;33" : 2 * i + 1 <= full ? rendition : "0;2";
        if (paint != painted) show_paint(row, paint);
        painted = paint;
        put(row, cell, 1);
    }
    show_paint(row, "0");
}
