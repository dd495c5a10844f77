/* SPDX-License-Identifier: Apache-2.0
 * An evaluation for programs: JSON and tables. */
#include "ocelli/common/csv.h"
#include "ocelli/eval/eval.h"
#include "text/json.h"

#include <math.h>
#include <string.h>

enum { DIGITS = 12 };

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void write_recalls(struct json *j, const char *kind, const double recalls[EVAL_RECALLS]) {
    char key[40];
    for (size_t k = 0; k < EVAL_RECALLS; k++) {
        snprintf(key, sizeof key, "%s_retrieval_recall@%zu", kind, eval_recall_at[k]);
        json_number(j, key, recalls[k], DIGITS);
    }
}

static void write_benchmark_metrics(struct json *j, const struct eval_result *r) {
    if (r->pairs) {
        write_recalls(j, "image", r->models[0].retrieval.image);
        write_recalls(j, "text", r->models[0].retrieval.text);
        return;
    }
    const struct eval_metrics *m = &r->variants[0].metrics;
    json_number(j, "acc1", m->top1, DIGITS);
    json_number(j, "acc5", m->top5, DIGITS);
    json_number(j, "mean_per_class_recall", m->mean_recall, DIGITS);
}

/* Its keys and no others, in its order. */
void eval_write_json(FILE *to, const struct eval_result *r) {
    struct json j = {.to = to};
    json_begin(&j, NULL, '{');
    json_text(&j, "dataset", r->dataset);
    json_text(&j, "model", r->models[0].name);
    json_text(&j, "pretrained", base_name(r->models[0].path));
    json_text(&j, "task", r->pairs ? "zeroshot_retrieval" : "zeroshot_classification");
    json_begin(&j, "metrics", '{');
    write_benchmark_metrics(&j, r);
    json_end(&j, '}');
    json_text(&j, "language", "en");
    json_end(&j, '}');
    putc('\n', to);
}

static void write_difference(struct json *j, const char *key, const struct eval_difference *d) {
    json_begin(j, key, '{');
    json_number(j, "difference", d->difference, DIGITS);
    json_number(j, "low", d->low, DIGITS);
    json_number(j, "high", d->high, DIGITS);
    json_count(j, "only_first", d->only_first);
    json_count(j, "only_second", d->only_second);
    json_end(j, '}');
}

static void write_variant(struct json *j, const struct eval_result *r, size_t at) {
    const struct eval_variant *v = &r->variants[at];
    json_begin(j, NULL, '{');
    json_text(j, "model", v->model->path);
    json_text(j, "templates", v->templates);
    json_number(j, "acc1", v->metrics.top1, DIGITS);
    json_number(j, "acc5", v->metrics.top5, DIGITS);
    json_number(j, "mean_per_class_recall", v->metrics.mean_recall, DIGITS);
    json_number(j, "macro_f1", v->metrics.macro.f1, DIGITS);
    json_number(j, "ece", v->plain.ece, DIGITS);
    json_number(j, "rms_ce", v->plain.rms_ce, DIGITS);
    json_number(j, "mce", v->plain.mce, DIGITS);
    json_number(j, "nll", v->plain.nll, DIGITS);
    bool none = eval_no_temperature(v->temperature) != NULL;
    json_number(j, "temperature", none ? (double)NAN : v->temperature, DIGITS);
    json_number(j, "ece_with_temperature", none ? (double)NAN : v->fitted.ece, DIGITS);
    if (at) write_difference(j, "acc1_against_first", &v->top1);
    if (at) write_difference(j, "acc5_against_first", &v->top5);
    json_end(j, '}');
}

static void write_model(struct json *j, const struct eval_result *r, size_t at) {
    const struct eval_retrieval *t = &r->models[at].retrieval;
    json_begin(j, NULL, '{');
    json_text(j, "model", r->models[at].path);
    write_recalls(j, "image", t->image);
    write_recalls(j, "text", t->text);
    json_number(j, "loss", (t->loss_image + t->loss_text) / 2, DIGITS);
    json_number(j, "loss_image", t->loss_image, DIGITS);
    json_number(j, "loss_text", t->loss_text, DIGITS);
    for (size_t k = 0; at && k < EVAL_RECALLS; k++) {
        char key[40];
        snprintf(key, sizeof key, "image@%zu_against_first", eval_recall_at[k]);
        write_difference(j, key, &r->image[k]);
        snprintf(key, sizeof key, "text@%zu_against_first", eval_recall_at[k]);
        write_difference(j, key, &r->text[k]);
    }
    json_end(j, '}');
}

void eval_write_metrics(FILE *to, const struct eval_result *r) {
    struct json j = {.to = to};
    json_begin(&j, NULL, '{');
    json_text(&j, "dataset", r->dataset);
    json_count(&j, "pictures", r->input->count);
    json_count(&j, "unread", r->input->lost);
    json_count(&j, "classes", r->input->class_count);
    json_count(&j, "captions", r->input->text_count);
    json_begin(&j, "results", '[');
    for (size_t i = 0; !r->pairs && i < r->variant_count; i++) write_variant(&j, r, i);
    for (size_t i = 0; r->pairs && i < r->model_count; i++) write_model(&j, r, i);
    json_end(&j, ']');
    json_number(&j, "modality_gap", r->plane.gap, DIGITS);
    json_end(&j, '}');
    putc('\n', to);
}

