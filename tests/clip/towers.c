/* SPDX-License-Identifier: Apache-2.0
 * Both towers against transformers in float32: every golden model, every product the device can do
 * (OCELLI_LONG=1; else some of the pairs). The table it prints is the one of docs/accuracy.md. */
#include "clip/image.h"
#include "clip/text.h"
#include "convert/convert.h"
#include "support/model.h"
#include "support/gpu.h"
#include "support/test.h"
#include "handle.h"
#include "tag/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct opened {
    struct checkpoint_golden golden;
    char *folder;
    struct blob *blob;
    struct clip_config config;
    float *got; /* (16, D) */
};

static void open_blob(struct opened *m, char *out) {
    assert_int_equal(blob_open(&m->blob, out, true), OCELLI_OK);
    assert_int_equal(clip_config_read(&m->config, m->blob), OCELLI_OK);
    assert_int_equal(m->config.embedding, m->golden.dim);
    m->got = calloc(2 * CHECKPOINT_INPUTS * (size_t)m->golden.dim, sizeof *m->got);
    free(out);
}

static void open_model(struct opened *m, const char *name) {
    checkpoint_golden_open(&m->golden, name);
    m->folder = checkpoint_folder();
    open_blob(m, model_convert(m->folder, name));
}

/* As it would be without calibration. */
static void open_uncalibrated(struct opened *m, const char *name) {
    char folder[500], out[512];
    struct convert_result result;
    checkpoint_golden_open(&m->golden, name);
    m->folder = checkpoint_folder();
    snprintf(folder, sizeof folder, "%s", m->folder);
    snprintf(out, sizeof out, "%s/plain.gguf", folder);
    checkpoint_write(name, folder, &(struct checkpoint_form){0});
    assert_int_equal(convert(&(struct convert_params){.checkpoint = folder, .out = out, .uncalibrated = true}, &result),
                     OCELLI_OK);
    open_blob(m, strdup(out));
}

static void close_model(struct opened *m) {
    blob_close(&m->blob);
    checkpoint_remove(m->folder);
    checkpoint_golden_close(&m->golden);
    free(m->got);
}

/* Batches of 3: 8 pictures leave a remainder. */
static void embed_images(struct opened *m, struct op_device *device) {
    struct clip_image tower;
    struct ocelli_image pictures[CHECKPOINT_INPUTS];
    uint32_t size = m->golden.image_size;
    for (int i = 0; i < CHECKPOINT_INPUTS; i++)
        pictures[i] =
            (struct ocelli_image){.rgb = m->golden.images + 3 * (size_t)i * size * size, .width = size, .height = size};
    assert_int_equal(clip_image_init(&tower, device, m->blob, &m->config, 3), OCELLI_OK);
    assert_int_equal(clip_image_embed(&tower, pictures, CHECKPOINT_INPUTS, m->got), OCELLI_OK);
    clip_image_finish(&tower);
}

/* All texts in one batch: lengths from 2 to the whole context beside each other. */
static void embed_texts(struct opened *m, struct op_device *device) {
    struct clip_text tower;
    uint32_t context = m->config.text.tokens, lengths[CHECKPOINT_INPUTS];
    int32_t *ids = calloc((size_t)CHECKPOINT_INPUTS * context, sizeof *ids);
    for (int i = 0; i < CHECKPOINT_INPUTS; i++) {
        memcpy(ids + (size_t)i * context, m->golden.ids[i], m->golden.id_count[i] * sizeof *ids);
        lengths[i] = (uint32_t)m->golden.id_count[i];
    }
    assert_int_equal(clip_text_init(&tower, device, m->blob, &m->config), OCELLI_OK);
    assert_int_equal(clip_text_embed(&tower, ids, lengths, CHECKPOINT_INPUTS, context,
                                     m->got + CHECKPOINT_INPUTS * (size_t)m->golden.dim),
                     OCELLI_OK);
    clip_text_finish(&tower);
    free(ids);
}

struct cosines {
    double worst, mean;
};

