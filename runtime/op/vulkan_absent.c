/* SPDX-License-Identifier: Apache-2.0
 * A build with -DOCELLI_VULKAN=OFF: the processor alone computes. */
#include "base/log.h"
#include "op/backend.h"

static int device_open(struct op_device **out, const struct op_device_params *params) {
    (void)out, (void)params;
    return log_fail(OCELLI_ERR_DEVICE, "this build is without Vulkan (-DOCELLI_VULKAN=OFF): use device cpu");
}

static int find(uint32_t index, char *name, size_t size, uint32_t *count) {
    (void)index, (void)name, (void)size;
    *count = 0;
    return OCELLI_ERR_USAGE;
}

const struct op_backend op_vulkan = {.open = device_open, .find = find};
