/* SPDX-License-Identifier: Apache-2.0
 * The numbers of `ocelli eval` against those that CLIP_benchmark, scikit-learn and open_clip make of the same vectors
 * (tests/golden/evaluation.py), and its edges. */
#include "ocelli/eval/eval_metrics.h"
#include "ocelli/eval/eval_bootstrap.h"
#include "ocelli/common/score_rule.h"
#include "ocelli/eval/eval_calibration.h"
#include "ocelli/eval/eval_plane.h"
#include "ocelli/eval/eval_retrieval.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1000, EXPECTED = 200 };

static struct {
    char names[EXPECTED][40];
    double values[EXPECTED];
    size_t count;
    size_t pictures, classes, texts, n;
    double scale;
    float *vectors;
    size_t labels[MOST];
} golden;

static double expected(const char *name) {
    for (size_t i = 0; i < golden.count; i++)
        if (!strcmp(golden.names[i], name)) return golden.values[i];
    fail_msg("%s is not among the expected values", name);
    return NAN;
}

static void check(const char *name, double value) {
    double want = expected(name);
    if (!(fabs(value - want) <= 1e-6)) fail_msg("%s: %.9g, expected %.9g", name, value, want);
}

static FILE *open_golden(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/evaluation/%s", getenv("OCELLI_SOURCE"), name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    return f;
}

static int read_golden(void **state) {
    (void)state;
    FILE *f = open_golden("expected.txt");
    while (golden.count < EXPECTED &&
           fscanf(f, "%39s %lf", golden.names[golden.count], &golden.values[golden.count]) == 2)
        golden.count++;
    fclose(f);
    golden.pictures = (size_t)expected("pictures"), golden.classes = (size_t)expected("classes");
    golden.texts = (size_t)expected("texts"), golden.n = (size_t)expected("n"), golden.scale = expected("scale");
    size_t rows = golden.pictures + golden.classes + golden.texts;
    golden.vectors = calloc(rows, golden.n * sizeof(float));
    f = open_golden("vectors.bin");
    assert_int_equal(fread(golden.vectors, golden.n * sizeof(float), rows, f), rows);
    fclose(f);
    f = open_golden("labels.txt");
    for (size_t i = 0; i < golden.pictures + golden.texts; i++)
        assert_int_equal(fscanf(f, "%zu", &golden.labels[i]), 1);
    fclose(f);
    return 0;
}

static int free_golden(void **state) {
    (void)state;
    free(golden.vectors);
    return 0;
}

static float *golden_cosines(void) {
    float *cosines = calloc(golden.pictures, golden.classes * sizeof *cosines);
    eval_cosines(golden.vectors, golden.pictures, golden.vectors + golden.pictures * golden.n, golden.classes, golden.n,
                 cosines);
    return cosines;
}

static void check_class(const char *name, const struct eval_class *c) {
    char key[60];
    snprintf(key, sizeof key, "%s.precision", name), check(key, c->precision);
    snprintf(key, sizeof key, "%s.recall", name), check(key, c->recall);
    snprintf(key, sizeof key, "%s.f1", name), check(key, c->f1);
    snprintf(key, sizeof key, "%s.support", name), check(key, (double)c->support);
}

static void classification(void **state) {
    (void)state;
    struct eval_metrics m;
    char name[24];
    float *cosines = golden_cosines();
    assert_int_equal(eval_metrics_init(&m, cosines, golden.labels, golden.pictures, golden.classes), 0);
    check("acc1", m.top1);
    check("acc5", m.top5);
    check("mean_per_class_recall", m.mean_recall);
    for (size_t k = 0; k < golden.classes; k++) {
        snprintf(name, sizeof name, "%zu", k);
        check_class(name, &m.of[k]);
    }
    check_class("macro", &m.macro);
    check_class("weighted", &m.average);
    eval_metrics_finish(&m);
    free(cosines);
}

/* The vectors as a CLIP's and as a SigLIP's. */
static struct score_rule golden_rule(bool sigmoid) {
    return (struct score_rule){sigmoid, golden.scale, sigmoid ? expected("bias") : 0};
}

static void check_of(bool sigmoid, const char *name, double value) {
    char key[60];
    snprintf(key, sizeof key, "%s%s", sigmoid ? "sigmoid." : "", name), check(key, value);
}

