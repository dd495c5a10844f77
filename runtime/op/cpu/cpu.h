/* SPDX-License-Identifier: Apache-2.0
 * Inside of op/cpu: what the processor's device, memory and lists are made of. */
#ifndef OP_CPU_CPU_H
#define OP_CPU_CPU_H

#include "base/arena.h"
#include "op/backend.h"
#include "op/cpu/kernels.h"
#include "op/cpu/thread_pool.h"

struct cpu_device {
    struct op_device base;
    const struct cpu_kernels *all[CPU_KERNELS_MOST]; /* that run here, the fastest first */
    uint32_t count;
    const struct cpu_kernels *kernels; /* in use */
    struct pool *pool;                 /* made when first needed */
    uint32_t threads;                  /* of it; 0: as many as there are cores */
    uint64_t bytes;                    /* allocated */
    char name[160], driver[80];
};

/* Recorded steps with their arguments. */
struct cpu_list {
    struct op_list base;
    struct arena arguments;
    struct thread_pool_step *steps;
    struct op_dispatch *dispatches;
    uint32_t count, scratch;
    size_t worker_bytes; /* the most that a step needs of each thread */
    bool timed;
};

static inline struct cpu_device *cpu_of(const struct op_device *d) {
    return (struct cpu_device *)d;
}

/* Makes the threads, the first time. Errors: MEMORY. */
int cpu_make_pool(struct cpu_device *device);

static inline void *cpu_at(struct op_view view) {
    return (char *)view.memory->mapped + view.offset;
}

/* Float rows, and row `row` of them. */
static inline float *cpu_row(struct op_rows rows, uint32_t row) {
    return (float *)cpu_at(rows.values) + (size_t)row * rows.stride;
}

/* Memory that a thread has for itself while it does a task. Products keep what they made of their input at its
 * beginning: linear.c. */
enum { CPU_SCRATCH_HEAD = 64 };
static inline void *cpu_scratch(const struct thread_pool_worker *worker) {
    return (char *)worker->scratch + CPU_SCRATCH_HEAD;
}

struct cpu_step {
    struct op_dispatch about; /* label, macs, bytes, and the kernel's name */
    void (*run)(const void *args, uint32_t task, const struct thread_pool_worker *worker);
    uint32_t tasks;
    size_t worker_bytes; /* of its room that each thread needs */
};
/* Records a step with a copy of its arguments, unless the list has failed. */
void cpu_record(struct op_list *list, const struct cpu_step *step, const void *args, size_t size);

/* The entries of the backend that lie in files of their own. */
extern const struct op_backend op_cpu;
int cpu_list_create(struct op_list **out, struct op_device *device);
void cpu_list_destroy(struct op_list *list);
int cpu_list_begin(struct op_list *list, bool timed);
int cpu_list_end(struct op_list *list);
int cpu_list_run(struct op_list *list);
uint32_t cpu_list_count(const struct op_list *list);
struct op_dispatch cpu_list_dispatch(const struct op_list *list, uint32_t index);
int cpu_list_times(const struct op_list *list, double *ms);
void cpu_op_linear(struct op_list *list, const struct op_linear *args);
void cpu_op_quantize(struct op_list *list, struct op_rows in, struct op_rows out, uint32_t rows, uint32_t width);
void cpu_op_norm(struct op_list *list, const struct op_norm *args);
void cpu_op_attention(struct op_list *list, const struct op_attention *args);
void cpu_op_copy(struct op_list *list, struct op_view from, struct op_view to);
void cpu_op_resize(struct op_list *list, const struct op_resize *args);
int cpu_peak(struct op_device *device, struct op_peak *peak);

#endif
