/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/saver.h"
#include "base/clock.h"
#include "base/file.h"
#include "support/heard.h"
#include "support/test.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[64], path[80];
static atomic_int sync_ms, syncs;
static atomic_bool stuck; /* the disk: until it is false, or for a minute */

/* The C library's, on a disk that takes its time. */
int fsync(int fd) {
    syncs++;
    usleep((useconds_t)sync_ms * 1000);
    for (int i = 0; i < 60000 && stuck; i++) usleep(1000);
    return (int)syscall(SYS_fsync, fd);
}

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/ocelli-saver.%d", (int)getpid());
    snprintf(path, sizeof path, "%s/learnt", folder);
    sync_ms = 0;
    syncs = 0;
    listen();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    unlink(path);
    rmdir(folder);
    return 0;
}

static void put(struct saver *s, char letter, size_t size) {
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, letter, size);
    saver_put(s, SAVER_LEARNT, bytes, size);
}

static char saved(size_t *size) {
    char *bytes;
    assert_int_equal(file_load(path, &bytes, size), OCELLI_OK);
    char first = bytes[0];
    free(bytes);
    return first;
}

static void test_saves(void **state) {
    (void)state;
    struct saver s;
    size_t size;
    assert_int_equal(saver_open(&s, folder), OCELLI_OK);
    assert_true(saver_wait(&s, 0));
    put(&s, 'a', 1000);
    assert_true(saver_wait(&s, 10000));
    assert_int_equal(saved(&size), 'a');
    assert_int_equal(size, 1000);
    put(&s, 'b', 1);
    saver_finish(&s); /* not lost */
    assert_int_equal(saved(&size), 'b');
    saver_finish(&s);
    put(&s, 'c', 1); /* frees it */
    assert_true(saver_wait(&s, 0));
    assert_int_equal(heard.lines, 0);
}

/* Nobody waits; of those that come meanwhile only the last is saved. */
static void test_slow_disk(void **state) {
    (void)state;
    struct saver s;
    size_t size;
    stuck = true;
    assert_int_equal(saver_open(&s, folder), OCELLI_OK);
    put(&s, '0', 100000);
    while (!syncs) usleep(1000);
    for (char c = '1'; c <= '9'; c++) put(&s, c, 100000);
    assert_false(saver_wait(&s, 50));
    assert_int_equal(syncs, 1); /* it is still in the first one */
    stuck = false;
    assert_true(saver_wait(&s, 60000));
    assert_int_equal(saved(&size), '9');
    assert_int_equal(syncs, 4); /* two times the file and its folder */
    saver_finish(&s);
}

static void test_no_capacity(void **state) {
    (void)state;
    struct saver s;
    size_t size;
    char fault[SAVER_FAULT];
    mkdir(folder, 0777);
    if (mount("none", folder, "tmpfs", 0, "size=64k")) {
        printf("skipped: no file system of its own: not allowed to mount\n");
        skip();
    }
    assert_int_equal(saver_open(&s, folder), OCELLI_OK);
    put(&s, 'a', 20000);
    assert_true(saver_wait(&s, 10000));
    assert_int_equal(heard.lines, 0);
    for (int i = 1; i <= 2; i++) {
        put(&s, 'b', 100000);
        assert_true(saver_wait(&s, 10000));
        assert_int_equal(heard.lines, i); /* the same line, that daemon/log_filter.h counts */
    }
    if (!strstr(heard.text, "/learnt: cannot write: No space left on device")) fail_msg("\"%s\"", heard.text);
    saver_fault(&s, fault);
    assert_string_equal(fault, heard.text);
    assert_int_equal(saved(&size), 'a');
    put(&s, 'c', 20000); /* nothing was left behind that takes its room */
    assert_true(saver_wait(&s, 10000));
    assert_int_equal(saved(&size), 'c');
    saver_fault(&s, fault);
    assert_string_equal(fault, "");
    saver_finish(&s);
    umount(folder);
}

/* A folder is one daemon's: another is refused at its start, and at its first save if there was no folder to take. */
static void test_two(void **state) {
    (void)state;
    struct saver a, b, early;
    size_t size;
    assert_int_equal(saver_open(&early, folder), OCELLI_OK); /* nothing is there yet */
    assert_int_equal(saver_open(&a, folder), OCELLI_OK);
    for (int i = 0; i < 2; i++) { /* the first one makes the folder */
        put(&a, 'a', 100);
        assert_true(saver_wait(&a, 10000));
    }
    assert_int_equal(saver_open(&b, folder), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, ": another daemon saves there what it learns")) fail_msg("\"%s\"", heard.text);
    put(&b, 'b', 100); /* frees it */
    saver_finish(&b);
    put(&early, 'e', 100);
    assert_true(saver_wait(&early, 10000));
    assert_int_equal(heard.lines, 2);
    saver_finish(&early);
    assert_int_equal(saved(&size), 'a');
    saver_finish(&a);
    assert_int_equal(saver_open(&b, folder), OCELLI_OK);
    put(&b, 'b', 100);
    saver_finish(&b);
    assert_int_equal(saved(&size), 'b');
    assert_int_equal(heard.lines, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_saves), TEST(test_slow_disk), TEST(test_no_capacity), TEST(test_two)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
