/* SPDX-License-Identifier: Apache-2.0
 * Vectors whose cosines are known: each text is an axis by its first letter, everyday things are another. */
#include "support/test.h"
#include "support/heard.h"
#include "policy/policy_judge.h"

#include <math.h>
#include <string.h>

enum { SIZE = 32, EVERYDAY = 30 };

static size_t embedded;

/* "k...": axis 10; everyday things have articles or more, and none begins with 'k', 'q' or 'z'. */
static int texts(void *user, const char *const *list, size_t count, float *out) {
    (void)user;
    memset(out, 0, count * SIZE * sizeof *out);
    for (size_t i = 0; i < count; i++, embedded++) {
        char c = list[i][0];
        bool ours = c == 'k' || c == 'q' || c == 'z';
        out[i * SIZE + (ours ? (size_t)(c - 'a') : EVERYDAY)] = 1;
    }
    return OCELLI_OK;
}

static const struct policy_model model = {.texts = texts, .size = SIZE, .logit_scale = 100, .key = "m"};
static const char *const text =
    "[policy one]\nprompt = knife\nprompt = quill\nagainst = zebra\naction = blur\nthreshold = 0.25\n"
    "[policy two]\nprompt = quill\naction = drop\nthreshold = 0.5\n"
    "[abstain]\nthreshold = 0.125\n";

static struct policy_file file;
static struct policy_judge *judge;
static struct policy_finding f[2];
static struct policy_verdict v;

static int setup(void **state) {
    (void)state;
    listen();
    return policy_file_parse(&file, text, strlen(text), "p.ini", NULL) || policy_judge_create(&judge, &file, &model);
}

static int teardown(void **state) {
    (void)state;
    policy_judge_destroy(&judge);
    policy_judge_destroy(&judge);
    policy_file_finish(&file);
    return 0;
}

/* A picture of these cosines with knife, quill, zebra and everyday things; the rest of its length lies elsewhere. */
static void see(float knife, float quill, float zebra, float everyday) {
    float picture[SIZE] = {0};
    picture['k' - 'a'] = knife, picture['q' - 'a'] = quill, picture['z' - 'a'] = zebra, picture[EVERYDAY] = everyday;
    picture[31] = sqrtf(1 - knife * knife - quill * quill - zebra * zebra - everyday * everyday);
    policy_judge_see(judge, picture, f, &v);
}

static void best_prompt_and_rival(void **state) {
    (void)state;
    see(0.5f, 0.25f, 0.125f, 0);
    assert_true(f[0].found && f[0].margin == 0.375f && f[0].cosine == 0.5f && f[0].rival_cosine == 0.125f);
    assert_string_equal(f[0].prompt, "knife");
    assert_string_equal(f[0].rival, "zebra");
    assert_true(fabsf(f[0].score - 1 / (1 + expf(-12.5f))) < 1e-6f);
    assert_false(f[1].found);
    assert_int_equal(v.outcome, POLICY_BLURRED);
    see(0, 0.5f, 0, 0.25f);
    assert_string_equal(f[0].prompt, "quill");
    assert_string_not_equal(f[0].rival, "zebra");                          /* an everyday thing is nearer */
    assert_true(f[0].margin == 0.25f && f[0].found && f[0].score == 0.5f); /* from the threshold on */
    assert_true(f[1].margin == 0.25f && !f[1].found);
}

/* The gravest action counts. */
static void gravest(void **state) {
    (void)state;
    see(0, 0.75f, 0, 0);
    assert_true(f[0].found && f[1].found);
    assert_int_equal(v.outcome, POLICY_DROPPED);
    assert_string_equal(policy_outcome_name(v.outcome), "drop");
}

static void abstains(void **state) {
    (void)state;
    see(0, 0, 0, 0);
    assert_int_equal(v.outcome, POLICY_UNLIKE);
    see(0, 0, 0.25f, 0);
    assert_true(v.likeness == 0.25f);
    assert_int_equal(v.outcome, POLICY_CLEAN);
    see(0, 0, 0.25f, 0.25f); /* no better than everyday things in general */
    assert_int_equal(v.outcome, POLICY_UNLIKE);
}

/* Numbers that are none find nothing, and end nothing. */
static void not_a_number(void **state) {
    float picture[SIZE];
    (void)state;
    for (int i = 0; i < SIZE; i++) picture[i] = NAN;
    policy_judge_see(judge, picture, f, &v);
    assert_false(f[0].found || f[1].found);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(best_prompt_and_rival), cmocka_unit_test(gravest),
                                       cmocka_unit_test(abstains), cmocka_unit_test(not_a_number)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
