/* SPDX-License-Identifier: Apache-2.0
 * include/ocelli.h as an application uses it. */
#include "blob/blob.h"
#include "handle.h"
#include "op/backend.h"
#include "support/model.h"
#include "support/gpu.h"
#include "support/test.h"

#include <dirent.h>
#include <math.h>
#include <ocelli.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct checkpoint_golden golden;
static char *folder, *blob;
static char last_line[1024];
static int lines;

static void on_log(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    if (level != OCELLI_LOG_ERROR) {
        print_message("said: %s\n", message);
        return;
    }
    lines++;
    snprintf(last_line, sizeof last_line, "%s", message);
}

static int setup(void **unused) {
    (void)unused;
    checkpoint_golden_open(&golden, "legacy");
    folder = checkpoint_folder();
    blob = model_convert(folder, "legacy");
    ocelli_set_log(on_log, NULL);
    return 0;
}

static int teardown(void **unused) {
    (void)unused;
    ocelli_set_log(NULL, NULL);
    checkpoint_golden_close(&golden);
    checkpoint_remove(folder);
    free(blob);
    return 0;
}

static struct ocelli *open_model(void) {
    struct ocelli *model;
    assert_int_equal(ocelli_open(&model, &(struct ocelli_params){.model = blob}), OCELLI_OK);
    return model;
}

static double cosine(const float *a, const float *b, uint32_t n) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += (double)a[i] * b[i];
    return sum;
}

static void test_info(void **unused) {
    (void)unused;
    struct ocelli *model = open_model();
    struct ocelli_info info;
    ocelli_get_info(model, &info);
    assert_int_equal(info.embedding_size, golden.dim);
    assert_int_equal(info.image_size, golden.image_size);
    assert_int_equal(info.context_length, 77);
    assert_true(info.logit_scale > 1);
    assert_true(strlen(info.device_name) > 0 && strlen(info.driver_name) > 0);
    char name[256];
    assert_int_equal(ocelli_device_name(0, name, sizeof name), OCELLI_OK);
    assert_int_equal(ocelli_device_name(1000, name, sizeof name), OCELLI_ERR_USAGE);
    ocelli_close(&model);
    assert_null(model);
    ocelli_close(&model);
    ocelli_close(NULL);
}

/* Texts as text: tokenizer and tower together, more than one batch of them. */
static void test_texts(void **unused) {
    (void)unused;
    enum { COUNT = 19 };
    struct ocelli *model = open_model();
    const char *texts[COUNT];
    for (int i = 0; i < COUNT; i++) texts[i] = golden.texts[i % CHECKPOINT_INPUTS];
    float *got = calloc((size_t)COUNT * golden.dim, sizeof *got);
    assert_int_equal(ocelli_embed_texts(model, texts, COUNT, got), OCELLI_OK);
    for (int i = 0; i < COUNT; i++) {
        int row = CHECKPOINT_INPUTS + i % CHECKPOINT_INPUTS;
        assert_true(cosine(got + (size_t)i * golden.dim, golden.embeddings + (size_t)row * golden.dim, golden.dim) >
                    0.999);
    }
    int32_t ids[77];
    size_t count;
    assert_int_equal(ocelli_tokenize(model, golden.texts[3], ids, 77, &count), OCELLI_OK);
    assert_int_equal(count, golden.id_count[3]);
    assert_memory_equal(ids, golden.ids[3], count * sizeof *ids);
    assert_int_equal(ocelli_tokenize(model, golden.texts[3], ids, 1, &count), OCELLI_ERR_USAGE);
    const char *torn = "caf\xc3";
    assert_int_equal(ocelli_embed_texts(model, &torn, 1, got), OCELLI_ERR_USAGE);
    free(got);
    ocelli_close(&model);
}

