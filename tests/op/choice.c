/* SPDX-License-Identifier: Apache-2.0
 * The choice of a product: what is timed, what wins, and what a file of an earlier start may say. */
#include "op/choice.h"
#include "support/checkpoint.h"
#include "support/gpu.h"
#include "support/test.h"
#include "vk/cache.h"
#include "vk/pipeline.h"

#include <shaders.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *folder;

/* ---- a driver that miscompiles: shaders whose name begins with `broken` get another activation than was asked for ---- */

static const char *broken; /* NULL: none */
static VkShaderModule last_broken;

static PFN_vkCreateShaderModule real_module;
static PFN_vkCreateComputePipelines real_pipelines;

static VKAPI_ATTR VkResult VKAPI_CALL create_module(VkDevice d, const VkShaderModuleCreateInfo *i, const VkAllocationCallbacks *a,
                                                    VkShaderModule *m) {
    VkResult result = real_module(d, i, a, m);
    last_broken = VK_NULL_HANDLE;
    for (size_t n = 0; broken && n < shader_binary_count; n++)
        if (shader_binaries[n].words == i->pCode && !strncmp(shader_binaries[n].name, broken, strlen(broken))) last_broken = *m;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_pipelines(VkDevice d, VkPipelineCache c, uint32_t n,
                                                       const VkComputePipelineCreateInfo *i, const VkAllocationCallbacks *a,
                                                       VkPipeline *p) {
    VkComputePipelineCreateInfo info = *i;
    VkSpecializationInfo constants = *i->stage.pSpecializationInfo;
    uint32_t values[VK_MAX_CONSTANTS];
    memcpy(values, constants.pData, constants.dataSize);
    if (last_broken && i->stage.module == last_broken) values[1] = OP_GELU;
    constants.pData = values;
    info.stage.pSpecializationInfo = &constants;
    return real_pipelines(d, c, n, &info, a, p);
}

static void quiet(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    if (level != OCELLI_LOG_INFO) fail_msg("said: %s", message);
}

static int setup(void **state) {
    (void)state;
    struct gpu g;
    gpu_open_anew(&g); /* skips where there is no device */
    gpu_close(&g);
    real_module = vkCreateShaderModule, vkCreateShaderModule = create_module;
    real_pipelines = vkCreateComputePipelines, vkCreateComputePipelines = create_pipelines;
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
    static const struct choice tile = {OP_PRODUCT_TILE, true}, split = {OP_PRODUCT_SPLIT, true}, dot = {OP_PRODUCT_DOT, true},
                               mma = {OP_PRODUCT_MMA, true};
    const struct choice exact[] = {tile, tile, split}, mixed[] = {dot, mma, tile};
    assert_int_equal(choice_fastest((double[]){10, 11, 9.5}, exact, 3), 0); /* not clearly */
    assert_int_equal(choice_fastest((double[]){10, 11, 5}, exact, 3), 2);
    assert_int_equal(choice_fastest((double[]){10, 6, 5}, exact, 3), 2);
    assert_int_equal(choice_fastest((double[]){10, -1, 20}, exact, 3), 0); /* one that does not run */
    assert_int_equal(choice_fastest((double[]){-1, 30, 20}, exact, 3), 2);
    assert_int_equal(choice_fastest((double[]){-1, -1, -1}, exact, 3), 0);
    assert_int_equal(choice_fastest((double[]){10, 10, 11.4}, mixed, 3), 2); /* the more exact one within 15 % */
    assert_int_equal(choice_fastest((double[]){10, 10, 11.6}, mixed, 3), 0);
    assert_int_equal(choice_fastest((double[]){10, 5, 5.5}, mixed, 3), 2);
    assert_int_equal(choice_fastest((double[]){10, 5, 6}, mixed, 3), 1);
    assert_int_equal(choice_fastest((double[]){10, 5, -1}, mixed, 3), 1);
}

static const char *start(const char *cache, bool timed, enum op_product *product, bool *fuses) {
    struct gpu g;
    static char found[512];
    setenv("OCELLI_CACHE", cache, 1);
    gpu_open_anew(&g);
    assert_int_equal(op_device_choose(g.device, timed), OCELLI_OK);
    if (op_device_is_unproved(g.device)) op_device_remember(g.device); /* as after the model's vectors */
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
    struct gpu g;
    gpu_open_anew(&g);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct choice none;
        put(path, bad[i]);
        assert_int_equal(choice_read(g.device, path, &none), OCELLI_ERR_FILE);
    }
    gpu_close(&g);
    start(cache, true, &product, &fuses);
    char *now = checkpoint_get(path, &size);
    const char *last = bad[sizeof bad / sizeof bad[0] - 1];
    assert_true(size != strlen(last) || memcmp(now, last, size));
    free(now);
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

static unsigned warnings;
static char warning[512];

static void hear_warning(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    if (level == OCELLI_LOG_INFO) return;
    warnings++;
    snprintf(warning, sizeof warning, "%s", message);
}

static void check_each(int expected) {
    struct gpu g;
    gpu_open_anew(&g);
    for (int p = 0; p < OP_PRODUCT_COUNT; p++) {
        const char *name = op_product_name((enum op_product)p);
        if (op_device_set_product(g.device, (enum op_product)p)) continue;
        int status = choice_check(g.device);
        print_message("%s: %d\n", name, status);
        if (status != expected) fail_msg("%s: status %d", name, status);
    }
    gpu_close(&g);
}

/* Every product that the device can run computes what plain C does; miscompiled, it is found out. */
static void test_check(void **state) {
    (void)state;
    check_each(OCELLI_OK);
    broken = "linear_";
    check_each(OCELLI_ERR_WRONG);
    broken = NULL;
}

/* What is known to be best computes wrongly: another is chosen, with one line for each that is wrong, and that is remembered. */
static void test_falls_back(void **state) {
    (void)state;
    enum op_product known, product;
    bool fuses;
    size_t size;
    start("", false, &known, &fuses);
    char prefix[64];
    snprintf(prefix, sizeof prefix, "linear_%s", op_product_name(known));
    for (char *c = prefix; *c; c++)
        if (*c == '-') *c = '_';
    broken = prefix;
    ocelli_set_log(hear_warning, NULL);
    start("", true, &product, &fuses); /* nowhere to remember it */
    assert_true(product != known);
    assert_in_range(warnings, 1, 2); /* fused and apart */
    assert_non_null(strstr(warning, "computes wrongly"));
    warnings = 0;
    const char *path = start(checkpoint_path(folder, "fallback"), true, &product, &fuses);
    assert_true(product != known);
    assert_true(warnings >= 1);
    char *file = checkpoint_get(path, &size), line[64];
    snprintf(line, sizeof line, "product %s,", op_product_name(known));
    assert_null(strstr(file, line));
    free(file);
    warnings = 0;
    start(checkpoint_path(folder, "fallback"), true, &product, &fuses);
    assert_true(product != known);
    assert_int_equal(warnings, 0); /* told once */
    broken = NULL;
    ocelli_set_log(quiet, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_candidates), cmocka_unit_test(test_fastest),    cmocka_unit_test(test_check),
        cmocka_unit_test(test_falls_back), cmocka_unit_test(test_remembered), cmocka_unit_test(test_forced),
        cmocka_unit_test(gpu_test_silent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
