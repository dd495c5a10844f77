/* SPDX-License-Identifier: Apache-2.0
 * An evaluation drawn: reliability, confusion, and the space that pictures and texts share. Each drawing is a file that
 * needs no other, and part of the page. */
#include "ocelli/eval/eval.h"
#include "ocelli/common/svg_text.h"

#include <math.h>

/* Pixels. */
enum { PLOT = 360, LEFT = 56, TOP = 20, BELOW = 48, PLANE = 560, NAMES = 150, CELL_LEAST = 5, CELL_MOST = 28 };
enum { NAMED = 40, LETTERS = 18 }; /* classes that are named in a drawing; letters of a name */

static const char style[] =
    "<style>svg.ev text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',Arial,sans-serif;"
    "font-size:12px;fill:#1f2328}svg.ev .quiet{fill:#59636e}svg.ev .paper{fill:#fff}svg.ev .line{stroke:#d1d9e0}"
    "svg.ev .bar{fill:#0969da}svg.ev .gap{fill:#cf222e;fill-opacity:.3}svg.ev .ideal{stroke:#59636e;"
    "stroke-dasharray:4 4}svg.ev .wrong{fill:#cf222e}svg.ev .right{fill:#0969da}svg.ev .halo{stroke:#fff;"
    "stroke-width:3px;paint-order:stroke;stroke-linejoin:round}svg.ev .fit{stroke:#1a7f37;fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){svg.ev text{fill:#f0f6fc}svg.ev .quiet{fill:#9198a1}svg.ev .paper{fill:#0d1117}"
    "svg.ev .line{stroke:#3d444d}svg.ev .bar,svg.ev .right{fill:#4493f8}svg.ev .gap,svg.ev .wrong{fill:#f85149}"
    "svg.ev .ideal{stroke:#9198a1}svg.ev .halo{stroke:#0d1117}svg.ev .fit{stroke:#3fb950}}</style>\n";

static void begin(FILE *to, const char *title, int width, int height) {
    fprintf(to,
            "<svg class=\"ev\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "role=\"img\">\n<title>%s</title>\n%s<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n",
            width, height, width, height, title, style, width, height);
}

/* ---- reliability ---- */

static double across(double share) {
    return LEFT + share * PLOT;
}

static double down(double share) {
    return TOP + (1 - share) * PLOT;
}

static void draw_axes(FILE *to) {
    for (int i = 0; i <= 5; i++) {
        double share = i / 5.0;
        fprintf(to,
                "<path class=\"line\" d=\"M%d %.1fh%d\"/><text class=\"quiet\" x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%.1f</text><text class=\"quiet\" x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"middle\">%.1f</text>\n",
                LEFT, down(share), PLOT, LEFT - 6, down(share) + 4, share, across(share), TOP + PLOT + 16, share);
    }
    fprintf(to,
            "<text class=\"quiet\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">score</text><text class=\"quiet\" "
            "transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">share that is right</text>\n",
            LEFT + PLOT / 2, TOP + PLOT + 36, TOP + PLOT / 2);
}

static void draw_bin(FILE *to, const struct eval_bin *b, size_t at) {
    double x = across((double)at / EVAL_BINS) + 1, width = (double)PLOT / EVAL_BINS - 2;
    double high = fmax(b->accuracy, b->confidence), low = fmin(b->accuracy, b->confidence);
    if (!b->count) return;
    fprintf(to,
            "<g><title>%zu pictures: mean score %.3f, right %.3f</title><rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" "
            "width=\"%.1f\" height=\"%.1f\"/><rect class=\"gap\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
            "height=\"%.1f\"/></g>\n",
            b->count, b->confidence, b->accuracy, x, down(b->accuracy), width, b->accuracy * PLOT, x, down(high), width,
            (high - low) * PLOT);
}