static struct cosines cosines(const struct opened *m, int first) {
    struct cosines c = {1, 0};
    for (int i = first; i < first + CHECKPOINT_INPUTS; i++) {
        double sum = 0;
        for (uint32_t d = 0; d < m->golden.dim; d++) {
            size_t at = (size_t)i * m->golden.dim + d;
            sum += (double)m->got[at] * m->golden.embeddings[at];
        }
        c.worst = fmin(c.worst, sum);
        c.mean += sum / CHECKPOINT_INPUTS;
    }
    return c;
}

/* The farthest that the scores of `vectors` are from transformers' own. */
static double scores_apart(const struct opened *m, const float *vectors) {
    double apart = 0;
    for (int i = 0; i < CHECKPOINT_INPUTS; i++)
        for (int j = 0; j < CHECKPOINT_INPUTS; j++) {
            const float *image = vectors + (size_t)i * m->golden.dim;
            const float *text = vectors + (size_t)(CHECKPOINT_INPUTS + j) * m->golden.dim;
            float cosine = score_cosine(image, text, m->golden.dim), score;
            score_sigmoid(&cosine, 1, m->config.logit_scale, m->config.logit_bias, &score);
            apart = fmax(apart, fabs(score - m->golden.scores[i * CHECKPOINT_INPUTS + j]));
        }
    return apart;
}

/* Of transformers' vectors the score is transformers'. Of ours it is farther, and most of all in small models. With 64
 * numbers and a scale of 100, 0.001 of a cosine becomes 0.02 of a score. */
static void check_scores(const struct opened *m) {
    printf("scores at most %.5f apart\n", scores_apart(m, m->got));
    assert_true(scores_apart(m, m->golden.embeddings) < 0.002);
    assert_true(scores_apart(m, m->got) < 0.15);
}

/* All pairs take minutes on a slow machine: `make test-long`. Else the first model has every product, and each other
 * one one of them, another from model to model. */
static bool is_chosen(int model, uint32_t product, uint32_t products) {
    return test_is_long() || model == 0 || (uint32_t)model % products == product;
}

/* Way `index` of the device; false: it has no more. */
static bool check(struct opened *opened, const char *name, int model, uint32_t index) {
    struct op_way ways[OP_WAYS_MOST];
    struct gpu gpu;
    gpu_open(&gpu);
    uint32_t count = op_device_ways(gpu.device, ways);
    assert_true(count >= 2); /* of floats and of int8 */
    if (index < count && is_chosen(model, index, count)) {
        op_device_use(gpu.device, &ways[index]);
        embed_images(opened, gpu.device);
        embed_texts(opened, gpu.device);
        struct cosines image = cosines(opened, 0), text = cosines(opened, CHECKPOINT_INPUTS);
        printf("| %s | %s | %.6f | %.6f |\n", name, ways[index].name, image.worst, text.worst);
        double mark = op_input_is_int8(gpu.device) ? opened->golden.dot : opened->golden.f16w;
        assert_true(image.worst >= mark && text.worst >= mark);
        assert_true(image.mean >= 0.999 && text.mean >= 0.999);
        if (opened->config.sigmoid) check_scores(opened);
    }
    gpu_close(&gpu);
    return index < count;
}

static void check_all(const char *name, int model) {
    struct opened m;
    open_model(&m, name);
    for (uint32_t way = 0; check(&m, name, model, way); way++) {
    }
    close_model(&m);
}

static void test_goldens(void **unused) {
    (void)unused;
    for (int i = 0; checkpoint_names[i]; i++) check_all(checkpoint_names[i], i);
}

/* As the families; these towers have parts of their own. */
static void test_siglip(void **unused) {
    (void)unused;
    for (int i = 0; checkpoint_siglip_names[i]; i++) check_all(checkpoint_siglip_names[i], i);
}

/* Blocks of unequal width, and a stem of convolutions, are laid out by each way of the device in its own form: the
 * first family by all of them, the other by one (OCELLI_LONG=1: by all). */
