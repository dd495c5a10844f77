/* SPDX-License-Identifier: Apache-2.0
 * Lists are as large as what they record; small writes to memory that the host cannot see are one submit. */
#include "vk/commands.h"
#include "op/vulkan/vulkan.h"
#include "support/gpu.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static struct gpu gpu;

/* ---- a device with two heaps, of which the first is full; a bind that fails ---- */

static bool full, unbound;

static PFN_vkGetBufferMemoryRequirements real_requirements;
static PFN_vkAllocateMemory real_allocate;
static PFN_vkBindBufferMemory real_bind;

static VKAPI_ATTR void VKAPI_CALL requirements(VkDevice d, VkBuffer b, VkMemoryRequirements *needs) {
    real_requirements(d, b, needs);
    if (full) needs->memoryTypeBits = 3;
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice d, const VkMemoryAllocateInfo *i,
                                               const VkAllocationCallbacks *a, VkDeviceMemory *m) {
    VkMemoryAllocateInfo info = *i;
    if (full && info.memoryTypeIndex == 0) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    if (full) info.memoryTypeIndex = 0;
    return real_allocate(d, &info, a, m);
}

static VKAPI_ATTR VkResult VKAPI_CALL bind(VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize offset) {
    return unbound ? VK_ERROR_OUT_OF_DEVICE_MEMORY : real_bind(d, b, m, offset);
}

static int setup(void **unused) {
    (void)unused;
    gpu_open_anew(&gpu);
    real_requirements = vkGetBufferMemoryRequirements, vkGetBufferMemoryRequirements = requirements;
    real_allocate = vkAllocateMemory, vkAllocateMemory = allocate;
    real_bind = vkBindBufferMemory, vkBindBufferMemory = bind;
    return 0;
}

static int teardown(void **unused) {
    (void)unused;
    gpu_close(&gpu);
    return 0;
}

/* Rows of floats to int8, again and again: a dispatch each. */
static void record(uint32_t count) {
    double values[4] = {1, -2, 3, -4}, got[4];
    struct op_rows in = gpu_rows(&gpu, values, 1, 4), out = gpu_int8_rows(&gpu, 1, 4);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    for (uint32_t i = 0; i < count; i++) op_quantize(gpu.list, in, out, 1, 4);
    gpu_run(&gpu);
    gpu_read_rows(&gpu, out, 1, 4, got);
    assert_float_equal(got[3], -4, 0.02);
}

static void test_capacity(void **unused) {
    (void)unused;
    static const uint32_t counts[] = {1, 2, 4, 5, 70, 129};
    const struct vk_commands *c = &((struct vulkan_list *)gpu.list)->commands;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        record(counts[i]);
        assert_int_equal(c->count, counts[i]);
        assert_true(c->capacity <= (counts[i] < 4 ? 4 : 2 * counts[i]));
        assert_true(c->sets <= (counts[i] < 4 ? 4 : 2 * counts[i]));
    }
}

static void test_most(void **unused) {
    (void)unused;
    double values[4] = {0};
    struct op_rows in = gpu_rows(&gpu, values, 1, 4), out = gpu_int8_rows(&gpu, 1, 4);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    for (uint32_t i = 0; i < 2049; i++) op_quantize(gpu.list, in, out, 1, 4);
    assert_int_equal(op_list_end(gpu.list), OCELLI_ERR_LIMIT);
}

/* 3000 writes of 4 bytes and one over 4 MB: they arrive, wherever the staging memory was full. */
static void test_uploads(void **unused) {
    (void)unused;
    enum { SMALL = 3000, LARGE = (9 << 20) + 4, SIZE = 4 * SMALL + LARGE };
    struct vk_device *d = &vulkan_of(gpu.device)->vk;
    struct vk_buffer b, gone;
    d->apart = true;
    uint64_t before = d->bytes_allocated;
    uint8_t *expected = malloc(SIZE), *got = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++) expected[i] = (uint8_t)(i * 31 + i / 77);
    assert_int_equal(vk_buffer_create(&b, d, SIZE, VK_BUFFER_DEVICE, "far"), OCELLI_OK);
    assert_null(b.mapped);
    for (size_t i = 0; i < SMALL; i++) assert_int_equal(vk_buffer_write(&b, d, 4 * i, expected + 4 * i, 4), OCELLI_OK);
    assert_int_equal(vk_buffer_write(&b, d, 4 * SMALL, expected + 4 * SMALL, LARGE), OCELLI_OK);
    /* what waits for a buffer that goes is not sent */
    assert_int_equal(vk_buffer_create(&gone, d, 64, VK_BUFFER_DEVICE, "gone"), OCELLI_OK);
    assert_int_equal(vk_buffer_write(&gone, d, 0, expected, 64), OCELLI_OK);
    vk_buffer_destroy(&gone, d);
    assert_int_equal(vk_buffer_read(&b, d, 0, got, SIZE), OCELLI_OK);
    assert_memory_equal(got, expected, SIZE);
    assert_null(d->upload); /* and the staging memory is freed */
    vk_buffer_destroy(&b, d);
    assert_int_equal(d->bytes_allocated, before);
    d->apart = false;
    free(expected), free(got);
}

static void test_second_heap(void **unused) {
    (void)unused;
    struct vk_device *d = &vulkan_of(gpu.device)->vk;
    VkPhysicalDeviceMemoryProperties had = d->memory;
    struct vk_buffer b;
    uint8_t out[64] = {7}, in[64];
    if (had.memoryTypeCount != 1) skip(); /* llvmpipe has one */
    d->memory.memoryTypeCount = 2;
    d->memory.memoryTypes[1] = d->memory.memoryTypes[0];
    full = true;
    for (int use = VK_BUFFER_DEVICE; use <= VK_BUFFER_OUTPUT; use++) {
        assert_int_equal(vk_buffer_create(&b, d, sizeof out, (enum vk_buffer_use)use, "second"), OCELLI_OK);
        assert_int_equal(vk_buffer_write(&b, d, 0, out, sizeof out), OCELLI_OK);
        assert_int_equal(vk_buffer_read(&b, d, 0, in, sizeof in), OCELLI_OK);
        assert_memory_equal(in, out, sizeof in);
        vk_buffer_destroy(&b, d);
    }
    d->memory.memoryTypeCount = 1;
    assert_int_equal(vk_buffer_create(&b, d, 64, VK_BUFFER_DEVICE, "no room"), OCELLI_ERR_MEMORY);
    full = false;
    d->memory = had;
}

static void test_bytes(void **unused) {
    (void)unused;
    struct vk_device *d = &vulkan_of(gpu.device)->vk;
    struct vk_buffer b;
    uint64_t before = d->bytes_allocated;
    unbound = true;
    assert_int_equal(vk_buffer_create(&b, d, 64, VK_BUFFER_DEVICE, "unbound"), OCELLI_ERR_MEMORY);
    unbound = false;
    assert_int_equal(d->bytes_allocated, before);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_capacity), cmocka_unit_test(test_most),
                                       cmocka_unit_test(test_uploads),  cmocka_unit_test(test_second_heap),
                                       cmocka_unit_test(test_bytes),    cmocka_unit_test(gpu_test_silent)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
