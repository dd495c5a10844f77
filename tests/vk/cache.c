/* SPDX-License-Identifier: Apache-2.0
 * The pipeline cache: written, read again, and never trusted. */
#include "vk/cache.h"
#include "support/checkpoint.h"
#include "support/gpu.h"
#include "support/test.h"
#include "vk/pipeline.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;
static unsigned errors;

static void listen(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    print_message("said: %s\n", message);
    errors += level == OCELLI_LOG_ERROR;
}

static int setup(void **state) {
    (void)state;
    struct gpu g;
    gpu_open_anew(&g); /* skips where there is no device */
    gpu_close(&g);
    folder = checkpoint_folder();
    setenv("OCELLI_CACHE", checkpoint_path(folder, "a"), 1);
    ocelli_set_log(listen, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    checkpoint_remove(folder);
    return 0;
}

/* Opens a device, makes a pipeline, closes. */
static void use(void) {
    struct vk_device d;
    const struct vk_pipeline *p;
    struct vk_shader shader = {.name = "norm", .constants = {64}, .constant_count = 1, .bindings = 4};
    assert_int_equal(vk_device_open(&d, NULL), OCELLI_OK);
    assert_int_equal(vk_pipeline_get(&p, &d, &shader), OCELLI_OK);
    vk_device_close(&d);
}

/* The one file of the folder, and that there is no other. */
static const char *only_file(void) {
    const char *path = NULL, *cache = getenv("OCELLI_CACHE");
    DIR *dir = opendir(cache);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        if (path) fail_msg("%s: a second file", e->d_name);
        path = checkpoint_path(cache, e->d_name);
    }
    closedir(dir);
    assert_non_null(path);
    return path;
}

static void test_written_and_read(void **state) {
    struct stat first, second;
    (void)state;
    use();
    assert_int_equal(stat(only_file(), &first), 0);
    assert_true(first.st_size > 32);
    use(); /* nothing new: not written again */
    assert_int_equal(stat(only_file(), &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
}

static void spoil(size_t keep, size_t flip) {
    char path[512];
    size_t size;
    snprintf(path, sizeof path, "%s", only_file());
    char *bytes = checkpoint_get(path, &size);
    if (keep < size) size = keep;
    if (flip < size) bytes[flip] ^= 1;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    free(bytes);
}

static void test_spoilt(void **state) {
    static const size_t cuts[] = {0, 1, 31, 32, 33, 50};
    size_t size;
    (void)state;
    use();
    char *whole = checkpoint_get(only_file(), &size);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) spoil(cuts[i], SIZE_MAX), use();
    for (size_t i = 0; i < size; i += 7) spoil(SIZE_MAX, i), use();
    size_t size_now;
    char *now = checkpoint_get(only_file(), &size_now);
    assert_int_equal(size_now, size); /* made anew each time */
    free(now);
    free(whole);
}

static void test_no_folder(void **state) {
    (void)state;
    setenv("OCELLI_CACHE", "", 1);
    use();
    setenv("OCELLI_CACHE", "/proc/none/such", 1);
    use();
    checkpoint_put(folder, "file", "x", 1);
    setenv("OCELLI_CACHE", checkpoint_path(folder, "file"), 1);
    use();
    unsetenv("OCELLI_CACHE");
    setenv("XDG_CACHE_HOME", checkpoint_path(folder, "xdg"), 1); /* made when missing */
    use();
    setenv("OCELLI_CACHE", checkpoint_path(folder, "xdg/ocelli"), 1);
    only_file();
}

static void test_no_errors(void **state) {
    (void)state;
    assert_int_equal(errors, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read), cmocka_unit_test(test_spoilt),     cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_no_errors),        cmocka_unit_test(gpu_test_silent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