static void test_families(void **unused) {
    (void)unused;
    for (int i = 0; checkpoint_family_names[i]; i++) check_all(checkpoint_family_names[i], i);
}

/* Products that are marked take floats on every device: marked one by one, they run; all of them bring what int8 inputs
 * cost a model with outlier channels. */
static double worst_with(struct opened *m, const struct op_way *way, const uint64_t marks[CLIP_PRODUCTS]) {
    struct gpu gpu;
    gpu_open(&gpu);
    op_device_use(gpu.device, way);
    memcpy(m->config.image.float_inputs, marks, sizeof m->config.image.float_inputs);
    memcpy(m->config.text.float_inputs, marks, sizeof m->config.text.float_inputs);
    embed_images(m, gpu.device);
    embed_texts(m, gpu.device);
    gpu_close(&gpu);
    return fmin(cosines(m, 0).worst, cosines(m, CHECKPOINT_INPUTS).worst);
}

static void test_float_inputs(void **unused) {
    static const uint64_t none[CLIP_PRODUCTS], all[CLIP_PRODUCTS] = {-1ull, -1ull, -1ull, -1ull},
                                               mixed[CLIP_PRODUCTS] = {2, 4, 8, 1};
    (void)unused;
    struct opened m;
    struct op_way ways[OP_WAYS_MOST];
    struct gpu gpu;
    open_uncalibrated(&m, "outlier");
    gpu_open(&gpu);
    uint32_t count = op_device_ways(gpu.device, ways);
    gpu_close(&gpu);
    bool first = true; /* of int8: it is tried whole; the others are in a long run */
    for (uint32_t i = 0; i < count; i++) {
        if (ways[i].kind == OCELLI_KIND_F16W) continue;
        double plain = worst_with(&m, &ways[i], none), marked = worst_with(&m, &ways[i], all);
        printf("| outlier, not balanced | %s | %.6f | all products float: %.6f |\n", ways[i].name, plain, marked);
        assert_true(plain < 0.997 && marked > 0.9994);
        if (!first && !test_is_long()) continue;
        first = false;
        assert_true(worst_with(&m, &ways[i], mixed) > plain - 0.002);
        for (int p = 0; p < CLIP_PRODUCTS; p++) {
            uint64_t one[CLIP_PRODUCTS] = {0};
            one[p] = -1ull;
            assert_true(worst_with(&m, &ways[i], one) > plain - 0.002);
        }
    }
    close_model(&m);
}

/* Everything marked, also what stands before and behind the blocks: as with kind f16w, whose weights are the same.
 * Behind a stem's first product two take int8. */
static void check_all_marked(const char *name, bool stem) {
    struct opened m;
    struct op_way ways[OP_WAYS_MOST];
    struct gpu gpu;
    open_model(&m, name);
    gpu_open(&gpu);
    uint32_t count = op_device_ways(gpu.device, ways), floats = 0;
    gpu_close(&gpu);
    static const uint64_t none[CLIP_PRODUCTS], all[CLIP_PRODUCTS] = {-1ull, -1ull, -1ull, -1ull};
    while (ways[floats].kind != OCELLI_KIND_F16W) floats++;
    double exact = worst_with(&m, &ways[floats], none);
    struct clip_tower_config *const towers[] = {&m.config.image, &m.config.text};
    for (int t = 0; t < 2; t++) {
        towers[t]->float_pixels = towers[t]->float_projection = true;
        for (int p = 0; p < CLIP_PRODUCTS; p++) towers[t]->float_head[p] = true;
    }
    bool every = test_is_long() || !strcmp(name, "quick"), done = false; /* else the first of int8 */
    for (uint32_t i = 0; i < count && (every || !done); i++) {
        if (ways[i].kind == OCELLI_KIND_F16W) continue;
        double marked = worst_with(&m, &ways[i], all);
        done = true;
        printf("| %s, all marked | %s | %.6f | f16w %.6f |\n", name, ways[i].name, marked, exact);
        assert_true(stem ? marked >= m.golden.dot : fabs(marked - exact) < 1e-5);
    }
    close_model(&m);
}

