/* SPDX-License-Identifier: Apache-2.0
 * Imports come and go without a trace: no open file left, no memory counted as ours; what is no dma-buf is refused
 * without a line. That shaders read the right bytes: tests/clip/resize.c. */
#include "vk/import.h"
#include "support/gpu.h"
#include "support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned lines;

static void listen(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level, (void)message;
    lines++;
}

static unsigned open_files(void) {
    unsigned count = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d)) count++;
    closedir(d);
    return count;
}

static struct vk_device device;

static int setup(void **state) {
    (void)state;
    struct gpu g;
    gpu_open_anew(&g); /* skips where there is no device */
    gpu_close(&g);
    ocelli_set_log(listen, NULL);
    return vk_device_open(&device, NULL);
}

static int teardown(void **state) {
    (void)state;
    vk_device_close(&device);
    ocelli_set_log(NULL, NULL);
    return 0;
}

static void test_no_trace(void **state) {
    (void)state;
    struct vk_buffer b;
    int fd = memfd_create("frame", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(fd >= 0 && !ftruncate(fd, 8192));
    bool imports = !vk_buffer_import(&b, &device, fd, 8192, "frame");
    if (!imports) print_message("the driver imports no memfd\n");
    if (getenv("OCELLI_NEED_DMA_BUF")) assert_true(imports);
    vk_buffer_destroy(&b, &device);
    unsigned files = open_files();
    uint64_t bytes = device.bytes_allocated;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(vk_buffer_import(&b, &device, fd, 8192, "frame"), imports ? OCELLI_OK : OCELLI_ERR_DEVICE);
        assert_int_equal(device.bytes_allocated, bytes);
        assert_null(b.mapped);
        vk_buffer_destroy(&b, &device);
    }
    assert_int_equal(device.bytes_allocated, bytes);
    assert_int_equal(open_files(), files);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC); /* the caller's own */
    close(fd);
}

static void test_refused(void **state) {
    (void)state;
    struct vk_buffer b;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fds[] = {-1, 9999, null};
    unsigned files = open_files();
    lines = 0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(vk_buffer_import(&b, &device, fds[i], 4096, "frame"), OCELLI_ERR_DEVICE);
        vk_buffer_destroy(&b, &device);
    }
    assert_int_equal(lines, 0);
    assert_int_equal(open_files(), files);
    close(null);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_trace),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(gpu_test_silent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