/* What it takes comes back, and the next text is as the first was. */
static void test_unload_text(void **unused) {
    (void)unused;
    enum { COUNT = 20 };
    struct ocelli *model = open_model();
    struct ocelli_info before, during, after;
    const char *texts[COUNT];
    float *first = calloc((size_t)2 * COUNT * golden.dim, sizeof *first), *second = first + COUNT * golden.dim;
    for (int i = 0; i < COUNT; i++) texts[i] = i % 2 ? "a cat" : "a photo of a dog in the rain";
    ocelli_unload_text(model); /* of nothing */
    ocelli_get_info(model, &before);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ocelli_embed_texts(model, texts, COUNT, i ? second : first), OCELLI_OK);
        ocelli_get_info(model, &during);
        ocelli_unload_text(model);
        ocelli_unload_text(model);
        ocelli_get_info(model, &after);
        bool gpu = op_device_type(model->device) != OP_DEVICE_CPU;
        if (!i && gpu) before.gpu_bytes += 1 << 14; /* the device's own, shared by the towers, made when first needed */
        assert_true(during.gpu_bytes > before.gpu_bytes);
        assert_int_equal(after.gpu_bytes, before.gpu_bytes);
        if (i) assert_memory_equal(first, second, COUNT * golden.dim * sizeof *first);
    }
    free(first);
    ocelli_close(&model);
}

/* The row of a text is its first end mark, as argmax finds it in CLIP's code. */
static void test_first_end_mark(void **unused) {
    (void)unused;
    struct ocelli *model = open_model();
    const char *texts[] = {"a cat", "a cat<|endoftext|> in a hat"};
    float got[2 * 64];
    assert_int_equal(ocelli_embed_texts(model, texts, 2, got), OCELLI_OK);
    assert_true(cosine(got, got + 64, 64) > 0.999999);
    ocelli_close(&model);
}

static void test_tags(void **unused) {
    (void)unused;
    struct ocelli *model = open_model();
    struct ocelli_tags *tags;
    const char *cat[] = {"a cat", "a photo of the cat"}, *dog[] = {"the dog"};
    struct ocelli_tag wanted[] = {{"cat", cat, 2}, {"dog", dog, 1}};
    float vectors[3 * 64], mean[64], scores[2], cosines[2];
    const char *all[] = {cat[0], cat[1], dog[0]};
    assert_int_equal(ocelli_tags_create(&tags, model, wanted, 2), OCELLI_OK);
    assert_int_equal(ocelli_embed_texts(model, all, 3, vectors), OCELLI_OK);
    double squares = 0;
    for (int d = 0; d < 64; d++) squares += pow(mean[d] = vectors[d] + vectors[64 + d], 2);
    for (int d = 0; d < 64; d++) mean[d] = (float)(mean[d] / sqrt(squares));
    struct ocelli_info info;
    ocelli_get_info(model, &info);
    ocelli_close(&model); /* tags live on */
    ocelli_tags_score(tags, mean, scores, cosines);
    assert_true(fabsf(cosines[0] - 1) < 1e-5);
    double other = cosine(mean, vectors + 128, 64), e = exp(info.logit_scale * (other - 1));
    assert_true(fabs(cosines[1] - other) < 1e-5);
    assert_true(fabs(scores[1] - e / (1 + e)) < 1e-3 && fabs(scores[0] + scores[1] - 1) < 1e-5);
    ocelli_tags_score(tags, mean, NULL, cosines);
    ocelli_tags_score(tags, mean, scores, NULL);
    ocelli_tags_destroy(&tags);
    assert_null(tags);
    ocelli_tags_destroy(&tags);
    ocelli_tags_destroy(NULL);
}

static void test_selftest(void **unused) {
    (void)unused;
    struct ocelli *model;
    for (int kind = OCELLI_KIND_AUTO; kind <= OCELLI_KIND_DOT; kind++) {
        int status = ocelli_open(&model, &(struct ocelli_params){.model = blob, .kind = (enum ocelli_kind)kind});
        if (status && kind == OCELLI_KIND_DOT) continue; /* not every device and compiler has it */
        assert_int_equal(status, OCELLI_OK);
        float worst = 0;
        assert_int_equal(ocelli_selftest(model, &worst), OCELLI_OK);
        assert_true(worst > 0.999f && worst <= 1);
        ocelli_close(&model);
    }
}