static void test_all_marked(void **unused) {
    (void)unused;
    check_all_marked("quick", false);
    check_all_marked(checkpoint_siglip_names[0], false);
    check_all_marked("mobileclip", true);
}

/* The same picture at every place of a batch and after other sizes gives the same numbers. */
static void test_batch_places(void **unused) {
    (void)unused;
    struct opened m;
    struct gpu gpu;
    struct clip_image tower;
    open_model(&m, "quick");
    gpu_open(&gpu);
    assert_int_equal(clip_image_init(&tower, gpu.device, m.blob, &m.config, 4), OCELLI_OK);
    uint32_t size = m.golden.image_size, dim = m.golden.dim;
    struct ocelli_image own = {.rgb = m.golden.images, .width = size, .height = size};
    struct ocelli_image wide = {.rgb = m.golden.images, .width = 2 * size, .height = size}; /* two pictures as one */
    struct ocelli_image tiny = {.rgb = m.golden.images, .width = 1, .height = 1};
    struct ocelli_image mixed[] = {own, wide, own, tiny, own, own, wide};
    float alone[96], together[7 * 96];
    assert_int_equal(clip_image_embed(&tower, &own, 1, alone), OCELLI_OK);
    assert_int_equal(clip_image_embed(&tower, mixed, 7, together), OCELLI_OK);
    for (int i = 0; i < 7; i++) {
        double apart = 0;
        for (uint32_t d = 0; d < dim; d++) apart = fmax(apart, fabs(alone[d] - together[i * dim + d]));
        bool same = mixed[i].width == own.width;
        assert_true(same ? apart < 1e-6 : apart > 1e-3);
    }
    clip_image_finish(&tower);
    gpu_close(&gpu);
    close_model(&m);
}

/* A picture over 64 MiB takes the way through the CPU's resize: the same numbers as shrunk by it. */
static void test_large_picture(void **unused) {
    (void)unused;
    struct opened m;
    struct gpu gpu;
    struct clip_image tower;
    enum { WIDTH = 5001, HEIGHT = 5000 };
    open_model(&m, "quick");
    gpu_open(&gpu);
    assert_int_equal(clip_image_init(&tower, gpu.device, m.blob, &m.config, 1), OCELLI_OK);
    uint32_t size = m.config.image_size;
    uint8_t *rgb = malloc(3ul * WIDTH * HEIGHT), *small = malloc(3ul * size * size);
    for (size_t i = 0; i < 3ul * WIDTH * HEIGHT; i++) rgb[i] = (uint8_t)(i / 3 % WIDTH * 255 / WIDTH + i / 90000);
    struct prep_plan plan;
    assert_int_equal(prep_plan_init(&plan, &m.config.prep, WIDTH, HEIGHT), OCELLI_OK);
    assert_int_equal(prep_resize(&plan, rgb, small), OCELLI_OK);
    prep_plan_finish(&plan);
    float large[96], shrunk[96];
    struct ocelli_image a = {rgb, WIDTH, HEIGHT}, b = {small, size, size};
    assert_int_equal(clip_image_embed(&tower, &a, 1, large), OCELLI_OK);
    assert_int_equal(clip_image_embed(&tower, &b, 1, shrunk), OCELLI_OK);
    assert_memory_equal(large, shrunk, m.golden.dim * sizeof *large);
    free(rgb), free(small);
    clip_image_finish(&tower);
    gpu_close(&gpu);
    close_model(&m);
}

