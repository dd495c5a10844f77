/* SPDX-License-Identifier: Apache-2.0
 * A camera module of a version that there never was: its functions must not be called. */
#include "source/camera_module.h"

const struct camera_module ocelli_camera_module = {.version = "0.0.1", .layout = CAMERA_MODULE_LAYOUT};
