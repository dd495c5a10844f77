/* SPDX-License-Identifier: Apache-2.0
 * A thread that can be waited for with a limit. pthread_timedjoin_np() waits by the wall clock: when
 * somebody sets that, a busy thread looks hung. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A zeroed one does not run. It must stay where it is until it is joined. */
struct thread {
    pthread_t id;
    bool running; /* to be joined */
    void *(*run)(void *user);
    void *user;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ended; /* under the lock: nothing is left but to be joined */
};

/* Starts it with all signals held back when `deaf`, else with those of the caller. Gives 0 or an errno. */
int thread_start(struct thread *thread, void *(*run)(void *user), void *user, bool deaf);

/* Waits for its end until then (CLOCK_MONOTONIC, ns; INT64_MAX: as long as it takes). false: it still runs, and nothing
 * that it uses may be freed, *thread included. Accepts one that does not run. Thread-safety: by one thread. */
bool thread_join(struct thread *thread, int64_t until_ns);

/* Gives all threads of the process the priority of its first. Drivers start some at the lowest (Mesa's disk cache):
 * beside programs that take all processors, such a thread takes seconds to go, and the process with it. To be called
 * before _exit(). */
void thread_hurry_all(void);

#endif
