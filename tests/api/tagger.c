/* SPDX-License-Identifier: Apache-2.0
 * Pictures from memory and the tagger of include/ocelli.h, with the demo model. */
#include "daemon/demo.h"
#include "support/heard.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ocelli *model;
static size_t size; /* D */
static float *cat, *pizza, *sailboat;

static float *embed(const char *name) {
    struct ocelli_image image;
    float *out = calloc(size, sizeof *out);
    assert_int_equal(ocelli_image_load(&image, demo_picture(name)), OCELLI_OK);
    assert_int_equal(ocelli_embed_images(model, &image, 1, out), OCELLI_OK);
    ocelli_image_free(&image);
    return out;
}

static int open_model(void **state) {
    struct ocelli_info info;
    if (demo_setup(state) || ocelli_open(&model, &(struct ocelli_params){.model = demo_blob})) return 1;
    ocelli_get_info(model, &info);
    size = info.embedding_size;
    cat = embed("cat"), pizza = embed("pizza"), sailboat = embed("sailboat");
    return 0;
}

static int close_model(void **state) {
    ocelli_close(&model);
    free(cat);
    free(pizza);
    free(sailboat);
    return demo_teardown(state);
}

static int begin(void **state) {
    (void)state;
    listen();
    return 0;
}

static struct ocelli_tagger *create(const struct ocelli_tagger_params *params) {
    struct ocelli_tagger *tagger;
    assert_int_equal(ocelli_tagger_create(&tagger, model, params), OCELLI_OK);
    assert_non_null(tagger);
    return tagger;
}

static struct ocelli_tag_status get(const struct ocelli_tagger *tagger, size_t index) {
    struct ocelli_tag_status status;
    assert_int_equal(ocelli_tagger_get(tagger, index, &status), OCELLI_OK);
    return status;
}

static size_t step(struct ocelli_tagger *tagger, const float *frame, int64_t time_ms,
                   const struct ocelli_tag_status **changes) {
    size_t count;
    assert_int_equal(ocelli_tagger_step(tagger, frame, time_ms, NAN, changes, &count), OCELLI_OK);
    return count;
}

/* ---- pictures ---- */

static void test_decode(void **state) {
    (void)state;
    struct ocelli_image loaded, decoded = {0};
    size_t bytes;
    char *file = checkpoint_get(demo_picture("cat"), &bytes);
    assert_int_equal(ocelli_image_load(&loaded, demo_picture("cat")), OCELLI_OK);
    assert_int_equal(ocelli_image_decode(&decoded, file, bytes), OCELLI_OK);
    assert_true(decoded.width == loaded.width && decoded.height == loaded.height);
    assert_memory_equal(decoded.rgb, loaded.rgb, (size_t)3 * loaded.width * loaded.height);
    ocelli_image_free(&loaded);
    ocelli_image_free(&decoded);
    assert_null(decoded.rgb);
    assert_int_equal(heard.lines, 0);
    free(file);
}

/* Cut anywhere, and with a byte changed anywhere: a picture or a status with one line, and nothing to free then. The
 * bytes lie at the end of their memory, where a sanitizer sees a read beyond. */
static void test_decode_damaged(void **state) {
    (void)state;
    struct ocelli_image image;
    size_t bytes;
    char *file = checkpoint_get(demo_picture("pizza"), &bytes);
    for (size_t cut = 0; cut < bytes; cut += cut < 64 ? 1 : 97) {
        char *part = malloc(cut ? cut : 1);
        memcpy(part, file, cut);
        listen();
        assert_int_equal(ocelli_image_decode(&image, part, cut), OCELLI_ERR_FILE);
        assert_true(heard.lines == 1 && !image.rgb && strstr(heard.text, "picture in memory"));
        free(part);
    }
    for (size_t at = 0; at < bytes; at += at < 64 ? 1 : 97) {
        file[at] ^= 0x55;
        listen();
        int status = ocelli_image_decode(&image, file, bytes);
        assert_true(status ? !image.rgb && heard.lines == 1 : image.rgb != NULL);
        ocelli_image_free(&image);
        file[at] ^= 0x55;
    }
    free(file);
}

