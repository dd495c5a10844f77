/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/place.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static struct place place;

static int setup(void **state) {
    (void)state;
    place_init(&place, "/", &arena);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    return 0;
}

/* The kernel's files tell another size than they have: 0 in /proc, a page in /sys. */
static void test_kernel_files(void **state) {
    (void)state;
    static const char *const names[] = {"/proc/self/cmdline", "/proc/version", "/sys/class/net/lo/operstate"};
    for (size_t i = 0; i < 3; i++) {
        char want[4096] = "";
        size_t size = 0;
        FILE *file = fopen(names[i], "re");
        if (!file) continue;
        size_t length = fread(want, 1, sizeof want - 1, file);
        fclose(file);
        const char *got = place_read(&place, names[i], &size);
        if (!got || size != length || memcmp(got, want, length)) fail_msg("%s: %s", names[i], got ? got : "not read");
    }
}

static void test_limits(void **state) {
    (void)state;
    char name[] = "/tmp/ocelli-test-XXXXXX";
    size_t size = 7;
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (4 << 20) + 1), 0);
    assert_null(place_read(&place, name, &size));
    assert_non_null(place_read_begin(&place, name, 10, &size));
    assert_int_equal(size, 10);
    assert_int_equal(ftruncate(fd, 4 << 20), 0);
    assert_non_null(place_read(&place, name, &size));
    assert_int_equal(size, 4 << 20);
    close(fd);
    unlink(name);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_kernel_files), TEST(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
