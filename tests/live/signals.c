/* SPDX-License-Identifier: Apache-2.0 */
#include "live/signals.h"
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
    assert_int_equal(signals_init(&s), 0);
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
    assert_int_equal(signals_init(&s), 0);
    signals_finish(&s); /* also of what never opened */
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    assert_false(sigismember(&now, SIGTERM));
}

/* A process that is asked to stop and does not come back from what it opens. Gives its wait status; ms: how long it took. */
static int stuck(int signal, double *ms) {
    double began = clock_ms();
    int status;
    pid_t child = fork();
    if (!child) {
        struct signals s;
        if (signals_init(&s)) _exit(1);
        kill(getpid(), signal);
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
    for (int i = 0; i < 2; i++) {
        int status = stuck(i ? SIGTERM : SIGINT, &ms);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_true(ms > 500 && ms < 1000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_held_back), cmocka_unit_test(test_lets_through_again),
                                       cmocka_unit_test(test_stuck)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
