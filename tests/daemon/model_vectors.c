/* SPDX-License-Identifier: Apache-2.0
 * Vectors of tags (tag/vectors.c) by the demo model, against the same texts and pictures embedded one by one. */
#include "daemon/model_vectors.h"
#include "demo_model.h"
#include "support/heard.h"
#include "support/test.h"
#include "tag/prompts.h"
#include "tag/score.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of an ini in the blob's folder; its examples lie beside it. */
static int create(struct vectors **v, const char *ini) {
    struct tags_file tags;
    const char *path = checkpoint_path(demo_folder, "ocelli.ini");
    listen();
    assert_int_equal(tags_file_parse(&tags, ini, strlen(ini), path, NULL), OCELLI_OK);
    int status = model_vectors_create(v, &tags, path, false);
    assert_int_equal(tags.count, 0); /* taken, on error too */
    return status;
}

/* Steps until all is there; gives how many it took. */
static int run(struct vectors *v) {
    bool done = false;
    int steps = 0;
    for (; !done; steps++) assert_int_equal(model_vectors_step(v, model, &done), OCELLI_OK);
    return steps;
}

static struct tagger_set set_of(struct vectors *v) {
    struct tagger_set set;
    assert_int_equal(vectors_set(v, &set), OCELLI_OK);
    return set;
}

static float *embed_texts(const char *const *texts, size_t count) {
    float *out = calloc(count, size * sizeof *out);
    assert_int_equal(ocelli_embed_texts(model, texts, count, out), OCELLI_OK);
    return out;
}

static void embed_picture(const char *path, float *out) {
    struct ocelli_image image;
    assert_int_equal(ocelli_image_load(&image, path), OCELLI_OK);
    assert_int_equal(ocelli_embed_images(model, &image, 1, out), OCELLI_OK);
    ocelli_image_free(&image);
}

static void check_same(const float *a, const float *b) {
    assert_true(score_cosine(a, b, size) > 0.99999f);
    assert_true(fabsf(score_cosine(a, a, size) - 1) < 1e-4f);
}

/* A picture beside the ini. */
static void lay(const char *name, const char *picture) {
    size_t bytes;
    char *all = checkpoint_get(demo_picture(picture), &bytes);
    checkpoint_put(demo_folder, name, all, bytes);
    free(all);
}