/* A camera's frame is the picture that frame_to_rgb() makes of it; pictures and frames of other forms come between. */
static void test_frames(void **unused) {
    (void)unused;
    struct opened m;
    struct gpu gpu;
    struct clip_image tower;
    enum { WIDTH = 97, HEIGHT = 62 };
    open_model(&m, "quick");
    gpu_open(&gpu);
    assert_int_equal(clip_image_init(&tower, gpu.device, m.blob, &m.config, 1), OCELLI_OK);
    uint8_t rgb[3 * WIDTH * HEIGHT], bytes[4 * WIDTH * HEIGHT];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i / 70 + i % 13);
    for (int i = 0; i < 3 * FRAME_FORMATS; i++) {
        struct frame f = {.format = (enum frame_format)(i % FRAME_FORMATS),
                          .width = WIDTH,
                          .height = HEIGHT,
                          .rotation = i % 4 * 90u,
                          .full_range = i & 1};
        frame_lay(&f, bytes);
        frame_to_rgb(&f, rgb);
        float direct[96], converted[96];
        struct ocelli_image picture = {rgb, frame_upright_width(&f), frame_upright_height(&f)};
        assert_int_equal(clip_image_embed_frame(&tower, &f, direct), OCELLI_OK);
        assert_int_equal(clip_image_embed(&tower, &picture, 1, converted), OCELLI_OK);
        assert_memory_equal(direct, converted, m.golden.dim * sizeof *direct);
    }
    clip_image_finish(&tower);
    gpu_close(&gpu);
    close_model(&m);
}

/* The blob's tokenizer gives the ids that transformers' class gave. */
static void test_siglip_ids(void **unused) {
    (void)unused;
    for (int i = 0; checkpoint_siglip_names[i]; i++) {
        struct opened m;
        struct encoder *encoder;
        open_model(&m, checkpoint_siglip_names[i]);
        assert_int_equal(handle_tokenizer(m.blob, m.config.text.tokens, m.config.vocabulary, &encoder), OCELLI_OK);
        for (int t = 0; t < CHECKPOINT_INPUTS; t++) {
            int32_t ids[64];
            size_t count;
            const char *text = m.golden.texts[t];
            assert_int_equal(encoder_encode(encoder, text, strlen(text), ids, &count), OCELLI_OK);
            assert_int_equal(count, m.golden.id_count[t]);
            assert_memory_equal(ids, m.golden.ids[t], count * sizeof *ids);
        }
        encoder_destroy(&encoder);
        close_model(&m);
    }
}

static void test_bad_ids(void **unused) {
    (void)unused;
    struct opened m;
    struct gpu gpu;
    struct clip_text tower;
    open_model(&m, "minimal");
    gpu_open(&gpu);
    assert_int_equal(clip_text_init(&tower, gpu.device, m.blob, &m.config), OCELLI_OK);
    int32_t ids[8] = {536, (int32_t)m.config.vocabulary, 537};
    uint32_t length = 3, none = 0, many = 9;
    assert_int_equal(clip_text_embed(&tower, ids, &length, 1, 8, m.got), OCELLI_ERR_USAGE);
    ids[1] = -1;
    assert_int_equal(clip_text_embed(&tower, ids, &length, 1, 8, m.got), OCELLI_ERR_USAGE);
    ids[1] = 1;
    assert_int_equal(clip_text_embed(&tower, ids, &none, 1, 8, m.got), OCELLI_ERR_USAGE);
    assert_int_equal(clip_text_embed(&tower, ids, &many, 1, 8, m.got), OCELLI_ERR_USAGE);
    assert_int_equal(clip_text_embed(&tower, ids, &length, 1, 8, m.got), OCELLI_OK);
    clip_text_finish(&tower);
    gpu_close(&gpu);
    close_model(&m);
}

int main(void) {
    /* The validation layer takes a fifth of the time, and the tests of the towers' parts have it. */
    if (!test_is_long()) setenv("OCELLI_VALIDATE", "0", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),    cmocka_unit_test(test_float_inputs),  cmocka_unit_test(test_siglip),
        cmocka_unit_test(test_all_marked), cmocka_unit_test(test_siglip_ids),    cmocka_unit_test(test_batch_places),
        cmocka_unit_test(test_families),   cmocka_unit_test(test_large_picture), cmocka_unit_test(test_frames),
        cmocka_unit_test(test_bad_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
