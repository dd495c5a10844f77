/* SPDX-License-Identifier: Apache-2.0
 * Pixels against PIL's (tests/golden/preprocess), shapes at the edges, normalising against double. */
#include "support/test.h"
#include "prep/decode.h"
#include "prep/prep.h"
#include "base/file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void golden_path(char path[4096], const char *name) {
    const char *source = getenv("OCELLI_SOURCE");
    snprintf(path, 4096, "%s/tests/golden/preprocess/%s", source ? source : ".", name);
}

static struct ocelli_image golden_picture(const char *name) {
    char path[4096];
    golden_path(path, name);
    struct ocelli_image image;
    assert_int_equal(decode_file(&image, path, NULL), OCELLI_OK);
    return image;
}

static const char *text_of(const cJSON *item, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(item, key));
    assert_non_null(text);
    return text;
}

static int number_of(const cJSON *item, const char *key) {
    const cJSON *number = cJSON_GetObjectItem(item, key);
    assert_true(cJSON_IsNumber(number));
    return number->valueint;
}

static struct prep_rule rule_of(const cJSON *item) {
    return (struct prep_rule){
        .size = (uint32_t)number_of(item, "size"),
        .resize = strcmp(text_of(item, "resize"), "squash") ? PREP_CROP : PREP_SQUASH,
        .filter = strcmp(text_of(item, "filter"), "bilinear") ? PREP_BICUBIC : PREP_BILINEAR,
    };
}

/* (size, size, 3), to be freed. */
static uint8_t *resized(const struct prep_rule *rule, const struct ocelli_image *image) {
    struct prep_plan plan;
    uint8_t *out = malloc((size_t)rule->size * rule->size * 3);
    assert_non_null(out);
    assert_int_equal(prep_plan_init(&plan, rule, image->width, image->height), OCELLI_OK);
    assert_int_equal(prep_resize(&plan, image->rgb, out), OCELLI_OK);
    prep_plan_finish(&plan);
    return out;
}

struct difference {
    int worst; /* of 255 */
    double mean;
};

static struct difference compare(const uint8_t *a, const uint8_t *b, size_t count) {
    struct difference d = {0};
    for (size_t i = 0; i < count; i++) {
        int one = abs(a[i] - b[i]);
        d.mean += one / (double)count;
        if (one > d.worst) d.worst = one;
    }
    return d;
}

static struct difference golden_case(const cJSON *item) {
    struct prep_rule rule = rule_of(item);
    struct ocelli_image input = golden_picture(text_of(item, "input"));
    struct ocelli_image expected = golden_picture(text_of(item, "expected"));
    assert_int_equal(expected.width, rule.size);
    assert_int_equal(expected.height, rule.size);
    uint8_t *out = resized(&rule, &input);
    struct difference d = compare(out, expected.rgb, (size_t)rule.size * rule.size * 3);
    printf("%-48s max %2d  mean %.4f of 255\n", text_of(item, "expected"), d.worst, d.mean);
    free(out);
    decode_free(&input);
    decode_free(&expected);
    return d;
}

static void goldens(void **state) {
    (void)state;
    char path[4096];
    golden_path(path, "index.json");
    struct file_bytes bytes;
    assert_int_equal(file_read(&bytes, path), OCELLI_OK);
    cJSON *index = cJSON_ParseWithLength((const char *)bytes.data, bytes.size);
    assert_true(cJSON_GetArraySize(index) > 0);
    int lossless = 0, exact = 0, jpeg = 0, over = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, index) {
        struct difference d = golden_case(item);
        int is_jpeg = cJSON_IsTrue(cJSON_GetObjectItem(item, "jpeg")), allowed = number_of(item, "tolerance");
        if (!is_jpeg) allowed = 0;
#ifdef OCELLI_JPEG
        allowed = 0; /* Pillow's own decoder */
#endif
        jpeg += is_jpeg;
        lossless += !is_jpeg;
        exact += !is_jpeg && d.worst == 0;
        over += d.worst > allowed;
    }
    printf("%d of %d lossless cases exactly as PIL, %d JPEG\n", exact, lossless, jpeg);
    assert_int_equal(over, 0);
    cJSON_Delete(index);
    file_free(&bytes);
}

