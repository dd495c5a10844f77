/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/report/page.h"
#include "base/log.h"
#include "convert/report/page_plot.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two colours that stay apart for those who see red and green alike, in light and in dark. */
static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--paper:#fff;--one:#0969da;--two:#bc4c00}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--paper:#0d1117;--one:#58a6ff;"
    "--two:#f0883e}}"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem}p.note{color:var(--soft)}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}td,th{padding:.25rem .9rem .25rem 0;text-align:left;"
    "border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:"
    "tabular-nums}svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}"
    ".axis{stroke:var(--line)}.one{stroke:var(--one);fill:none;stroke-width:2}.two{stroke:var(--two);fill:none;"
    "stroke-width:2;stroke-dasharray:6 3}.dot1{fill:var(--one)}.dot2{fill:var(--two)}";

void page_put(struct page *page, const char *format, ...) {
    char text[2048];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length >= (int)sizeof text) length = sizeof text - 1;
    if (!page->status) page->status = file_writer_write(page->out, text, (size_t)length);
}

void page_text(struct page *page, const char *text) {
    for (; text && *text; text++) {
        const char *as = *text == '<'   ? "&lt;"
                         : *text == '>' ? "&gt;"
                         : *text == '&' ? "&amp;"
                         : *text == '"' ? "&quot;"
                                        : NULL;
        if (as)
            page_put(page, "%s", as);
        else if (!page->status)
            page->status = file_writer_write(page->out, text, 1);
    }
}

