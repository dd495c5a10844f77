/* SPDX-License-Identifier: Apache-2.0
 * An evaluation for people, on standard output. */
#include "ocelli/eval/eval.h"
#include "ocelli/common/plain.h"

#include <math.h>
#include <stdlib.h>

/* Lines of a list at most; the files have all. */
enum { CLASSES_SHOWN = 20, CONFUSED_SHOWN = 5 };

size_t eval_confused(const struct eval_metrics *m, struct eval_confused *list, size_t most) {
    size_t count = 0;
    for (size_t i = 0; i < m->classes * m->classes; i++) {
        struct eval_confused c = {i / m->classes, i % m->classes, m->confusion[i]};
        if (c.label == c.predicted || !c.count) continue;
        size_t at = count < most ? count++ : most;
        for (; at && list[at - 1].count < c.count; at--)
            if (at < most) list[at] = list[at - 1];
        if (at < most) list[at] = c;
    }
    return count;
}

const char *eval_no_temperature(double t) {
    if (t < EVAL_TEMPERATURE_LEAST * 1.01) return "none fits best: all answers are right";
    if (t > EVAL_TEMPERATURE_MOST * 0.99) return "none fits best: the scores do not tell the classes apart";
    return NULL;
}

static void head(const struct eval_result *r) {
    const struct eval_model *m = &r->models[0];
    plain_text(stdout, m->name);
    printf(" on ");
    plain_text(stdout, m->device);
    printf(": %zu picture%s", r->input->count, r->input->count == 1 ? "" : "s");
    if (r->pairs)
        printf(", %zu caption%s\n\n", r->input->text_count, r->input->text_count == 1 ? "" : "s");
    else {
        printf(" of %zu class%s, ", r->input->class_count, r->input->class_count == 1 ? "" : "es");
        plain_text(stdout, r->variants[0].templates);
        printf("\n\n");
    }
}

static void percent(const char *name, double share, size_t count) {
    double low, high;
    printf("%-14s", name);
    if (!isfinite(share)) {
        printf("       -  with fewer than %d classes there is none\n", EVAL_TOP);
        return;
    }
    eval_share_interval(share, count, &low, &high);
    printf("%6.2f %%  95 %% interval %.2f to %.2f\n", 100 * share, 100 * low, 100 * high);
}

static void show_calibration(const struct eval_variant *v) {
    const struct eval_calibration *c = &v->plain;
    const char *none = eval_no_temperature(v->temperature);
    printf("%-14s%8.4f  %d bins; mean score %.4f, right %.4f\n", "ECE", c->ece, EVAL_BINS, c->confidence,
           v->metrics.top1);
    if (none)
        printf("%-14s       -  %s\n", "temperature", none);
    else
        printf("%-14s%8.4f  fits best; with it ECE %.4f\n", "temperature", v->temperature, v->fitted.ece);
}

static void class_line(const struct eval_class *c, const char *name) {
    printf("%9.4f  %6.4f  %6.4f  %7zu  ", c->precision, c->recall, c->f1, c->support);
    plain_text(stdout, name);
    putchar('\n');
}

/* Lowest F1 first. Classes without pictures tell nothing. */
static size_t *by_f1(const struct eval_metrics *m, size_t *count) {
    size_t *order = calloc(m->classes, sizeof *order);
    *count = 0;
    for (size_t k = 0; order && k < m->classes; k++) {
        if (!m->of[k].support) continue;
        size_t at = (*count)++;
        for (; at && m->of[order[at - 1]].f1 > m->of[k].f1; at--) order[at] = order[at - 1];
        order[at] = k;
    }
    return order;
}

static void show_classes(const struct eval_result *r) {
    const struct eval_metrics *m = &r->variants[0].metrics;
    size_t count, *order = by_f1(m, &count);
    puts("\nprecision  recall      f1  support  class, the worst first");
    for (size_t i = 0; order && i < count && i < CLASSES_SHOWN; i++)
        class_line(&m->of[order[i]], r->input->classes[order[i]]);
    if (count > CLASSES_SHOWN) printf("%*s  (%zu more: -o FOLDER writes all)\n", 34, "", count - CLASSES_SHOWN);
    class_line(&m->macro, "mean of the classes (macro avg)");
    class_line(&m->average, "mean of the pictures (weighted avg)");
    free(order);
}