/* ---- states ---- */

static const char things[] =
    "template = a photo of a {}.\ntemplate = {}\n"
    "[defaults]\non = 0.05\noff = 0.05\nsmooth = 0\nmin_on = 0\nmin_off = 0\n"
    "[tag cat]\ngroup = things\nagainst = sailboat\n[tag pizza]\ngroup = things\nagainst = sailboat\n"
    "[tag any boat]\nprompt = sailboat\nagainst = pizza\nagainst = cat\n";

static void test_states(void **state) {
    (void)state;
    const struct ocelli_tag_status *changes;
    struct ocelli_tagger *tagger = create(&(struct ocelli_tagger_params){.tags_text = things});
    struct ocelli_tag_status status = get(tagger, 0);
    assert_true(status.state == OCELLI_STATE_UNKNOWN && status.since_ms == 0);
    assert_int_equal(step(tagger, cat, 1000, &changes), 1);
    assert_string_equal(changes[0].tag, "cat");
    assert_string_equal(changes[0].group, "things");
    assert_true(!strcmp(changes[0].runner_up, "pizza") || !strcmp(changes[0].runner_up, "sailboat"));
    assert_true(changes[0].state == OCELLI_STATE_ON && changes[0].threshold == OCELLI_THRESHOLD_FIXED);
    assert_true(changes[0].since_ms == 1000 && changes[0].score > 0.5f && changes[0].margin > changes[0].on);
    assert_true(fabsf(changes[0].cosine - changes[0].runner_up_cosine - changes[0].margin) < 1e-5f);
    assert_int_equal(step(tagger, cat, 2000, &changes), 0);
    assert_int_equal(step(tagger, pizza, 3000, &changes), 2);
    assert_true(changes[0].state == OCELLI_STATE_OFF && !strcmp(changes[0].tag, "cat"));
    assert_true(changes[1].state == OCELLI_STATE_ON && !strcmp(changes[1].tag, "pizza"));
    assert_int_equal(step(tagger, sailboat, 4000, &changes), 3);
    bool unknown = false, boat = false;
    for (int i = 0; i < 3; i++) {
        const struct ocelli_tag_status *c = &changes[i];
        unknown = unknown || (c->state == OCELLI_STATE_UNKNOWN && !c->tag && !strcmp(c->group, "things"));
        boat = boat || (c->state == OCELLI_STATE_ON && !c->group && !strcmp(c->tag, "any boat"));
    }
    assert_true(unknown && boat);
    status = get(tagger, 2);
    assert_true(status.state == OCELLI_STATE_ON && status.since_ms == 4000 && status.runner_up);
    assert_true(fabsf(status.on - 0.05f) < 1e-6f && isnan(status.percentile));
    assert_int_equal(get(tagger, 1).state, OCELLI_STATE_OFF);
    assert_int_equal(heard.lines, 0);
    assert_int_equal(ocelli_tagger_get(tagger, 3, &status), OCELLI_ERR_USAGE);
    assert_true(heard.lines == 0 && !status.tag);
    ocelli_tagger_destroy(&tagger);
    assert_null(tagger);
    ocelli_tagger_destroy(&tagger);
    ocelli_tagger_destroy(NULL);
}

/* It needs the model no more, nor what it was given; the changes need not be taken. */
static void test_alone(void **state) {
    (void)state;
    struct ocelli *own;
    struct ocelli_tagger *tagger;
    char *text = strdup(things);
    assert_int_equal(ocelli_open(&own, &(struct ocelli_params){.model = demo_blob}), OCELLI_OK);
    assert_int_equal(ocelli_tagger_create(&tagger, own, &(struct ocelli_tagger_params){.tags_text = text}), OCELLI_OK);
    memset(text, 'x', strlen(text));
    free(text);
    ocelli_close(&own);
    assert_int_equal(ocelli_tagger_step(tagger, pizza, 1, 0.5f, NULL, NULL), OCELLI_OK);
    assert_int_equal(get(tagger, 1).state, OCELLI_STATE_ON);
    assert_string_equal(get(tagger, 1).tag, "pizza");
    ocelli_tagger_destroy(&tagger);
}

