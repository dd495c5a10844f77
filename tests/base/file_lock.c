/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_lock.h"
#include "support/checkpoint.h"
#include "support/test.h"

#include <stdlib.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *top, path[300];

static int setup(void **state) {
    (void)state;
    top = checkpoint_folder();
    snprintf(path, sizeof path, "%s/it", top);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    checkpoint_remove(top);
    return 0;
}

/* One at a time, a folder as well as a file that may only be read. */
static void test_alone(void **state) {
    (void)state;
    for (int folder = 0; folder < 2; folder++) {
        struct file_lock a = {0}, b = {0};
        if (folder)
            assert_int_equal(mkdir(path, 0700), 0);
        else
            close(creat(path, 0400));
        assert_true(file_lock_take(&a, path));
        assert_true(file_lock_take(&a, path));
        assert_false(file_lock_take(&b, path));
        assert_false(file_lock_take(&b, path));
        file_lock_release(&a);
        file_lock_release(&a);
        assert_true(file_lock_take(&b, path));
        assert_false(file_lock_take(&a, path));
        file_lock_release(&a);
        file_lock_release(&b);
        remove(path);
    }
}

/* What is not there is free, and taken once it is; what another has by the same name later is no longer ours. */
static void test_names(void **state) {
    (void)state;
    struct file_lock a = {0}, b = {0};
    char other[310];
    snprintf(other, sizeof other, "%s.old", path);
    assert_true(file_lock_take(&a, path));
    assert_false(a.held);
    close(creat(path, 0600));
    assert_true(file_lock_take(&a, path));
    assert_true(a.held);
    assert_int_equal(rename(path, other), 0);
    close(creat(path, 0600));
    assert_true(file_lock_take(&b, path));
    assert_false(file_lock_take(&a, path));
    assert_true(file_lock_take(&a, other));
    file_lock_release(&a);
    file_lock_release(&b);
}

static void test_fifo(void **state) {
    (void)state;
    struct file_lock a = {0};
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_true(file_lock_take(&a, path)); /* at once */
    file_lock_release(&a);
}

/* A program that is killed holds nothing. */
static void test_killed(void **state) {
    (void)state;
    struct file_lock a = {0}, b = {0};
    int ready[2];
    char byte;
    close(creat(path, 0600));
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (!child) {
        byte = file_lock_take(&a, path) ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1) pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_false(file_lock_take(&b, path));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(file_lock_take(&b, path));
    file_lock_release(&b);
    close(ready[0]), close(ready[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fifo, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
