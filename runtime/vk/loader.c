/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/loader.h"
#include "base/loader.h"
#include "base/log.h"

#include <ocelli.h>

#define DEFINE(name) PFN_##name name;
VK_FUNCTIONS(DEFINE)

#define FIND(name) {#name, &name},
static const struct loader_function functions[] = {VK_FUNCTIONS(FIND){0}};
static struct loader vulkan = {"libvulkan.so.1", functions, false};

int vk_loader_open(void) {
    char why[256];
    if (loader_open(&vulkan, why, sizeof why)) return OCELLI_OK;
    return log_fail(
        OCELLI_ERR_DEVICE,
        "Vulkan cannot be loaded: %s: install its loader and a driver (Debian: libvulkan1 mesa-vulkan-drivers)", why);
}
