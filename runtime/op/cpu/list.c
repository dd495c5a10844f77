/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "op/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

static struct cpu_list *list_of(const struct op_list *list) {
    return (struct cpu_list *)list;
}

int cpu_list_create(struct op_list **out, struct op_device *device) {
    (void)device;
    struct cpu_list *l = calloc(1, sizeof *l);
    if (!l) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    *out = &l->base;
    return OCELLI_OK;
}

void cpu_list_destroy(struct op_list *list) {
    struct cpu_list *l = list_of(list);
    arena_finish(&l->arguments);
    free(l->steps);
    free(l->dispatches);
    free(l);
}

int cpu_list_begin(struct op_list *list, bool timed) {
    struct cpu_list *l = list_of(list);
    arena_finish(&l->arguments);
    l->count = 0, l->worker_bytes = 0, l->timed = timed;
    return OCELLI_OK;
}

static bool grow(struct cpu_list *l) {
    if (l->count < l->scratch) return true;
    uint32_t scratch = l->scratch ? 2 * l->scratch : 64;
    struct thread_pool_step *steps = realloc(l->steps, scratch * sizeof *steps);
    if (steps) l->steps = steps;
    struct op_dispatch *dispatches = realloc(l->dispatches, scratch * sizeof *dispatches);
    if (dispatches) l->dispatches = dispatches;
    if (steps && dispatches) l->scratch = scratch;
    return steps && dispatches;
}

void cpu_record(struct op_list *list, const struct cpu_step *step, const void *args, size_t size) {
    struct cpu_list *l = list_of(list);
    if (list->status) return;
    void *copy = arena_alloc(&l->arguments, 1, size);
    if (!copy || !grow(l)) {
        list->status = log_fail(OCELLI_ERR_MEMORY, "out of memory");
        return;
    }
    memcpy(copy, args, size);
    l->dispatches[l->count] = step->about;
    memcpy(l->dispatches[l->count].groups, (uint32_t[]){step->tasks, 1, 1}, sizeof step->about.groups);
    l->steps[l->count++] = (struct thread_pool_step){.run = step->run, .args = copy, .tasks = step->tasks};
    size_t bytes = CPU_SCRATCH_HEAD + step->worker_bytes;
    if (bytes > l->worker_bytes) l->worker_bytes = bytes;
}

/* Threads and their rooms are there before the first run, which then allocates nothing. */
int cpu_list_end(struct op_list *list) {
    struct cpu_device *d = cpu_of(list->device);
    int status = cpu_make_pool(d);
    return status ? status : thread_pool_reserve(d->pool, list_of(list)->worker_bytes);
}

int cpu_list_run(struct op_list *list) {
    struct cpu_list *l = list_of(list);
    (l->timed ? thread_pool_run_timed : thread_pool_run)(cpu_of(list->device)->pool, l->steps, l->count);
    return OCELLI_OK;
}

uint32_t cpu_list_count(const struct op_list *list) {
    return list_of(list)->count;
}

struct op_dispatch cpu_list_dispatch(const struct op_list *list, uint32_t index) {
    return list_of(list)->dispatches[index];
}

int cpu_list_times(const struct op_list *list, double *ms) {
    const struct cpu_list *l = list_of(list);
    for (uint32_t i = 0; i < l->count; i++) ms[i] = l->steps[i].ms;
    return OCELLI_OK;
}