/* Each fault: its status, exactly one line, and no handle. */
static void wrong_open(struct ocelli_params params, int status, const char *says) {
    struct ocelli *model = (struct ocelli *)&params;
    lines = 0;
    assert_int_equal(ocelli_open(&model, &params), status);
    assert_null(model);
    assert_int_equal(lines, 1);
    if (!strstr(last_line, says)) fail_msg("'%s' does not say '%s'", last_line, says);
}

static void test_wrong_open(void **unused) {
    (void)unused;
    wrong_open((struct ocelli_params){0}, OCELLI_ERR_USAGE, "model");
    wrong_open((struct ocelli_params){.model = blob, .max_batch = 65}, OCELLI_ERR_USAGE, "65");
    wrong_open((struct ocelli_params){.model = "/nonexistent.gguf"}, OCELLI_ERR_FILE, "/nonexistent.gguf");
    wrong_open((struct ocelli_params){.model = folder}, OCELLI_ERR_FILE, folder);
    wrong_open((struct ocelli_params){.model = blob, .device = "no such device"}, OCELLI_ERR_DEVICE, "no such device");
}

static void test_wrong_pictures(void **unused) {
    (void)unused;
    struct ocelli *model = open_model();
    static uint8_t pixel[3];
    float out[64];
    struct ocelli_image none = {0}, flat = {pixel, 1, 0}, huge = {pixel, 16385, 1};
    assert_int_equal(ocelli_embed_images(model, &none, 1, out), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_embed_images(model, &flat, 1, out), OCELLI_ERR_USAGE);
    assert_int_equal(ocelli_embed_images(model, &huge, 1, out), OCELLI_ERR_LIMIT);
    struct ocelli_image file;
    assert_int_equal(ocelli_image_load(&file, blob), OCELLI_ERR_FILE);
    assert_null(file.rgb);
    ocelli_image_free(&file);
    ocelli_image_free(NULL);
    ocelli_close(&model);
}

/* One flipped bit in a weight is seen when the tower that uses it is loaded. */
static void test_flipped_bit(void **unused) {
    (void)unused;
    size_t size;
    char *bytes = checkpoint_get(blob, &size);
    char *path = strdup(checkpoint_path(folder, "flipped.gguf"));
    bytes[size / 2] ^= 4;
    checkpoint_put(folder, "flipped.gguf", bytes, size);
    struct ocelli *model;
    float worst;
    lines = 0;
    int status = ocelli_open(&model, &(struct ocelli_params){.model = path});
    if (!status) status = ocelli_selftest(model, &worst);
    assert_int_equal(status, OCELLI_ERR_FILE);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last_line, "SHA-256"));
    ocelli_close(&model);
    free(bytes), free(path);
}

/* The blob with x * times + plus for each number x of one tensor, in a file of its own. */
static char *changed(const char *tensor, float times, float plus) {
    size_t size;
    struct blob *good;
    uint8_t *bytes = (uint8_t *)checkpoint_get(blob, &size);
    assert_int_equal(blob_open(&good, blob, true), OCELLI_OK);
    const struct gguf *g = blob_gguf(good);
    const struct gguf_tensor *t = gguf_tensor(g, tensor);
    uint8_t *at = bytes + g->header_size + t->offset;
    for (uint64_t i = 0; i < t->size; i += sizeof(float)) {
        float number;
        memcpy(&number, at + i, sizeof number);
        number = number * times + plus;
        memcpy(at + i, &number, sizeof number);
    }
    blob_close(&good);
    checkpoint_put(folder, "changed.gguf", (char *)bytes, size);
    free(bytes);
    return strdup(checkpoint_path(folder, "changed.gguf"));
}

