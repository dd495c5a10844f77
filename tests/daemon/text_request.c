/* SPDX-License-Identifier: Apache-2.0
 * Who asks and who answers, without a model: its answers are tested by tests/e2e/search.sh. */
#include "daemon/text_request.h"
#include "base/clock.h"
#include "daemon/inference.h"
#include "support/heard.h"
#include "support/test.h"

#include <string.h>
#include <unistd.h>

enum { SIZE = 8 };

static struct inference b;
static const struct prompts_list no_templates;
static float vector[SIZE];

static int setup(void **state) {
    (void)state;
    pthread_condattr_t monotonic;
    memset(&b, 0, sizeof b);
    b.size = SIZE;
    pthread_mutex_init(&b.lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&b.changed, &monotonic);
    listen();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    pthread_cond_destroy(&b.changed);
    pthread_mutex_destroy(&b.lock);
    return 0;
}

static void *ask(void *user) {
    *(int *)user = text_request(&b, &no_templates, "a cat", vector, 60000);
    return NULL;
}

static void wait_for_question(void) {
    for (bool there = false; !there; usleep(1000)) {
        pthread_mutex_lock(&b.lock);
        there = b.text_request;
        pthread_mutex_unlock(&b.lock);
    }
}

/* A device that hangs: an answer in time all the same. */
static void test_nobody(void **state) {
    (void)state;
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    assert_int_equal(text_request(&b, &no_templates, "a cat", vector, 100), OCELLI_ERR_LOST);
    int64_t took = (clock_ns(CLOCK_MONOTONIC) - began) / 1000000;
    assert_in_range(took, 100, 30000);
    assert_null(b.text_request);
}

static void test_answered(void **state) {
    (void)state;
    pthread_t thread;
    int status = 1;
    assert_int_equal(pthread_create(&thread, NULL, ask, &status), 0);
    wait_for_question();
    assert_int_equal(text_request(&b, &no_templates, "a dog", vector, 50), OCELLI_ERR_LOST); /* one at a time */
    pthread_mutex_lock(&b.lock);
    assert_int_equal(text_request_answer(&b), OCELLI_ERR_LOST); /* there is no model */
    pthread_mutex_unlock(&b.lock);
    pthread_join(thread, NULL);
    assert_int_equal(status, OCELLI_ERR_LOST);
    assert_null(b.text_request);
    assert_int_equal(b.busy_since, 0);
}

/* Two that ask at one moment, as a search and a replay do: one waits for the other. */
static void test_two(void **state) {
    (void)state;
    pthread_t threads[2];
    int statuses[2] = {1, 1};
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask, &statuses[i]), 0);
    usleep(20000);
    for (int i = 0; i < 2; i++) {
        wait_for_question(); /* one that has given up does not come back: this would not end */
        pthread_mutex_lock(&b.lock);
        assert_int_equal(text_request_answer(&b), OCELLI_ERR_LOST);
        pthread_mutex_unlock(&b.lock);
    }
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_null(b.text_request);
}

/* The daemon ends: nobody is kept waiting. */
static void test_stop(void **state) {
    (void)state;
    pthread_t thread;
    int status = 1;
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    assert_int_equal(pthread_create(&thread, NULL, ask, &status), 0);
    wait_for_question();
    pthread_mutex_lock(&b.lock);
    b.stop = true;
    pthread_cond_broadcast(&b.changed);
    pthread_mutex_unlock(&b.lock);
    pthread_join(thread, NULL);
    assert_int_equal(status, OCELLI_ERR_LOST);
    assert_true(clock_ns(CLOCK_MONOTONIC) - began < INT64_C(30000000000));
}

static void test_template(void **state) {
    (void)state;
    const char *text = "no slot";
    const struct prompts_list templates = {.texts = &text, .count = 1};
    assert_int_equal(text_request(&b, &templates, "a cat", vector, 5000), OCELLI_ERR_USAGE);
    assert_int_equal(heard.lines, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_template, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
