/* SPDX-License-Identifier: Apache-2.0
 * A camera module that needs a library which this system does not have, as one that was made for another release's
 * libcamera does. */
#include "source/camera_module.h"

int missing_library(void);

static const char *library(void) {
    return missing_library() ? "never" : "called";
}

const struct camera_module ocelli_camera_module = {
    .version = OCELLI_VERSION, .layout = CAMERA_MODULE_LAYOUT, .library = library};
