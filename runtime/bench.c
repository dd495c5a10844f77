/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "base/log.h"
#include "handle.h"
#include "op/peak.h"

#include <stdlib.h>
#include <string.h>

/* Appends a list's dispatches, with the times of its last run if `timed`. */
static int append(const struct op_list *list, bool timed, struct bench_dispatch **out, size_t *count) {
    uint32_t n = op_list_count(list);
    struct bench_dispatch *grown = realloc(*out, (*count + n) * sizeof *grown);
    double *ms = calloc(n, sizeof *ms);
    if (grown) *out = grown;
    int status = grown && ms ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory");
    if (!status && timed) status = op_list_times(list, ms);
    for (uint32_t i = 0; !status && i < n; i++) {
        struct op_dispatch d = op_list_dispatch(list, i);
        struct bench_dispatch *b = &grown[(*count)++];
        *b = (struct bench_dispatch){.shader = d.shader,
                                     .op = d.label,
                                     .constant_count = d.constant_count,
                                     .macs = d.macs,
                                     .bytes = d.bytes,
                                     .gpu_ms = timed ? ms[i] : -1};
        if (d.constant_count) memcpy(b->constants, d.constants, d.constant_count * sizeof b->constants[0]);
        memcpy(b->groups, d.groups, sizeof b->groups);
        b->push_count = d.push_count;
        if (d.push_count) memcpy(b->push, d.push, d.push_count * sizeof b->push[0]);
    }
    free(ms);
    return status;
}

static int image_dispatches(struct ocelli *o, bool timed, struct bench_dispatch **out, size_t *count) {
    *out = NULL;
    *count = 0;
    int status = append(o->image.resize.slots[0].list, timed, out, count);
    return status ? status : append(o->image.tower.list, timed, out, count);
}

int bench_image_plan(struct ocelli *handle, struct bench_dispatch **out, size_t *count) {
    int status = op_device_choose(&handle->device, false);
    if (!status) status = handle_load_image(handle);
    if (!status) status = clip_image_prepare(&handle->image, BENCH_WIDTH, BENCH_HEIGHT, false);
    return status ? status : image_dispatches(handle, false, out, count);
}

int bench_text_plan(struct ocelli *handle, uint32_t tokens, struct bench_dispatch **out, size_t *count) {
    *out = NULL;
    *count = 0;
    int status = handle_need_text(handle->blob, &handle->config);
    if (status) return status;
    if (tokens == 0 || tokens > handle->config.text.tokens)
        return log_fail(OCELLI_ERR_USAGE, "a text of %u ids; 1..%u fit", tokens, handle->config.text.tokens);
    status = op_device_choose(&handle->device, false);
    if (!status) status = handle_load_text(handle);
    if (!status) status = clip_text_record(&handle->text, 1, tokens);
    return status ? status : append(handle->text.tower.list, false, out, count);
}

int bench_image_times(struct ocelli *handle, struct bench_dispatch **out, size_t *count) {
    int status = handle_load_image(handle);
    bool timed = op_device_has_timestamps(handle->device);
    if (!status) status = clip_image_prepare(&handle->image, BENCH_WIDTH, BENCH_HEIGHT, timed);
    if (!status) status = op_list_run(handle->image.resize.slots[0].list); /* over whatever picture is there */
    if (!status) status = op_list_run(handle->image.tower.list);
    if (!status) status = image_dispatches(handle, timed, out, count);
    handle->image.resize.timed = false;
    handle->image.tower.batch = handle->image.resize.slots[0].in_width = 0; /* record again without timestamps */
    return status;
}

int bench_peak(struct ocelli *handle, double *macs, double *bytes) {
    struct op_peak peak;
    int status = op_peak_measure(handle->device, &peak);
    *macs = peak.macs, *bytes = peak.bytes;
    return status;
}