static void header(struct csv *c, const char *const *names) {
    for (; *names; names++) csv_text(c, *names);
    csv_end_line(c);
}

static void write_captions(struct csv *c, const struct eval_result *r) {
    static const char *const names[] = {"image", "caption", "cosine", "image_rank", "caption_rank", NULL};
    const struct eval_model *m = &r->models[0];
    header(c, names);
    for (size_t i = 0; i < r->input->text_count; i++) {
        size_t at = r->input->of[i];
        float cosine;
        eval_cosines(m->texts + i * m->n, 1, m->vectors + at * m->n, 1, m->n, &cosine);
        csv_text(c, eval_input_name(r->input, at));
        csv_text(c, r->input->texts[i]);
        csv_number(c, (double)cosine, JSON_SHORT);
        csv_number(c, (double)m->retrieval.picture_rank[i] + 1, JSON_FLOAT);
        csv_number(c, (double)m->retrieval.text_rank[at] + 1, JSON_FLOAT);
        csv_end_line(c);
    }
}

static void write_labelled(struct csv *c, const struct eval_result *r) {
    const char *const names[] = {"image", "label",       "prediction", "rank",
                                 "score", "label_score", "cosine",     r->input->group_count ? "group" : NULL,
                                 NULL};
    const struct eval_variant *v = &r->variants[0];
    size_t classes = r->input->class_count;
    header(c, names);
    for (size_t i = 0; i < r->input->count; i++) {
        const float *row = v->cosines + i * classes;
        size_t label = r->input->labels[i], predicted = v->metrics.predicted[i];
        csv_text(c, eval_input_name(r->input, i));
        csv_text(c, r->input->classes[label]);
        csv_text(c, r->input->classes[predicted]);
        csv_number(c, (double)v->metrics.rank[i] + 1, JSON_FLOAT);
        csv_number(c, score_rule_score(&v->model->rule, row, classes, predicted), JSON_SHORT);
        csv_number(c, score_rule_score(&v->model->rule, row, classes, label), JSON_SHORT);
        csv_number(c, (double)row[predicted], JSON_SHORT);
        if (r->input->group_count) csv_text(c, r->input->group_names[r->input->groups[i]]);
        csv_end_line(c);
    }
}

void eval_write_pictures(FILE *to, const struct eval_result *r) {
    struct csv c = {.to = to};
    (r->pairs ? write_captions : write_labelled)(&c, r);
}

void eval_write_classes(FILE *to, const struct eval_result *r) {
    static const char *const names[] = {"class", "precision", "recall", "f1", "support", "predicted", NULL};
    struct csv c = {.to = to};
    header(&c, names);
    for (size_t k = 0; k < r->input->class_count; k++) {
        const struct eval_class *of = &r->variants[0].metrics.of[k];
        csv_text(&c, r->input->classes[k]);
        csv_number(&c, of->precision, JSON_SHORT);
        csv_number(&c, of->recall, JSON_SHORT);
        csv_number(&c, of->f1, JSON_SHORT);
        csv_number(&c, (double)of->support, JSON_FLOAT);
        csv_number(&c, (double)of->predicted, JSON_FLOAT);
        csv_end_line(&c);
    }
}

void eval_write_confusion(FILE *to, const struct eval_result *r) {
    const struct eval_metrics *m = &r->variants[0].metrics;
    struct csv c = {.to = to};
    csv_text(&c, "label");
    for (size_t k = 0; k < m->classes; k++) csv_text(&c, r->input->classes[k]);
    csv_end_line(&c);
    for (size_t i = 0; i < m->classes; i++) {
        csv_text(&c, r->input->classes[i]);
        for (size_t k = 0; k < m->classes; k++) csv_number(&c, (double)m->confusion[i * m->classes + k], JSON_FLOAT);
        csv_end_line(&c);
    }
}

void eval_write_reliability(FILE *to, const struct eval_result *r) {
    static const char *const names[] = {"low", "high", "count", "confidence", "accuracy", NULL};
    struct csv c = {.to = to};
    header(&c, names);
    for (size_t i = 0; i < EVAL_BINS; i++) {
        const struct eval_bin *b = &r->variants[0].plain.bins[i];
        csv_number(&c, (double)i / EVAL_BINS, JSON_SHORT);
        csv_number(&c, (double)(i + 1) / EVAL_BINS, JSON_SHORT);
        csv_number(&c, (double)b->count, JSON_FLOAT);
        csv_number(&c, b->count ? b->confidence : (double)NAN, JSON_SHORT);
        csv_number(&c, b->count ? b->accuracy : (double)NAN, JSON_SHORT);
        csv_end_line(&c);
    }
}
