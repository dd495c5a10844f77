/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Nanoseconds of a clock, such as CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID. */
static inline int64_t clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Milliseconds of the monotonic clock; only differences mean anything. */
static inline double clock_ms(void) {
    return (double)clock_ns(CLOCK_MONOTONIC) / 1e6;
}

/* A time of clock_ns() for pthread_cond_timedwait() and others. */
static inline struct timespec clock_at(int64_t ns) {
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

/* So many milliseconds from now, for CLOCK_MONOTONIC. */
static inline int64_t clock_in(int ms) {
    return clock_ns(CLOCK_MONOTONIC) + ms * INT64_C(1000000);
}

/* A condition whose waits end by CLOCK_MONOTONIC. As pthread_cond_init(). */
static inline int clock_condition(pthread_cond_t *condition) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return failed;
}

#endif
