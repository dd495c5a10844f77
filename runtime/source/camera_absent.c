/* SPDX-License-Identifier: Apache-2.0
 * In place of camera.cpp where libcamera was not there at build time. */
#include "source/kind.h"
#include "source/source.h"
#include "base/log.h"

static int absent(const char *name) {
    return log_fail(OCELLI_ERR_DEVICE,
                    "%s cannot be opened: built without libcamera: install libcamera-dev and g++, then build again",
                    name);
}

int camera_check(const char *uri, const char *rest, const struct source_options *options) {
    (void)uri, (void)rest, (void)options;
    return OCELLI_OK; /* camera_open() tells of it */
}

int camera_open(struct source *source, const char *rest, const struct source_options *options) {
    (void)rest, (void)options;
    return absent(source->uri);
}

int camera_run(struct source *source) {
    return absent(source->uri);
}

void camera_close(struct source *source) {
    (void)source;
}

int source_cameras(void (*each)(void *user, const struct source_camera *camera), void *user) {
    (void)each, (void)user;
    return absent("cameras");
}

const char *source_camera_library(void) {
    return NULL;
}