static void check_calibration(bool sigmoid) {
    struct eval_calibration c;
    struct score_rule rule = golden_rule(sigmoid);
    float *cosines = golden_cosines();
    eval_calibrate(&c, cosines, golden.labels, golden.pictures, golden.classes, &rule);
    check_of(sigmoid, "ece", c.ece);
    check_of(sigmoid, "rms_ce", c.rms_ce);
    check_of(sigmoid, "mce", c.mce);
    check_of(sigmoid, "nll", c.nll);
    double t = eval_temperature(cosines, golden.labels, golden.pictures, golden.classes, &rule);
    check_of(sigmoid, "temperature", t);
    rule = score_rule_at(&rule, t);
    eval_calibrate(&c, cosines, golden.labels, golden.pictures, golden.classes, &rule);
    check_of(sigmoid, "ece_fitted", c.ece);
    free(cosines);
}

static void calibration(void **state) {
    (void)state;
    check_calibration(false);
    check_calibration(true);
}

static void score_rules(void **state) {
    (void)state;
    const float cosines[] = {0.1f, -0.2f, 0.3f};
    const struct score_rule rules[] = {{false, 100, 0}, {true, 100, -10}, {true, 1e30, 0}, {false, 1e30, 0}};
    float scores[3];
    for (size_t r = 0; r < 4; r++) {
        score_rule_scores(&rules[r], cosines, 3, scores);
        for (size_t i = 0; i < 3; i++)
            assert_true(fabs((double)scores[i] - score_rule_score(&rules[r], cosines, 3, i)) < 1e-7);
        assert_true(isfinite(score_rule_nll(&rules[r], cosines, 3, 1))); /* however sure it is of what is wrong */
    }
    score_rule_scores(&rules[1], cosines, 3, scores);
    assert_true(fabs((double)scores[0] - 0.5) < 1e-6 && scores[1] < 1e-6f && scores[2] > 0.999f);
    assert_true(fabs(score_rule_guessing(&rules[0], 10) - log(10)) < 1e-12);
    /* ten answers, each at one in ten: -log(0.1) - 9 log(0.9) */
    assert_true(fabs(score_rule_guessing(&rules[1], 10) - (log(10) - 9 * log(0.9))) < 1e-12);
    assert_true(fabs(score_rule_guessing(&rules[1], 1)) < 1e-12);
}

static struct eval_pairs golden_pairs(void) {
    return (struct eval_pairs){.pictures = golden.vectors,
                               .texts = golden.vectors + (golden.pictures + golden.classes) * golden.n,
                               .of = golden.labels + golden.pictures,
                               .picture_count = golden.pictures,
                               .text_count = golden.texts,
                               .n = golden.n};
}

static void retrieval(void **state) {
    (void)state;
    struct eval_pairs pairs = golden_pairs();
    struct eval_retrieval r;
    char key[60];
    struct score_rule rule = golden_rule(false);
    assert_int_equal(eval_retrieval_init(&r, &pairs, &rule), 0);
    for (size_t k = 0; k < EVAL_RECALLS; k++) {
        snprintf(key, sizeof key, "image_retrieval_recall@%zu", eval_recall_at[k]), check(key, r.image[k]);
        snprintf(key, sizeof key, "text_retrieval_recall@%zu", eval_recall_at[k]), check(key, r.text[k]);
    }
    check("loss", (r.loss_image + r.loss_text) / 2);
    eval_retrieval_finish(&r);
    rule = golden_rule(true);
    assert_int_equal(eval_retrieval_init(&r, &pairs, &rule), 0);
    check("sigmoid.loss", r.loss_image);
    check("sigmoid.loss", r.loss_text);
    eval_retrieval_finish(&r);
}

static void plane(void **state) {
    (void)state;
    struct eval_plane p;
    struct eval_pairs pairs = golden_pairs();
    size_t rows = golden.pictures + golden.texts;
    float *vectors = calloc(rows, golden.n * sizeof *vectors);
    double *xy = calloc(rows, 2 * sizeof *xy);
    memcpy(vectors, pairs.pictures, golden.pictures * golden.n * sizeof *vectors);
    memcpy(vectors + golden.pictures * golden.n, pairs.texts, golden.texts * golden.n * sizeof *vectors);
    assert_int_equal(eval_plane(&p, vectors, golden.pictures, golden.texts, golden.n, xy), 0);
    check("share.0", p.share[0]);
    check("share.1", p.share[1]);
    check("gap", p.gap);
    const size_t at[] = {0, 41, golden.pictures + 5};
    for (size_t i = 0; i < 3; i++)
        for (size_t a = 0; a < 2; a++) {
            char key[60];
            snprintf(key, sizeof key, "xy.%zu.%zu", at[i], a);
            check(key, xy[at[i] * 2 + a]);
        }
    free(vectors);
    free(xy);
}

