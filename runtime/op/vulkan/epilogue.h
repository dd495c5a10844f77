/* SPDX-License-Identifier: Apache-2.0
 * Inside of op/vulkan: what lib/row_epilogue.glsl needs of an op whose last workgroup makes the next product's input.
 */
#ifndef OP_VULKAN_EPILOGUE_H
#define OP_VULKAN_EPILOGUE_H

#include "op/vulkan/vulkan.h"

/* struct then_args of the shader; the last of an op's push constants. */
struct epilogue_push {
    uint32_t words, in_stride, out_stride, out_panel, scales, bias;
    float epsilon;
};
enum { EPILOGUE_BINDING = 5 }; /* the first of its three */

/* Are `out` rows, of `width`, finished by the dispatch of `shader` (its variant's name), which counts to `counters`? */
bool epilogue_fuses(struct op_list *list, const struct op_epilogue *epilogue, const char *shader, uint32_t counters);
struct epilogue_push epilogue_push(const struct op_epilogue *epilogue, struct op_rows out, uint32_t width);
/* Makes a dispatch that variant: its name, its constant, and views from EPILOGUE_BINDING on, of which there is room. */
void epilogue_fuse(struct op_list *list, const struct op_epilogue *epilogue, const char *shader,
                   struct vk_dispatch *dispatch, struct op_view *views);
/* From the first of two views of one memory to the end of the second; and how far apart they begin, in `unit` bytes. */
struct op_view op_span(struct op_view first, struct op_view second);
uint32_t op_apart(struct op_view first, struct op_view second, uint32_t unit);

#endif
