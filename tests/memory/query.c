/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/query.h"
#include "support/heard.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>

static int asked; /* texts */

/* "x" and "y" are axes; others cannot be embedded. */
static int embed(void *user, const char *text, float *vector) {
    (void)user;
    asked++;
    vector[0] = *text == 'x', vector[1] = *text == 'y', vector[2] = 0;
    return *text == 'x' || *text == 'y' ? OCELLI_OK : OCELLI_ERR_LIMIT;
}

static const char *const x[] = {"x"}, *const y[] = {"y"}, *const other[] = {"?"};
static const float z[] = {0, 0, 1}, oblique[] = {0.6f, 0.8f, 0};
static float sum[3];
static struct history_question question;

static int resolve(const struct ocelli_query *query) {
    asked = 0;
    listen();
    return query_resolve(query, 3, &(struct query_embedder){embed, NULL}, sum, &question);
}

static void expect(double first, double second, double third) {
    assert_true(fabs((double)sum[0] - first) < 1e-6 && fabs((double)sum[1] - second) < 1e-6);
    assert_true(fabs((double)sum[2] - third) < 1e-6 && question.vector == sum && !heard.lines);
}

static void test_mixed(void **state) {
    (void)state;
    assert_int_equal(resolve(&(struct ocelli_query){.texts = x, .text_count = 1, .nots = y, .not_count = 1}),
                     OCELLI_OK);
    expect(sqrt(0.5), -sqrt(0.5), 0);
    assert_int_equal(
        resolve(&(struct ocelli_query){
            .texts = x, .text_count = 1, .embeddings = z, .embedding_count = 1, .nots = y, .not_count = 1}),
        OCELLI_OK);
    expect(sqrt(1 / 3.0), -sqrt(1 / 3.0), sqrt(1 / 3.0));
    assert_int_equal(asked, 2);
}

/* One vector alone stays what it is. */
static void test_alone(void **state) {
    (void)state;
    assert_int_equal(resolve(&(struct ocelli_query){.embeddings = oblique, .embedding_count = 1}), OCELLI_OK);
    expect(0.6, 0.8, 0);
    assert_int_equal(asked, 0);
}

static void test_rest(void **state) {
    (void)state;
    assert_int_equal(resolve(&(struct ocelli_query){.texts = x, .text_count = 1}), OCELLI_OK);
    assert_true(question.wanted == QUERY_WANTED && !question.apart_ms && !question.since_ms && !question.path);
    struct ocelli_query all = {.texts = x, .text_count = 1, .wanted = 7, .apart_ms = 9, .since_ms = -5, .path = "/a b"};
    assert_int_equal(resolve(&all), OCELLI_OK);
    assert_true(question.wanted == 7 && question.apart_ms == 9 && question.since_ms == -5 && question.path == all.path);
    assert_true(!question.until_ns && !question.stop);
}

/* Each with a line of its own. */
static void test_refused(void **state) {
    (void)state;
    const float long_one[] = {0, 0, 1, 2, 0, 0}, none[] = {NAN, 0, 0}, *unit = z;
    const struct {
        struct ocelli_query query;
        int status;
        const char *says;
    } all[] = {
        {{.texts = x, .text_count = 1, .nots = x, .not_count = 1}, OCELLI_ERR_USAGE, "are the same"},
        {{0}, OCELLI_ERR_USAGE, "nothing to look for"},
        {{.nots = x, .not_count = 1}, OCELLI_ERR_USAGE, "nothing to look for"},
        {{.text_count = 1}, OCELLI_ERR_USAGE, "list is NULL"},
        {{.embedding_count = 1}, OCELLI_ERR_USAGE, "list is NULL"},
        {{.texts = x, .text_count = 1, .not_count = 2}, OCELLI_ERR_USAGE, "list is NULL"},
        {{.texts = x, .text_count = 1, .template_count = 2}, OCELLI_ERR_USAGE, "list is NULL"},
        {{.embeddings = long_one, .embedding_count = 2}, OCELLI_ERR_USAGE, "embedding 1 of length 2"},
        {{.embeddings = none, .embedding_count = 1}, OCELLI_ERR_USAGE, "of length nan"},
        {{.embeddings = unit, .embedding_count = 1, .path = "more"}, OCELLI_ERR_USAGE, "\"more\" is not absolute"},
        {{.embeddings = unit, .embedding_count = 1, .wanted = 1001}, OCELLI_ERR_USAGE, "at most 1000"},
        {{.embeddings = unit, .embedding_count = 1, .apart_ms = -1}, OCELLI_ERR_USAGE, "-1 ms apart"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_int_equal(resolve(&all[i].query), all[i].status);
        assert_int_equal(heard.lines, 1);
        assert_non_null(strstr(heard.text, all[i].says));
    }
    assert_int_equal(resolve(&(struct ocelli_query){.texts = other, .text_count = 1}), OCELLI_ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mixed), cmocka_unit_test(test_alone),
                                       cmocka_unit_test(test_rest), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