/* A circle whose area grows with the pictures. */
static void draw_fitted(FILE *to, const struct eval_bin *b) {
    if (!b->count) return;
    fprintf(to,
            "<circle class=\"fit\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>with the temperature: %zu pictures, mean "
            "score %.3f, right %.3f</title></circle>\n",
            across(b->confidence), down(b->accuracy), 2 + fmin(sqrt((double)b->count), 8), b->count, b->confidence,
            b->accuracy);
}

void eval_svg_reliability(FILE *to, const struct eval_result *r) {
    const struct eval_variant *v = &r->variants[0];
    begin(to, "Reliability diagram", LEFT + PLOT + 24, TOP + PLOT + BELOW);
    draw_axes(to);
    for (size_t i = 0; i < EVAL_BINS; i++) draw_bin(to, &v->plain.bins[i], i);
    fprintf(to, "<path class=\"ideal\" d=\"M%d %dL%d %d\"/>\n", LEFT, TOP + PLOT, LEFT + PLOT, TOP);
    if (!eval_no_temperature(v->temperature))
        for (size_t i = 0; i < EVAL_BINS; i++) draw_fitted(to, &v->fitted.bins[i]);
    fprintf(to, "<text x=\"%d\" y=\"%d\">ECE %.4f</text>\n", LEFT + 10, TOP + 18, v->plain.ece);
    fputs("</svg>\n", to);
}

/* ---- confusion ---- */

static void draw_name(FILE *to, const char *name, double x, double y, bool turned) {
    fprintf(to, "<text class=\"quiet\" transform=\"translate(%.1f %.1f)%s\"%s>", x, y, turned ? " rotate(-60)" : "",
            turned ? "" : " text-anchor=\"end\"");
    svg_text(to, name, LETTERS);
    fputs("</text>\n", to);
}

static void draw_cell(FILE *to, const struct eval_result *r, size_t label, size_t predicted, int cell, int left) {
    const struct eval_metrics *m = &r->variants[0].metrics;
    size_t count = m->confusion[label * m->classes + predicted];
    if (!count) return;
    double share = (double)count / (double)m->of[label].support;
    fprintf(to,
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill-opacity=\"%.2f\"><title>%zu of %zu: ",
            label == predicted ? "right" : "wrong", left + (int)predicted * cell, left + (int)label * cell,
            cell > 8 ? cell - 1 : cell, cell > 8 ? cell - 1 : cell,
            (label == predicted ? 0.15 : 0.4) + (label == predicted ? 0.85 : 0.6) * share, count, m->of[label].support);
    svg_text(to, r->input->classes[label], LETTERS * 4);
    fputs(label == predicted ? " is found" : " is taken for ", to);
    if (label != predicted) svg_text(to, r->input->classes[predicted], LETTERS * 4);
    fputs("</title></rect>\n", to);
}

void eval_svg_confusion(FILE *to, const struct eval_result *r) {
    size_t classes = r->input->class_count;
    bool named = classes <= NAMED;
    int cell = (int)(PLANE / classes), left = named ? NAMES : 28;
    cell = cell < CELL_LEAST ? CELL_LEAST : cell > CELL_MOST ? CELL_MOST : cell;
    int side = (int)classes * cell;
    begin(to, "Confusion matrix", left + side + (named ? 90 : 20), left + side + 28);
    fprintf(to, "<rect class=\"line\" x=\"%d.5\" y=\"%d.5\" width=\"%d\" height=\"%d\" fill=\"none\"/>\n", left - 1,
            left - 1, side + 1, side + 1);
    for (size_t i = 0; i < classes; i++)
        for (size_t k = 0; k < classes; k++) draw_cell(to, r, i, k, cell, left);
    for (size_t i = 0; named && i < classes; i++) {
        double middle = left + ((double)i + 0.5) * cell + 4;
        draw_name(to, r->input->classes[i], left - 6, middle, false);
        draw_name(to, r->input->classes[i], middle, left - 8, true);
    }
    fprintf(to,
            "<text class=\"quiet\" x=\"%d\" y=\"%d\">a row: what it is; a column: what it is taken for</text></svg>\n",
            left, left + side + 20);
}

