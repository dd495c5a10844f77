/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/draw/triangles.h"

#include <math.h>
#include <string.h>

struct span {
    float left, right; /* left >= right: empty */
};

/* Where the line at height y runs inside the triangle. Each edge counts from its upper end up to, but without, its
 * lower one, so that a line through a corner meets two edges. */
static struct span span_at(const float x[3], const float y[3], float line) {
    struct span s = {INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        int a = i, b = (i + 1) % 3;
        if (y[a] > y[b]) a = b, b = i;
        if (line < y[a] || line >= y[b]) continue;
        float at = x[a] + (x[b] - x[a]) * ((line - y[a]) / (y[b] - y[a]));
        s.left = fminf(s.left, at);
        s.right = fmaxf(s.right, at);
    }
    return s;
}

/* Adds `weight` to all that lies in the span, and its share to the pixels at the ends. */
static void cover(float *coverage, struct span s, float weight) {
    int first = (int)s.left, last = (int)s.right; /* both at least 0 */
    if (first == last) {
        coverage[first] += weight * (s.right - s.left);
        return;
    }
    coverage[first] += weight * ((float)first + 1 - s.left);
    for (int i = first + 1; i < last; i++) coverage[i] += weight;
    if (s.right > (float)last) coverage[last] += weight * (s.right - (float)last);
}

/* One row of pixels. */
static void blend(float *row, const float *coverage, int first, int last, const struct triangle *t) {
    for (int i = first; i < last; i++) {
        float alpha = coverage[i] * t->alpha, *pixel = row + (size_t)i * 3;
        for (int c = 0; c < 3; c++) pixel[c] += alpha * (t->rgb[c] - pixel[c]);
    }
}

static void draw_row(float *row, float *coverage, int pixels, int at, const float x[3], const float y[3],
                     const struct triangle *t) {
    int first = pixels, last = 0;
    struct span spans[TRIANGLES_ROWS];
    for (int k = 0; k < TRIANGLES_ROWS; k++) {
        struct span s = span_at(x, y, (float)at + ((float)k + 0.5F) / TRIANGLES_ROWS);
        s.left = fmaxf(s.left, 0), s.right = fminf(s.right, (float)pixels);
        spans[k] = s;
        if (s.left >= s.right) continue;
        if ((int)s.left < first) first = (int)s.left;
        if ((int)ceilf(s.right) > last) last = (int)ceilf(s.right);
    }
    if (first >= last) return;
    memset(coverage + first, 0, (size_t)(last - first) * sizeof *coverage);
    for (int k = 0; k < TRIANGLES_ROWS; k++)
        if (spans[k].left < spans[k].right) cover(coverage, spans[k], 1.0F / TRIANGLES_ROWS);
    blend(row, coverage, first, last, t);
}

static void draw_triangle(float *canvas, float *coverage, int pixels, struct triangles_view view,
                          const struct triangle *t) {
    float x[3], y[3], scale = (float)pixels / view.side;
    for (int i = 0; i < 3; i++) x[i] = (t->x[i] - view.x) * scale, y[i] = (t->y[i] - view.y) * scale;
    float top = fminf(y[0], fminf(y[1], y[2])), bottom = fmaxf(y[0], fmaxf(y[1], y[2]));
    if (!(bottom > 0) || !(top < (float)pixels)) return; /* outside, or not a number */
    int first = top > 0 ? (int)top : 0, last = bottom < (float)pixels ? (int)ceilf(bottom) : pixels;
    for (int at = first; at < last; at++)
        draw_row(canvas + (size_t)at * (size_t)pixels * 3, coverage, pixels, at, x, y, t);
}

void triangles_draw(float *canvas, float *coverage, uint32_t pixels, struct triangles_view view,
                    const float background[3], const struct triangle *triangles, size_t count) {
    for (size_t i = 0; i < (size_t)pixels * pixels; i++) memcpy(canvas + i * 3, background, 3 * sizeof *canvas);
    for (size_t i = 0; i < count; i++) draw_triangle(canvas, coverage, (int)pixels, view, &triangles[i]);
}

void triangles_bytes(uint8_t *rgb, const float *canvas, uint32_t pixels) {
    for (size_t i = 0; i < (size_t)pixels * pixels * 3; i++) rgb[i] = (uint8_t)(canvas[i] * 255 + 0.5F);
}