static const cJSON *get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static double number(const cJSON *object, const char *key) {
    const cJSON *item = get(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text(const cJSON *object, const char *key) {
    const char *value = cJSON_GetStringValue(get(object, key));
    return value ? value : "";
}

static void row(struct page *p, const char *what, const char *format, ...) {
    char value[600];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    page_put(p, "<tr><th scope=row>%s</th><td>", what);
    page_text(p, value);
    page_put(p, "</td></tr>\n");
}

static void cosine_row(struct page *p, const char *what, const cJSON *c) {
    row(p, what, "int8 weights %.6f (worst %.6f); int8 activations too %.6f (worst %.6f)",
        number(c, "mean_int8_weights"), number(c, "worst_int8_weights"), number(c, "mean_int8_activations"),
        number(c, "worst_int8_activations"));
}

static void summary(struct page *p, const cJSON *root) {
    const cJSON *c = get(root, "calibration"), *r = get(root, "retrieval"), *w = get(root, "worst_input");
    page_put(p, "<table>\n");
    row(p, "Advice", "%s", text(root, "recommendation"));
    cosine_row(p, "Pictures, cosine to float", get(root, "image_cosine"));
    cosine_row(p, "Texts, cosine to float", get(root, "text_cosine"));
    row(p, "Worst input", "%s: %.6f", text(w, "input"), number(w, "cosine"));
    row(p, "Best text of a picture", "as in float for %.1f %%; rank correlation %.4f",
        100 * number(r, "same_best_text"), number(r, "rank_correlation"));
    row(p, "Seen", "%.0f pictures (%s), %.0f texts", number(c, "picture_count"), text(c, "pictures"),
        number(c, "text_count"));
    row(p, "Products", "%.0f of %.0f balanced, %.0f keep float inputs", number(c, "balanced"), number(c, "products"),
        number(c, "float_inputs"));
    if (get(c, "saturated_share"))
        row(p, "Int8 activations", "%.2f %% at the end of their range, %.1f %% became 0",
            100 * number(c, "saturated_share"), 100 * number(c, "zero_share"));
    row(p, "Size", "%.1f MB, of %.1f MB of float weights", number(root, "blob_bytes") / 1e6,
        number(root, "weight_bytes_float") / 1e6);
    row(p, "Time", "%.1f s", number(root, "seconds"));
    row(p, "Licence", "%s", text(root, "license"));
    page_put(p, "</table>\n");
}

/* ---- plots ---- */

static double *values_of(const cJSON *array, const char *key, size_t *count) {
    const cJSON *item;
    *count = 0;
    double *values = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *values);
    if (values) cJSON_ArrayForEach(item, array) values[(*count)++] = key ? number(item, key) : item->valuedouble;
    return values;
}

static void plot_two(struct page *p, const struct page_plot *plot, const cJSON *one, const cJSON *two, const char *key1,
                     const char *key2, double (*change)(double)) {
    size_t n, m;
    double *a = values_of(one, key1, &n), *b = values_of(two, key2, &m);
    if (!a || !b) {
        p->status = log_fail(OCELLI_ERR_MEMORY, "report: out of memory");
    } else if (n && n == m) {
        for (size_t i = 0; i < n; i++) a[i] = change(a[i]), b[i] = change(b[i]);
        page_plot(p, plot, a, b, n);
    }
    free(a), free(b);
}

static double loss(double cosine) {
    return 1 - cosine > 1e-9 ? 1 - cosine : 1e-9;
}

static double positive(double x) {
    return x > 1e-9 ? x : 1e-9;
}

static void layers(struct page *p, const cJSON *root) {
    page_put(
        p, "<h2>Layer by layer</h2>\n<p class=note>1 - cosine of the rows behind each block to the float model's, mean "
           "over all inputs. Image tower first (v), then text tower (t). Lower is nearer.</p>\n");
    struct page_plot plot = {"1 - cosine behind each block", "block", "int8 weights", "int8 activations too"};
    plot_two(p, &plot, get(root, "layers"), get(root, "layers"), "cosine_int8_weights", "cosine_int8_activations",
             loss);
}

static void ranges(struct page *p, const cJSON *root) {
    const cJSON *item;
    if (!cJSON_GetArraySize(get(root, "channel_ranges"))) return;
    page_put(p,
             "<h2>Channels before and after balancing</h2>\n<p class=note>The largest magnitude of each input channel "
             "of the "
             "most uneven product of each tower. A row of int8 has one scale, so a channel that stands out takes the "
             "steps of all others.</p>\n");
    cJSON_ArrayForEach(item, get(root, "channel_ranges")) {
        struct page_plot plot = {text(item, "product"), "channel", "before", "after"};
        page_put(p, "<h3>");
        page_text(p, text(item, "product"));
        page_put(p, "</h3>\n");
        plot_two(p, &plot, get(item, "before"), get(item, "after"), NULL, NULL, positive);
    }
}

static void weights(struct page *p, const cJSON *root) {
    page_put(p, "<h2>Rounded weights</h2>\n<p class=note>Of each matrix in the order of the conversion: root mean "
                "square of the "
                "errors, as a share of that of the weights; and the largest error.</p>\n");
    struct page_plot plot = {"error of each matrix", "matrix", "relative rms error", "largest error"};
    plot_two(p, &plot, get(root, "tensors"), get(root, "tensors"), "relative_rms_error", "max_abs_error", positive);
}

static void product_rows(struct page *p, const cJSON *layer) {
    const cJSON *product;
    cJSON_ArrayForEach(product, get(layer, "products")) {
        bool floats = cJSON_IsTrue(get(product, "float_inputs"));
        if (strcmp(text(product, "balanced"), "none") == 0 && !floats) continue;
        page_put(p, "<tr><td>");
        page_text(p, text(layer, "name"));
        page_put(p, ".");
        page_text(p, product->string);
        page_put(p,
                 "</td><td>%s</td><td class=n>%.1f</td><td class=n>%.1f</td><td class=n>%.2g</td><td "
                 "class=n>%.2g</td></tr>\n",
                 floats ? "float inputs" : text(product, "balanced"), number(product, "spread_before"),
                 number(product, "spread_after"), number(product, "input_noise_before"),
                 number(product, "input_noise_after"));
    }
}

static void products(struct page *p, const cJSON *root) {
    const cJSON *layer;
    const cJSON *c = get(root, "calibration");
    if (number(c, "balanced") + number(c, "float_inputs") == 0) return;
    page_put(
        p,
        "<h2>Products that were changed</h2>\n<p class=note>Spread: the largest channel's range over the median one's. "
        "Noise: the power that rounding the inputs to int8 adds, as a share of the results'.</p>\n<table>\n<tr><th>"
        "product</th><th>how</th><th class=n>spread before</th><th class=n>after</th><th class=n>noise before</th><th "
        "class=n>after</th></tr>\n");
    cJSON_ArrayForEach(layer, get(root, "layers")) product_rows(p, layer);
    page_put(p, "</table>\n");
}

static void choices(struct page *p, const cJSON *root) {
    const cJSON *item;
    page_put(p, "<h2>Decisions</h2>\n<table>\n<tr><th>what</th><th>value</th><th>why</th></tr>\n");
    cJSON_ArrayForEach(item, get(root, "choices")) {
        static const char *const keys[] = {"what", "value", "why"};
        page_put(p, "<tr>");
        for (int i = 0; i < 3; i++) {
            page_put(p, "<td>");
            page_text(p, text(item, keys[i]));
            page_put(p, "</td>");
        }
        page_put(p, "</tr>\n");
    }
    page_put(p, "</table>\n");
}

int page_write(const struct report *report, struct file_writer *out) {
    struct page p = {.out = out};
    const cJSON *root = report->root;
    page_put(
        &p,
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<meta name=viewport content=\"width=device-width\">\n"
        "<title>");
    page_text(&p, text(root, "model"));
    page_put(&p, ": conversion report</title>\n<style>");
    if (!p.status) p.status = file_writer_write(out, style, sizeof style - 1);
    page_put(&p, "</style>\n<h1>");
    page_text(&p, text(root, "model"));
    page_put(&p, "</h1>\n");
    summary(&p, root);
    layers(&p, root);
    ranges(&p, root);
    products(&p, root);
    weights(&p, root);
    choices(&p, root);
    page_put(&p, "</html>\n");
    return p.status;
}
