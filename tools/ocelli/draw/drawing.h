/* SPDX-License-Identifier: Apache-2.0
 * A picture of translucent triangles as a row of numbers, which `ocelli draw` looks for, and as a file. */
#ifndef DRAWING_H
#define DRAWING_H

#include "ocelli/draw/triangles.h"

#include <stdbool.h>

/* A background and so many triangles. */
struct drawing {
    float background[3];
    struct triangle *triangles; /* (count) */
    size_t count;
};

/* Zeroed triangles; free with drawing_finish(). Errors: MEMORY. */
int drawing_init(struct drawing *drawing, size_t count);
void drawing_finish(struct drawing *drawing);

/* How many numbers a drawing of `count` triangles is: three of the background, ten of each triangle. */
size_t drawing_numbers(size_t count);
/* What the numbers (drawing_numbers()) mean. Colours beyond 0 to 1 are cut. */
void drawing_set(struct drawing *drawing, const float *numbers);

/* Can a file of this name be written? false: its name ends in neither .svg nor .png, or there is no libpng for the
 * latter, which was said. */
bool drawing_writable(const char *path);
/* Writes the drawing, whole or not at all, as SVG or PNG by the end of the name; a PNG of `pixels` a side. `title` is
 * the text that it shows. Errors: FILE, MEMORY, USAGE (drawing_writable() says no). */
int drawing_write(const struct drawing *drawing, const char *path, uint32_t pixels, const char *title);

#endif
