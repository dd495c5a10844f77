/* SPDX-License-Identifier: Apache-2.0
 * A model without a text tower: its own tags and texts, and what it says to others. A CLIP and a SigLIP 2. */
#include "blob/blob.h"
#include "blob/tensor_names.h"
#include "convert/convert.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"
#include "tag/distractors.h"

#include <math.h>
#include <stdlib.h>

enum { COUNT = CHECKPOINT_INPUTS };

static const char secret[] = "[run]\nmodel = secret\n[source]\nuri = test:\n";
static struct ocelli *model;
static struct ocelli_info info;
static char *folder, *blob;
static struct checkpoint_golden golden;

/* A tag for each golden text that a line can hold; gives how many. The text is a prompt against it too, so that both
 * are seen to be kept, and no template changes it. */
static size_t write_ini(void) {
    char *text = NULL;
    size_t size, tags = 0;
    FILE *to = open_memstream(&text, &size);
    fprintf(to, "; a comment\ntemplate = a photo of {}.\n%s[defaults]\nsmooth = 0\n", secret);
    for (int i = 0; i < COUNT; i++) {
        if (!*golden.texts[i] || strlen(golden.texts[i]) > 150 || strpbrk(golden.texts[i], ";#\n\r\t")) continue;
        if (*golden.texts[i] == ' ' || golden.texts[i][strlen(golden.texts[i]) - 1] == ' ') continue;
        fprintf(to, "[tag %d]\nprompt = %s\n", i, golden.texts[i]);
        tags++;
    }
    fclose(to);
    checkpoint_put(folder, "tags.ini", text, size);
    free(text);
    return tags;
}

static int convert_with(const char *prompts, const char *out) {
    struct convert_params params = {.checkpoint = folder, .out = out, .prompts = prompts};
    struct convert_result result;
    return convert(&params, &result);
}

static int make(const char *name) {
    folder = checkpoint_folder();
    checkpoint_golden_open(&golden, name);
    checkpoint_write(name, folder, &(struct checkpoint_form){0});
    assert_true(write_ini() >= 2);
    blob = strdup(checkpoint_path(folder, "model.gguf"));
    listen();
    assert_int_equal(convert_with(checkpoint_path(folder, "tags.ini"), blob), OCELLI_OK);
    assert_int_equal(ocelli_open(&model, &(struct ocelli_params){.model = blob}), OCELLI_OK);
    ocelli_get_info(model, &info);
    return 0;
}

static bool sigmoid;

static int open_clip(void **state) {
    (void)state;
    return make("minimal");
}

static int open_siglip(void **state) {
    (void)state;
    sigmoid = true;
    return make("siglip2");
}

static int finish(void **state) {
    (void)state;
    ocelli_close(&model);
    checkpoint_golden_close(&golden);
    checkpoint_remove(folder);
    free(blob);
    return 0;
}

static bool is_own(const char *text) {
    for (size_t i = 0; i < info.own_text_count; i++)
        if (!strcmp(info.own_texts[i], text)) return true;
    return false;
}

/* The vectors are those of the float weights. */
static void test_vectors(void **state) {
    (void)state;
    float *vector = calloc(info.embedding_size, sizeof *vector);
    size_t seen = 0;
    for (int i = 0; i < COUNT; i++) {
        if (!is_own(golden.texts[i])) continue;
        const float *expected = golden.embeddings + (size_t)(COUNT + i) * golden.dim;
        double cosine = 0;
        assert_int_equal(ocelli_embed_texts(model, &golden.texts[i], 1, vector), OCELLI_OK);
        for (uint32_t d = 0; d < golden.dim; d++) cosine += (double)vector[d] * (double)expected[d];
        assert_true(cosine > 0.99999);
        seen++;
    }
    assert_true(seen >= 2);
    assert_int_equal(heard.lines, 0);
    free(vector);
}

