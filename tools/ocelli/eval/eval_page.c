/* SPDX-License-Identifier: Apache-2.0
 * An evaluation as one HTML page that needs nothing else. */
#include "ocelli/common/html_page.h"
#include "ocelli/common/svg_text.h"
#include "ocelli/eval/eval.h"

#include <math.h>

enum { CONFUSED = 20, LETTERS = 200 };

static void put(FILE *to, const char *text) {
    svg_text(to, text, LETTERS);
}

static void number(FILE *to, const char *name, const char *form, double value) {
    fputs("<div><b>", to);
    if (isfinite(value))
        fprintf(to, form, value);
    else
        putc('-', to);
    fprintf(to, "</b><span>%s</span></div>\n", name);
}

static void put_head(FILE *to, const struct eval_result *r) {
    const struct eval_model *m = &r->models[0];
    html_page_begin(to, r->dataset);
    fputs("<p class=\"quiet\">", to);
    put(to, m->name);
    fputs(" (", to);
    put(to, m->path);
    fprintf(to, ") on ");
    put(to, m->device);
    fprintf(to, ": %zu pictures", r->input->count);
    if (r->pairs)
        fprintf(to, ", %zu captions", r->input->text_count);
    else {
        fprintf(to, " of %zu classes, ", r->input->class_count);
        put(to, r->variants[0].templates);
    }
    if (r->input->lost) fprintf(to, "; %zu pictures could not be read", r->input->lost);
    fputs("</p>\n", to);
}

static void put_interval(FILE *to, const char *name, const struct eval_difference *d) {
    fprintf(to,
            "<tr><td class=\"text\">%s</td><td>%+.2f</td><td>%+.2f to %+.2f</td><td>%zu</td><td>%zu</td>"
            "<td class=\"text\">%s</td></tr>\n",
            name, 100 * d->difference, 100 * d->low, 100 * d->high, d->only_second, d->only_first, eval_verdict(d));
}

static void begin_intervals(FILE *to, const char *what, const char *first) {
    fputs("<h2>", to);
    put(to, what);
    fputs(" against ", to);
    put(to, first);
    fputs("</h2>\n<div class=\"wide\"><table><tr><th></th><th>points</th><th>95 % interval</th><th>right only here</th>"
          "<th>only there</th><th class=\"text\"></th></tr>\n",
          to);
}

static void put_variants(FILE *to, const struct eval_result *r) {
    for (size_t i = 1; i < r->variant_count; i++) {
        const struct eval_variant *v = &r->variants[i];
        begin_intervals(to, v->name, eval_rival(r, v));
        put_interval(to, "top-1", &v->top1);
        if (isfinite(v->metrics.top5)) put_interval(to, "top-5", &v->top5);
        fputs("</table></div>\n", to);
    }
}

static void put_class(FILE *to, const struct eval_class *c, const char *name) {
    fputs("<tr><td class=\"text\">", to);
    put(to, name);
    fprintf(to, "</td><td>%.4f</td><td>%.4f</td><td>%.4f</td><td>%zu</td></tr>\n", c->precision, c->recall, c->f1,
            c->support);
}

static void put_table(FILE *to, const struct eval_result *r) {
    const struct eval_metrics *m = &r->variants[0].metrics;
    fputs("<h2>Classes</h2>\n<div class=\"wide\"><table><tr><th>class</th><th>precision</th><th>recall</th><th>F1</th>"
          "<th>pictures</th></tr>\n",
          to);
    for (size_t k = 0; k < m->classes; k++) put_class(to, &m->of[k], r->input->classes[k]);
    put_class(to, &m->macro, "mean of the classes");
    put_class(to, &m->average, "mean of the pictures");
    fputs("</table></div>\n", to);
}