static const enum prep_resize resizes[] = {PREP_CROP, PREP_SQUASH};
static const enum prep_filter filters[] = {PREP_BICUBIC, PREP_BILINEAR};

static void check_axis(const struct prep_axis *axis, uint32_t in_size, uint32_t size) {
    assert_int_equal(axis->out_size, size);
    for (uint32_t i = 0; i < size; i++) {
        const int32_t *weight = axis->weight + (size_t)i * axis->taps;
        int32_t count = axis->count[i], sum = 0;
        assert_true(axis->first[i] >= 0 && count >= 1 && (uint32_t)count <= axis->taps);
        assert_true((uint32_t)(axis->first[i] + count) <= in_size);
        assert_true(i == 0 || axis->first[i] >= axis->first[i - 1]);
        for (uint32_t t = 0; t < axis->taps; t++) sum += weight[t];
        for (uint32_t t = (uint32_t)count; t < axis->taps; t++) assert_int_equal(weight[t], 0);
        assert_true(abs(sum - (1 << PREP_PRECISION)) <= count); /* each rounded by at most a half */
    }
}

/* Everything outputs need is inside the rows that prep_rows_needed() tells. */
static void check_rows(const struct prep_plan *plan) {
    struct prep_rows need = prep_rows_needed(plan);
    for (uint32_t i = 0; i < plan->size; i++) {
        assert_true((uint32_t)plan->y.first[i] >= need.first);
        assert_true((uint32_t)(plan->y.first[i] + plan->y.count[i]) <= need.first + need.count);
    }
}

/* A picture in one colour stays so, whatever its shape. */
static void check_flat(const struct prep_plan *plan) {
    size_t in = (size_t)plan->in_width * plan->in_height, out = (size_t)plan->size * plan->size;
    uint8_t *rgb = malloc(in * 3), *result = malloc(out * 3);
    assert_true(rgb && result);
    static const uint8_t colour[3] = {0, 255, 119};
    for (size_t i = 0; i < in * 3; i++) rgb[i] = colour[i % 3];
    assert_int_equal(prep_resize(plan, rgb, result), OCELLI_OK);
    for (size_t i = 0; i < out * 3; i++) assert_int_equal(result[i], colour[i % 3]);
    free(rgb);
    free(result);
}

static void check_shape(const struct prep_rule *rule, uint32_t width, uint32_t height) {
    struct prep_plan plan;
    assert_int_equal(prep_plan_init(&plan, rule, width, height), OCELLI_OK);
    check_axis(&plan.x, width, rule->size);
    check_axis(&plan.y, height, rule->size);
    check_rows(&plan);
    check_flat(&plan);
    prep_plan_finish(&plan);
}

static void edge_shapes(void **state) {
    (void)state;
    static const uint32_t sizes[] = {1, 2, 32, 224};
    for (size_t s = 0; s < 4; s++)
        for (size_t k = 0; k < 4; k++) {
            uint32_t n = sizes[s];
            struct prep_rule rule = {.size = n, .resize = resizes[k / 2], .filter = filters[k % 2]};
            const uint32_t sides[] = {1, 2, n > 1 ? n - 1 : 1, n, n + 1, 2 * n, 777};
            for (size_t i = 0; i < 49; i++) check_shape(&rule, sides[i / 7], sides[i % 7]);
            check_shape(&rule, PREP_MAX_SIDE, 1);
            check_shape(&rule, 1, PREP_MAX_SIDE);
            check_shape(&rule, PREP_MAX_SIDE, 3);
        }
}

static void widest_tables(void **state) {
    (void)state;
    struct prep_plan plan;
    struct prep_rule rule = {.size = PREP_MAX_SIDE};
    assert_int_equal(prep_plan_init(&plan, &rule, PREP_MAX_SIDE, 1), OCELLI_OK); /* crops 16384 of 2^28 */
    check_axis(&plan.x, PREP_MAX_SIDE, rule.size);
    check_axis(&plan.y, 1, rule.size);
    prep_plan_finish(&plan);
}

