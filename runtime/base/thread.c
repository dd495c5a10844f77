/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"
#include "base/clock.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static void *run(void *user) {
    struct thread *t = user;
    void *result = t->run(t->user);
    pthread_mutex_lock(&t->lock);
    t->ended = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return result;
}

static void finish(struct thread *t) {
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    *t = (struct thread){.running = false};
}

int thread_start(struct thread *thread, void *(*start)(void *user), void *user, bool deaf) {
    sigset_t all, before;
    *thread = (struct thread){.run = start, .user = user};
    pthread_mutex_init(&thread->lock, NULL);
    clock_condition(&thread->changed);
    sigfillset(&all);
    if (deaf) pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(&thread->id, NULL, run, thread);
    if (deaf) pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        finish(thread);
    else
        thread->running = true;
    return failed;
}

bool thread_join(struct thread *thread, int64_t until_ns) {
    if (!thread->running) return true;
    struct timespec at = clock_at(until_ns);
    pthread_mutex_lock(&thread->lock);
    for (int late = 0; !thread->ended && !late;) late = pthread_cond_timedwait(&thread->changed, &thread->lock, &at);
    bool ended = thread->ended;
    pthread_mutex_unlock(&thread->lock);
    if (!ended) return false;
    pthread_join(thread->id, NULL);
    finish(thread);
    return true;
}

void thread_hurry_all(void) {
    int usual = getpriority(PRIO_PROCESS, (id_t)getpid());
    DIR *d = opendir("/proc/self/task");
    for (const struct dirent *e; d && (e = readdir(d));)
        if (atoi(e->d_name) > 0)
            setpriority(PRIO_PROCESS, (id_t)atoi(e->d_name), usual); /* without the right (RLIMIT_NICE) it stays */
    if (d) closedir(d);
}
