/* SPDX-License-Identifier: Apache-2.0
 * The choice of templates on vectors of which it is known what each does: one good, one bad, two that are good only
 * together; and the split. */
#include "ocelli/tune/tune_choice.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 2, COUNT = 40, N = 2, CANDIDATES = 4 };

/* A class is an angle of the plane; a picture of it lies near. */
static void put(float *vector, double degrees) {
    vector[0] = (float)cos(degrees * M_PI / 180), vector[1] = (float)sin(degrees * M_PI / 180);
}

static struct tune_data make(float *pictures, float *prompts, float *cosines, size_t *labels, bool *held) {
    /* of each candidate: the angles of both classes. The border between them is half way. */
    static const double angles[CANDIDATES][CLASSES] = {{0, 40}, {80, -20}, {20, 100}, {-40, 60}};
    for (size_t i = 0; i < COUNT; i++) {
        labels[i] = i % 2;
        put(pictures + i * N, labels[i] ? 50 - (double)(i / 2) / 2 : 0 + (double)(i / 2) / 2);
        held[i] = i / 2 % 2;
    }
    for (size_t c = 0; c < CANDIDATES; c++)
        for (size_t k = 0; k < CLASSES; k++) put(prompts + (c * CLASSES + k) * N, angles[c][k]);
    for (size_t c = 0; c < CANDIDATES; c++)
        for (size_t i = 0; i < COUNT; i++)
            for (size_t k = 0; k < CLASSES; k++)
                cosines[(c * COUNT + i) * CLASSES + k] = pictures[i * N] * prompts[(c * CLASSES + k) * N] +
                                                         pictures[i * N + 1] * prompts[(c * CLASSES + k) * N + 1];
    return (struct tune_data){cosines, prompts, labels, held, CANDIDATES, COUNT, CLASSES, N, {.scale = 20}};
}

static void choice(void **state) {
    (void)state;
    float pictures[COUNT * N], prompts[CANDIDATES * CLASSES * N], cosines[CANDIDATES * COUNT * CLASSES];
    size_t labels[COUNT];
    bool held[COUNT];
    struct tune_data data = make(pictures, prompts, cosines, labels, held);
    struct tune_result r;
    assert_int_equal(tune_choose(&r, &data), 0);
    assert_int_equal(r.count, CANDIDATES + 2);
    /* pictures of class 0 lie at 0 to 9.5 degrees, of class 1 at 50 down to 40.5 */
    assert_true(r.ways[0].held.top1 >= 1 && r.ways[0].chosen.top1 >= 1);   /* border 20 */
    assert_true(r.ways[1].held.top1 <= 0);                                 /* turned round */
    assert_true(r.ways[2].held.top1 <= 0.5 && r.ways[2].held.top1 >= 0.5); /* border 60: all are class 0 */
    assert_true(r.ways[3].held.top1 >= 1);                                 /* border 10 */
    assert_int_equal(r.ways[0].held.count, COUNT / 2);
    assert_int_equal(r.ways[0].chosen.count, COUNT / 2);
    assert_true(fabs(r.ways[2].held.against.difference + 0.5) < 1e-12);
    assert_int_equal(r.ways[2].held.against.only_first, COUNT / 4);
    /* "all" is the mean of the vectors: turned by the second candidate, it is worth what its border is worth */
    assert_true(r.ways[r.all].count == CANDIDATES);
    /* the ensemble is never worse than the best alone on what it was chosen on */
    const struct tune_part *e = &r.ways[r.ensemble].chosen;
    for (size_t i = 0; i < CANDIDATES; i++)
        assert_true(e->top1 > r.ways[i].chosen.top1 || e->nll <= r.ways[i].chosen.nll + 1e-6);
    assert_true(r.winner == r.ensemble || r.ways[r.ensemble].count == 1);
    for (size_t i = 1; i < r.count; i++)
        assert_true(r.ways[r.by_held[i - 1]].held.top1 >= r.ways[r.by_held[i]].held.top1);
    tune_result_finish(&r);
}

/* An ensemble of two is, by its numbers, the way of one whose vectors are their means. */
static void ensemble_is_mean(void **state) {
    (void)state;
    float pictures[COUNT * N], prompts[CANDIDATES * CLASSES * N], cosines[CANDIDATES * COUNT * CLASSES];
    size_t labels[COUNT];
    bool held[COUNT];
    struct tune_data data = make(pictures, prompts, cosines, labels, held);
    struct tune_result both, one;
    data.candidates = 2, data.prompts += 2 * CLASSES * N, data.cosines += 2 * COUNT * CLASSES; /* the last two */
    assert_int_equal(tune_choose(&both, &data), 0);
    float mean[CLASSES * N], of_mean[COUNT * CLASSES];
    put(mean, (20 - 40) / 2.0), put(mean + N, (100 + 60) / 2.0);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < CLASSES; k++)
            of_mean[i * CLASSES + k] = pictures[i * N] * mean[k * N] + pictures[i * N + 1] * mean[k * N + 1];
    data.candidates = 1, data.prompts = mean, data.cosines = of_mean;
    assert_int_equal(tune_choose(&one, &data), 0);
    assert_true(fabs(one.ways[0].held.top1 - both.ways[both.all].held.top1) < 1e-12);
    assert_true(fabs(one.ways[0].held.nll - both.ways[both.all].held.nll) < 1e-4);
    tune_result_finish(&both);
    tune_result_finish(&one);
}

static void split(void **state) {
    (void)state;
    enum { MANY = 1000 };
    static size_t labels[MANY];
    static bool held[MANY], again[MANY];
    for (size_t i = 0; i < MANY; i++) labels[i] = i < 10 ? i : 10 + i % 5;
    tune_split(held, labels, MANY, 15, 0.3);
    tune_split(again, labels, MANY, 15, 0.3);
    assert_memory_equal(held, again, sizeof held);
    for (size_t k = 10; k < 15; k++) {
        size_t of = 0, out = 0;
        for (size_t i = 0; i < MANY; i++) of += labels[i] == k, out += labels[i] == k && held[i];
        assert_true(fabs((double)out - 0.3 * (double)of) <= 1);
    }
    size_t alone = 0;
    for (size_t i = 0; i < 10; i++) alone += held[i];
    assert_true(alone > 0 && alone < 10); /* classes of one picture fall to either part */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(choice), cmocka_unit_test(ensemble_is_mean),
                                       cmocka_unit_test(split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
