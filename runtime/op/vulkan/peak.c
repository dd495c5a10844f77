/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "op/vulkan/vulkan.h"

enum { GROUPS = 1024, READ = 64 << 20, SUMS = 16, TURNS = 3, LONG_MS = 20, MOST_ROUNDS = 1 << 24 };

/* Seconds of the list's fastest run. */
static int fastest(struct op_list *list, double *seconds) {
    int status = op_list_end(list);
    for (int i = 0; i <= TURNS && !status; i++) {
        double start = clock_ms();
        status = op_list_run(list);
        double s = (clock_ms() - start) / 1e3;
        if (i == 1 || (i > 1 && s < *seconds)) *seconds = s; /* the first run compiles */
    }
    return status;
}

static int time_math(struct op_list *list, struct op_view words, uint32_t rounds, double *seconds) {
    const struct vulkan_device *d = vulkan_of(list->device);
    struct vk_dispatch dispatch = {
        .label = "peak",
        .shader = {.name = op_input_is_int8(list->device) ? "peak_dot" : "peak_math",
                   .constants = {d->lanes},
                   .constant_count = 1,
                   .bindings = 1},
        .groups = {GROUPS, 1, 1},
    };
    int status = op_list_begin(list, false);
    vulkan_record(list, &dispatch, &words, &rounds, sizeof rounds);
    return status ? status : fastest(list, seconds);
}

/* As many rounds as take long enough for their start not to matter. */
static int measure_math(struct op_list *list, struct op_view words, double *macs) {
    uint32_t rounds = 64;
    double seconds = 0;
    int status = time_math(list, words, rounds, &seconds);
    while (!status && seconds * 1e3 < LONG_MS && rounds < MOST_ROUNDS) {
        rounds *= 4;
        status = time_math(list, words, rounds, &seconds);
    }
    double each = op_input_is_int8(list->device) ? 4 : 1;
    *macs = each * SUMS * GROUPS * vulkan_of(list->device)->lanes * rounds / seconds;
    return status;
}

static int measure_read(struct op_list *list, struct op_view from, struct op_view words, double *bytes) {
    uint32_t lanes = vulkan_of(list->device)->lanes, each = READ / 16 / GROUPS;
    struct op_view views[] = {from, words};
    struct vk_dispatch dispatch = {
        .label = "peak",
        .shader = {.name = "peak_read", .constants = {lanes}, .constant_count = 1, .bindings = 2},
        .groups = {GROUPS, 1, 1},
    };
    double seconds = 0;
    int status = op_list_begin(list, false);
    vulkan_record(list, &dispatch, views, &each, sizeof each);
    if (!status) status = fastest(list, &seconds);
    *bytes = READ / seconds;
    return status;
}

int vulkan_peak(struct op_device *device, struct op_peak *peak) {
    struct op_memory *from = NULL, *words = NULL;
    struct op_list *list = NULL;
    int status = op_list_create(&list, device);
    if (!status) status = op_memory_create(&from, device, READ, OP_USE_DEVICE, "peak");
    if (!status) status = op_memory_create(&words, device, GROUPS * sizeof(uint32_t), OP_USE_DEVICE, "peak words");
    if (!status && vulkan_of(device)->product != PRODUCT_MMA)
        status = measure_math(list, op_view_of(words), &peak->macs);
    if (!status) status = measure_read(list, op_view_of(from), op_view_of(words), &peak->bytes);
    op_list_destroy(&list);
    op_memory_destroy(&from, device);
    op_memory_destroy(&words, device);
    return status;
}
