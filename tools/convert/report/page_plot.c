/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/report/page_plot.h"

#include <math.h>

/* In units of the SVG. */
static const double width = 900, height = 280, left = 70, right = 10, top = 30, bottom = 40;

struct scale {
    double low, high; /* of the values' logarithms */
    size_t count;
};

static double place(const struct scale *s, double value) {
    return height - bottom - (log10(value) - s->low) / (s->high - s->low) * (height - top - bottom);
}

static double across(const struct scale *s, size_t i) {
    return left + (s->count > 1 ? (double)i / (double)(s->count - 1) : 0.5) * (width - left - right);
}

static struct scale fit(const double *one, const double *two, size_t count) {
    struct scale s = {.low = INFINITY, .high = -INFINITY, .count = count};
    for (size_t i = 0; i < 2 * count; i++) {
        double value = log10(i < count ? one[i] : two[i - count]);
        s.low = value < s.low ? value : s.low;
        s.high = value > s.high ? value : s.high;
    }
    s.low = floor(s.low), s.high = ceil(s.high);
    if (s.high - s.low < 1e-12) s.high = s.low + 1;
    return s;
}

static void grid(struct page *p, const struct scale *s, const struct page_plot *plot) {
    int steps = (int)(s->high - s->low + 0.5), every = steps / 6 + 1;
    for (int i = 0; i <= steps; i += every) {
        double value = s->low + (s->high - s->low) * i / steps,
               y = height - bottom - (height - top - bottom) * i / steps;
        page_put(p, "<line class=axis x1=%.0f x2=%.0f y1=%.1f y2=%.1f />", left, width - right, y, y);
        page_put(p, "<text x=%.0f y=%.1f text-anchor=end>%.4g</text>\n", left - 8, y + 4, pow(10, value));
    }
    size_t last = s->count - 1, step = last / 8 + 1;
    for (size_t i = 0; i <= last; i += step)
        page_put(p, "<text x=%.1f y=%.0f text-anchor=middle>%zu</text>\n", across(s, i), height - bottom + 18, i);
    page_put(p, "<text x=%.0f y=%.0f text-anchor=end>%s</text>\n", width - right, height - 4, plot->across);
}

static void line(struct page *p, const struct scale *s, const double *values, const char *class) {
    enum { DOTS_MOST = 64 };
    page_put(p, "<polyline class=%s points=\"", class);
    for (size_t i = 0; i < s->count; i++) page_put(p, "%.1f,%.1f ", across(s, i), place(s, values[i]));
    page_put(p, "\"/>\n");
    for (size_t i = 0; i < s->count && s->count <= DOTS_MOST; i++)
        page_put(p, "<circle class=dot%c cx=%.1f cy=%.1f r=3><title>%zu: %.3g</title></circle>\n",
                 class[0] == 'o' ? '1' : '2', across(s, i), place(s, values[i]), i, values[i]);
}

static void legend(struct page *p, const char *name, const char *class, double x) {
    page_put(p, "<line class=%s x1=%.0f x2=%.0f y1=14 y2=14 /><text x=%.0f y=18>%s</text>\n", class, x, x + 30, x + 38,
             name);
}

void page_plot(struct page *page, const struct page_plot *plot, const double *one, const double *two, size_t count) {
    struct scale s = fit(one, two, count);
    page_put(page, "<svg viewBox=\"0 0 %.0f %.0f\" role=img aria-label=\"", width, height);
    page_text(page, plot->title);
    page_put(page, "\">\n");
    grid(page, &s, plot);
    line(page, &s, one, "one");
    line(page, &s, two, "two");
    legend(page, plot->one, "one", left);
    legend(page, plot->two, "two", left + 260);
    page_put(page, "</svg>\n");
}
