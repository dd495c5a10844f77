/* SPDX-License-Identifier: Apache-2.0
 * An audit as one HTML page that needs nothing else. */
#include "ocelli/audit/audit.h"
#include "ocelli/common/html_page.h"
#include "ocelli/common/svg_text.h"

#include <math.h>

enum { LETTERS = 200, NAME_LETTERS = 44, BARS = 30, ROW = 22, LEFT = 330, WIDTH = 480 };

static void put(FILE *to, const char *text) {
    svg_text(to, text, LETTERS);
}

/* ---- a drawing of intervals ---- */

struct bar {
    const char *name;
    double value, low, high, chance; /* chance: NaN: none is drawn */
};

struct bars {
    double low, high; /* of the axis */
    double factor;    /* of the numbers that are written: 100 for points */
    const char *unit;
};

static double x_of(const struct bars *b, double value) {
    return LEFT + WIDTH * (value - b->low) / (b->high - b->low);
}

static void axis_include(struct bars *b, const struct bar *bar) {
    const double all[] = {bar->low, bar->high, bar->value, bar->chance};
    for (int i = 0; i < 4; i++)
        if (!isnan(all[i])) b->low = fmin(b->low, all[i]), b->high = fmax(b->high, all[i]);
}

/* A step of 1, 2 or 5 times a power of ten, so that an axis has some five marks. */
static double step_of(double range) {
    double power = pow(10, floor(log10(range / 5))), rest = range / 5 / power;
    return power * (rest > 5 ? 10 : rest > 2 ? 5 : rest > 1 ? 2 : 1);
}

static void begin_bars(FILE *to, struct bars *b, size_t count) {
    if (b->high - b->low < 1e-9) b->low -= 0.01, b->high += 0.01;
    double step = step_of(b->high - b->low);
    b->low = floor(b->low / step + 1e-9) * step, b->high = ceil(b->high / step - 1e-9) * step;
    int height = (int)count * ROW + 44;
    fprintf(to,
            "<figure><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "font-size=\"13\" font-family=\"inherit\" fill=\"currentColor\" role=\"img\">\n",
            LEFT + WIDTH + 40, height, LEFT + WIDTH + 40, height);
    for (double v = b->low; v < b->high + step / 2; v += step) {
        bool zero = fabs(v) < step / 1000;
        fprintf(to, "<path d=\"M%.1f 4V%d\" stroke=\"#8b949e\" stroke-width=\"%s\" opacity=\"%s\"/>", x_of(b, v),
                height - 38, zero ? "1.5" : "1", zero ? "1" : ".35");
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" opacity=\".7\">%.6g</text>\n", x_of(b, v),
                height - 22, zero ? 0 : b->factor * v);
    }
    fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" opacity=\".7\">%s</text>\n", LEFT + WIDTH / 2,
            height - 4, b->unit);
}

/* Blue: the interval leaves out 0, or the value is beyond chance. */
static void put_bar(FILE *to, const struct bars *b, const struct bar *bar, size_t row) {
    double y = (double)row * ROW + 16;
    bool sure = isnan(bar->chance) ? bar->low > 0 || bar->high < 0 : bar->value > bar->chance;
    fprintf(to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 12, y + 4);
    svg_text(to, bar->name, NAME_LETTERS);
    fputs("</text>", to);
    if (isnan(bar->value)) {
        fprintf(to, "<text x=\"%d\" y=\"%.1f\" opacity=\".7\">not defined</text>\n", LEFT, y + 4);
        return;
    }
    const char *colour = sure ? "#1f6feb" : "#8b949e";
    fprintf(to, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-width=\"3\" stroke-linecap=\"round\"/>",
            x_of(b, bar->low), y, x_of(b, bar->high), colour);
    fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>", x_of(b, bar->value), y, colour);
    if (!isnan(bar->chance))
        fprintf(to, "<path d=\"M%.1f %.1fv14\" stroke=\"#d1242f\" stroke-width=\"2\"/>", x_of(b, bar->chance), y - 7);
    putc('\n', to);
}

static void end_bars(FILE *to, const char *caption) {
    fprintf(to, "</svg><figcaption>%s</figcaption></figure>\n", caption);
}

/* ---- pairs ---- */

static void draw_shifts(FILE *to, const struct audit_swap *s) {
    struct bars b = {0, 0, 100, "mean shift of the score, points"};
    size_t count = s->count < BARS ? s->count : BARS;
    for (size_t i = 0; i < count; i++) {
        const struct audit_mean *m = &s->shifts[i].score;
        axis_include(&b, &(struct bar){NULL, m->value, m->low, m->high, (double)NAN});
    }
    begin_bars(to, &b, count);
    for (size_t i = 0; i < count; i++) {
        const struct audit_mean *m = &s->shifts[i].score;
        put_bar(to, &b, &(struct bar){s->shifts[i].prompt, m->value, m->low, m->high, (double)NAN}, i);
    }
    end_bars(to, "Dot: the mean over the pictures, score with the words swapped less score as written. Line: where 95 "
                 "% of the resamples lie. Blue: it leaves out 0.");
}

