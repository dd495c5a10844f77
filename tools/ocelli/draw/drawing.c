/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/draw/drawing.h"
#include "base/file.h"
#include "base/log.h"
#include "ocelli/draw/encode_png.h"
#include "ocelli/common/stream_save.h"
#include "ocelli/common/svg_text.h"

#include <math.h>
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BACKGROUND = 3, NUMBERS = 10 /* of a triangle */, SVG_SIDE = 512 };

int drawing_init(struct drawing *d, size_t count) {
    *d = (struct drawing){.triangles = calloc(count, sizeof *d->triangles), .count = count};
    return d->triangles ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu triangles", count);
}

void drawing_finish(struct drawing *d) {
    free(d->triangles);
    *d = (struct drawing){0};
}

size_t drawing_numbers(size_t count) {
    return BACKGROUND + NUMBERS * count;
}

static float cut(float value) {
    return fmaxf(0, fminf(value, 1));
}

void drawing_set(struct drawing *d, const float *numbers) {
    for (int c = 0; c < 3; c++) d->background[c] = cut(*numbers++);
    for (size_t i = 0; i < d->count; i++) {
        struct triangle *t = &d->triangles[i];
        for (int k = 0; k < 3; k++) t->x[k] = *numbers++, t->y[k] = *numbers++;
        for (int c = 0; c < 3; c++) t->rgb[c] = cut(*numbers++);
        t->alpha = cut(*numbers++);
    }
}

/* ---- files ---- */

static bool ends_in(const char *path, const char *end) {
    size_t length = strlen(path), more = strlen(end);
    return length > more && !strcasecmp(path + length - more, end);
}

bool drawing_writable(const char *path) {
    if (ends_in(path, ".svg")) return true;
    if (!ends_in(path, ".png"))
        log_error("%s: the name ends in neither .svg nor .png: it tells what to write", path);
    else if (!encode_png_possible())
        log_error("%s: this build has no libpng, which writes PNG: write an SVG", path);
    else
        return true;
    return false;
}

static void put_color(FILE *to, const float rgb[3]) {
    unsigned bytes[3];
    for (int c = 0; c < 3; c++) bytes[c] = (unsigned)(rgb[c] * 255 + 0.5F);
    fprintf(to, "#%02x%02x%02x", bytes[0], bytes[1], bytes[2]);
}

static void put_svg(FILE *to, const struct drawing *d, const char *title) {
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "role=\"img\">\n<title>",
            SVG_SIDE, SVG_SIDE, SVG_SIDE, SVG_SIDE);
    svg_text(to, title, 200);
    fprintf(to, "</title>\n<rect width=\"%d\" height=\"%d\" fill=\"", SVG_SIDE, SVG_SIDE);
    put_color(to, d->background);
    fputs("\"/>\n", to);
    for (size_t i = 0; i < d->count; i++) {
        const struct triangle *t = &d->triangles[i];
        if (t->alpha < 0.5F / 255) continue; /* nobody sees it */
        fputs("<path d=\"M", to);
        for (int k = 0; k < 3; k++)
            fprintf(to, "%s%.1f %.1f", k ? "L" : "", (double)t->x[k] * SVG_SIDE, (double)t->y[k] * SVG_SIDE);
        fputs("z\" fill=\"", to);
        put_color(to, t->rgb);
        fprintf(to, "\" fill-opacity=\"%.3f\"/>\n", (double)t->alpha);
    }
    fputs("</svg>\n", to);
}

struct titled {
    const struct drawing *drawing;
    const char *title;
};

static void put(FILE *to, const void *user) {
    const struct titled *t = user;
    put_svg(to, t->drawing, t->title);
}

static int write_png(const struct drawing *d, const char *path, uint32_t pixels) {
    size_t values = (size_t)3 * pixels * pixels, size = 0;
    float *canvas = calloc(values, sizeof *canvas), *coverage = calloc(pixels, sizeof *coverage);
    uint8_t *rgb = calloc(values, 1), *png = NULL;
    bool good = canvas && coverage && rgb;
    if (good) {
        triangles_draw(canvas, coverage, pixels, TRIANGLES_WHOLE, d->background, d->triangles, d->count);
        triangles_bytes(rgb, canvas, pixels);
        good = encode_png(rgb, pixels, pixels, &png, &size);
    }
    int status = good ? file_save(path, png, size) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    free(canvas);
    free(coverage);
    free(rgb);
    free(png);
    return status;
}

int drawing_write(const struct drawing *d, const char *path, uint32_t pixels, const char *title) {
    if (!drawing_writable(path)) return OCELLI_ERR_USAGE;
    return ends_in(path, ".svg") ? stream_save(path, put, &(struct titled){d, title}) : write_png(d, path, pixels);
}