/* ---- the three ways to give tags ---- */

static void put(const char *name, const char *text) {
    checkpoint_put(demo_folder, name, text, strlen(text));
}

/* A file with a picture beside it, and sections of the daemon; an array has the same vectors as the file with its
 * prompts. */
static void test_sources(void **state) {
    (void)state;
    const struct ocelli_tag_status *changes;
    size_t bytes;
    char *picture = checkpoint_get(demo_picture("cat"), &bytes),
         *path = strdup(checkpoint_path(demo_folder, "tags.ini"));
    checkpoint_put(demo_folder, "one.png", picture, bytes);
    free(picture);
    put("tags.ini",
        "[run]\nmodel = x.gguf\n[tag by picture]\nexample = one.png\n[tag e\xcc\x81]\nprompt = a cat\nprompt = cat\n");
    const char *prompts[] = {"a cat", "cat"};
    const struct ocelli_tag tag = {"e\xcc\x81", prompts, 2};
    struct ocelli_tagger *file = create(&(struct ocelli_tagger_params){.tags_path = path});
    struct ocelli_tagger *array = create(&(struct ocelli_tagger_params){.tags = &tag, .tag_count = 1});
    assert_int_equal(step(file, cat, 0, &changes), step(array, cat, 0, &changes));
    assert_true(get(file, 0).cosine > 0.999f);
    assert_string_equal(get(array, 0).tag, "\xc3\xa9"); /* composed */
    assert_string_equal(get(file, 1).tag, "\xc3\xa9");
    assert_true(fabsf(get(file, 1).cosine - get(array, 0).cosine) < 1e-6f);
    ocelli_tagger_destroy(&file);
    ocelli_tagger_destroy(&array);
    free(path);
}

/* ---- learning ---- */

/* A scene: mostly a sailboat, with noise that is the same for the same time. */
static void scene(int64_t second, float *out) {
    uint64_t noise = (uint64_t)second * 6364136223846793005u + 1442695040888963407u;
    double squares = 0;
    for (size_t i = 0; i < size; i++) {
        noise = noise * 6364136223846793005u + 1442695040888963407u;
        out[i] = sailboat[i] + (float)((double)(noise >> 40) / (1 << 24) - 0.5) * 0.1f;
        squares += (double)out[i] * (double)out[i];
    }
    for (size_t i = 0; i < size; i++) out[i] /= (float)sqrt(squares);
}

static void watch(struct ocelli_tagger *tagger, int from, int to) {
    float *frame = calloc(size, sizeof *frame);
    for (int second = from; second < to; second++) {
        scene(second, frame);
        assert_int_equal(ocelli_tagger_step(tagger, frame, second * 1000, 0.5f, NULL, NULL), OCELLI_OK);
    }
    free(frame);
}

/* Useful from the first frame: what is there turns on, what is not stays off, both by the starter's thresholds. */
static void test_starter(void **state) {
    (void)state;
    struct ocelli_tagger *tagger = create(&(struct ocelli_tagger_params){
        .tags_text =
            "template = a photo of a {}.\ntemplate = {}\n[tag cat]\nagainst = dog\n[tag pizza]\nagainst = dog\n"});
    for (int second = 0; second < 30; second++)
        assert_int_equal(ocelli_tagger_step(tagger, pizza, second * 1000, 0.5f, NULL, NULL), OCELLI_OK);
    struct ocelli_tag_status on = get(tagger, 1), off = get(tagger, 0);
    assert_true(on.state == OCELLI_STATE_ON && on.threshold == OCELLI_THRESHOLD_STARTER && on.margin > on.on);
    assert_true(off.state == OCELLI_STATE_OFF && off.threshold == OCELLI_THRESHOLD_STARTER && off.margin < off.on);
    ocelli_tagger_destroy(&tagger);
}