static void put_confused(FILE *to, const struct eval_result *r) {
    struct eval_confused list[CONFUSED];
    const struct eval_metrics *m = &r->variants[0].metrics;
    size_t count = eval_confused(m, list, CONFUSED);
    fputs("<h2>Confusion</h2>\n<figure>", to);
    eval_svg_confusion(to, r);
    fputs("</figure>\n", to);
    if (count) fputs("<table><tr><th>is</th><th class=\"text\">taken for</th><th>pictures</th><th>of</th></tr>\n", to);
    for (size_t i = 0; i < count; i++) {
        fputs("<tr><td class=\"text\">", to);
        put(to, r->input->classes[list[i].label]);
        fputs("</td><td class=\"text\">", to);
        put(to, r->input->classes[list[i].predicted]);
        fprintf(to, "</td><td>%zu</td><td>%zu</td></tr>\n", list[i].count, m->of[list[i].label].support);
    }
    fputs(count ? "</table>\n" : "<p>Nothing is confused.</p>\n", to);
}

static void put_reliability(FILE *to, const struct eval_result *r) {
    const struct eval_variant *v = &r->variants[0];
    const char *none = eval_no_temperature(v->temperature);
    fputs("<h2>Reliability</h2>\n<figure>", to);
    eval_svg_reliability(to, r);
    fprintf(
        to,
        "<figcaption>Blue: how often a score of this height is right. Red: its gap to the score, of which ECE is the "
        "mean (RMS %.4f, largest %.4f). ",
        v->plain.rms_ce, v->plain.mce);
    if (none)
        fprintf(to, "Temperature: %s.", none);
    else
        fprintf(to, "Green circles: with temperature %.4f, the one that fits best; ECE is %.4f then.", v->temperature,
                v->fitted.ece);
    fputs("</figcaption></figure>\n", to);
}

static void put_plane(FILE *to, const struct eval_result *r) {
    fputs("<h2>Shared space</h2>\n<figure>", to);
    eval_svg_plane(to, r);
    fprintf(to,
            "<figcaption>The two directions in which the vectors differ most. The mean of the pictures and that of the "
            "texts are taken off: they lie %.3f apart.",
            r->plane.gap);
    if (r->drawn_count < r->input->count)
        fprintf(to, " %zu of the %zu pictures are drawn.", r->drawn_count, r->input->count);
    fputs("</figcaption></figure>\n", to);
}

static void put_classification(FILE *to, const struct eval_result *r) {
    const struct eval_variant *v = &r->variants[0];
    fputs("<div class=\"big\">\n", to);
    number(to, "top-1", "%.2f %%", 100 * v->metrics.top1);
    number(to, "top-5", "%.2f %%", 100 * v->metrics.top5);
    number(to, "mean recall", "%.2f %%", 100 * v->metrics.mean_recall);
    number(to, "ECE", "%.4f", v->plain.ece);
    number(to, "temperature", "%.4f", eval_no_temperature(v->temperature) ? (double)NAN : v->temperature);
    fputs("</div>\n", to);
    put_variants(to, r);
    put_reliability(to, r);
    put_confused(to, r);
    put_plane(to, r);
    put_table(to, r);
}

static void put_pairs(FILE *to, const struct eval_result *r) {
    const struct eval_retrieval *t = &r->models[0].retrieval;
    static const char *const pictures[] = {"picture @1", "picture @5", "picture @10"};
    static const char *const captions[] = {"caption @1", "caption @5", "caption @10"};
    fputs("<div class=\"big\">\n", to);
    for (size_t k = 0; k < EVAL_RECALLS; k++) number(to, pictures[k], "%.2f %%", 100 * t->image[k]);
    for (size_t k = 0; k < EVAL_RECALLS; k++) number(to, captions[k], "%.2f %%", 100 * t->text[k]);
    number(to, "contrastive loss", "%.4f", (t->loss_image + t->loss_text) / 2);
    fputs("</div>\n", to);
    if (r->model_count == 2) {
        begin_intervals(to, r->models[1].path, r->models[0].path);
        for (size_t k = 0; k < EVAL_RECALLS; k++) put_interval(to, pictures[k], &r->image[k]);
        for (size_t k = 0; k < EVAL_RECALLS; k++) put_interval(to, captions[k], &r->text[k]);
        fputs("</table></div>\n", to);
    }
    put_plane(to, r);
}

void eval_write_page(FILE *to, const struct eval_result *r) {
    put_head(to, r);
    (r->pairs ? put_pairs : put_classification)(to, r);
    html_page_end(to);
}