/* One picture, one class; equal cosines; a single vector has no direction to differ in. */
static void edges(void **state) {
    (void)state;
    struct eval_metrics m;
    const float one[] = {0.5f}, equal[] = {0.5f, 0.5f, 0.5f};
    const size_t first = 0, last = 2;
    assert_int_equal(eval_metrics_init(&m, one, &first, 1, 1), 0);
    assert_true(m.top1 > 0.999 && isnan(m.top5) && m.mean_recall > 0.999);
    eval_metrics_finish(&m);
    assert_int_equal(eval_metrics_init(&m, equal, &last, 1, 3), 0);
    assert_int_equal(m.predicted[0], 0);
    assert_int_equal(m.rank[0], 2);
    assert_true(m.top1 < 0.001);
    eval_metrics_finish(&m);

    struct eval_calibration c;
    struct score_rule rule = {.scale = 100};
    eval_calibrate(&c, one, &first, 1, 1, &rule);
    assert_true(c.ece < 1e-12 && c.bins[EVAL_BINS - 1].count == 1);
    const float sure[] = {0.9f, 0.1f}; /* right: any lower temperature is better yet */
    assert_true(eval_temperature(sure, &first, 1, 2, &rule) < EVAL_TEMPERATURE_LEAST * 1.01);
    const size_t wrong = 1;
    assert_true(eval_temperature(sure, &wrong, 1, 2, &rule) > EVAL_TEMPERATURE_MOST * 0.99);

    struct eval_plane p;
    double xy[4];
    const float two[] = {1, 0, 0, 1};
    assert_int_equal(eval_plane(&p, two, 1, 1, 2, xy), 0);
    assert_true(p.gap > 1.41 && p.gap < 1.42 && p.share[0] < 1e-12 && fabs(xy[0]) < 1e-12);
}

/* 100 pictures, of which the second is right in 30 more and wrong in 10: the interval of the difference is that of
 * a mean of -1, 0 and 1, to the noise of the resamples. The same, and none of it, has no width. */
static void bootstrap(void **state) {
    (void)state;
    bool first[100] = {0}, second[100] = {0};
    struct eval_difference d, again;
    for (int i = 0; i < 40; i++) first[i] = i >= 30, second[i] = i < 30;
    assert_int_equal(eval_bootstrap(&d, first, second, 100), 0);
    double half = 1.96 * sqrt((0.4 - 0.2 * 0.2) / 100);
    assert_true(fabs(d.difference - 0.2) < 1e-9 && d.only_first == 10 && d.only_second == 30);
    assert_true(fabs(d.low - (0.2 - half)) < 0.015 && fabs(d.high - (0.2 + half)) < 0.015);
    assert_int_equal(eval_bootstrap(&again, first, second, 100), 0);
    assert_memory_equal(&d, &again, sizeof d);
    assert_int_equal(eval_bootstrap(&d, first, first, 100), 0);
    assert_true(fabs(d.low) < 1e-12 && fabs(d.high) < 1e-12);
}

/* R: binom::binom.confint(8, 10, method = "wilson"). */
static void interval(void **state) {
    (void)state;
    double low, high;
    eval_share_interval(0.8, 10, &low, &high);
    assert_true(fabs(low - 0.4901625) < 1e-6 && fabs(high - 0.9433178) < 1e-6);
    eval_share_interval(1, 5, &low, &high);
    assert_true(low > 0.5 && low < 0.6 && high > 0.999);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(classification), cmocka_unit_test(calibration),
                                       cmocka_unit_test(retrieval),      cmocka_unit_test(plane),
                                       cmocka_unit_test(edges),          cmocka_unit_test(bootstrap),
                                       cmocka_unit_test(interval),       cmocka_unit_test(score_rules)};
    return cmocka_run_group_tests(tests, read_golden, free_golden);
}