static const char learning[] =
    "[tag cat]\nprompt = a photo of a cat.\nagainst = a photo of a sailboat.\nsmooth = 0\nmin_on = 0\n";

static void test_learning(void **state) {
    (void)state;
    char *path = strdup(checkpoint_path(demo_folder, "learnt"));
    const struct ocelli_tagger_params params = {.tags_text = learning, .state_path = path};
    const struct ocelli_tag_status *changes;
    struct ocelli_tagger *tagger = create(&params); /* there is no such file yet */
    watch(tagger, 0, 3000);
    struct ocelli_tag_status starter = get(tagger, 0);
    assert_int_equal(starter.threshold, OCELLI_THRESHOLD_STARTER);
    assert_true(starter.state == OCELLI_STATE_OFF && starter.runner_up && starter.on > starter.margin);
    watch(tagger, 3000, 4300);
    struct ocelli_tag_status learnt = get(tagger, 0);
    assert_int_equal(learnt.threshold, OCELLI_THRESHOLD_LEARNT);
    assert_true(learnt.state == OCELLI_STATE_OFF && learnt.on > learnt.off && learnt.learnt_days > 0.03);
    assert_int_equal(ocelli_tagger_save(tagger, path), OCELLI_OK);
    ocelli_tagger_destroy(&tagger);
    tagger = create(&params);
    assert_true(strstr(heard.text, "1 tags go on learning") != NULL);
    struct ocelli_tag_status again = get(tagger, 0);
    assert_int_equal(again.threshold, OCELLI_THRESHOLD_LEARNT);
    assert_true(fabs(again.learnt_days - learnt.learnt_days) < 0.01 && again.on > again.off);
    assert_int_equal(step(tagger, cat, 5000000, &changes), 1);
    assert_true(changes[0].state == OCELLI_STATE_ON && changes[0].threshold == OCELLI_THRESHOLD_LEARNT);
    ocelli_tagger_destroy(&tagger);
    free(path);
}

/* One file with this beginning is in the folder: nothing lies aside. */
static int files_named(const char *prefix) {
    char command[1024];
    snprintf(command, sizeof command, "exit $(ls -a '%s' | grep -c '^%s')", demo_folder, prefix);
    return WEXITSTATUS(system(command));
}

static void test_state_faults(void **state) {
    (void)state;
    char *path = strdup(checkpoint_path(demo_folder, "state")), before[] = "something else";
    size_t bytes;
    struct ocelli_tagger *tagger = (struct ocelli_tagger *)1;
    put("state", before);
    assert_int_equal(
        ocelli_tagger_create(&tagger, model, &(struct ocelli_tagger_params){.tags_text = things, .state_path = path}),
        OCELLI_ERR_FILE);
    assert_null(tagger);
    assert_true(heard.lines == 1 && strstr(heard.text, "/state: not what tags have learnt"));
    char *left = checkpoint_get(path, &bytes);
    assert_string_equal(left, before); /* it is the caller's to remove */
    free(left);
    tagger = create(&(struct ocelli_tagger_params){.tags_text = things});
    listen();
    assert_int_equal(ocelli_tagger_save(tagger, "/nonexistent/state"), OCELLI_ERR_FILE);
    assert_true(heard.lines == 1 && strstr(heard.text, "/nonexistent/state"));
    assert_int_equal(ocelli_tagger_save(tagger, path), OCELLI_OK); /* over the other */
    assert_int_equal(ocelli_tagger_save(tagger, path), OCELLI_OK);
    assert_int_equal(files_named("state"), 1);
    ocelli_tagger_destroy(&tagger);
    tagger = create(&(struct ocelli_tagger_params){.tags_text = things, .state_path = path});
    ocelli_tagger_destroy(&tagger);
    free(path);
}

/* ---- misuse ---- */

