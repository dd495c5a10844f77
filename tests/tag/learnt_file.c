/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/learnt_file.h"
#include "base/file.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static char *folder, *path;
static const float axis[4] = {1};
static struct tagger *tagger;

static int setup(void **state) {
    (void)state;
    struct tagger_tag tag = {.name = "a", .key = "a", .vector = axis, .rules = {{NAN, NAN, 1, 0, 0, 0}}};
    struct tagger_set set = {.tags = &tag, .count = 1, .size = 4, .logit_scale = 100, .version = 1, .model = "m"};
    folder = checkpoint_folder();
    path = strdup(checkpoint_path(folder, "learnt"));
    listen();
    return tagger_create(&tagger, &set);
}

static int teardown(void **state) {
    (void)state;
    tagger_destroy(&tagger);
    checkpoint_remove(folder);
    free(path);
    return 0;
}

static void test_there_and_back(void **state) {
    (void)state;
    uint8_t *bytes;
    size_t size;
    assert_int_equal(learnt_file_restore(tagger, path), OCELLI_OK); /* not there yet */
    assert_int_equal(heard.lines, 0);
    assert_int_equal(tagger_save(tagger, &bytes, &size), OCELLI_OK);
    assert_int_equal(file_save(path, bytes, size), OCELLI_OK);
    assert_int_equal(learnt_file_restore(tagger, path), OCELLI_OK);
    assert_true(heard.lines == 1 && strstr(heard.text, "/learnt: 1 tags go on learning"));
    free(bytes);
}

static void test_faults(void **state) {
    (void)state;
    char below[600];
    assert_int_equal(file_save(path, "other", 5), OCELLI_OK);
    assert_int_equal(learnt_file_restore(tagger, path), OCELLI_ERR_FILE);
    assert_true(heard.lines == 1 && strstr(heard.text, "not what tags have learnt"));
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
    assert_int_equal(learnt_file_restore(tagger, path), OCELLI_ERR_FILE);
    assert_true(heard.lines == 2 && strstr(heard.text, "over 268435456 bytes"));
    snprintf(below, sizeof below, "%s/more", path);
    assert_int_equal(learnt_file_restore(tagger, below), OCELLI_ERR_FILE); /* below a file: not a missing one */
    assert_int_equal(file_save(below, "x", 1), OCELLI_ERR_FILE);
    assert_int_equal(learnt_file_restore(tagger, folder), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_there_and_back), TEST(test_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
