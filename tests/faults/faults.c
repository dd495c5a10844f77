/* SPDX-License-Identifier: Apache-2.0
 * The n-th allocation, and the n-th Vulkan call, of a small run fails: for every n (OCELLI_LONG=1) or some, the run
 * ends with a status and a line, and the same handle then gives the right vectors. Only our objects' calls fail, and
 * not the driver's:
 * --wrap sends allocations here (tests/CMakeLists.txt), and the table of vk/loader.h Vulkan's. */
#include "blob/blob.h"
#include "support/model.h"
#include "support/gpu.h"
#include "support/heard.h"
#include "support/test.h"
#include "vk/loader.h"

#include <math.h>
#include <ocelli.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what fails ---- */

enum which { ALLOCATION, VULKAN };

static struct {
    enum which which;
    long left;  /* calls until the one that fails; 0: none does */
    bool armed; /* only while the run is on: the test's own calls succeed */
    bool met;
    const char *call; /* the one that failed */
} fault;

static bool fails(enum which which, const char *call) {
    if (!fault.armed || fault.which != which || fault.left == 0 || --fault.left) return false;
    fault.met = true;
    fault.call = call;
    return true;
}

#define WRAP(type, name, parameters, arguments, failed)                                                                \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters {                                                                                    \
        return fails(ALLOCATION, #name) ? (failed) : __real_##name arguments;                                          \
    }
WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), NULL)
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), NULL)
WRAP(char *, strdup, (const char *text), (text), NULL)
WRAP(char *, strndup, (const char *text, size_t size), (text, size), NULL)

#define HOST VK_ERROR_OUT_OF_HOST_MEMORY
#define FAR VK_ERROR_OUT_OF_DEVICE_MEMORY
#define WITH const VkAllocationCallbacks *a
#define VK_CALLS(X)                                                                                                    \
    X(vkCreateInstance, (const VkInstanceCreateInfo *i, WITH, VkInstance *o), (i, a, o), HOST);                        \
    X(vkEnumeratePhysicalDevices, (VkInstance i, uint32_t * n, VkPhysicalDevice * o), (i, n, o), HOST);                \
    X(vkEnumerateDeviceExtensionProperties,                                                                            \
      (VkPhysicalDevice p, const char *l, uint32_t *n, VkExtensionProperties *o), (p, l, n, o), HOST);                 \
    X(vkCreateDevice, (VkPhysicalDevice p, const VkDeviceCreateInfo *i, WITH, VkDevice *o), (p, i, a, o), FAR);        \
    X(vkCreateCommandPool, (VkDevice d, const VkCommandPoolCreateInfo *i, WITH, VkCommandPool *o), (d, i, a, o),       \
      HOST);                                                                                                           \
    X(vkCreatePipelineCache, (VkDevice d, const VkPipelineCacheCreateInfo *i, WITH, VkPipelineCache *o), (d, i, a, o), \
      HOST);                                                                                                           \
    X(vkCreateBuffer, (VkDevice d, const VkBufferCreateInfo *i, WITH, VkBuffer *o), (d, i, a, o), FAR);                \
    X(vkAllocateMemory, (VkDevice d, const VkMemoryAllocateInfo *i, WITH, VkDeviceMemory *o), (d, i, a, o), FAR);      \
    X(vkBindBufferMemory, (VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize o), (d, b, m, o), FAR);              \
    X(vkMapMemory, (VkDevice d, VkDeviceMemory m, VkDeviceSize o, VkDeviceSize s, VkMemoryMapFlags f, void **p),       \
      (d, m, o, s, f, p), VK_ERROR_MEMORY_MAP_FAILED);                                                                 \
    X(vkCreateFence, (VkDevice d, const VkFenceCreateInfo *i, WITH, VkFence *o), (d, i, a, o), HOST);                  \
    X(vkAllocateCommandBuffers, (VkDevice d, const VkCommandBufferAllocateInfo *i, VkCommandBuffer *o), (d, i, o),     \
      HOST);                                                                                                           \
    X(vkBeginCommandBuffer, (VkCommandBuffer c, const VkCommandBufferBeginInfo *i), (c, i), HOST);                     \
    X(vkEndCommandBuffer, (VkCommandBuffer c), (c), FAR);                                                              \
    X(vkCreateDescriptorPool, (VkDevice d, const VkDescriptorPoolCreateInfo *i, WITH, VkDescriptorPool *o),            \
      (d, i, a, o), FAR);                                                                                              \
    X(vkAllocateDescriptorSets, (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *o), (d, i, o),     \
      FAR);                                                                                                            \
    X(vkCreateDescriptorSetLayout,                                                                                     \
      (VkDevice d, const VkDescriptorSetLayoutCreateInfo *i, WITH, VkDescriptorSetLayout *o), (d, i, a, o), HOST);     \
    X(vkCreatePipelineLayout, (VkDevice d, const VkPipelineLayoutCreateInfo *i, WITH, VkPipelineLayout *o),            \
      (d, i, a, o), HOST);                                                                                             \
    X(vkCreateShaderModule, (VkDevice d, const VkShaderModuleCreateInfo *i, WITH, VkShaderModule *o), (d, i, a, o),    \
      HOST);                                                                                                           \
    X(vkCreateComputePipelines,                                                                                        \
      (VkDevice d, VkPipelineCache c, uint32_t n, const VkComputePipelineCreateInfo *i, WITH, VkPipeline *o),          \
      (d, c, n, i, a, o), FAR);                                                                                        \
    X(vkQueueSubmit, (VkQueue q, uint32_t n, const VkSubmitInfo *i, VkFence f), (q, n, i, f), FAR);                    \
    X(vkResetFences, (VkDevice d, uint32_t n, const VkFence *f), (d, n, f), FAR);                                      \
    X(vkWaitForFences, (VkDevice d, uint32_t n, const VkFence *f, VkBool32 all, uint64_t t), (d, n, f, all, t), HOST);