/* ---- the shared space ---- */

struct view {
    double x, y, scale; /* of the middle */
};

static struct view view_of(const struct eval_result *r) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < r->drawn_count + r->drawn_texts; i++)
        for (size_t a = 0; a < 2; a++) {
            low[a] = fmin(low[a], r->xy[i * 2 + a]);
            high[a] = fmax(high[a], r->xy[i * 2 + a]);
        }
    double size = fmax(fmax(high[0] - low[0], high[1] - low[1]), 1e-9);
    return (struct view){(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (PLANE - 80) / size};
}

static void place(const struct view *v, const double *xy, double out[2]) {
    out[0] = PLANE / 2.0 + (xy[0] - v->x) * v->scale;
    out[1] = PLANE / 2.0 - (xy[1] - v->y) * v->scale;
}

/* Hues far from each other for numbers that follow each other: steps of the golden angle. */
static double hue(size_t number) {
    return fmod((double)number * 137.50776405, 360);
}

static void draw_picture(FILE *to, const struct eval_result *r, const struct view *v, size_t i) {
    double at[2], text[2];
    size_t picture = r->drawn[i], number = r->pairs ? i : r->input->labels[picture];
    place(v, r->xy + i * 2, at);
    if (r->pairs) {
        place(v, r->xy + (r->drawn_count + i) * 2, text);
        fprintf(to, "<path class=\"line\" d=\"M%.1f %.1fL%.1f %.1f\"/>", at[0], at[1], text[0], text[1]);
    }
    fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"hsl(%.0f 65%% 50%%)\" fill-opacity=\".7\"><title>",
            at[0], at[1], hue(number));
    svg_text(to, eval_input_name(r->input, picture), LETTERS * 4);
    fputs("</title></circle>\n", to);
}

static const char *text_of(const struct eval_result *r, size_t i) {
    size_t text = 0;
    if (!r->pairs) return r->input->classes[i];
    while (r->input->of[text] != r->drawn[i]) text++;
    return r->input->texts[text];
}

static void draw_text(FILE *to, const struct eval_result *r, const struct view *v, size_t i) {
    double at[2];
    bool ends = false;
    place(v, r->xy + (r->drawn_count + i) * 2, at);
    ends = at[0] > PLANE - 100;
    fprintf(to, "<g><title>%s: ", r->pairs ? "caption" : "class");
    svg_text(to, text_of(r, i), LETTERS * 4);
    fprintf(to, "</title><path d=\"M%.1f %.1fl5 5l-5 5l-5 -5z\" fill=\"hsl(%.0f 65%% 50%%)\"/>", at[0], at[1] - 5,
            hue(i));
    if (r->drawn_texts <= NAMED) {
        fprintf(to, "<text class=\"halo\" x=\"%.1f\" y=\"%.1f\"%s>", at[0] + (ends ? -8 : 8), at[1] + 4,
                ends ? " text-anchor=\"end\"" : "");
        svg_text(to, text_of(r, i), LETTERS);
        fputs("</text>", to);
    }
    fputs("</g>\n", to);
}

void eval_svg_plane(FILE *to, const struct eval_result *r) {
    struct view v = view_of(r);
    begin(to, "Pictures and texts in their shared space", PLANE, PLANE + 24);
    for (size_t i = 0; i < r->drawn_count; i++) draw_picture(to, r, &v, i);
    for (size_t i = 0; i < r->drawn_texts; i++) draw_text(to, r, &v, i);
    fprintf(to,
            "<text class=\"quiet\" x=\"12\" y=\"%d\">circles: pictures; diamonds: %s; two axes show %.0f %% of the "
            "variance</text></svg>\n",
            PLANE + 14, r->pairs ? "captions" : "classes", 100 * (r->plane.share[0] + r->plane.share[1]));
}