/* Refused with this status; at least one line, and the last has these words; no tagger. */
static void refused(const struct ocelli_tagger_params *params, int status, const char *words) {
    struct ocelli_tagger *tagger = (struct ocelli_tagger *)1;
    listen();
    int got = ocelli_tagger_create(&tagger, model, params);
    if (got != status || !heard.lines || !strstr(heard.text, words))
        fail_msg("status %d, \"%s\", not \"%s\"", got, heard.text, words);
    assert_null(tagger);
}

static void refused_text(const char *text, const char *words) {
    refused(&(struct ocelli_tagger_params){.tags_text = text}, OCELLI_ERR_USAGE, words);
}

static void refused_tag(const char *name, const char *prompt, const char *words) {
    const struct ocelli_tag tags[] = {{"fine", (const char *const[]){"fine"}, 1}, {name, &prompt, 1}};
    refused(&(struct ocelli_tagger_params){.tags = tags, .tag_count = 2}, OCELLI_ERR_USAGE, words);
}

static void test_odd_tags(void **state) {
    (void)state;
    char *lot = malloc(100001);
    refused(&(struct ocelli_tagger_params){0}, OCELLI_ERR_USAGE, "none of tags_path, tags_text and tags");
    refused(&(struct ocelli_tagger_params){.tags_path = "x", .tags_text = "y"}, OCELLI_ERR_USAGE, "more than one");
    refused(&(struct ocelli_tagger_params){.tags_path = "/nonexistent.ini"}, OCELLI_ERR_FILE, "/nonexistent.ini");
    refused(&(struct ocelli_tagger_params){.tags = &(struct ocelli_tag){0}}, OCELLI_ERR_USAGE, "no tags");
    refused(&(struct ocelli_tagger_params){.tags = &(struct ocelli_tag){0}, .tag_count = 1}, OCELLI_ERR_USAGE,
            "tags:1: ");
    refused(&(struct ocelli_tagger_params){.tags = &(struct ocelli_tag){.name = "a"}, .tag_count = 1}, OCELLI_ERR_USAGE,
            "no prompt");
    refused(&(struct ocelli_tagger_params){.tags_text = "[tag a]\nexample = none.png\n"}, OCELLI_ERR_FILE, "none.png");
    refused_text("", "no tags");
    refused_text("[run]\nx = y\n", "no tags");
    refused_text("[tag a]\nnonsense\n", "tags_text:2");
    refused_text("[tag a]\n[tag b]\n[tag a]\n", "tags_text:3: tag \"a\" again");
    refused_text("[tag ]\n", "tags_text:1");
    refused_text("[tag a]\non = nan\n", "tags_text:2");
    refused_text("[tag a]\ntemplate = {} {}\n", "tags_text:2");
    refused_text("[tag a\xff]\n", "UTF-8");
    refused_text("[tag a]\ngroup = \xc3\x28\n", "UTF-8");
    refused_text("[tag a]\nagainst = \xed\xa0\x80\n", "UTF-8");
    refused_text("[tag a\x01]\n", "control character");
    memset(lot, '[', 100000);
    lot[100000] = 0;
    refused_text(lot, "tags_text:1");
    refused_tag("fine", "x", "tags:2: tag \"fine\" again");
    refused_tag("", "x", "tags:2: this tag has no name");
    refused_tag("a", "", "empty prompt");
    refused_tag("a", NULL, "empty prompt");
    refused_tag("a", "\xff", "UTF-8");
    refused_tag("\xff", "x", "UTF-8");
    refused_tag("a\nb", "x", "control character");
    memset(lot, 'x', 100000); /* a long name and prompt are odd, but good */
    const char *prompt = lot;
    struct ocelli_tagger *tagger =
        create(&(struct ocelli_tagger_params){.tags = &(struct ocelli_tag){lot, &prompt, 1}, .tag_count = 1});
    ocelli_tagger_destroy(&tagger);
    free(lot);
}