#define FAIL(name, parameters, arguments, result)                                                                      \
    static PFN_##name real_##name;                                                                                     \
    static VKAPI_ATTR VkResult VKAPI_CALL failing_##name parameters {                                                  \
        return fails(VULKAN, #name) ? (result) : real_##name arguments;                                                \
    }
VK_CALLS(FAIL)

static void put_vulkan(void) {
#define PUT(name, parameters, arguments, result) real_##name = name, name = failing_##name
    assert_int_equal(vk_loader_open(), OCELLI_OK);
    VK_CALLS(PUT)
}

/* ---- the run ---- */

enum { PICTURES = 3 };
static struct checkpoint_golden golden;
static char *folder, *blob;
static bool on_vulkan;
static float right[(PICTURES + 1) * 96];

/* States of two tags from one frame, written and read again. */
static int follow(struct ocelli *model, const float *embedding) {
    char path[600];
    snprintf(path, sizeof path, "%s/learnt", folder);
    const struct ocelli_tagger_params params = {
        .tags_text = "template = a {}\n[tag a]\nprompt = cat\nagainst = dog\n[tag b]\ngroup = c\n", .state_path = path};
    struct ocelli_tagger *tagger;
    int status = ocelli_tagger_create(&tagger, model, &params);
    if (!status) status = ocelli_tagger_step(tagger, embedding, 1000, 0.5f, NULL, NULL);
    if (!status) status = ocelli_tagger_save(tagger, path);
    ocelli_tagger_destroy(&tagger);
    return status;
}

/* Pictures in a batch, which makes room again, then a text, then a tagger. */
static int embed(struct ocelli *model, float *out) {
    struct ocelli_image pictures[PICTURES];
    uint32_t size = golden.image_size;
    for (int i = 0; i < PICTURES; i++)
        pictures[i] =
            (struct ocelli_image){.rgb = golden.images + 3 * (size_t)i * size * size, .width = size, .height = size};
    int status = ocelli_embed_images(model, pictures, 1, out);
    if (!status) status = ocelli_embed_images(model, pictures, PICTURES, out);
    const char *text = golden.texts[0];
    if (!status) status = ocelli_embed_texts(model, &text, 1, out + (size_t)PICTURES * golden.dim);
    return status ? status : follow(model, out);
}

static int open_model(struct ocelli **model) {
    return ocelli_open(model, &(struct ocelli_params){.model = blob, .max_batch = PICTURES});
}

static void check(const float *got) {
    for (size_t i = 0; i < (PICTURES + 1) * (size_t)golden.dim; i++) assert_true(fabsf(got[i] - right[i]) < 1e-6f);
}

/* With the n-th call failing; false: there are fewer. */
static bool run(enum which which, long count) {
    struct ocelli *model = NULL;
    float got[sizeof right / sizeof *right] = {0};
    fault.which = which, fault.left = count, fault.met = false;
    listen();
    fault.armed = true;
    int status = open_model(&model);
    bool opened = status == OCELLI_OK;
    if (opened) status = embed(model, got);
    fault.armed = false;
    if (test_is_long()) print_message("%ld %s: %d\n", count, fault.call ? fault.call : "", status);
    if (opened == !model) fail_msg("%s, number %ld: a handle and a fault", fault.call, count);
    if (status && !heard.lines) fail_msg("%s, number %ld: not a word", fault.call, count);
    if (status && !fault.met) fail_msg("status %d without a fault: %s", status, heard.text);
    if (!status) check(got); /* it could do without */
    if (!opened) assert_int_equal(open_model(&model), OCELLI_OK);
    if (status || count % 10 == 0) {
        memset(got, 0, sizeof got);
        if (embed(model, got)) fail_msg("%s, number %ld: then not again: %s", fault.call, count, heard.text);
        check(got);
    }
    ocelli_close(&model);
    return fault.met;
}

static void each(enum which which) {
    const char *from = getenv("FAULTS_FROM"); /* go on where a run ended */
    bool few = !test_is_long();
    long step = few ? 29 : 1, n = few ? 1 + (long)getpid() % step : from ? atol(from) : 1, runs = 0;
    print_message("from %ld, every %ld\n", n, step);
    for (; run(which, n); n += step) runs++;
    print_message("%ld runs with a fault, %ld calls\n", runs, n - 1);
    assert_true(from || runs > 5);
}

static void test_allocations(void **unused) {
    (void)unused;
    each(ALLOCATION);
}

static void test_vulkan(void **unused) {
    (void)unused;
    if (!on_vulkan) skip();
    each(VULKAN);
}

static int setup(void **unused) {
    (void)unused;
    struct gpu g;
    gpu_open_anew(&g); /* skips where OCELLI_DEVICE asks for Vulkan that is not here */
    on_vulkan = op_device_type(g.device) != OP_DEVICE_CPU;
    gpu_close(&g);
    if (on_vulkan) put_vulkan();
    checkpoint_golden_open(&golden, "minimal");
    folder = checkpoint_folder();
    blob = model_convert(folder, "minimal");
    struct ocelli *model;
    assert_true((PICTURES + 1) * golden.dim <= sizeof right / sizeof *right);
    assert_int_equal(open_model(&model), OCELLI_OK);
    assert_int_equal(embed(model, right), OCELLI_OK);
    ocelli_close(&model);
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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations), cmocka_unit_test(test_vulkan)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