/* What a device that computes wrongly looks like: the vectors it is judged by, or its own numbers, are others. */
static void test_wrong_numbers(void **unused) {
    (void)unused;
    static const struct {
        const char *tensor;
        float times, plus;
        const char *says;
    } wrong[] = {{"selftest.text_embd", -1, 0, "self-test cosine -0.9"},
                 {"selftest.image_embd", 0.5f, 0, "self-test cosine 0.4"},
                 {"visual_projection.weight.scale", 0, 3e38f, "not finite"},
                 {"text_projection.weight.scale", 0, 3e38f, "not finite"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char *path = changed(wrong[i].tensor, wrong[i].times, wrong[i].plus);
        struct ocelli *model;
        float worst = 2;
        struct ocelli_params params = {.model = path, .no_verify = 1, .kind = OCELLI_KIND_F16W};
        assert_int_equal(ocelli_open(&model, &params), OCELLI_OK);
        lines = 0;
        assert_int_equal(ocelli_selftest(model, &worst), OCELLI_ERR_WRONG);
        assert_int_equal(lines, 1);
        if (!strstr(last_line, wrong[i].says)) fail_msg("'%s' does not say '%s'", last_line, wrong[i].says);
        assert_true(wrong[i].plus > 0 ? isnan(worst) : worst < 0.9f);
        ocelli_close(&model);
        free(path);
    }
}

/* Opened again it is the same model, with the same numbers, though another file has its name. */
static void test_reopen(void **unused) {
    (void)unused;
    const char *text = "a cat";
    float before[64], after[64];
    struct ocelli *model;
    struct ocelli_info info;
    size_t size;
    char *bytes = checkpoint_get(blob, &size), path[1024];
    checkpoint_put(folder, "opened.gguf", bytes, size);
    snprintf(path, sizeof path, "%s", checkpoint_path(folder, "opened.gguf"));
    assert_int_equal(ocelli_open(&model, &(struct ocelli_params){.model = path}), OCELLI_OK);
    ocelli_get_info(model, &info);
    assert_true(info.embedding_size <= 64 && strlen(info.model_key) == 64);
    assert_int_equal(ocelli_embed_texts(model, &text, 1, before), OCELLI_OK);
    lines = 0;
    assert_int_equal(ocelli_reopen(model), OCELLI_OK);
    assert_int_equal(lines, 0);
    assert_int_equal(ocelli_embed_texts(model, &text, 1, after), OCELLI_OK);
    assert_memory_equal(before, after, info.embedding_size * sizeof *before);
    assert_int_equal(unlink(path), 0);
    checkpoint_put(folder, "opened.gguf", "another", 7);
    assert_int_equal(ocelli_reopen(model), OCELLI_OK); /* a warning, which this program does not hear */
    assert_int_equal(ocelli_embed_texts(model, &text, 1, after), OCELLI_OK);
    assert_memory_equal(before, after, info.embedding_size * sizeof *before);
    ocelli_close(&model);
    free(bytes);
}

static float selftest_of(enum ocelli_kind kind) {
    struct ocelli *model;
    float worst;
    assert_int_equal(ocelli_open(&model, &(struct ocelli_params){.model = blob, .kind = kind}), OCELLI_OK);
    assert_int_equal(ocelli_selftest(model, &worst), OCELLI_OK);
    ocelli_close(&model);
    return worst;
}

/* The blob that asks for another cosine, in a file of its own. */
static char *asking_for(float cosine) {
    static const char key[] = "ocelli.selftest.min_cosine";
    size_t size;
    char *bytes = checkpoint_get(blob, &size), *at = memmem(bytes, size, key, sizeof key - 1);
    assert_non_null(at);
    memcpy(at + sizeof key - 1 + sizeof(uint32_t), &cosine, sizeof cosine); /* behind the name: type, value */
    checkpoint_put(folder, "asking.gguf", bytes, size);
    free(bytes);
    return strdup(checkpoint_path(folder, "asking.gguf"));
}

static bool find_dot(const struct op_device *device, struct op_way *way) {
    struct op_way ways[OP_WAYS_MOST];
    uint32_t count = op_device_ways(device, ways);
    for (uint32_t i = 0; i < count; i++)
        if (ways[i].kind == OCELLI_KIND_DOT) {
            *way = ways[i];
            return true;
        }
    return false;
}

/* A product that misses the vectors gives way to one that meets them, and what is computed then is that one's. */
static void test_fall_back(void **unused) {
    (void)unused;
    struct ocelli *model;
    struct ocelli_info info;
    float floats = selftest_of(OCELLI_KIND_F16W), worst;
    model = open_model();
    struct op_way dot = {0};
    bool has_dot = find_dot(model->device, &dot);
    ocelli_close(&model);
    if (!has_dot) {
        print_message("SKIP: no packed dot product here\n");
        skip();
    }
    char *path = asking_for((selftest_of(OCELLI_KIND_DOT) + floats) / 2);
    assert_int_equal(ocelli_open(&model, &(struct ocelli_params){.model = path, .no_verify = 1}), OCELLI_OK);
    op_device_use(model->device, &dot);
    model->device->chosen = true;
    lines = 0;
    assert_int_equal(ocelli_selftest(model, &worst), OCELLI_OK);
    assert_int_equal(lines, 0);
    assert_true(fabsf(worst - floats) < 1e-5f);
    ocelli_get_info(model, &info);
    assert_int_equal(info.kind, OCELLI_KIND_F16W);
    ocelli_close(&model);
    free(path);
}

static size_t choices_in(const char *cache) {
    DIR *d = opendir(cache);
    size_t count = 0;
    for (struct dirent *e; d && (e = readdir(d));) count += !strncmp(e->d_name, "product-", 8);
    if (d) closedir(d);
    return count;
}

/* What was timed is remembered when the model's own vectors came out right on it, and not before. */
static void test_new_choice(void **unused) {
    (void)unused;
    struct ocelli *model;
    const char *text = "a cat";
    char *cache = strdup(checkpoint_path(folder, "choices")), *path = asking_for(1.5f);
    float *vector = calloc(golden.dim, sizeof *vector);
    setenv("OCELLI_CACHE", cache, 1);
    assert_int_equal(ocelli_open(&model, &(struct ocelli_params){.model = path, .no_verify = 1}), OCELLI_OK);
    model->device->chosen = model->device->unproved = true; /* as if it had been timed: that takes long here */
    assert_int_equal(ocelli_embed_texts(model, &text, 1, vector), OCELLI_ERR_WRONG);
    ocelli_close(&model);
    assert_int_equal(choices_in(cache), 0);
    model = open_model();
    model->device->chosen = model->device->unproved = true;
    assert_int_equal(ocelli_embed_texts(model, &text, 1, vector), OCELLI_OK);
    assert_false(model->image_loaded); /* the vectors needed it, the text does not */
    ocelli_close(&model);
    assert_int_equal(choices_in(cache), 1);
    setenv("OCELLI_CACHE", "", 1);
    free(cache), free(path), free(vector);
}

/* The self-test is the first use of all on a new board: it runs on the new choice, once, and the choice is remembered.
 */
static void test_first_use(void **unused) {
    (void)unused;
    char *cache = strdup(checkpoint_path(folder, "first"));
    setenv("OCELLI_CACHE", cache, 1);
    struct ocelli *model = open_model();
    model->device->chosen = model->device->unproved = true; /* as if it had been timed */
    float worst = 0;
    assert_int_equal(ocelli_selftest(model, &worst), OCELLI_OK);
    assert_true(worst > 0.99f);
    ocelli_close(&model);
    assert_int_equal(choices_in(cache), 1);
    setenv("OCELLI_CACHE", "", 1);
    free(cache);
}

/* NV12 of one grey is that grey in RGB; what cannot be is refused in one line. */
static void test_frame(void **unused) {
    (void)unused;
    enum { SIDE = 40 };
    struct ocelli *model = open_model();
    uint8_t luma[SIDE * SIDE], chroma[SIDE * SIDE / 2], rgb[3 * SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) luma[i] = (uint8_t)i, memset(rgb + 3 * i, i & 255, 3);
    memset(chroma, 128, sizeof chroma);
    struct ocelli_frame good = {.format = OCELLI_NV12,
                                .width = SIDE,
                                .height = SIDE,
                                .planes = {luma, chroma},
                                .strides = {SIDE, SIDE},
                                .full_range = 1};
    float *a = calloc(golden.dim, sizeof *a), *b = calloc(golden.dim, sizeof *b);
    assert_int_equal(ocelli_embed_frame(model, &good, a), OCELLI_OK);
    assert_int_equal(ocelli_embed_images(model, &(struct ocelli_image){rgb, SIDE, SIDE}, 1, b), OCELLI_OK);
    assert_memory_equal(a, b, golden.dim * sizeof *a);
    struct ocelli_frame bad[7];
    for (int i = 0; i < 7; i++) bad[i] = good;
    bad[0].format = (enum ocelli_format)8, bad[1].width = 0, bad[2].height = 16385, bad[3].rotation = 45;
    bad[4].planes[1] = NULL, bad[5].strides[0] = SIDE - 1, bad[6].strides[1] = UINT32_MAX;
    for (int i = 0; i < 7; i++) {
        lines = 0;
        assert_int_equal(ocelli_embed_frame(model, &bad[i], a), i == 2 ? OCELLI_ERR_LIMIT : OCELLI_ERR_USAGE);
        assert_int_equal(lines, 1);
    }
    free(a), free(b);
    ocelli_close(&model);
}

/* One line and USAGE; with no pictures and no texts there is nothing to point at. */
static void test_null(void **unused) {
    struct ocelli *o = open_model(), *none = (struct ocelli *)1;
    struct ocelli_info info;
    ocelli_get_info(o, &info);
    float *out = calloc(info.embedding_size, sizeof *out);
    const uint8_t pixel[3] = {0};
    const struct ocelli_image picture = {pixel, 1, 1};
    const struct ocelli_tag tag = {NULL, NULL, 1};
    const char *text = "a", *missing = NULL;
    struct ocelli_tags *tags = (struct ocelli_tags *)1;
    struct ocelli_image image = picture;
    int32_t ids[8];
    size_t count;
    (void)unused;
    lines = 0;
    const int results[] = {
        ocelli_open(NULL, &(struct ocelli_params){.model = blob}),
        ocelli_open(&none, &(struct ocelli_params){.model = blob, .kind = (enum ocelli_kind)99}),
        ocelli_reopen(NULL),
        ocelli_embed_images(NULL, &picture, 1, out),
        ocelli_embed_images(o, NULL, 1, out),
        ocelli_embed_images(o, &picture, 1, NULL),
        ocelli_embed_frame(NULL, NULL, out),
        ocelli_embed_texts(NULL, &text, 1, out),
        ocelli_embed_texts(o, &missing, 1, out),
        ocelli_embed_texts(o, &text, 1, NULL),
        ocelli_tokenize(o, NULL, ids, 8, &count),
        ocelli_tokenize(o, text, NULL, 8, &count),
        ocelli_tokenize(o, text, ids, 8, NULL),
        ocelli_tags_create(&tags, NULL, &tag, 1),
        ocelli_tags_create(&tags, o, &tag, 1),
        ocelli_tags_create(NULL, o, &tag, 1),
        ocelli_image_load(&image, NULL),
        ocelli_image_load(NULL, "x"),
        ocelli_selftest(NULL, NULL),
        ocelli_device_name(0, NULL, 8),
    };
    const int most = sizeof results / sizeof *results;
    for (int i = 0; i < most; i++)
        if (results[i] != OCELLI_ERR_USAGE) fail_msg("call %d: status %d", i, results[i]);
    assert_int_equal(lines, most);
    assert_null(none);
    assert_null(tags);
    assert_null(image.rgb);
    assert_int_equal(ocelli_embed_images(o, NULL, 0, NULL), OCELLI_OK);
    ocelli_unload_text(NULL);
    free(out);
    ocelli_close(&o);
}

static void test_words(void **unused) {
    (void)unused;
    assert_string_equal(ocelli_version(), OCELLI_VERSION);
    for (int status = -8; status <= 1; status++) assert_true(strlen(ocelli_status_text(status)) > 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),           cmocka_unit_test(test_texts),
        cmocka_unit_test(test_first_end_mark), cmocka_unit_test(test_tags),
        cmocka_unit_test(test_selftest),       cmocka_unit_test(test_wrong_open),
        cmocka_unit_test(test_wrong_pictures), cmocka_unit_test(test_flipped_bit),
        cmocka_unit_test(test_wrong_numbers),  cmocka_unit_test(test_reopen),
        cmocka_unit_test(test_fall_back),      cmocka_unit_test(test_words),
        cmocka_unit_test(test_frame),          cmocka_unit_test(test_unload_text),
        cmocka_unit_test(test_new_choice),     cmocka_unit_test(test_first_use),
        cmocka_unit_test(test_null),           cmocka_unit_test(gpu_test_silent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
