/* SPDX-License-Identifier: Apache-2.0 */
#include "op/cpu/thread_pool.h"
#include "base/clock.h"
#include "base/log.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPINS = 1000, LINE = 64 }; /* 10 to 40 us, before a thread sleeps */

/* Which step is under way and how many of its tasks nobody has taken: one number, so that a thread which comes late
 * never reads a list that is gone. */
struct state {
    uint32_t step, left;
};

struct worker {
    struct pool *pool;
    uint32_t index;
    pthread_t thread;
    void *scratch;
};

struct pool {
    uint32_t threads; /* the caller of thread_pool_run() too, as worker 0 */
    struct worker *workers;
    struct thread_pool_step *steps;
    size_t count, scratch; /* room: bytes that each worker has */
    uint32_t serial;
    bool timed;
    int64_t step_began;
    _Atomic uint64_t state;
    atomic_uint done, epoch, sleepers; /* done: tasks of the step; epoch: counts changes of `state`, to sleep on */
    atomic_bool stop;
};

static uint64_t packed(struct state s) {
    return (uint64_t)s.step << 32 | s.left;
}

static struct state unpacked(uint64_t word) {
    return (struct state){(uint32_t)(word >> 32), (uint32_t)word};
}

static void pause_a_moment(void) {
#if defined __x86_64__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("isb");
#endif
}

/* ---- waiting ---- */

static void publish(struct pool *p, struct state s) {
    atomic_store(&p->state, packed(s));
    atomic_fetch_add(&p->epoch, 1);
    if (atomic_load(&p->sleepers)) syscall(SYS_futex, &p->epoch, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static bool idle(struct pool *p, uint32_t step) {
    struct state s = unpacked(atomic_load(&p->state));
    return s.step == step && !s.left && !atomic_load(&p->stop);
}

/* Until there is something to take, another step, or the end of the pool. */
static void wait_beyond(struct pool *p, uint32_t step) {
    for (int i = 0; i < SPINS; i++) {
        if (!idle(p, step)) return;
        pause_a_moment();
    }
    atomic_fetch_add(&p->sleepers, 1);
    for (;;) {
        unsigned epoch = atomic_load(&p->epoch);
        if (!idle(p, step)) break;
        syscall(SYS_futex, &p->epoch, FUTEX_WAIT_PRIVATE, epoch, NULL, NULL, 0);
    }
    atomic_fetch_sub(&p->sleepers, 1);
}

/* ---- working ---- */

/* false: none is left of this step. */
static bool take(struct pool *p, struct state *taken) {
    uint64_t word = atomic_load(&p->state);
    do {
        *taken = unpacked(word);
        if (!taken->left) return false;
    } while (!atomic_compare_exchange_weak(&p->state, &word, word - 1));
    return true;
}

static void begin_step(struct pool *p, uint32_t step) {
    while (step < p->count && !p->steps[step].tasks) step++;
    atomic_store(&p->done, 0);
    if (p->timed) p->step_began = clock_ns(CLOCK_MONOTONIC);
    publish(p, (struct state){step, step < p->count ? p->steps[step].tasks : 0});
}

static void end_step(struct pool *p, uint32_t step) {
    if (p->timed) p->steps[step].ms = (double)(clock_ns(CLOCK_MONOTONIC) - p->step_began) / 1e6;
    begin_step(p, step + 1);
}

static void work(struct pool *p, const struct state *taken, uint32_t worker) {
    const struct thread_pool_step *s = &p->steps[taken->step];
    uint32_t tasks = s->tasks;
    s->run(s->args, tasks - taken->left, &(struct thread_pool_worker){worker, p->serial, p->workers[worker].scratch});
    if (atomic_fetch_add(&p->done, 1) + 1 == tasks) end_step(p, taken->step);
}

static void *run(void *user) {
    struct worker *w = user;
    struct state taken;
    while (!atomic_load(&w->pool->stop)) {
        if (take(w->pool, &taken))
            work(w->pool, &taken, w->index);
        else
            wait_beyond(w->pool, taken.step);
    }
    return NULL;
}

static void run_list(struct pool *p, struct thread_pool_step *steps, size_t count, bool timed) {
    struct state taken;
    if (!count) return;
    p->steps = steps, p->count = count, p->timed = timed, p->serial++;
    begin_step(p, 0);
    for (;;) {
        if (take(p, &taken))
            work(p, &taken, 0);
        else if (taken.step >= count)
            return;
        else
            wait_beyond(p, taken.step);
    }
}

void thread_pool_run(struct pool *pool, struct thread_pool_step *steps, size_t count) {
    run_list(pool, steps, count, false);
}

void thread_pool_run_timed(struct pool *pool, struct thread_pool_step *steps, size_t count) {
    run_list(pool, steps, count, true);
}

/* ---- the threads ---- */

int thread_pool_create(struct pool **out, uint32_t threads) {
    struct pool *p = *out = calloc(1, sizeof *p);
    if (!threads) threads = thread_pool_cores();
    if (p) p->workers = calloc(threads, sizeof *p->workers);
    if (!p || !p->workers) {
        thread_pool_destroy(out);
        return log_fail(OCELLI_ERR_MEMORY, "out of memory for %u threads", threads);
    }
    for (p->threads = 1; p->threads < threads; p->threads++) {
        struct worker *w = &p->workers[p->threads];
        *w = (struct worker){.pool = p, .index = p->threads};
        if (pthread_create(&w->thread, NULL, run, w)) break;
    }
    if (p->threads < threads) log_warn("the system gives %u of %u threads to compute with", p->threads, threads);
    return OCELLI_OK;
}

void thread_pool_destroy(struct pool **pool) {
    struct pool *p = *pool;
    if (!p) return;
    atomic_store(&p->stop, true);
    publish(p, unpacked(atomic_load(&p->state)));
    for (uint32_t i = 1; i < p->threads; i++) pthread_join(p->workers[i].thread, NULL);
    for (uint32_t i = 0; p->workers && i < p->threads; i++) free(p->workers[i].scratch);
    free(p->workers);
    free(p);
    *pool = NULL;
}

int thread_pool_reserve(struct pool *pool, size_t bytes) {
    if (bytes <= pool->scratch) return OCELLI_OK;
    bytes = (bytes + LINE - 1) / LINE * LINE;
    for (uint32_t i = 0; i < pool->threads; i++) {
        void *scratch = aligned_alloc(LINE, bytes);
        if (!scratch) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %u threads", pool->threads);
        memset(scratch, 0, bytes); /* a product sees that nothing of its own is there */
        free(pool->workers[i].scratch);
        pool->workers[i].scratch = scratch;
    }
    pool->scratch = bytes;
    return OCELLI_OK;
}

uint32_t thread_pool_threads(const struct pool *pool) {
    return pool->threads;
}