/* Pictures run as ever; with float vectors of texts the golden scores are near. */
static void test_scores(void **state) {
    (void)state;
    float *vector = calloc(info.embedding_size, sizeof *vector), scores[COUNT];
    struct ocelli_tag tags[COUNT];
    struct ocelli_tags *made;
    size_t count = 0, at[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        if (is_own(golden.texts[i])) at[count] = i, tags[count++] = (struct ocelli_tag){"t", &golden.texts[i], 1};
    assert_int_equal(ocelli_tags_create(&made, model, tags, count), OCELLI_OK);
    uint32_t side = golden.image_size;
    for (size_t i = 0; i < COUNT; i++) {
        struct ocelli_image image = {.rgb = golden.images + i * side * side * 3, .width = side, .height = side};
        assert_int_equal(ocelli_embed_images(model, &image, 1, vector), OCELLI_OK);
        ocelli_tags_score(made, vector, scores, NULL);
        double sum = 0;
        for (size_t k = 0; k < count; k++) {
            sum += (double)scores[k];
            if (sigmoid) assert_true(fabs((double)scores[k] - golden.scores[i * COUNT + at[k]]) < 0.15);
        }
        assert_true((fabs(sum - 1) < 1e-5) != sigmoid); /* a sigmoid each: no share */
    }
    ocelli_tags_destroy(&made);
    free(vector);
}

static void test_others(void **state) {
    (void)state;
    const char *other = "a walrus that nobody thought of";
    const struct ocelli_tag tag = {"walrus", &other, 1};
    struct ocelli_tagger *tagger;
    struct ocelli_tags *tags;
    float *vector = calloc(info.embedding_size, sizeof *vector);
    int32_t id;
    size_t count;
    const int got[] = {
        ocelli_embed_texts(model, &other, 1, vector), ocelli_tags_create(&tags, model, &tag, 1),
        ocelli_tagger_create(&tagger, model, &(struct ocelli_tagger_params){.tags_text = "[tag walrus]\n"}),
        ocelli_tagger_create(&tagger, model, &(struct ocelli_tagger_params){.tags_text = "template={}!\n[tag 0]\n"}),
        ocelli_tokenize(model, other, &id, 1, &count)};
    for (size_t i = 0; i < sizeof got / sizeof *got; i++) assert_int_equal(got[i], OCELLI_ERR_LIMIT);
    assert_int_equal(heard.lines, 5);
    assert_true(heard_has("no text tower"));
    assert_int_equal(ocelli_embed_texts(model, &other, 0, vector), OCELLI_OK);
    free(vector);
}

/* Its own tags, when nobody gives others, and with a threshold to be learnt: everyday things are there. */
static void test_tagger(void **state) {
    (void)state;
    size_t each, count = 0;
    struct ocelli_tag_status status;
    struct ocelli_tagger *tagger;
    const char *const *things = distractors_texts(&each);
    assert_int_equal(ocelli_tagger_create(&tagger, model, &(struct ocelli_tagger_params){0}), OCELLI_OK);
    while (!ocelli_tagger_get(tagger, count, &status)) {
        assert_int_equal(status.threshold, OCELLI_THRESHOLD_STARTER);
        count++;
    }
    assert_true(count >= 2);
    for (size_t i = 0; i < each; i++) assert_true(is_own(things[i]));
    ocelli_tagger_destroy(&tagger);
    assert_int_equal(ocelli_selftest(model, NULL), OCELLI_OK);
    assert_int_equal(heard.lines, 0);
}

static void test_blob(void **state) {
    (void)state;
    struct blob *b;
    uint32_t version;
    assert_int_equal(blob_open(&b, blob, true), OCELLI_OK);
    assert_int_equal(blob_check(b), OCELLI_OK);
    assert_int_equal(blob_u32(b, "ocelli.version", &version), OCELLI_OK);
    assert_int_equal(version, 2);
    const struct gguf *g = blob_gguf(b);
    for (uint64_t i = 0; i < g->tensor_count; i++)
        assert_true(strncmp(g->tensors[i].name, "t.", 2) && strncmp(g->tensors[i].name, "text_", 5));
    for (uint64_t i = 0; i < g->value_count; i++)
        assert_true(strncmp(g->values[i].key, "tokenizer", 9) && strncmp(g->values[i].key, "clip.text", 9));
    assert_null(strstr(info.own_tags, "secret"));
    assert_null(strstr(info.own_tags, "comment"));
    assert_int_equal(info.context_length, 0);
    blob_close(&b);
}

static void refuse(const char *ini, const char *words) {
    checkpoint_put(folder, "bad.ini", ini, strlen(ini));
    listen();
    assert_int_not_equal(convert_with(checkpoint_path(folder, "bad.ini"), checkpoint_path(folder, "bad.gguf")), 0);
    assert_int_equal(heard.lines, 1);
    assert_true(heard_has(words));
    FILE *left = fopen(checkpoint_path(folder, "bad.gguf"), "r");
    assert_null(left);
}

static void test_bad_inis(void **state) {
    (void)state;
    refuse("[tag cat]\nexample = cat.png\n", "bad.ini:2: an example picture is no text");
    refuse("[tag cat]\n[tag cat]\n", "bad.ini:2: tag \"cat\" again");
    refuse("", "no tags");
    refuse("[tag a\001b]\n", "control");
    listen();
    assert_int_not_equal(convert_with("/nonexistent.ini", blob), 0);
    assert_true(heard_has("/nonexistent.ini"));
}

static int begin(void **state) {
    (void)state;
    listen();
    return 0;
}

#define begun(test) cmocka_unit_test_setup(test, begin)

int main(void) {
    const struct CMUnitTest tests[] = {begun(test_vectors), begun(test_scores), begun(test_tagger),
                                       begun(test_others),  begun(test_blob),   begun(test_bad_inis)};
    int failed = cmocka_run_group_tests_name("clip", tests, open_clip, finish);
    return failed + cmocka_run_group_tests_name("siglip", tests, open_siglip, finish);
}
