/* SPDX-License-Identifier: Apache-2.0
 * A file in a folder of the test's own, changed as programs change files. Times are the test's. */
#include "daemon/file_watch.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static char *folder;
static struct file_watch w;

static int setup(void **state) {
    (void)state;
    folder = checkpoint_folder();
    listen();
    checkpoint_put(folder, "ocelli.ini", "old", 3);
    return file_watch_init(&w, checkpoint_path(folder, "ocelli.ini"));
}

static int teardown(void **state) {
    (void)state;
    file_watch_finish(&w);
    checkpoint_remove(folder);
    return 0;
}

static const char *file(const char *name) {
    return checkpoint_path(folder, name);
}

/* Is a change told within a second of the test's time that begins at `from`? In ms; -1: no. */
static int told(int64_t from) {
    for (int ms = 0; ms <= 1000; ms++) {
        file_watch_read(&w, from + ms * MS);
        if (file_watch_due(&w, from + ms * MS)) return ms;
    }
    return -1;
}

static void test_written(void **state) {
    (void)state;
    assert_int_equal(told(1000 * MS), -1);
    checkpoint_put(folder, "ocelli.ini", "new", 3);
    assert_int_equal(told(3000 * MS), 50);
    assert_int_equal(told(5000 * MS), -1); /* once */
    checkpoint_put(folder, "another.ini", "new", 3);
    assert_int_equal(told(7000 * MS), -1);
}

static void test_replaced(void **state) {
    (void)state;
    checkpoint_put(folder, "new", "new", 3);
    assert_int_equal(rename(file("new"), file("ocelli.ini")), 0);
    assert_int_equal(told(1000 * MS), 50);
}

/* Not before its writer closes it. */
static void test_held_open(void **state) {
    (void)state;
    FILE *f = fopen(file("ocelli.ini"), "w");
    fputs("half", f);
    fflush(f);
    assert_int_equal(told(1000 * MS), -1);
    fclose(f);
    assert_int_equal(told(3000 * MS), 50);
}

/* Once they are quiet, but not for ever later. */
static void test_many_writes(void **state) {
    (void)state;
    int64_t now = 1000 * MS;
    for (int i = 0; i < 10; i++) {
        checkpoint_put(folder, "ocelli.ini", "new", 3);
        file_watch_read(&w, now += 20 * MS);
        assert_false(file_watch_due(&w, now));
    }
    assert_int_equal(told(now), 50);
    int told_after = 0;
    for (int ms = 0; !told_after && ms < 1000; ms += 20) {
        checkpoint_put(folder, "ocelli.ini", "new", 3);
        file_watch_read(&w, now + (2000 + ms) * MS);
        if (file_watch_due(&w, now + (2000 + ms) * MS)) told_after = ms;
    }
    assert_int_equal(told_after, 500);
}

static void test_folder_gone(void **state) {
    (void)state;
    char moved[256];
    snprintf(moved, sizeof moved, "%s.moved", folder);
    assert_int_equal(rename(folder, moved), 0);
    assert_int_equal(told(1000 * MS), -1);
    assert_int_equal(mkdir(folder, 0777), 0);
    checkpoint_put(folder, "ocelli.ini", "new", 3);
    assert_int_equal(told(3000 * MS), 50); /* it is another file */
    checkpoint_put(folder, "ocelli.ini", "newer", 5);
    assert_int_equal(told(5000 * MS), 50);
    checkpoint_remove(strdup(moved));
    assert_int_equal(heard.lines, 0);
}

/* ---- links ---- */

static void put_link(const char *to, const char *name) {
    char aside[256];
    snprintf(aside, sizeof aside, "%s", file("link"));
    assert_int_equal(symlink(to, aside), 0);
    assert_int_equal(rename(aside, file(name)), 0);
}

static int64_t later;

/* Told after 50 ms, and not again. */
static bool is_told(void) {
    later += 5000 * MS;
    return told(later) == 50 && told(later + 2000 * MS) == -1;
}

static bool is_not_told(void) {
    return told(later += 5000 * MS) == -1;
}

