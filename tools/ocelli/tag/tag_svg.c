/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/tag/tag_svg.h"
#include "base/log.h"
#include "prep/encode_jpeg_rows.h"
#include "ocelli/common/stream_save.h"
#include "ocelli/common/svg_text.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pixels of the drawing. */
enum {
    MARGIN = 20,
    PANEL = 340,
    ROW = 44,
    BAR = 8,
    HEAD = 32,
    LEAST_SIDE = 384,
    NAME_LETTERS = 30,
    TITLE_LETTERS = 38
};

/* ---- the picture ---- */

static uint8_t mean(const struct ocelli_image *p, uint32_t left, uint32_t right, uint32_t top, uint32_t bottom,
                    int channel) {
    uint64_t sum = 0, count = (uint64_t)(right - left) * (bottom - top);
    for (uint32_t y = top; y < bottom; y++)
        for (uint32_t x = left; x < right; x++) sum += p->rgb[((size_t)y * p->width + x) * 3 + (size_t)channel];
    return (uint8_t)((sum + count / 2) / count);
}

/* To a size that is not larger: each pixel is the mean of those that it covers. free(); NULL: no memory. */
static uint8_t *shrink(const struct ocelli_image *p, uint32_t width, uint32_t height) {
    uint8_t *rgb = malloc((size_t)3 * width * height), *to = rgb;
    for (uint32_t y = 0; to && y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                *to++ =
                    mean(p, (uint32_t)((uint64_t)x * p->width / width),
                         (uint32_t)(((uint64_t)x + 1) * p->width / width), (uint32_t)((uint64_t)y * p->height / height),
                         (uint32_t)(((uint64_t)y + 1) * p->height / height), c);
    return rgb;
}

static uint32_t scaled(uint32_t side, double factor) {
    double size = round(side * factor);
    return size < 1 ? 1 : (uint32_t)size;
}

/* As a JPEG in base64; free(*text). */
static int encode(const struct ocelli_image *p, char **text) {
    uint32_t longer = p->width > p->height ? p->width : p->height;
    double factor = longer > TAG_SVG_SIDE ? (double)TAG_SVG_SIDE / longer : 1;
    uint32_t width = scaled(p->width, factor), height = scaled(p->height, factor);
    uint8_t *jpeg = NULL, *rgb = shrink(p, width, height);
    size_t size;
    *text = NULL;
    if (rgb && encode_jpeg_rows(rgb, width, height, &jpeg, &size)) *text = malloc(size / 3 * 4 + 5);
    if (*text) EVP_EncodeBlock((unsigned char *)*text, jpeg, (int)size);
    free(rgb);
    free(jpeg);
    return *text ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for a picture of %ux%u", p->width, p->height);
}

/* ---- the drawing ---- */

static const char style[] =
    "<style>text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',Arial,sans-serif;fill:#1f2328}"
    ".page{fill:#fff;stroke:#d1d9e0}.quiet{fill:#59636e}.rail{fill:#e6eaef}.bar{fill:#0969da}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.page{fill:#0d1117;stroke:#3d444d}.quiet{fill:#9198a1}"
    ".rail{fill:#2b323b}.bar{fill:#4493f8}}</style>\n";

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* "74.9 %": less than a tenth is told as such, not as nothing. */
static void put_score(FILE *to, float score) {
    double percent = 100 * (double)score;
    if (!isfinite(percent))
        fputs("-", to);
    else if (percent > 0 && percent < 0.05)
        fputs("&lt;0.1 %", to);
    else
        fprintf(to, "%.1f %%", percent);
}

static void put_row(FILE *to, const struct tag_row *row, uint32_t x, uint32_t y) {
    double share = isfinite(row->score) ? fmin(fmax((double)row->score, 0), 1) : 0;
    fprintf(to, "<text x=\"%u\" y=\"%u\" font-size=\"16\">", x, y);
    svg_text(to, row->tag, NAME_LETTERS);
    fprintf(to, "</text><text x=\"%u\" y=\"%u\" font-size=\"16\" text-anchor=\"end\">", x + PANEL, y);
    put_score(to, row->score);
    fprintf(to, "</text>\n<rect class=\"rail\" x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" rx=\"4\"/>", x, y + 8,
            PANEL, BAR);
    if (share > 0)
        fprintf(to, "<rect class=\"bar\" x=\"%u\" y=\"%u\" width=\"%.1f\" height=\"%d\" rx=\"4\"/>", x, y + 8,
                fmax(share * PANEL, BAR), BAR);
    putc('\n', to);
}

static void draw(FILE *to, const struct tag_result *r, const struct ocelli_image *image, const char *jpeg) {
    uint32_t longer = image->width > image->height ? image->width : image->height;
    double factor = (longer > TAG_SVG_SIDE ? TAG_SVG_SIDE : longer < LEAST_SIDE ? LEAST_SIDE : longer) / (double)longer;
    uint32_t width = scaled(image->width, factor), height = scaled(image->height, factor);
    size_t rows = r->count < TAG_SVG_ROWS ? r->count : TAG_SVG_ROWS;
    uint32_t panel = HEAD + ROW * (uint32_t)rows, inside = height > panel ? height : panel;
    uint32_t all = width + PANEL + 3 * MARGIN, x = width + 2 * MARGIN;
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
            "role=\"img\">\n<title>",
            all, inside + 2 * MARGIN, all, inside + 2 * MARGIN);
    svg_text(to, base_name(r->image), 200);
    fprintf(to, "</title>\n%s<rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"%u\" height=\"%u\" rx=\"10\"/>\n", style,
            all - 1, inside + 2 * MARGIN - 1);
    fprintf(to, "<image x=\"%d\" y=\"%u\" width=\"%u\" height=\"%u\" href=\"data:image/jpeg;base64,%s\"/>\n", MARGIN,
            MARGIN + (inside - height) / 2, width, height, jpeg);
    fprintf(to, "<text class=\"quiet\" x=\"%u\" y=\"%d\" font-size=\"14\">", x, MARGIN + 14);
    svg_text(to, base_name(r->image), TITLE_LETTERS);
    fputs("</text>\n", to);
    for (size_t i = 0; i < rows; i++) put_row(to, &r->rows[i], x, MARGIN + HEAD + ROW * (uint32_t)i + 18);
    fputs("</svg>\n", to);
}

struct drawn {
    const struct tag_result *result;
    const struct ocelli_image *picture;
    const char *jpeg;
};

static void put(FILE *to, const void *user) {
    const struct drawn *d = user;
    draw(to, d->result, d->picture, d->jpeg);
}

int tag_svg_write(const char *path, const struct tag_result *result, const struct ocelli_image *picture) {
    char *jpeg;
    int status = encode(picture, &jpeg);
    if (status) return status;
    status = stream_save(path, put, &(struct drawn){result, picture, jpeg});
    free(jpeg);
    return status;
}
