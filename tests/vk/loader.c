/* SPDX-License-Identifier: Apache-2.0
 * libvulkan is loaded by the first that opens a device, and serves several at once; where it is missing there is one
 * line. */
#include "vk/loader.h"
#include "support/checkpoint.h"
#include "support/gpu.h"
#include "support/heard.h"
#include "support/test.h"
#include "vk/buffer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEVICES = 3, BYTES = 256 };

struct opened {
    struct vk_device device;
    struct vk_buffer buffer;
    pthread_barrier_t *together;
    int status;
};

static void skip_without_device(int status) {
    const char *need = getenv("OCELLI_NEED_GPU");
    if (status != OCELLI_ERR_DEVICE || (need && *need == '1')) return;
    printf("SKIP: no Vulkan device\n");
    exit(77);
}

static void *open_one(void *arg) {
    struct opened *o = arg;
    pthread_barrier_wait(o->together);
    o->status = vk_device_open(&o->device, NULL);
    return NULL;
}

static void write_one(struct opened *o, int value) {
    unsigned char bytes[BYTES];
    memset(bytes, value, sizeof bytes);
    o->device.apart = true; /* so that it goes through the queue */
    assert_int_equal(vk_buffer_create(&o->buffer, &o->device, BYTES, VK_BUFFER_DEVICE, "one of several"), OCELLI_OK);
    assert_int_equal(vk_buffer_write(&o->buffer, &o->device, 0, bytes, BYTES), OCELLI_OK);
}

static void read_one(struct opened *o, int value) {
    unsigned char bytes[BYTES], expected[BYTES];
    memset(expected, value, sizeof expected);
    assert_int_equal(vk_buffer_read(&o->buffer, &o->device, 0, bytes, BYTES), OCELLI_OK);
    assert_memory_equal(bytes, expected, BYTES);
}

/* The process's first devices. Threads open them and race for the load; each has an instance of its own. The first
 * closes first.
 */
static void test_several(void **state) {
    struct opened all[DEVICES] = {0};
    pthread_t threads[DEVICES];
    pthread_barrier_t together;
    (void)state;
    pthread_barrier_init(&together, NULL, DEVICES);
    for (int i = 0; i < DEVICES; i++) {
        all[i].together = &together;
        assert_int_equal(pthread_create(&threads[i], NULL, open_one, &all[i]), 0);
    }
    for (int i = 0; i < DEVICES; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
    skip_without_device(all[0].status);
    for (int i = 0; i < DEVICES; i++) assert_int_equal(all[i].status, OCELLI_OK);
    for (int i = 0; i < DEVICES; i++) write_one(&all[i], i + 1);
    for (int i = 0; i < DEVICES; i++) {
        read_one(&all[i], i + 1);
        vk_buffer_destroy(&all[i].buffer, &all[i].device);
        vk_device_close(&all[i].device);
    }
}

static PFN_vkCreateInstance real_instance;
static int instances;

static VKAPI_ATTR VkResult VKAPI_CALL count_instance(const VkInstanceCreateInfo *i, const VkAllocationCallbacks *a,
                                                     VkInstance *instance) {
    instances++;
    return real_instance(i, a, instance);
}

/* The table keeps what a test puts into it. */
static void test_replaced(void **state) {
    char name[256];
    uint32_t count;
    (void)state;
    assert_int_equal(vk_loader_open(), OCELLI_OK);
    real_instance = vkCreateInstance, vkCreateInstance = count_instance;
    assert_int_equal(vk_device_name(0, name, sizeof name, &count), OCELLI_OK);
    assert_int_equal(vk_device_name(0, name, sizeof name, &count), OCELLI_OK);
    assert_int_equal(instances, 2);
    vkCreateInstance = real_instance;
}

/* ---- without libvulkan: in a process of its own, for which the dynamic linker looks into `folder` first ---- */

static int in_process_without(const char *folder) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        setenv("LD_LIBRARY_PATH", folder, 1);
        execl("/proc/self/exe", "test_vk_loader", folder, NULL);
        _exit(2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_missing(void **state) {
    (void)state;
    char *folder = checkpoint_folder();
    FILE *f = fopen(checkpoint_path(folder, "libvulkan.so.1"), "w"); /* no library */
    assert_non_null(f);
    fclose(f);
    int code = in_process_without(folder);
    checkpoint_remove(folder);
    assert_int_equal(code, 0);
}

static const char *without; /* the folder, in that process */

static void refused(int status) {
    assert_int_equal(status, OCELLI_ERR_DEVICE);
    assert_int_equal(heard.lines, 1);
    if (!heard_has("Vulkan cannot be loaded: ") || !heard_has("libvulkan.so.1: ") || !heard_has(": install its loader"))
        fail_msg("said: %s", heard.text);
    heard.lines = 0;
}

/* Once it is installed the next open takes it. */
static void test_none_yet(void **state) {
    struct vk_device d;
    char name[8];
    uint32_t count;
    (void)state;
    listen();
    refused(vk_device_open(&d, NULL));
    vk_device_close(&d);
    refused(vk_device_open(&d, "0"));
    refused(vk_device_name(0, name, sizeof name, &count));
    assert_int_equal(unlink(checkpoint_path(without, "libvulkan.so.1")), 0);
    assert_int_equal(vk_loader_open(), OCELLI_OK);
    assert_int_equal(heard.lines, 0);
    ocelli_set_log(NULL, NULL);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_several), cmocka_unit_test(test_replaced),
                                       cmocka_unit_test(test_missing), cmocka_unit_test(gpu_test_silent)};
    const struct CMUnitTest inside[] = {cmocka_unit_test(test_none_yet)};
    without = argc > 1 ? argv[1] : NULL;
    return without ? cmocka_run_group_tests(inside, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
}