/* A chain of links, through folders; its end and each link of it may change. */
static void test_links(void **state) {
    (void)state;
    const char *const folders[] = {"a", "b", "a/c"};
    for (int i = 0; i < 3; i++) assert_int_equal(mkdir(file(folders[i]), 0777), 0);
    checkpoint_put(folder, "a/c/one", "1", 1);
    checkpoint_put(folder, "b/one", "2", 1);
    put_link("c", "a/way");
    put_link("b", "other");
    char name[256];
    snprintf(name, sizeof name, "%s/other/../a/.//way/one", folder); /* absolute, and not straight */
    put_link(name, "middle");
    put_link("middle", "ocelli.ini");
    assert_true(is_told());
    checkpoint_put(folder, "a/c/one", "3", 1);
    assert_true(is_told());
    put_link("../b", "a/way");
    assert_true(is_told());
    checkpoint_put(folder, "a/c/one", "4", 1); /* no longer on the way */
    assert_true(is_not_told());
    checkpoint_put(folder, "b/one", "5", 1);
    assert_true(is_told());
    put_link("other/one", "middle");
    assert_true(is_told());
    checkpoint_put(folder, "b/new", "6", 1);
    snprintf(name, sizeof name, "%s", file("b/new"));
    assert_int_equal(rename(name, file("b/one")), 0);
    assert_true(is_told());
    unlink(file("ocelli.ini"));
    assert_int_equal(symlink("b/one", file("ocelli.ini")), 0); /* not renamed */
    assert_true(is_told());
    unlink(file("ocelli.ini"));
    snprintf(name, sizeof name, "%s", file("b/one"));
    assert_int_equal(link(name, file("ocelli.ini")), 0); /* a hard one is not written either */
    assert_true(is_told());
}

/* As Kubernetes mounts a ConfigMap. */
static void test_data_link(void **state) {
    (void)state;
    file_watch_finish(&w);
    assert_int_equal(mkdir(file("..1"), 0777), 0);
    checkpoint_put(folder, "..1/ocelli.ini", "1", 1);
    put_link("..1", "..data");
    put_link("..data/ocelli.ini", "ocelli.ini");
    assert_int_equal(file_watch_init(&w, file("ocelli.ini")), OCELLI_OK);
    for (int i = 2; i < 5; i++) {
        char name[32], old[32];
        snprintf(name, sizeof name, "..%d", i);
        assert_int_equal(mkdir(file(name), 0777), 0);
        snprintf(old, sizeof old, "..%d/ocelli.ini", i);
        checkpoint_put(folder, old, "2", 1);
        put_link(name, "..data");
        snprintf(old, sizeof old, "..%d/ocelli.ini", i - 1);
        unlink(file(old));
        snprintf(old, sizeof old, "..%d", i - 1);
        assert_int_equal(rmdir(file(old)), 0);
        assert_true(is_told());
    }
}

/* It leads nowhere for a while, or in a circle. */
static void test_broken_link(void **state) {
    (void)state;
    struct file_watch none;
    put_link("later/it", "ocelli.ini");
    assert_true(is_told());
    assert_int_equal(mkdir(file("later"), 0777), 0);
    checkpoint_put(folder, "later/it", "1", 1);
    assert_true(is_told());
    checkpoint_put(folder, "later/it", "2", 1);
    assert_true(is_told());
    put_link("ocelli.ini", "later/it");
    put_link("later", "round");
    put_link("../round/it", "later/it");
    assert_true(is_told());
    assert_int_equal(file_watch_init(&none, file("ocelli.ini")), OCELLI_ERR_FILE);
    assert_non_null(strstr(heard.text, "Too many levels of symbolic links"));
    file_watch_finish(&none);
    put_link("ocelli.ini.new", "ocelli.ini");
    checkpoint_put(folder, "ocelli.ini.new", "3", 1);
    assert_true(is_told());
}

static void test_faults(void **state) {
    (void)state;
    struct file_watch none;
    assert_int_equal(file_watch_init(&none, "/no such folder/ocelli.ini"), OCELLI_ERR_FILE);
    assert_string_equal(heard.text, "/no such folder/ocelli.ini: cannot watch its folder: No such file or directory");
    file_watch_finish(&none);
    assert_int_equal(file_watch_init(&none, "ocelli.ini"), OCELLI_OK); /* in this one */
    assert_true(none.count == 1 && !strcmp(none.places[0].folder, "."));
    file_watch_finish(&none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_written),     TEST(test_replaced),    TEST(test_held_open),
                                       TEST(test_many_writes), TEST(test_folder_gone), TEST(test_faults),
                                       TEST(test_links),       TEST(test_data_link),   TEST(test_broken_link)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
