/* SPDX-License-Identifier: Apache-2.0
 * Inside of op/vulkan: what lib/then.glsl needs of an op whose last workgroup makes the next product's input. */
#ifndef OP_VULKAN_THEN_H
#define OP_VULKAN_THEN_H

#include "op/vulkan/vulkan.h"

/* struct then_args of the shader; the last of an op's push constants. */
struct then_push {
    uint32_t words, in_stride, out_stride, out_panel, scales, bias;
    float epsilon;
};
enum { THEN_BINDING = 5 }; /* the first of its three */

/* Are `out` rows, of `width`, finished by the dispatch of `shader` (its variant's name), which counts to `counters`? */
bool then_fuses(struct op_list *list, const struct op_then *then, const char *shader, uint32_t counters);
struct then_push then_push(const struct op_then *then, struct op_rows out, uint32_t width);
/* Makes a dispatch that variant: its name, its constant, and views from THEN_BINDING on, of which there is room. */
void then_fuse(struct op_list *list, const struct op_then *then, const char *shader, struct vk_dispatch *dispatch,
               struct op_view *views);
/* From the first of two views of one memory to the end of the second; and how far apart they begin, in `unit` bytes. */
struct op_view op_span(struct op_view first, struct op_view second);
uint32_t op_apart(struct op_view first, struct op_view second, uint32_t unit);

#endif
