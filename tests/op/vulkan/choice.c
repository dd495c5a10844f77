/* SPDX-License-Identifier: Apache-2.0
 * The choice of a way to compute: what is timed, what wins, and what a file of an earlier start may say. */
#include "op/choice.h"
#include "support/checkpoint.h"
#include "support/gpu.h"
#include "support/test.h"
#include "op/vulkan/vulkan.h"
#include "vk/cache.h"
#include "vk/pipeline.h"

#include <errno.h>
#include <shaders.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *folder;

/* ---- a driver that miscompiles: shaders whose name begins with `broken` get another activation than was asked for
 * ---- */

static const char *broken; /* NULL: none */
static VkShaderModule last_broken;

static PFN_vkCreateShaderModule real_module;
static PFN_vkCreateComputePipelines real_pipelines;

static VKAPI_ATTR VkResult VKAPI_CALL create_module(VkDevice d, const VkShaderModuleCreateInfo *i,
                                                    const VkAllocationCallbacks *a, VkShaderModule *m) {
    VkResult result = real_module(d, i, a, m);
    last_broken = VK_NULL_HANDLE;
    for (size_t n = 0; broken && n < shader_binary_count; n++)
        if (shader_binaries[n].words == i->pCode && !strncmp(shader_binaries[n].name, broken, strlen(broken)))
            last_broken = *m;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_pipelines(VkDevice d, VkPipelineCache c, uint32_t n,
                                                       const VkComputePipelineCreateInfo *i,
                                                       const VkAllocationCallbacks *a, VkPipeline *p) {
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

static void test_ways(void **state) {
    (void)state;
    struct gpu g;
    struct op_way ways[OP_WAYS_MOST];
    gpu_open_anew(&g);
    uint32_t count = op_device_ways(g.device, ways);
    assert_true(count >= 3 && count <= OP_WAYS_MOST);
    assert_string_equal(ways[0].name, op_device_way(g.device)->name); /* what is known comes first, fused and apart */
    assert_int_equal(product_of_way(&ways[0]), product_of_way(&ways[1]));
    assert_true(product_way_fuses(&ways[0]) != product_way_fuses(&ways[1]));
    bool tile = false;
    for (uint32_t i = 0; i < count; i++) {
        enum product p = product_of_way(&ways[i]);
        tile |= p == PRODUCT_TILE;
        bool slow = op_device_type(g.device) == OP_DEVICE_SOFTWARE && (p == PRODUCT_DOT || p == PRODUCT_MMA);
        if (slow) assert_true(ways[i].emulated);
    }
    assert_true(tile);
    gpu_close(&g);
}

static void test_fastest(void **state) {
    (void)state;
    static const struct op_way tile = {.kind = OCELLI_KIND_F16W}, dot = {.kind = OCELLI_KIND_DOT},
                               mma = {.kind = OCELLI_KIND_MMA};
    const struct op_way exact[] = {tile, tile, tile}, mixed[] = {dot, mma, tile};
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

/* Opens and chooses; gives the path of the file, and which way it was. */
static const char *start(const char *cache, bool timed, struct op_way *way) {
    struct gpu g;
    static char found[512];
    setenv("OCELLI_CACHE", cache, 1);
    gpu_open_anew(&g);
    assert_int_equal(op_device_choose(&g.device, timed), OCELLI_OK);
    if (op_device_is_unproved(g.device)) op_device_remember(g.device); /* as after the model's vectors */
    *way = *op_device_way(g.device);
    char *path = vk_cache_file(&vulkan_of(g.device)->vk, "product", "txt");
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
    struct op_way known, way;
    size_t size;
    start("", true, &known);
    const char *path = start(cache, false, &way); /* nothing executed, nothing kept */
    struct stat st;
    assert_string_equal(way.name, known.name);
    assert_true(stat(path, &st) != 0);
    /* Cut short, unknown, impossible, not text: timed again. */
    static const char more[] = "tile, fused: 1.500 ms\nmore";
    if (mkdir(cache, 0700)) assert_int_equal(errno, EEXIST);
    put(path, more);
    start(cache, true, &way);
    char *now = checkpoint_get(path, &size);
    assert_true(size != strlen(more) || memcmp(now, more, size));
    free(now);
    /* Whatever the file says is used, though it is not what is known to be best. */
    put(path, "tile, fused: 1.500 ms\n");
    start(cache, false, &way);
    assert_string_equal(way.name, "tile, fused");
    start(cache, true, &way);
    assert_string_equal(way.name, "tile, fused");
    const char *const bad[] = {"",
                               "tile, fused",
                               "tile, fused:",
                               "tile, fused: 1.500 ms",
                               "tile, fused: -1.000 ms\n",
                               "tile, fuse: 1.500 ms\n",
                               "mma, fused: 1.500 ms\n",
                               "best, fused: 1.500 ms\n",
                               "\xff\xfe\x01",
                               "tile, fused: nan ms\n",
                               more};
    struct gpu g;
    gpu_open_anew(&g);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double ms;
        put(path, bad[i]);
        assert_int_equal(choice_read(g.device, path, &way, &ms), OCELLI_ERR_FILE);
    }
    gpu_close(&g);
}

/* A kind that was asked for is not timed away. */
static void test_forced(void **state) {
    (void)state;
    setenv("OCELLI_CACHE", checkpoint_path(folder, "remembered"), 1);
    struct op_device *d;
    assert_int_equal(op_device_open(&d, &(struct op_device_params){.device = "vulkan", .kind = OCELLI_KIND_DOT}),
                     OCELLI_OK);
    assert_int_equal(op_device_choose(&d, true), OCELLI_OK);
    assert_int_equal(op_device_way(d)->kind, OCELLI_KIND_DOT);
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
    struct op_way ways[OP_WAYS_MOST];
    uint32_t count = op_device_ways(g.device, ways);
    for (uint32_t i = 0; i < count; i++) {
        op_device_use(g.device, &ways[i]);
        int status = choice_check(g.device);
        print_message("%s: %d\n", ways[i].name, status);
        if (status != expected) fail_msg("%s: status %d", ways[i].name, status);
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

/* What is known to be best computes wrongly: another is chosen, with one line for each that is wrong, and that is
 * remembered. */
static void test_falls_back(void **state) {
    (void)state;
    struct op_way known, way;
    size_t size;
    start("", false, &known);
    broken = product_shader(product_of_way(&known))->plain;
    ocelli_set_log(hear_warning, NULL);
    start("", true, &way); /* nowhere to remember it */
    assert_true(product_of_way(&way) != product_of_way(&known));
    assert_in_range(warnings, 1, 2); /* fused and apart */
    assert_non_null(strstr(warning, "computes wrongly"));
    warnings = 0;
    const char *path = start(checkpoint_path(folder, "fallback"), true, &way);
    assert_true(product_of_way(&way) != product_of_way(&known));
    assert_true(warnings >= 1);
    char *file = checkpoint_get(path, &size), line[64];
    snprintf(line, sizeof line, "%s,", product_form(product_of_way(&known))->name);
    assert_true(strncmp(file, line, strlen(line)) != 0);
    free(file);
    warnings = 0;
    start(checkpoint_path(folder, "fallback"), true, &way);
    assert_true(product_of_way(&way) != product_of_way(&known));
    assert_int_equal(warnings, 0); /* told once */
    broken = NULL;
    ocelli_set_log(quiet, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),       cmocka_unit_test(test_fastest),    cmocka_unit_test(test_check),
        cmocka_unit_test(test_falls_back), cmocka_unit_test(test_remembered), cmocka_unit_test(test_forced),
        cmocka_unit_test(gpu_test_silent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
