/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/state.h"
#include "base/log.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *top, folder[256], path[300];
static float axis[4] = {1};
static struct tagger *t;

static int create(void) {
    struct tagger_tag tag = {.name = "a", .key = "a", .vector = axis, .rules = {{NAN, NAN, 1, 0, 0, 0}}};
    struct tagger_set set = {.tags = &tag, .count = 1, .size = 4, .logit_scale = 100, .version = 1, .model = "m"};
    return tagger_create(&t, &set);
}

static int setup(void **state) {
    (void)state;
    top = checkpoint_folder();
    snprintf(folder, sizeof folder, "%s/state", top);
    snprintf(path, sizeof path, "%s/learnt", folder);
    listen();
    return create();
}

static int teardown(void **state) {
    (void)state;
    tagger_destroy(&t);
    checkpoint_remove(top);
    return 0;
}

static void test_none_yet(void **state) {
    (void)state;
    state_restore(t, folder);
    assert_int_equal(heard.lines, 0);
}

static void test_there_and_back(void **state) {
    (void)state;
    uint8_t *bytes, *again;
    size_t size, size_again;
    const struct tagger_event *events;
    for (int i = 0; i < 100; i++) tagger_step(t, &(struct tagger_frame){axis, i * 1000, (uint64_t)i, 0.5f}, &events);
    assert_int_equal(tagger_save(t, &bytes, &size), OCELLI_OK);
    assert_int_equal(state_save(folder, bytes, size), OCELLI_OK); /* makes the folder */
    assert_int_equal(state_save(folder, bytes, size), OCELLI_OK);
    tagger_destroy(&t);
    assert_int_equal(create(), OCELLI_OK);
    state_restore(t, folder);
    if (!strstr(heard.text, "/state/learnt: 1 tags go on learning")) fail_msg("\"%s\"", heard.text);
    assert_int_equal(tagger_save(t, &again, &size_again), OCELLI_OK);
    assert_int_equal(size, size_again);
    assert_memory_equal(bytes, again, size);
    free(bytes);
    free(again);
}

static void test_not_ours(void **state) {
    (void)state;
    assert_int_equal(state_save(folder, "something else", 14), OCELLI_OK);
    state_restore(t, folder);
    assert_true(heard.lines == 1 && strstr(heard.text, "/state/learnt: not what tags have learnt"));
    assert_int_equal(access(path, F_OK), 0); /* it is left */
}

/* A save that lost its power is swept up, what is not of it stays. */
static void test_left_aside(void **state) {
    (void)state;
    static const char *const names[] = {"learnt.00abcd.tmp", "learnt.old", "other.tmp", "learnt.tmp"};
    char aside[400];
    assert_int_equal(state_save(folder, "something else", 14), OCELLI_OK);
    for (int i = 0; i < 4; i++) {
        snprintf(aside, sizeof aside, "%s/%s", folder, names[i]);
        FILE *f = fopen(aside, "we");
        assert_non_null(f);
        fclose(f);
    }
    state_restore(t, folder);
    for (int i = 0; i < 4; i++) {
        snprintf(aside, sizeof aside, "%s/%s", folder, names[i]);
        assert_int_equal(access(aside, F_OK), i ? 0 : -1);
    }
    assert_int_equal(access(path, F_OK), 0);
}

static void test_too_large(void **state) {
    (void)state;
    assert_int_equal(state_save(folder, "", 0), OCELLI_OK);
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
    state_restore(t, folder);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, "/state/learnt: over 268435456 bytes: remove it")) fail_msg("\"%s\"", heard.text);
}

static void test_faults(void **state) {
    (void)state;
    char in_file[400], long_name[5000];
    assert_int_equal(state_save(folder, "", 0), OCELLI_OK);
    snprintf(in_file, sizeof in_file, "%s/more", path);
    assert_int_equal(state_save(in_file, "x", 1), OCELLI_ERR_FILE);
    assert_true(heard.lines == 1 && strstr(heard.text, "/state/learnt/more: cannot make this folder: Not a directory"));
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    assert_int_equal(state_save(long_name, "x", 1), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 2);
}

/* A fault that a save would meet is known before. */
static void test_fault_before(void **state) {
    (void)state;
    char below[400];
    assert_int_equal(state_fault(folder), 0); /* to be made */
    snprintf(below, sizeof below, "%s/below", folder);
    assert_int_equal(state_fault(below), ENOENT); /* the folder above it is not made */
    assert_int_equal(state_save(folder, "", 0), OCELLI_OK);
    assert_int_equal(state_fault(folder), 0);
    assert_int_equal(state_fault(below), 0);
    assert_int_equal(state_fault(path), ENOTDIR);
    snprintf(below, sizeof below, "%s/below", path);
    assert_int_equal(state_fault(below), ENOTDIR);
    assert_int_equal(heard.lines, 0);
    if (geteuid() == 0) return; /* who may write anywhere */
    assert_int_equal(chmod(folder, 0500), 0);
    assert_int_equal(state_fault(folder), EACCES);
    assert_int_equal(chmod(folder, 0700), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* The weeks of tags have a file of their own; one that is damaged is told, and leaves all as it was. */
static void weeks(void **state) {
    (void)state;
    char own[] = "/tmp/ocelli_state_XXXXXX", file[64], why[LOG_LINE];
    struct drift *drift;
    uint8_t *bytes;
    size_t size;
    assert_non_null(mkdtemp(own));
    snprintf(file, sizeof file, "%s/drift", own);
    assert_int_equal(drift_create(&drift), 0);
    state_restore_drift(drift, own); /* none is there: no fault */
    assert_int_equal(drift_save(drift, &bytes, &size), 0);
    drift_seal(bytes, size);
    assert_int_equal(state_save_as(own, "drift", bytes, size), OCELLI_OK);
    log_hold(why, sizeof why);
    state_restore_drift(drift, own);
    log_release();
    assert_string_equal(why, "");
    assert_int_equal(state_save_as(own, "drift", bytes, size - 1), OCELLI_OK);
    log_hold(why, sizeof why);
    state_restore_drift(drift, own);
    log_release();
    assert_non_null(strstr(why, "they begin anew"));
    assert_int_equal(unlink(file) | rmdir(own), 0); /* nothing else is left there */
    free(bytes);
    drift_destroy(&drift);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(weeks), TEST(test_none_yet),    TEST(test_there_and_back),
                                       TEST(test_not_ours),     TEST(test_left_aside),  TEST(test_faults),
                                       TEST(test_too_large),    TEST(test_fault_before)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
