/* SPDX-License-Identifier: Apache-2.0
 * Devices that cannot do it are refused in one line; the real one opens and closes. */
#include "vk/device.h"
#include "support/gpu.h"
#include "support/test.h"
#include "vk/pipeline.h"

#include <stdlib.h>
#include <string.h>

static char said[1024];
static unsigned lines;

static void listen(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level;
    lines++;
    snprintf(said, sizeof said, "%s", message);
}

static int setup(void **state) {
    (void)state;
    struct gpu g;
    gpu_open_anew(&g); /* skips where there is no device */
    gpu_close(&g);
    ocelli_set_log(listen, NULL);
    return 0;
}

static void refused(int status, const char *word) {
    assert_int_equal(status, OCELLI_ERR_DEVICE);
    assert_int_equal(lines, 1);
    if (!strstr(said, word)) fail_msg("expected '%s', said: %s", word, said);
    lines = 0;
}

static VkPhysicalDeviceLimits real_limits(void) {
    struct vk_device d;
    assert_int_equal(vk_device_open(&d, NULL), OCELLI_OK);
    VkPhysicalDeviceLimits limits = d.limits;
    vk_device_close(&d);
    return limits;
}

static void test_limits(void **state) {
    VkPhysicalDeviceLimits good = real_limits(), l;
    (void)state;
    assert_int_equal(vk_check_limits(&good, "gpu"), OCELLI_OK);
    l = good, l.maxComputeSharedMemorySize = 16383;
    refused(vk_check_limits(&l, "gpu"), "gpu: its maxComputeSharedMemorySize is 16383, ocelli needs 16384");
    l = good, l.maxComputeWorkGroupInvocations = 128;
    refused(vk_check_limits(&l, "gpu"), "maxComputeWorkGroupInvocations is 128");
    l = good, l.maxComputeWorkGroupSize[0] = 128;
    refused(vk_check_limits(&l, "gpu"), "maxComputeWorkGroupSize[0] is 128");
    l = good, l.maxPerStageDescriptorStorageBuffers = 4;
    refused(vk_check_limits(&l, "gpu"), "maxPerStageDescriptorStorageBuffers is 4");
    l = good, l.maxStorageBufferRange = 1 << 26;
    refused(vk_check_limits(&l, "gpu"), "maxStorageBufferRange is 67108864");
}

static void test_choice(void **state) {
    uint32_t count;
    struct vk_device d;
    char name[256], upper[256];
    (void)state;
    refused(vk_device_open(&d, "no such device"), "'no such device': `ocelli info` lists them");
    refused(vk_device_open(&d, "999"), "'999'");
    refused(vk_device_open(&d, "-1"), "'-1'");
    refused(vk_device_open(&d, "5"), "'5'"); /* also where it is part of a name, as in "llvmpipe (LLVM 15.0.6" */
    assert_int_equal(vk_device_open(&d, "0"), OCELLI_OK);
    vk_device_close(&d);
    assert_int_equal(vk_device_name(0, name, sizeof name, &count), OCELLI_OK);
    for (size_t i = 0; i <= strlen(name); i++)
        upper[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
    assert_int_equal(vk_device_open(&d, upper), OCELLI_OK);
    assert_string_equal(d.name, name);
    vk_device_close(&d);
    assert_int_equal(vk_device_name(999, name, sizeof name, &count), OCELLI_ERR_USAGE);
    assert_int_equal(lines, 0);
}

static void test_results(void **state) {
    (void)state;
    assert_int_equal(vk_failed(VK_ERROR_DEVICE_LOST, "vkQueueSubmit(a, b)"), OCELLI_ERR_LOST);
    assert_string_equal(said, "vkQueueSubmit: the device was lost: open it again");
    assert_int_equal(vk_failed(VK_ERROR_OUT_OF_DEVICE_MEMORY, "vkAllocateMemory(x)"), OCELLI_ERR_MEMORY);
    assert_int_equal(vk_failed(VK_ERROR_UNKNOWN, "vkCreateDevice(x)"), OCELLI_ERR_DEVICE);
    lines = 0;
}

/* Late: the loader keeps what it saw of the environment for no longer than an instance. */
static void test_no_driver(void **state) {
    struct vk_device d;
    char name[8];
    uint32_t count;
    (void)state;
    setenv("VK_DRIVER_FILES", "/nonexistent/icd.json", 1);
    setenv("VK_ICD_FILENAMES", "/nonexistent/icd.json", 1);
    refused(vk_device_open(&d, NULL), "no Vulkan driver found: install one");
    refused(vk_device_name(0, name, sizeof name, &count), "no Vulkan driver found");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),    cmocka_unit_test(test_choice),     cmocka_unit_test(test_results),
        cmocka_unit_test(test_no_driver), cmocka_unit_test(gpu_test_silent),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
