/* SPDX-License-Identifier: Apache-2.0
 * What comes out on standard error, which is a file here. */
#include "daemon/log_filter.h"
#include "base/clock.h"
#include "base/log.h"
#include "support/checkpoint.h"
#include "support/test.h"

#include <ocelli.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *folder;
static int before;

static int setup(void **state) {
    (void)state;
    folder = checkpoint_folder();
    fflush(stderr);
    before = dup(STDERR_FILENO);
    assert_non_null(freopen(checkpoint_path(folder, "said"), "w", stderr));
    log_filter_begin();
    return 0;
}

static const char *said(void) {
    static char text[8192];
    assert_true(log_filter_wait(20000));
    char *all = checkpoint_get(checkpoint_path(folder, "said"), NULL);
    snprintf(text, sizeof text, "%s", all);
    free(all);
    return text;
}

static int teardown(void **state) {
    (void)state;
    log_filter_end(100);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    checkpoint_remove(folder);
    return 0;
}

static char diverted[256];
static bool take_it;

static bool divert(void *user, const char *line) {
    assert_ptr_equal(user, diverted);
    snprintf(diverted, sizeof diverted, "%s", line);
    return take_it;
}

/* To the table of --show, and only there if that is on the terminal that standard error is. */
static void test_diverted(void **state) {
    (void)state;
    log_filter_divert(divert, diverted);
    log_warn("one");
    assert_string_equal(diverted, "ocelli: warning: one\n");
    take_it = true;
    log_error("two");
    assert_string_equal(diverted, "ocelli: two\n");
    log_filter_divert(NULL, NULL);
    log_error("three");
    assert_string_equal(diverted, "ocelli: two\n");
    assert_string_equal(said(), "ocelli: warning: one\nocelli: three\n");
}

static void test_repeated(void **state) {
    (void)state;
    for (int i = 0; i < 1000; i++) log_error("disk: no room");
    log_warn("slow");
    for (int i = 0; i < 5; i++) log_error("disk: no room");
    assert_string_equal(said(), "ocelli: disk: no room\nocelli: warning: slow\n");
    log_filter_flush(0); /* its time is not over */
    assert_string_equal(said(), "ocelli: disk: no room\nocelli: warning: slow\n");
    log_filter_flush(1);
    assert_string_equal(said(),
                        "ocelli: disk: no room\nocelli: warning: slow\nocelli: disk: no room (1004 more times)\n");
    log_filter_flush(1);
    log_error("disk: no room"); /* told before, but its count was over */
    log_filter_end(100);
    assert_string_equal(said(),
                        "ocelli: disk: no room\nocelli: warning: slow\nocelli: disk: no room (1004 more times)\n"
                        "ocelli: disk: no room\n");
}

/* More kinds of lines than it keeps: none is lost, the oldest count is told when it makes room. */
static void test_many(void **state) {
    (void)state;
    char expected[4096] = "";
    for (int i = 0; i < 20; i++) {
        log_error("line %d", i);
        if (i == 0) log_error("line 0");
        if (i == 16) strcat(expected, "ocelli: line 0 (1 more time)\n");
        sprintf(expected + strlen(expected), "ocelli: line %d\n", i);
    }
    assert_string_equal(said(), expected);
}

/* A pipe that nobody reads: who says lines waits for nothing, and what was lost is counted when it flows again. */
static void test_stalled(void **state) {
    (void)state;
    static char got[1 << 20];
    int ends[2], kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    double began = clock_ms();
    for (int i = 0; i < 6000; i++) log_error("line %d %0900d", i, 0);
    assert_true(clock_ms() - began < 20000); /* with a stalled one it would be for ever */
    assert_false(log_filter_wait(50));
    /* The writer may get a piece out before the pipe is full: then a count stands among the lines too. */
    int next = 0;
    size_t size = 0, at = 0;
    while (next < 6000) {
        ssize_t n = read(ends[0], got + size, sizeof got - 1 - size);
        assert_true(n > 0);
        size += (size_t)n, got[size] = 0;
        for (char *end; (end = strchr(got + at, '\n')); at = (size_t)(end - got) + 1) {
            int number;
            if (sscanf(got + at, "ocelli: line %d", &number) == 1)
                assert_int_equal(number, next++);
            else if (sscanf(got + at, "ocelli: warning: standard error stalled: %d", &number) == 1)
                next += number;
            else
                fail_msg("%.*s", (int)(end - got - (ptrdiff_t)at), got + at);
        }
    }
    assert_int_equal(next, 6000);
    log_error("after");
    assert_true(log_filter_wait(20000));
    ssize_t n = read(ends[0], got, sizeof got - 1);
    assert_true(n > 0 && !strncmp(got, "ocelli: after\n", (size_t)n));
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_diverted, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_repeated, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_many, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_stalled, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
