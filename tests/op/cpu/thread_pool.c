/* SPDX-License-Identifier: Apache-2.0
 * Every task of every step runs once, no step begins before the one before is done, and late threads do no harm. */
#include "op/cpu/thread_pool.h"
#include "support/test.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { STEPS = 40, TASKS = 23 };

static atomic_uint ran[STEPS][TASKS], early;
static atomic_uint done[STEPS];

struct step {
    uint32_t index, tasks;
};

static void note(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct step *s = args;
    if (worker->index > 7) atomic_fetch_add(&early, 1);
    if (s->index && atomic_load(&done[s->index - 1]) % TASKS) atomic_fetch_add(&early, 1);
    atomic_fetch_add(&ran[s->index][task], 1);
    atomic_fetch_add(&done[s->index], 1);
    if (task % 7 == 3) nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL); /* others finish first */
}

static void run_with(uint32_t threads, bool pauses) {
    struct pool *pool;
    struct step steps[STEPS];
    struct thread_pool_step list[STEPS];
    assert_int_equal(thread_pool_create(&pool, threads), 0);
    assert_int_equal(thread_pool_threads(pool), threads);
    for (uint32_t i = 0; i < STEPS; i++) {
        steps[i] = (struct step){i, TASKS};
        list[i] = (struct thread_pool_step){.run = note, .args = &steps[i], .tasks = TASKS};
    }
    for (unsigned turn = 1; turn <= 30; turn++) {
        thread_pool_run_timed(pool, list, STEPS);
        for (int i = 0; i < STEPS; i++) {
            assert_int_equal(atomic_load(&done[i]), turn * TASKS);
            for (int t = 0; t < TASKS; t++) assert_int_equal(atomic_load(&ran[i][t]), turn);
        }
        if (pauses) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); /* the threads sleep */
    }
    assert_int_equal(atomic_load(&early), 0);
    assert_true(list[0].ms > 0);
    thread_pool_destroy(&pool);
    assert_null(pool);
    for (int i = 0; i < STEPS; i++) {
        atomic_store(&done[i], 0);
        for (int t = 0; t < TASKS; t++) atomic_store(&ran[i][t], 0);
    }
}

static void test_order(void **unused) {
    (void)unused;
    for (uint32_t threads = 1; threads <= 7; threads += 2) run_with(threads, threads == 3);
}

static void test_empty(void **unused) {
    (void)unused;
    struct pool *pool;
    struct step one = {0, 1};
    struct thread_pool_step list[] = {{.run = note, .args = &one, .tasks = 0},
                                      {.run = note, .args = &one, .tasks = 1},
                                      {.run = note, .args = &one, .tasks = 0}};
    assert_int_equal(thread_pool_create(&pool, 2), 0);
    thread_pool_run(pool, list, 0);
    thread_pool_run(pool, list, 3);
    assert_int_equal(atomic_load(&ran[0][0]), 1);
    thread_pool_run(pool, list, 1);
    assert_int_equal(atomic_load(&ran[0][0]), 1);
    thread_pool_destroy(&pool);
    thread_pool_destroy(&pool);
}

static void test_cores(void **unused) {
    (void)unused;
    assert_in_range(thread_pool_cores(), 1, 1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_cores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
