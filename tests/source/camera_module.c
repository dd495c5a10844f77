/* SPDX-License-Identifier: Apache-2.0
 * Finding and loading the camera module. Each way in which that fails is one line that tells what to do. */
#include "support/test.h"
#include "source/source.h"
#include "support/heard.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* NULL: where it is installed. */
static void use_module(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("OCELLI_BUILD"), name ? name : "");
    if (name)
        setenv("OCELLI_CAMERA_MODULE", path, 1);
    else
        unsetenv("OCELLI_CAMERA_MODULE");
}

/* `parts`: what `why` has in this order; ended by NULL. */
static void refused(const char *const *parts) {
    char why[SOURCE_WHY];
    struct source *s;
    assert_null(source_camera_library(why));
    const char *at = why;
    for (; *parts; parts++) {
        at = strstr(at, *parts);
        if (!at) fail_msg("no \"%s\" in: %s", *parts, why);
    }
    assert_false(source_usable("camera:", why));
    assert_true(source_usable("test:", why));
    listen();
    assert_int_equal(source_check("camera:", NULL), OCELLI_OK); /* it may come */
    assert_int_equal(heard.lines, 0);
    assert_int_equal(source_open(&s, "camera:usb", NULL), OCELLI_ERR_DEVICE);
    assert_null(s);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "camera:usb "));
    assert_non_null(strstr(heard.text, why));
    listen();
    assert_int_equal(source_cameras(NULL, NULL), OCELLI_ERR_DEVICE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, why));
}
#define REFUSED(...) refused((const char *const[]){__VA_ARGS__, NULL})

static void absent(void **state) {
    (void)state;
    use_module("tests/nothing.so");
    REFUSED("needs the package ocelli-camera: sudo apt install ocelli-camera", "/tests/nothing.so",
            "libcamera-dev and g++");
}

/* The test lies in tests/ of the build: neither there nor in the library folder that goes with it is a module. */
static void not_installed(void **state) {
    (void)state;
    use_module(NULL);
    REFUSED("needs the package ocelli-camera: sudo apt install ocelli-camera", "/ocelli/camera.so");
    char why[SOURCE_WHY];
    assert_null(source_camera_library(why));
    assert_null(strstr(why, "..")); /* the way to it was resolved */
}

static void other_version(void **state) {
    (void)state;
    use_module("tests/camera_other_version.so");
    REFUSED(
        "cannot be opened: ", "/tests/camera_other_version.so is of ocelli 0.0.1, and this is ocelli " OCELLI_VERSION,
        "install ocelli and ocelli-camera of one version");
}

static void other_build(void **state) {
    (void)state;
    use_module("tests/camera_other_build.so");
    REFUSED("/tests/camera_other_build.so is of another build of ocelli " OCELLI_VERSION);
}

/* The loader's own words name the library. */
static void missing_library(void **state) {
    (void)state;
    use_module("tests/camera_needs_missing.so");
    REFUSED("cannot be opened: ", "/tests/camera_needs_missing.so: libmissing_library.so: ", "No such file",
            "install the ocelli-camera that was made for this system's release");
}

static void no_module(void **state) {
    (void)state;
    use_module("CMakeCache.txt");
    REFUSED("cannot be opened: ", "/CMakeCache.txt: ", "install the ocelli-camera");
    use_module("tests/libslow_disk.so");
    REFUSED("cannot be opened: ", "/tests/libslow_disk.so is no camera module of ocelli");
}

/* Last: it stays loaded. Found though it was refused before, as when it is installed while the daemon runs. */
static void present(void **state) {
    (void)state;
    char path[4096], why[SOURCE_WHY];
    snprintf(path, sizeof path, "%s/camera.so", getenv("OCELLI_BUILD"));
    if (access(path, F_OK)) skip();
    use_module("camera.so");
    const char *library = source_camera_library(why);
    if (!library) fail_msg("%s", why);
    assert_int_equal(strncmp(library, "libcamera ", 10), 0);
    assert_true(source_usable("camera:", why));
    use_module("tests/nothing.so");
    assert_ptr_equal(source_camera_library(NULL), library);
    listen();
    assert_int_equal(source_check("camera:", &(struct source_options){.format = "p010"}), OCELLI_ERR_USAGE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "give nv12, yuv420"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent),      cmocka_unit_test(not_installed),   cmocka_unit_test(other_version),
        cmocka_unit_test(other_build), cmocka_unit_test(missing_library), cmocka_unit_test(no_module),
        cmocka_unit_test(present),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
