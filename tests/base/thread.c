/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"
#include "base/clock.h"
#include "support/test.h"

#include <signal.h>
#include <unistd.h>

static int64_t in_ms(int ms) {
    return clock_ns(CLOCK_MONOTONIC) + ms * INT64_C(1000000);
}

/* Until the pipe's other end is closed. */
static void *wait_for(void *user) {
    char byte;
    (void)!read(*(int *)user, &byte, 1);
    return NULL;
}

static void test_limit(void **state) {
    (void)state;
    struct thread t = {0};
    int ends[2];
    assert_true(thread_join(&t, 0)); /* one that does not run */
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(thread_start(&t, wait_for, &ends[0], false), 0);
    assert_false(thread_join(&t, 0));
    int64_t until = in_ms(50);
    assert_false(thread_join(&t, until));
    assert_true(clock_ns(CLOCK_MONOTONIC) >= until);
    close(ends[1]);
    assert_true(thread_join(&t, INT64_MAX));
    assert_true(!t.running && thread_join(&t, 0));
    close(ends[0]);
}

/* The thread joins before the limit is over. */
static void test_ends(void **state) {
    (void)state;
    struct thread t;
    int closed = -1;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(thread_start(&t, wait_for, &closed, true), 0);
        assert_true(thread_join(&t, in_ms(20000)));
    }
}

static void *hears(void *user) {
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    *(bool *)user = !sigismember(&now, SIGTERM);
    return NULL;
}

static void test_signals(void **state) {
    (void)state;
    struct thread t;
    bool heard;
    for (int deaf = 0; deaf < 2; deaf++) {
        assert_int_equal(thread_start(&t, hears, &heard, deaf), 0);
        assert_true(thread_join(&t, INT64_MAX));
        assert_int_equal(heard, !deaf);
    }
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    assert_false(sigismember(&now, SIGTERM)); /* the caller's stay as they were */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limit), cmocka_unit_test(test_ends), cmocka_unit_test(test_signals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