/* The 16 bits that a fixed sequence gives at i: noise that is the same everywhere. */
static uint8_t noise(uint32_t i) {
    i = (i ^ i >> 15) * 0x2c1b3c6du;
    i = (i ^ i >> 12) * 0x297a2d39u;
    return (uint8_t)(i >> 24);
}

static struct ocelli_image noise_picture(uint32_t width, uint32_t height) {
    size_t count = (size_t)width * height * 3;
    uint8_t *rgb = malloc(count);
    assert_non_null(rgb);
    for (size_t i = 0; i < count; i++) rgb[i] = noise((uint32_t)i);
    return (struct ocelli_image){.rgb = rgb, .width = width, .height = height};
}

static void same_size_is_a_copy(void **state) {
    (void)state;
    struct ocelli_image image = noise_picture(37, 37);
    for (size_t k = 0; k < 4; k++) {
        struct prep_rule rule = {.size = 37, .resize = resizes[k / 2], .filter = filters[k % 2]};
        uint8_t *out = resized(&rule, &image);
        assert_memory_equal(out, image.rgb, 37 * 37 * 3);
        free(out);
    }
    decode_free(&image);
}

/* Crop without resize: the offset is (side - size) / 2 rounded down. */
static void crop_offset(void **state) {
    (void)state;
    struct prep_rule rule = {.size = 32};
    for (uint32_t side = 32; side < 40; side++) {
        struct ocelli_image image = noise_picture(side, 32);
        uint8_t *out = resized(&rule, &image);
        for (uint32_t y = 0; y < 32; y++)
            assert_memory_equal(out + y * 96, image.rgb + (y * side + (side - 32) / 2) * 3, 96);
        free(out);
        decode_free(&image);
    }
}

static void limits(void **state) {
    (void)state;
    static const struct {
        uint32_t size, width, height;
        int status;
    } cases[] = {
        {224, 0, 5, OCELLI_ERR_USAGE},     {224, 5, 0, OCELLI_ERR_USAGE},          {224, 16385, 1, OCELLI_ERR_LIMIT},
        {224, 1, 16385, OCELLI_ERR_LIMIT}, {224, UINT32_MAX, 1, OCELLI_ERR_LIMIT}, {0, 5, 5, OCELLI_ERR_USAGE},
        {16385, 5, 5, OCELLI_ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct prep_rule rule = {.size = cases[i].size};
        struct prep_plan plan;
        assert_int_equal(prep_plan_init(&plan, &rule, cases[i].width, cases[i].height), cases[i].status);
        assert_null(plan.x.first);
        prep_plan_finish(&plan); /* may be called all the same */
    }
}

/* Every byte in every channel, against the formula in double; (size, size, 3) to (3, size, size). */
static void normalise(void **state) {
    (void)state;
    static const struct prep_rule rules[] = {
        {.size = 16, .mean = {.48145466f, .4578275f, .40821073f}, .std = {.26862954f, .26130258f, .27577711f}},
        {.size = 16, .mean = {.5f, .5f, .5f}, .std = {.5f, .5f, .5f}},
        {.size = 16, .mean = {0, 0, 0}, .std = {1, 1, 1}},
    };
    uint8_t rgb[256 * 3];
    float out[3 * 256];
    double worst = 0;
    for (int i = 0; i < 256 * 3; i++) rgb[i] = (uint8_t)(i / 3 + i % 3 * 7);
    for (size_t k = 0; k < 3; k++) {
        prep_normalise(&rules[k], rgb, out);
        for (int i = 0; i < 256 * 3; i++) {
            int channel = i % 3;
            double expected = (rgb[i] / 255.0 - (double)rules[k].mean[channel]) / (double)rules[k].std[channel];
            worst = fmax(worst, fabs((double)out[channel * 256 + i / 3] - expected));
        }
    }
    printf("normalise: worst difference from double %.2g\n", worst);
    assert_true(worst < 1.3e-7); /* half an ulp of a float below 4 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goldens),     cmocka_unit_test(edge_shapes), cmocka_unit_test(widest_tables),
        cmocka_unit_test(crop_offset), cmocka_unit_test(limits),      cmocka_unit_test(same_size_is_a_copy),
        cmocka_unit_test(normalise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
