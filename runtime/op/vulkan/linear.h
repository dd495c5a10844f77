/* SPDX-License-Identifier: Apache-2.0
 * Inside of op/vulkan: what every form of op_linear() does. */
#ifndef OP_VULKAN_LINEAR_H
#define OP_VULKAN_LINEAR_H

#include "op/vulkan/then.h"

/* 4-byte words from the first input to the scales; 0 for floats. */
uint32_t linear_in_scales(const struct op_linear *a);
/* Records a dispatch of which shader name, constants and groups are set, and what op_then asks for. push ends with a
 * struct then_push. shader_then: the variant that does that too. */
void linear_record(struct op_list *list, const struct op_linear *a, const char *shader_then, struct vk_dispatch *dispatch,
                   const void *push, uint32_t size);

#endif
