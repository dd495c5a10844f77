/* SPDX-License-Identifier: Apache-2.0
 * A camera module of this version whose structs are others: its functions must not be called. */
#include "source/camera_module.h"

const struct camera_module ocelli_camera_module = {.version = OCELLI_VERSION, .layout = CAMERA_MODULE_LAYOUT + 8};
