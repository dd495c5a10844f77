/* SPDX-License-Identifier: Apache-2.0
 * Inside of op/vulkan: what every form of op_linear() does. */
#ifndef OP_VULKAN_LINEAR_H
#define OP_VULKAN_LINEAR_H

#include "op/vulkan/epilogue.h"

/* 4-byte words from the first input to the scales; 0 for floats. */
uint32_t linear_in_scales(const struct op_linear *linear);
/* Records a dispatch whose shader name, constants and groups are set, and the epilogue that op_epilogue asks for. push
 * ends with a struct epilogue_push. shader_epilogue: the variant that does that too. */
void linear_record(struct op_list *list, const struct op_linear *linear, const char *shader_epilogue,
                   struct vk_dispatch *dispatch, const void *push, uint32_t size);

#endif
