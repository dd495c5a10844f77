/* SPDX-License-Identifier: Apache-2.0
 * The choice of a product: what is timed, what wins, and what a file of an earlier start may say. */
#include "op/choice.h"
#include "support/checkpoint.h"
#include "support/gpu.h"
#include "support/test.h"
#include "vk/cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *folder;

static void quiet(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    if (level != OCELLI_LOG_INFO) fail_msg("said: %s", message);
}

static int setup(void **state) {
    (void)state;
    struct gpu g;
    gpu_open_anew(&g); /* skips where there is no device */
    gpu_close(&g);
    folder = checkpoint_folder();
    ocelli_set_log(quiet, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    checkpoint_remove(folder);
    return 0;
}

static void test_candidates(void **state) {
    (void)state;
    struct gpu g;
    struct choice c[CHOICE_MOST];
    gpu_open_anew(&g);
    uint32_t count = choice_candidates(g.device, c);
    assert_true(count >= 2 && count <= CHOICE_MOST);
    assert_int_equal(c[0].product, op_device_product(g.device)); /* what is known comes first, fused and apart */
    assert_int_equal(c[1].product, c[0].product);
    assert_true(c[0].fuses != c[1].fuses);
    bool tile = false;
    for (uint32_t i = 0; i < count; i++) {
        tile |= c[i].product == OP_PRODUCT_TILE;
        if (op_device_is_cpu(g.device)) assert_true(c[i].product != OP_PRODUCT_DOT && c[i].product != OP_PRODUCT_MMA);
    }
    assert_true(tile);
    gpu_close(&g);
}

static void test_fastest(void **state) {
    (void)state;
    assert_int_equal(choice_fastest((double[]){10, 11, 9.5}, 3), 0); /* not clearly */
    assert_int_equal(choice_fastest((double[]){10, 11, 5}, 3), 2);
    assert_int_equal(choice_fastest((double[]){10, 6, 5}, 3), 2);
    assert_int_equal(choice_fastest((double[]){10, -1, 20}, 3), 0); /* one that does not run */
    assert_int_equal(choice_fastest((double[]){-1, 30, 20}, 3), 2);
    assert_int_equal(choice_fastest((double[]){-1, -1}, 2), 0);
}

static const char *start(const char *cache, bool timed, enum op_product *product, bool *fuses) {
    struct gpu g;
    static char found[512];
    setenv("OCELLI_CACHE", cache, 1);
    gpu_open_anew(&g);
    assert_int_equal(op_device_choose(g.device, timed), OCELLI_OK);
    *product = op_device_product(g.device);
    *fuses = g.device->fuses;
    char *path = vk_cache_file(&g.device->vk, "product", "txt");
    snprintf(found, sizeof found, "%s", path ? path : "");
    free(path);
    gpu_close(&g);
    setenv("OCELLI_CACHE", "", 1);
    return found;
}

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
}

static void test_remembered(void **state) {
    (void)state;
    const char *cache = checkpoint_path(folder, "remembered");
    enum op_product known, product;
    bool fuses;
    size_t size;
    start("", true, &known, &fuses);
    const char *path = start(cache, false, &product, &fuses); /* nothing executed, nothing kept */
    struct stat st;
    assert_int_equal(product, known);
    assert_true(stat(path, &st) != 0);
    start(cache, true, &product, &fuses);
    assert_int_equal(stat(path, &st), 0);
    /* Whatever the file says is used, though it is not what is known to be best. */
    put(path, "product tile, dispatches apart\n");
    start(cache, false, &product, &fuses);
    assert_int_equal(product, OP_PRODUCT_TILE);
    assert_false(fuses);
    start(cache, true, &product, &fuses);
    assert_int_equal(product, OP_PRODUCT_TILE);
    /* Cut short, unknown, impossible, not text: timed again. */
    static const char *const bad[] = {"",
                                      "product tile, dispatches apar",
                                      "product til",
                                      "product mma, dispatches fused\n",
                                      "product best, dispatches fused\n",
                                      "\xff\xfe\x01",
                                      "product tile, dispatches apart\nmore"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put(path, bad[i]);
        start(cache, true, &product, &fuses);
        char *now = checkpoint_get(path, &size);
        assert_true(size != strlen(bad[i]) || memcmp(now, bad[i], size));
        free(now);
    }
}

/* A kind that was asked for is not timed away. */
static void test_forced(void **state) {
    (void)state;
    setenv("OCELLI_CACHE", checkpoint_path(folder, "remembered"), 1);
    struct op_device *d;
    assert_int_equal(op_device_open(&d, getenv("OCELLI_DEVICE"), OCELLI_KIND_DOT), OCELLI_OK);
    assert_int_equal(op_device_choose(d, true), OCELLI_OK);
    assert_int_equal(op_device_kind(d), OCELLI_KIND_DOT);
    op_device_close(&d);
    setenv("OCELLI_CACHE", "", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_candidates), cmocka_unit_test(test_fastest),    cmocka_unit_test(test_remembered),
        cmocka_unit_test(test_forced),     cmocka_unit_test(gpu_test_silent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
