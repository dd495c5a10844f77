/* SPDX-License-Identifier: Apache-2.0 */
#include "op/list.h"

void op_copy(struct op_list *list, struct op_view from, struct op_view to) {
    if (list->status) return;
    struct vk_view source = {.buffer = &from.memory->vk, .offset = from.offset};
    struct vk_view target = {.buffer = &to.memory->vk, .offset = to.offset};
    vk_commands_copy(&list->commands, &source, &target, from.size);
}
