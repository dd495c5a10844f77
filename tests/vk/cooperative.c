/* SPDX-License-Identifier: Apache-2.0
 * Which shapes of a driver's list are usable; what the device at hand has. */
#include "vk/cooperative.h"
#include "support/gpu.h"
#include "support/test.h"

#include <stddef.h>

/* As NVIDIA lists its int8 shape. */
static const VkCooperativeMatrixPropertiesKHR good = {.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR,
                                                      .MSize = 16,
                                                      .NSize = 16,
                                                      .KSize = 32,
                                                      .AType = VK_COMPONENT_TYPE_SINT8_KHR,
                                                      .BType = VK_COMPONENT_TYPE_SINT8_KHR,
                                                      .CType = VK_COMPONENT_TYPE_SINT32_KHR,
                                                      .ResultType = VK_COMPONENT_TYPE_SINT32_KHR,
                                                      .scope = VK_SCOPE_SUBGROUP_KHR};

static bool fits_with(size_t field, uint32_t value) {
    VkCooperativeMatrixPropertiesKHR p = good;
    *(uint32_t *)((char *)&p + field) = value;
    return vk_cooperative_fits(&p);
}

static void test_fits(void **unused) {
    (void)unused;
    enum { FLOAT16 = 0, UINT8 = 7, WORKGROUP = 2 };
    static const struct {
        size_t field;
        uint32_t value;
        bool fits;
    } changes[] = {
        {offsetof(VkCooperativeMatrixPropertiesKHR, MSize), 8, true},
        {offsetof(VkCooperativeMatrixPropertiesKHR, MSize), 32, true},
        {offsetof(VkCooperativeMatrixPropertiesKHR, MSize), 64, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, MSize), 4, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, MSize), 0, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, NSize), 8, true},
        {offsetof(VkCooperativeMatrixPropertiesKHR, NSize), 0, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, NSize), 256, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, KSize), 8, true},
        {offsetof(VkCooperativeMatrixPropertiesKHR, KSize), 16, true},
        {offsetof(VkCooperativeMatrixPropertiesKHR, KSize), 64, true},
        {offsetof(VkCooperativeMatrixPropertiesKHR, KSize), 0, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, KSize), 2, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, KSize), 24, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, KSize), 128, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, AType), UINT8, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, BType), UINT8, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, CType), FLOAT16, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, ResultType), FLOAT16, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, saturatingAccumulation), VK_TRUE, false},
        {offsetof(VkCooperativeMatrixPropertiesKHR, scope), WORKGROUP, false},
    };
    assert_true(vk_cooperative_fits(&good));
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (fits_with(changes[i].field, changes[i].value) != changes[i].fits) fail_msg("change %zu", i);
}

static void test_device(void **unused) {
    (void)unused;
    struct gpu g;
    gpu_open_anew(&g); /* skips where there is no device */
    gpu_close(&g);
    struct vk_device d;
    assert_int_equal(vk_device_open(&d, NULL), OCELLI_OK);
    struct vk_cooperative shape = d.cooperative;
    printf("%s, %s: %ux%ux%u, subgroup %u\n", d.name, d.driver, shape.m, shape.n, shape.k, shape.subgroup);
    assert_true(shape.m ? shape.n && shape.k && shape.subgroup >= d.subgroup_size
                        : !shape.n && !shape.k && !shape.subgroup);
    vk_device_close(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
