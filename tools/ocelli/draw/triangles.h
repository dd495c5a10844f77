/* SPDX-License-Identifier: Apache-2.0
 * Pictures of translucent triangles: drawn as an SVG viewer draws them, one over the other. */
#ifndef TRIANGLES_H
#define TRIANGLES_H

#include <stddef.h>
#include <stdint.h>

/* The picture is the square from (0, 0), top left, to (1, 1). Corners may lie outside of it. */
struct triangle {
    float x[3], y[3];
    float rgb[3], alpha; /* 0 to 1; alpha 1 hides what lies below */
};

/* The part of the picture that is drawn: a square of `side`, its top left corner at (x, y). */
struct triangles_view {
    float x, y, side;
};

static const struct triangles_view TRIANGLES_WHOLE = {0, 0, 1};

enum { TRIANGLES_ROWS = 4 }; /* lines through a pixel at which a triangle's width is measured */

/* Draws `count` triangles, the first at the bottom, on a background (3) of 0 to 1.
 * canvas: (pixels, pixels, 3) floats of 0 to 1, all written. coverage: (pixels) floats of scratch memory.
 * A pixel is covered as far as TRIANGLES_ROWS horizontal lines through it are, exactly along each line. */
void triangles_draw(float *canvas, float *coverage, uint32_t pixels, struct triangles_view view,
                    const float background[3], const struct triangle *triangles, size_t count);

/* To bytes of red, green and blue: (pixels, pixels, 3). */
void triangles_bytes(uint8_t *rgb, const float *canvas, uint32_t pixels);

#endif
