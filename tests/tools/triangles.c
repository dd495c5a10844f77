/* SPDX-License-Identifier: Apache-2.0
 * The picture of triangles against one in double that looks at many points of each pixel. */
#include "ocelli/draw/triangles.h"
#include "support/test.h"

#include <math.h>

enum { PIXELS = 24, POINTS = 64, COUNT = 6, ROUNDS = 8 };

static double side_of(const struct triangle *t, int a, int b, double x, double y) {
    return ((double)t->x[b] - (double)t->x[a]) * (y - (double)t->y[a]) -
           ((double)t->y[b] - (double)t->y[a]) * (x - (double)t->x[a]);
}

static bool inside(const struct triangle *t, double x, double y) {
    double a = side_of(t, 0, 1, x, y), b = side_of(t, 1, 2, x, y), c = side_of(t, 2, 0, x, y);
    return (a >= 0 && b >= 0 && c >= 0) || (a <= 0 && b <= 0 && c <= 0);
}

/* The lines that the drawing measures at, many points along each. */
static double covered(const struct triangle *t, struct triangles_view v, int px, int py) {
    int hits = 0;
    for (int k = 0; k < TRIANGLES_ROWS; k++)
        for (int i = 0; i < POINTS; i++) {
            double x = px + (i + 0.5) / POINTS, y = py + (k + 0.5) / TRIANGLES_ROWS;
            hits += inside(t, (double)v.x + x * (double)v.side / PIXELS, (double)v.y + y * (double)v.side / PIXELS);
        }
    return (double)hits / POINTS / TRIANGLES_ROWS;
}

static float number(unsigned *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return (float)(*seed >> 8) / 16777216;
}

static void against_points(void **state) {
    (void)state;
    unsigned seed = 7;
    for (int round = 0; round < ROUNDS; round++) {
        static float canvas[PIXELS * PIXELS * 3], coverage[PIXELS];
        struct triangle t[COUNT];
        struct triangles_view view = round % 2 ? (struct triangles_view){-0.1F, 0.2F, 0.7F} : TRIANGLES_WHOLE;
        float background[3] = {number(&seed), number(&seed), number(&seed)};
        for (int i = 0; i < COUNT; i++) {
            for (int k = 0; k < 3; k++)
                t[i].x[k] = 1.6F * number(&seed) - 0.3F, t[i].y[k] = 1.6F * number(&seed) - 0.3F;
            for (int c = 0; c < 3; c++) t[i].rgb[c] = number(&seed);
            t[i].alpha = number(&seed);
        }
        triangles_draw(canvas, coverage, PIXELS, view, background, t, COUNT);
        for (int y = 0; y < PIXELS; y++)
            for (int x = 0; x < PIXELS; x++)
                for (int c = 0; c < 3; c++) {
                    double want = (double)background[c];
                    for (int i = 0; i < COUNT; i++)
                        want += covered(&t[i], view, x, y) * (double)t[i].alpha * ((double)t[i].rgb[c] - want);
                    assert_true(fabs(want - (double)canvas[(y * PIXELS + x) * 3 + c]) < 0.04);
                }
    }
}

static void odd_ones(void **state) {
    (void)state;
    float canvas[12], coverage[2], white[3] = {1, 1, 1};
    const struct triangle odd[] = {{{0, 1, 0.5F}, {0.5F, 0.5F, 0.5F}, {0, 0, 0}, 1}, /* flat */
                                   {{NAN, 0, 1}, {NAN, 0, NAN}, {0, 0, 0}, 0},
                                   {{2, 3, 4}, {2, 3, 2}, {0, 0, 0}, 1},
                                   {{-9, 9, 0}, {-9, -9, -2}, {0, 0, 0}, 1}};
    triangles_draw(canvas, coverage, 2, TRIANGLES_WHOLE, white, odd, 4);
    for (int i = 0; i < 12; i++) assert_true(canvas[i] >= 1 && canvas[i] <= 1);
    const struct triangle all = {{-9, 9, 0}, {-9, -9, 30}, {0, 0.5F, 1}, 1};
    uint8_t rgb[12];
    triangles_draw(canvas, coverage, 2, TRIANGLES_WHOLE, white, &all, 1);
    triangles_bytes(rgb, canvas, 2);
    for (int i = 0; i < 4; i++) assert_true(rgb[3 * i] == 0 && rgb[3 * i + 1] == 128 && rgb[3 * i + 2] == 255);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(against_points), cmocka_unit_test(odd_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
