/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/signals.h"
#include "base/clock.h"
#include "support/test.h"

#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_held_back(void **state) {
    (void)state;
    struct signals s;
    struct signalfd_siginfo info;
    assert_int_equal(signals_init(&s, NULL, NULL), 0);
    assert_false(signals_asked());
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGUSR1);
    assert_false(signals_asked());
    kill(getpid(), SIGTERM); /* would end the test */
    assert_true(signals_asked());
    signals_opened(&s);
    assert_true(signals_asked());
    int seen = 0;
    while (read(s.fd, &info, sizeof info) == (ssize_t)sizeof info)
        seen |= info.ssi_signo == SIGHUP ? 1 : info.ssi_signo == SIGUSR1 ? 2 : info.ssi_signo == SIGTERM ? 4 : 8;
    assert_int_equal(seen, 7);
    assert_false(signals_asked());
    signals_finish(&s);
}

static void test_lets_through_again(void **state) {
    (void)state;
    struct signals s;
    sigset_t now;
    assert_int_equal(signals_init(&s, NULL, NULL), 0);
    kill(getpid(), SIGTERM);
    signals_finish(&s); /* also of what never opened */
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    assert_false(sigismember(&now, SIGTERM));
}

static void say_left(void *user) {
    (void)!write(*(int *)user, "left", 4);
}

/* A process that does not end: while it opens things, or later; asked by a signal, which it takes or not, or by itself.
 * Gives its wait status; ms: how long it took. */
enum how { OPENING, NOT_TAKEN, TAKEN, BY_ITSELF };
static int stuck(enum how how, int signal, int said, double *ms) {
    double began = clock_ms();
    int status;
    pid_t child = fork();
    if (!child) {
        struct signals s;
        struct signalfd_siginfo info;
        if (signals_init(&s, say_left, &said)) _exit(1);
        if (how != OPENING) signals_opened(&s);
        if (how != BY_ITSELF) kill(getpid(), signal);
        if (how == TAKEN) (void)!read(s.fd, &info, sizeof info);
        if (how == TAKEN) signals_end(&s, 0);
        if (how == BY_ITSELF) signals_end(&s, 3);
        sleep(20);
        _exit(2);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    *ms = clock_ms() - began;
    return status;
}

static void test_stuck(void **state) {
    (void)state;
    double ms;
    char said[8];
    int ends[2];
    for (enum how how = OPENING; how <= BY_ITSELF; how++) {
        assert_int_equal(pipe(ends), 0);
        int status = stuck(how, how % 2 ? SIGTERM : SIGINT, ends[1], &ms);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == (how == BY_ITSELF ? 3 : 0));
        assert_true(ms > (how == OPENING ? SIGNALS_OPENING_MS : SIGNALS_LEAVE_MS) - 50 && ms < 10000);
        assert_int_equal(read(ends[0], said, sizeof said), 4); /* what is to be left in order was */
        close(ends[0]);
        close(ends[1]);
    }
}

/* Who ends in time is left alone, and the limit counts from the first who asked. */
static void test_ends(void **state) {
    (void)state;
    struct signals s;
    assert_int_equal(signals_init(&s, NULL, NULL), 0);
    signals_opened(&s);
    int64_t since = signals_end(&s, 1);
    usleep(20000);
    assert_true(signals_end(&s, 0) == since && since <= clock_ns(CLOCK_MONOTONIC));
    signals_finish(&s);
    usleep((SIGNALS_LEAVE_MS + 100) * 1000); /* it would end the test */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_held_back), cmocka_unit_test(test_lets_through_again),
                                       cmocka_unit_test(test_stuck), cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
