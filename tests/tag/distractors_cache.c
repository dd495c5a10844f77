/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/distractors_cache.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 3, SIZE = 5 };

static char *folder;
static const char *texts[COUNT] = {"a dog", "", "water"};
static const struct prompts_list prompts = {texts, COUNT, COUNT};
static float kept[COUNT * SIZE];

static int begin(void **state) {
    (void)state;
    folder = checkpoint_folder();
    setenv("OCELLI_CACHE", folder, 1);
    for (int i = 0; i < COUNT * SIZE; i++) kept[i] = (float)i / 7;
    listen();
    return 0;
}

static int end(void **state) {
    (void)state;
    setenv("OCELLI_CACHE", "", 1);
    checkpoint_remove(folder);
    return 0;
}

/* The path of the only file in the folder; NULL: it is empty. */
static const char *only_file(void) {
    const char *path = NULL;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) {
        if (*e->d_name == '.') continue;
        assert_null(path);
        path = checkpoint_path(folder, e->d_name);
    }
    closedir(d);
    return path;
}

static bool reads(const char *key, const struct prompts_list *of, size_t size) {
    float got[COUNT * SIZE];
    for (int i = 0; i < COUNT * SIZE; i++) got[i] = -1;
    bool good = distractors_cache_read(DISTRACTORS_OF_TAGS, key, of, size, got);
    for (size_t i = 0; i < of->count * size; i++) {
        float wanted = good ? kept[i] : -1;
        assert_memory_equal(&got[i], &wanted, sizeof wanted);
    }
    return good;
}

static void what_was_kept(void **state) {
    (void)state;
    assert_false(reads("key", &prompts, SIZE));
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &prompts, SIZE, kept);
    assert_non_null(only_file());
    assert_true(reads("key", &prompts, SIZE));
    assert_int_equal(heard.lines, 0);
}

static void of_another_model_or_other_texts(void **state) {
    (void)state;
    const char *moved[COUNT] = {"a dog", "water", ""}, *joined[COUNT] = {"a dogw", "", "ater"};
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &prompts, SIZE, kept);
    assert_false(reads("kez", &prompts, SIZE));
    assert_false(reads("key", &prompts, SIZE - 1));
    assert_false(reads("key", &(struct prompts_list){texts, COUNT - 1, COUNT}, SIZE));
    assert_false(reads("key", &(struct prompts_list){moved, COUNT, COUNT}, SIZE));
    assert_false(reads("key", &(struct prompts_list){joined, COUNT, COUNT}, SIZE));
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &(struct prompts_list){moved, COUNT, COUNT}, SIZE,
                            kept); /* in its place */
    assert_non_null(only_file());
    assert_true(reads("key", &(struct prompts_list){moved, COUNT, COUNT}, SIZE));
    assert_false(reads("key", &prompts, SIZE));
}

/* A daemon with tags and a policy, whose templates differ, keeps both from one start to the next. */
static void tags_and_policies_apart(void **state) {
    (void)state;
    const struct prompts_list others = {texts, COUNT - 1, COUNT};
    float got[COUNT * SIZE];
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &prompts, SIZE, kept);
    distractors_cache_write(DISTRACTORS_OF_POLICY, "key", &others, SIZE, kept + SIZE);
    assert_true(reads("key", &prompts, SIZE));
    assert_true(distractors_cache_read(DISTRACTORS_OF_POLICY, "key", &others, SIZE, got));
    assert_memory_equal(got, kept + SIZE, (COUNT - 1) * SIZE * sizeof *got);
    assert_false(distractors_cache_read(DISTRACTORS_OF_POLICY, "key", &prompts, SIZE, got));
}

/* Every byte of it counts, and every length but its own is wrong. */
static void a_damaged_file_is_made_anew(void **state) {
    (void)state;
    size_t size;
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &prompts, SIZE, kept);
    const char *name = strrchr(only_file(), '/') + 1;
    char *copy = strdup(name), *bytes = checkpoint_get(checkpoint_path(folder, copy), &size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 4;
        checkpoint_put(folder, copy, bytes, size);
        assert_false(reads("key", &prompts, SIZE));
        bytes[i] ^= 4;
        checkpoint_put(folder, copy, bytes, i);
        assert_false(reads("key", &prompts, SIZE));
    }
    checkpoint_put(folder, copy, bytes, size + 1); /* its terminator */
    assert_false(reads("key", &prompts, SIZE));
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &prompts, SIZE, kept);
    assert_true(reads("key", &prompts, SIZE));
    assert_int_equal(heard.lines, 0);
    free(copy), free(bytes);
}

static void without_a_place_to_keep_it(void **state) {
    (void)state;
    setenv("OCELLI_CACHE", "", 1);
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &prompts, SIZE, kept);
    assert_false(reads("key", &prompts, SIZE));
    setenv("OCELLI_CACHE", folder, 1);
    assert_null(only_file());
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &prompts, SIZE,
                            kept); /* then a folder stands where the file should */
    char *path = strdup(only_file());
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0777), 0);
    distractors_cache_write(DISTRACTORS_OF_TAGS, "key", &prompts, SIZE, kept);
    assert_false(reads("key", &prompts, SIZE));
    assert_int_equal(rmdir(path), 0);
    assert_null(only_file()); /* nothing half-written */
    assert_int_equal(heard.lines, 0);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_kept, begin, end),
        cmocka_unit_test_setup_teardown(of_another_model_or_other_texts, begin, end),
        cmocka_unit_test_setup_teardown(tags_and_policies_apart, begin, end),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_made_anew, begin, end),
        cmocka_unit_test_setup_teardown(without_a_place_to_keep_it, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