static void put_shift(FILE *to, const struct audit *a, const struct audit_shift *s) {
    (void)a;
    fputs("<tr><td class=\"text\">", to);
    put(to, s->prompt);
    fputs("</td><td class=\"text\">", to);
    put(to, s->swapped);
    fprintf(to,
            "</td><td>%+.4f</td><td>%+.2f</td><td>%+.2f to %+.2f</td><td>%+.2f</td><td>%.2f %%</td><td>%.2f %%</td>"
            "<td>%+.2f to %+.2f</td></tr>\n",
            s->cosine.value, 100 * s->score.value, 100 * s->score.low, 100 * s->score.high, 100 * s->score.largest,
            100 * s->selection.first, 100 * s->selection.second, 100 * s->selection.low, 100 * s->selection.high);
}

static void put_swap(FILE *to, const struct audit *a, const struct audit_swap *s) {
    fputs("<h2>", to);
    put(to, s->pair->first);
    fputs(" / ", to);
    put(to, s->pair->second);
    fprintf(to, "</h2>\n<p>With the words swapped another tag is selected for %zu of %zu pictures (%.2f %%).</p>\n",
            s->changed, a->input.count, 100 * (double)s->changed / (double)a->input.count);
    draw_shifts(to, s);
    fputs("<div class=\"wide\"><table><tr><th class=\"text\">prompt</th><th class=\"text\">swapped</th><th>cosine</th>"
          "<th>score</th><th>95 % interval</th><th>largest</th><th>selected</th><th>swapped</th><th>95 % interval of "
          "the difference</th></tr>\n",
          to);
    for (size_t i = 0; i < s->count; i++) put_shift(to, a, &s->shifts[i]);
    fputs("</table></div>\n", to);
}

/* ---- groups ---- */

static struct bar bar_of(const struct audit *a, size_t tag, bool odds) {
    const struct audit_gap *g = odds ? &a->fairness[tag].odds : &a->fairness[tag].parity;
    return (struct bar){a->set.tags[tag].name, g->value, g->low, g->high, g->chance};
}

static void draw_gaps(FILE *to, const struct audit *a, bool odds) {
    struct bars b = {0, 0, 1, odds ? "equalized odds difference" : "demographic parity difference"};
    size_t count = a->set.count < BARS ? a->set.count : BARS;
    for (size_t i = 0; i < count; i++) {
        struct bar bar = bar_of(a, a->by_gap[i], odds);
        axis_include(&b, &bar);
    }
    begin_bars(to, &b, count);
    for (size_t i = 0; i < count; i++) {
        struct bar bar = bar_of(a, a->by_gap[i], odds);
        put_bar(to, &b, &bar, i);
    }
    end_bars(to, odds ? "The larger one of the differences of the true and the false positive rate. Red: up to here it "
                        "is chance in 95 of 100 random divisions into groups. Blue: beyond."
                      : "Largest less smallest selection rate. Red: up to here it is chance in 95 of 100 random "
                        "divisions into groups. Blue: beyond.");
}

static void put_rate(FILE *to, double share) {
    if (isnan(share))
        fputs("<td>-</td>", to);
    else
        fprintf(to, "<td>%.2f %%</td>", 100 * share);
}

static void put_rates(FILE *to, const struct audit *a, size_t tag) {
    for (size_t g = 0; g < a->input.group_count; g++) {
        const struct audit_rates *r = &a->fairness[tag].rates[g];
        fputs("<tr><td class=\"text\">", to);
        if (!g) put(to, a->set.tags[tag].name);
        fputs("</td><td class=\"text\">", to);
        put(to, a->input.group_names[g]);
        fprintf(to, "</td><td>%zu</td>", r->count);
        put_rate(to, audit_selection_rate(r));
        if (a->labelled) {
            fprintf(to, "<td>%zu</td>", r->positives);
            put_rate(to, audit_false_positive_rate(r));
            put_rate(to, audit_false_negative_rate(r));
        }
        fputs("</tr>\n", to);
    }
}

static void put_groups(FILE *to, const struct audit *a) {
    fputs("<h2>Groups</h2>\n<div class=\"big\">\n", to);
    for (size_t g = 0; g < a->input.group_count; g++) {
        fprintf(to, "<div><b>%zu</b><span>", a->fairness[0].rates[g].count);
        put(to, a->input.group_names[g]);
        if (a->labelled && !isnan(a->accuracy[g])) fprintf(to, "<br>best tag right %.2f %%", 100 * a->accuracy[g]);
        fputs("</span></div>\n", to);
    }
    fputs("</div>\n", to);
    draw_gaps(to, a, false);
    if (a->labelled) draw_gaps(to, a, true);
    fprintf(to,
            "<div class=\"wide\"><table><tr><th class=\"text\">tag</th><th class=\"text\">group</th><th>pictures</th>"
            "<th>selected</th>%s</tr>\n",
            a->labelled ? "<th>of the class</th><th>FPR</th><th>FNR</th>" : "");
    for (size_t i = 0; i < a->set.count; i++) put_rates(to, a, a->by_gap[i]);
    fputs("</table></div>\n", to);
}

void audit_write_page(FILE *to, const struct audit *a) {
    html_page_begin(to, "Audit");
    fputs("<p class=\"quiet\">", to);
    put(to, a->model);
    fputs(" on ", to);
    put(to, a->device);
    fprintf(to, ": %zu pictures, %zu tags; ", a->input.count, a->set.count);
    audit_decision(to, a);
    if (a->input.lost) fprintf(to, "; %zu pictures could not be read", a->input.lost);
    fputs("</p>\n", to);
    for (size_t i = 0; i < a->pairs.count; i++)
        if (a->swaps[i].count) put_swap(to, a, &a->swaps[i]);
    if (a->fairness) put_groups(to, a);
    html_page_end(to);
}