static void show_confused(const struct eval_result *r) {
    struct eval_confused list[CONFUSED_SHOWN];
    const struct eval_metrics *m = &r->variants[0].metrics;
    size_t count = eval_confused(m, list, CONFUSED_SHOWN);
    if (count) puts("\nmost confused");
    for (size_t i = 0; i < count; i++) {
        printf("%4zu of %-4zu ", list[i].count, m->of[list[i].label].support);
        plain_text(stdout, r->input->classes[list[i].label]);
        printf(" -> ");
        plain_text(stdout, r->input->classes[list[i].predicted]);
        putchar('\n');
    }
}

static void show_difference(const char *name, const struct eval_difference *d) {
    printf("  %-12s %+6.2f points  95 %% interval %+.2f to %+.2f  %s (right only here %zu, only there %zu)\n", name,
           100 * d->difference, 100 * d->low, 100 * d->high, eval_verdict(d), d->only_second, d->only_first);
}

static void show_variants(const struct eval_result *r) {
    for (size_t i = 1; i < r->variant_count; i++) {
        const struct eval_variant *v = &r->variants[i];
        putchar('\n');
        plain_text(stdout, v->name);
        printf(" against ");
        plain_text(stdout, eval_rival(r, v));
        printf(": top-1 %.2f %%, ECE %.4f\n", 100 * v->metrics.top1, v->plain.ece);
        show_difference("top-1", &v->top1);
        if (isfinite(v->metrics.top5)) show_difference("top-5", &v->top5);
    }
}

static void show_loss(const struct eval_retrieval *t, const struct score_rule *rule, size_t count) {
    printf("%-14s%8.4f  ", "loss", (t->loss_image + t->loss_text) / 2);
    if (rule->sigmoid)
        printf("of the sigmoid of each pair");
    else
        printf("picture to caption %.4f, caption to picture %.4f", t->loss_image, t->loss_text);
    printf("; guessing is %.4f\n", score_rule_guessing(rule, count));
}

static void show_pairs(const struct eval_result *r) {
    const struct eval_retrieval *t = &r->models[0].retrieval;
    char name[40];
    for (size_t k = 0; k < EVAL_RECALLS; k++) {
        snprintf(name, sizeof name, "picture @%zu", eval_recall_at[k]);
        percent(name, t->image[k], r->input->text_count);
    }
    for (size_t k = 0; k < EVAL_RECALLS; k++) {
        snprintf(name, sizeof name, "caption @%zu", eval_recall_at[k]);
        percent(name, t->text[k], r->input->count);
    }
    show_loss(t, &r->models[0].rule, r->input->count);
    puts("\npicture @K: share of the captions whose picture is among the K that fit best; caption @K: the other way.");
    if (r->model_count < 2) return;
    putchar('\n');
    plain_text(stdout, r->models[1].path);
    printf(" against ");
    plain_text(stdout, r->models[0].path);
    putchar('\n');
    for (size_t k = 0; k < 2 * EVAL_RECALLS; k++) {
        snprintf(name, sizeof name, "%s @%zu", k < EVAL_RECALLS ? "picture" : "caption",
                 eval_recall_at[k % EVAL_RECALLS]);
        show_difference(name, k < EVAL_RECALLS ? &r->image[k] : &r->text[k - EVAL_RECALLS]);
    }
}

void eval_show(const struct eval_result *r) {
    head(r);
    if (r->pairs) {
        show_pairs(r);
        return;
    }
    const struct eval_metrics *m = &r->variants[0].metrics;
    percent("top-1", m->top1, m->count);
    percent("top-5", m->top5, m->count);
    printf("%-14s%6.2f %%  of the classes that have pictures\n", "mean recall", 100 * m->mean_recall);
    show_calibration(&r->variants[0]);
    show_classes(r);
    show_confused(r);
    show_variants(r);
}
