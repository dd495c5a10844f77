/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"
#include "base/clock.h"
#include "support/test.h"

#include <signal.h>
#include <sys/resource.h>
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

/* As Mesa's disk cache: at the lowest priority until somebody raises it. Gives the priority that it has in the end. */
static void *idle(void *user) {
    int *ends = user;
    char byte = 0;
    id_t me = (id_t)gettid();
    setpriority(PRIO_PROCESS, me, 19);
    (void)!write(ends[1], &byte, 1);
    (void)!read(ends[2], &byte, 1);
    ends[4] = getpriority(PRIO_PROCESS, me);
    return NULL;
}

static void test_hurry(void **state) {
    (void)state;
    struct thread t;
    struct rlimit nice;
    int ends[5], usual = getpriority(PRIO_PROCESS,
                                     (id_t)getpid()); /* it says that it is there; it is told to look; its priority */
    char byte = 0;
    assert_int_equal(getrlimit(RLIMIT_NICE, &nice), 0);
    assert_int_equal(pipe(ends) | pipe(ends + 2), 0);
    assert_int_equal(thread_start(&t, idle, ends, false), 0);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    thread_hurry_all();
    assert_int_equal(write(ends[3], &byte, 1), 1);
    assert_true(thread_join(&t, INT64_MAX));
    bool may = geteuid() == 0 || (rlim_t)(20 - usual) <= nice.rlim_cur;
    assert_int_equal(ends[4], may ? usual : 19);
    for (int i = 0; i < 4; i++) close(ends[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limit), cmocka_unit_test(test_ends),
                                       cmocka_unit_test(test_signals), cmocka_unit_test(test_hurry)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