static void test_odd_frames(void **state) {
    (void)state;
    struct ocelli_tagger *tagger = create(&(struct ocelli_tagger_params){.tags_text = things});
    const struct ocelli_tag_status *changes = (const struct ocelli_tag_status *)1;
    struct ocelli_tag_status status;
    size_t count = 7;
    float *odd = calloc(size, sizeof *odd);
    listen();
    assert_int_equal(ocelli_tagger_step(tagger, odd, 0, NAN, &changes, &count), OCELLI_ERR_USAGE); /* length 0 */
    assert_true(!changes && !count);
    for (size_t i = 0; i < size; i++) odd[i] = 2 * cat[i];
    assert_int_equal(ocelli_tagger_step(tagger, odd, 0, NAN, &changes, &count), OCELLI_ERR_USAGE);
    memcpy(odd, cat, size * sizeof *odd);
    odd[3] = NAN;
    assert_int_equal(ocelli_tagger_step(tagger, odd, 0, NAN, &changes, &count), OCELLI_ERR_USAGE);
    odd[3] = INFINITY;
    assert_int_equal(ocelli_tagger_step(tagger, odd, 0, NAN, &changes, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_step(tagger, cat, 0, 117, &changes, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_step(tagger, cat, 0, INFINITY, &changes, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_step(tagger, cat, INT64_MAX, NAN, &changes, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_step(tagger, cat, INT64_MIN, NAN, &changes, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_step(NULL, cat, 0, NAN, &changes, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_step(tagger, NULL, 0, NAN, &changes, &count), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_step(tagger, cat, 0, NAN, &changes, NULL), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_get(NULL, 0, &status), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_get(tagger, 0, NULL), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_save(NULL, "x"), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_save(tagger, NULL), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_tagger_create(NULL, model, &(struct ocelli_tagger_params){.tags_text = things}),
                     OCELLI_ERR_USAGE);
    struct ocelli_tagger *none = (struct ocelli_tagger *)1;
    assert_int_equal(ocelli_tagger_create(&none, NULL, &(struct ocelli_tagger_params){.tags_text = things}),
                     OCELLI_ERR_USAGE);
    assert_null(none);
    assert_int_equal(ocelli_tagger_create(&none, model, NULL), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_image_decode(NULL, "x", 1), OCELLI_ERR_USAGE);
    struct ocelli_image image = {.width = 1};
    assert_int_equal(ocelli_image_decode(&image, NULL, 1), OCELLI_ERR_USAGE);
    assert_true(!image.rgb && !image.width);
    assert_int_equal(ocelli_image_decode(&image, NULL, 0), OCELLI_ERR_FILE); /* an empty file, as C++ has it */
    assert_int_equal(heard.lines, 21);
    status = get(tagger, 0);
    assert_int_equal(status.since_ms, 0); /* none of them was a frame */
    const int64_t times[] = {0, 1 << 20, -5, INT64_C(1) << 53, -(INT64_C(1) << 53), 0};
    for (int i = 0; i < 6; i++) step(tagger, i % 2 ? cat : pizza, times[i], &changes); /* jumps are taken */
    free(odd);
    ocelli_tagger_destroy(&tagger);
}

/* Random bytes, and a good text with random changes: taken or refused, never more. */
static void test_random_texts(void **state) {
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 300; round++) {
        char text[sizeof things];
        memcpy(text, things, sizeof text);
        for (int i = 0; i < 1 + round % 7; i++) {
            random = random * 1664525 + 1013904223;
            text[(random >> 8) % (sizeof text - 1)] = (char)(random >> 24);
        }
        struct ocelli_tagger *tagger;
        listen();
        int status = ocelli_tagger_create(&tagger, model, &(struct ocelli_tagger_params){.tags_text = text});
        assert_true(status ? !tagger && heard.lines : tagger != NULL);
        if (tagger) step(tagger, cat, 1, &(const struct ocelli_tag_status *){NULL});
        ocelli_tagger_destroy(&tagger);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_decode),     TEST(test_decode_damaged), TEST(test_states),
                                       TEST(test_alone),      TEST(test_sources),        TEST(test_starter),
                                       TEST(test_learning),   TEST(test_state_faults),   TEST(test_odd_tags),
                                       TEST(test_odd_frames), TEST(test_random_texts)};
    return cmocka_run_group_tests(tests, open_model, close_model);
}
