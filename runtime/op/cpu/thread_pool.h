/* SPDX-License-Identifier: Apache-2.0
 * Threads that work through a list of steps together. Within a step each takes the next task that nobody has. No step
 * begins before the one before is done. Between lists they sleep. */
#ifndef OP_CPU_POOL_H
#define OP_CPU_POOL_H

#include <stddef.h>
#include <stdint.h>

/* The thread that runs a task: one of the pool's, 0 and on, each with scratch memory of its own. `serial` is another
 * number in each thread_pool_run(). */
struct thread_pool_worker {
    uint32_t index, serial;
    void *scratch; /* of thread_pool_reserve(), aligned to 64 bytes */
};

struct thread_pool_step {
    void (*run)(const void *args, uint32_t task, const struct thread_pool_worker *worker);
    const void *args;
    uint32_t tasks;
    double ms; /* of the last thread_pool_run_timed() */
};

struct pool;

/* threads: 1 or more, the caller of thread_pool_run() counted in; 0: as many as there are cores to run on. Fewer where
 * the system gives no more. Errors: MEMORY. */
int thread_pool_create(struct pool **out, uint32_t threads);
void thread_pool_destroy(struct pool **pool);
uint32_t thread_pool_threads(const struct pool *pool);
/* Cores that this process may use: its affinity mask, at most what its cgroup's quota allows, one a physical core. */
uint32_t thread_pool_cores(void);

/* Gives each thread at least `bytes` of its own. While nothing runs. Errors: MEMORY (what there was stays). */
int thread_pool_reserve(struct pool *pool, size_t bytes);

/* Runs all steps and returns when the last one is done. One caller at a time. */
void thread_pool_run(struct pool *pool, struct thread_pool_step *steps, size_t count);
/* The same, and takes the time of each step. */
void thread_pool_run_timed(struct pool *pool, struct thread_pool_step *steps, size_t count);

#endif