static void test_prompts(void **state) {
    (void)state;
    static const char *const texts[] = {"a photo of a cat.", "cat", "a photo of a kitten.", "kitten", "a dog",
                                        "a pizza on a boat"};
    struct vectors *v;
    float *alone = embed_texts(texts, 6), *mean = calloc(1, size * sizeof *mean);
    assert_int_equal(
        create(&v, "template = a photo of a {}.\ntemplate = {}\n[tag cat]\nprompt = cat\nprompt = kitten\n"
                   "against = a dog\n[tag a pizza on a boat]\ntemplate = {}\ngroup = food\non = 0.2\noff = 0.1\n"),
        OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    run(v);
    struct tagger_set set = set_of(v);
    assert_true(set.count == 2 && set.size == size && set.version && set.version >> 32 == 0);
    assert_int_equal(prompts_average(alone, 4, size, mean), OCELLI_OK);
    assert_string_equal(set.tags[0].name, "cat");
    check_same(set.tags[0].vector, mean);
    assert_true(set.tags[0].against_count == 1 && !strcmp(set.tags[0].against_texts[0], "a dog"));
    check_same(set.tags[0].against, alone + 4 * size); /* as it is written, without templates */
    check_same(set.tags[1].vector, alone + 5 * size);
    assert_string_equal(set.tags[1].group, "food");
    assert_true(fabs(set.tags[1].rules.value[RULE_ON] - 0.2) < 1e-9);
    free(alone);
    free(mean);
    vectors_destroy(&v);
    assert_null(v);
    vectors_destroy(&v);
}

/* Few at once: a frame waits for no more than these. */
static void test_steps(void **state) {
    (void)state;
    char ini[4096] = "[tag many]\non = 0.1\n";
    struct vectors *v;
    for (int i = 0; i < 20; i++) sprintf(ini + strlen(ini), "prompt = thing %d\n", i);
    assert_int_equal(create(&v, ini), OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    assert_int_equal(run(v), 4); /* 8, 8, 4, and that nothing is left */
    vectors_destroy(&v);
}

/* Pictures alone, or as much as the prompts together. */
static void test_examples(void **state) {
    (void)state;
    struct vectors *v;
    const char *text = "a cat";
    float *parts = calloc(3, size * sizeof *parts), *mean = calloc(1, size * sizeof *mean);
    lay("one.png", "cat");
    lay("two.png", "pizza");
    assert_int_equal(create(&v, "[tag pictures]\nexample = one.png\nexample = two.png\n"
                                "[tag both]\nprompt = a cat\nexample = one.png\nexample = two.png\n"),
                     OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    run(v);
    struct tagger_set set = set_of(v);
    embed_picture(demo_picture("cat"), parts);
    embed_picture(demo_picture("pizza"), parts + size);
    assert_int_equal(prompts_average(parts, 2, size, mean), OCELLI_OK);
    check_same(set.tags[0].vector, mean);
    assert_int_equal(ocelli_embed_texts(model, &text, 1, parts), OCELLI_OK);
    memcpy(parts + size, mean, size * sizeof *mean);
    assert_int_equal(prompts_average(parts, 2, size, mean), OCELLI_OK);
    check_same(set.tags[1].vector, mean);
    free(parts);
    free(mean);
    vectors_destroy(&v);
}

/* A folder's pictures, by their names; links to both; what is no picture there is of no matter. */
static void test_example_folder(void **state) {
    (void)state;
    struct vectors *v;
    float *parts = calloc(2, size * sizeof *parts), *mean = calloc(1, size * sizeof *mean);
    const char *folder = checkpoint_path(demo_folder, "examples");
    assert_int_equal(mkdir(folder, 0700), 0);
    lay("examples/one.png", "cat");
    lay("examples/notes.txt", "cat");
    lay("two.png", "pizza");
    assert_int_equal(symlink("../two.png", checkpoint_path(demo_folder, "examples/two.png")), 0);
    assert_int_equal(symlink("examples", checkpoint_path(demo_folder, "linked")), 0);
    assert_int_equal(create(&v, "[tag a]\nexample = examples\n[tag b]\nexample = linked\n"), OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    run(v);
    struct tagger_set set = set_of(v);
    embed_picture(demo_picture("cat"), parts);
    embed_picture(demo_picture("pizza"), parts + size);
    assert_int_equal(prompts_average(parts, 2, size, mean), OCELLI_OK);
    check_same(set.tags[0].vector, mean);
    check_same(set.tags[1].vector, mean);
    vectors_destroy(&v);
    assert_int_equal(mkdir(checkpoint_path(demo_folder, "nothing"), 0700), 0);
    assert_int_equal(create(&v, "[tag a]\nexample = nothing\n"), OCELLI_ERR_FILE);
    assert_true(heard.lines == 1 && strstr(heard.text, "no picture in it"));
    free(parts);
    free(mean);
}

/* One that is still being written holds nothing up, and counts when it is whole; one that stays cut is said. */
static void test_example_being_written(void **state) {
    (void)state;
    struct vectors *v;
    bool done = false;
    size_t bytes;
    char *all = checkpoint_get(demo_picture("cat"), &bytes);
    checkpoint_put(demo_folder, "half.png", all, bytes / 2);
    assert_int_equal(create(&v, "[tag a]\nexample = half.png\n"), OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    for (int i = 0; i < 3; i++) assert_int_equal(model_vectors_step(v, model, &done), OCELLI_OK);
    assert_true(!done && heard.lines == 0);
    checkpoint_put(demo_folder, "half.png", all, bytes);
    run(v);
    struct tagger_set set = set_of(v);
    float *cat = calloc(1, size * sizeof *cat);
    embed_picture(demo_picture("cat"), cat);
    check_same(set.tags[0].vector, cat);
    vectors_destroy(&v);
    checkpoint_put(demo_folder, "half.png", all, bytes / 2);
    assert_int_equal(create(&v, "[tag a]\nexample = half.png\n"), OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    int status = OCELLI_OK;
    for (int i = 0; !status && i < 1000; i++) status = model_vectors_step(v, model, &done);
    assert_int_equal(status, OCELLI_ERR_FILE);
    assert_true(heard.lines == 1 && strstr(heard.text, "cannot be used"));
    vectors_destroy(&v);
    free(cat);
    free(all);
}

/* A later start reads the everyday things' vectors, and embeds the tags' own alone. */
static void test_recalled(void **state) {
    (void)state;
    static const char ini[] = "template = a photo of a {}.\n[tag cat]\n[tag dog]\n";
    struct vectors *first, *second;
    struct tagger_set of_first, of_second;
    struct ocelli_info info;
    ocelli_get_info(model, &info);
    setenv("OCELLI_CACHE", demo_folder, 1);
    assert_int_equal(create(&first, ini), OCELLI_OK);
    assert_int_equal(vectors_begin(first, NULL, size), OCELLI_OK);
    vectors_recall(first, info.model_key); /* nothing is there */
    assert_true(run(first) > 2);
    vectors_remember(first, info.model_key);
    assert_int_equal(create(&second, ini), OCELLI_OK);
    assert_int_equal(vectors_begin(second, NULL, size), OCELLI_OK);
    vectors_recall(second, info.model_key);
    assert_int_equal(run(second), 2); /* the texts of both tags, and the end */
    setenv("OCELLI_CACHE", "", 1);
    of_first = set_of(first), of_second = set_of(second);
    assert_int_equal(of_first.distractor_count, of_second.distractor_count);
    assert_memory_equal(of_first.distractors, of_second.distractors, of_first.distractor_count * size * sizeof(float));
    check_same(of_second.tags[1].vector, of_first.tags[1].vector);
    vectors_destroy(&first);
    vectors_destroy(&second);
}

/* What an older set had is not embedded again; a picture that was written anew is. */
static void test_taken_over(void **state) {
    (void)state;
    struct vectors *first, *second, *third;
    lay("one.png", "cat");
    static const char before[] = "[tag a]\nprompt = a cat\nprompt = a dog\nexample = one.png\n";
    assert_int_equal(create(&first, before), OCELLI_OK);
    assert_int_equal(vectors_begin(first, NULL, size), OCELLI_OK);
    run(first);
    struct tagger_set set = set_of(first);
    uint64_t version = set.version;
    assert_int_equal(create(&second, before), OCELLI_OK);
    assert_int_equal(vectors_begin(second, first, size), OCELLI_OK);
    assert_int_equal(run(second), 1); /* nothing to do */
    struct tagger_set again = set_of(second);
    assert_int_equal(again.version, version);
    check_same(again.tags[0].vector, set.tags[0].vector);
    lay("one.png", "pizza");
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, checkpoint_path(demo_folder, "one.png"), times, 0), 0);
    assert_int_equal(create(&third, "[tag b]\nprompt = a dog\non = 0.1\n[tag c]\nexample = one.png\nagainst = a cat\n"),
                     OCELLI_OK);
    assert_int_equal(vectors_begin(third, second, size), OCELLI_OK);
    vectors_destroy(&second); /* it owes nothing to the older one */
    assert_int_equal(run(third), 2);
    set = set_of(third);
    assert_true(set.version != version);
    float *pizza = calloc(1, size * sizeof *pizza);
    embed_picture(demo_picture("pizza"), pizza);
    check_same(set.tags[1].vector, pizza);
    free(pizza);
    vectors_destroy(&first);
    vectors_destroy(&third);
}

static void test_faults(void **state) {
    (void)state;
    struct vectors *v;
    bool done;
    assert_int_equal(create(&v, "[tag a]\n[tag b]\nexample = none.png\n"), OCELLI_ERR_FILE);
    assert_null(v);
    assert_true(heard.lines == 1 && strstr(heard.text, "ocelli.ini:3: example ") &&
                strstr(heard.text, "none.png: No such file"));
    checkpoint_put(demo_folder, "text.png", "no picture", 10);
    assert_int_equal(create(&v, "[tag b]\nexample = text.png\n"), OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    assert_int_equal(model_vectors_step(v, model, &done), OCELLI_ERR_FILE);
    assert_true(heard.lines == 1 && strstr(heard.text, "ocelli.ini:2: this tag's example cannot be used: "));
    assert_false(done);
    lay("text.png", "cat");
    assert_int_equal(run(v), 2); /* calling again goes on */
    vectors_destroy(&v);
    assert_int_equal(create(&v, "[tag a]\nprompt = \xff\n"), OCELLI_OK); /* config_check_texts() would have said it */
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    assert_int_equal(model_vectors_step(v, model, &done), OCELLI_ERR_USAGE);
    vectors_destroy(&v);
}

/* All of them, before any model is open; the tags stay the caller's. */
static void test_check(void **state) {
    (void)state;
    static const char ini[] =
        "[tag a]\nexample = none.png\nexample = text.png\n[tag b]\nexample = nowhere\nexample = good.png\n";
    const char *path = checkpoint_path(demo_folder, "ocelli.ini");
    struct tags_file tags;
    struct faults faults = {0};
    lay("good.png", "cat");
    checkpoint_put(demo_folder, "text.png", "no picture", 10);
    listen();
    assert_int_equal(tags_file_parse(&tags, ini, strlen(ini), path, NULL), OCELLI_OK);
    assert_int_equal(model_vectors_check(&tags, path, false, &faults), OCELLI_OK);
    assert_int_equal(faults.count, 3);
    assert_int_equal(heard.lines, 3);
    assert_true(strstr(heard.text, "ocelli.ini:3: this tag's example cannot be used: ") &&
                strstr(heard.text, "text.png"));
    assert_int_equal(tags.count, 2);
    assert_int_equal(model_vectors_check(&tags, path, false, NULL), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 4);
    tags_file_finish(&tags);
}

/* Only for a tag that can use them; through the file's templates, and without an article where these have one. */
static void test_distractors(void **state) {
    (void)state;
    static const char *const wanted[] = {"a photo of a dog.", "look at the dog", "a photo of water.",
                                         "look at the water"};
    struct vectors *v;
    float *alone = embed_texts(wanted, 4), *mean = calloc(1, size * sizeof *mean);
    assert_int_equal(create(&v, "[defaults]\non = 0.1\n[tag cat]\n"), OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    run(v);
    assert_int_equal(set_of(v).distractor_count, 0);
    vectors_destroy(&v);
    assert_int_equal(
        create(&v, "template = a photo of {}.\ntemplate = look at the {}\n[tag cat]\n[tag dog]\non = 0.1\n"),
        OCELLI_OK);
    assert_int_equal(vectors_begin(v, NULL, size), OCELLI_OK);
    run(v);
    struct tagger_set set = set_of(v);
    size_t found = 0;
    for (size_t i = 0; i < set.distractor_count; i++) {
        bool dog = !strcmp(set.distractor_texts[i], "a dog"), water = !strcmp(set.distractor_texts[i], "water");
        if (!dog && !water) continue;
        assert_int_equal(prompts_average(alone + (dog ? 0 : 2) * size, 2, size, mean), OCELLI_OK);
        check_same(set.distractors + i * size, mean);
        found++;
    }
    assert_int_equal(found, 2);
    assert_true(set.distractor_count > 30 && set.distractor_count <= 64);
    vectors_destroy(&v);
    free(alone);
    free(mean);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prompts),        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_examples),       cmocka_unit_test(test_recalled),
        cmocka_unit_test(test_taken_over),     cmocka_unit_test(test_faults),
        cmocka_unit_test(test_check),          cmocka_unit_test(test_distractors),
        cmocka_unit_test(test_example_folder), cmocka_unit_test(test_example_being_written)};
    return cmocka_run_group_tests(tests, open_model, close_model);
}
