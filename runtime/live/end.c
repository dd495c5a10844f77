/* SPDX-License-Identifier: Apache-2.0
 * The end of the daemon, all of it within one second. */
#include "base/asides.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "live/inner.h"
#include "live/notify.h"
#include "live/quiet.h"

#include <stdlib.h>
#include <unistd.h>

enum { LAST_MS = 10000, HANGS_MS = 800 };

/* Of the end, from who asked for it on: by when each part has answered, or is left. The guard (live/signals.h) leaves later,
 * whoever does not come back; the rest of the second is the system's, to take the process apart. A command of on_change has the
 * first 200 ms for itself. */
enum { EYE_MS = 250, BRAIN_MS = 400, COMMAND_TERM_MS = 200, COMMAND_KILL_MS = 500, SAVED_MS = 550, ALL_MS = 650 };
enum { ASIDES_MS = 50, LOG_MS = 30 };

/* ---- where nothing can be waited for ---- */

static void *unlink_asides(void *user) {
    asides_unlink();
    return user;
}

/* What can be left in order where nothing can be waited for: no command, no half of a file. Leaks a thread on a disk that hangs.
 */
void end_leave(void *user) {
    struct live *l = user;
    struct thread *cleaner = calloc(1, sizeof *cleaner);
    program_kill(&l->program);
    pthread_mutex_lock(&l->leaving);
    for (size_t i = 0; i < l->hook_count; i++)
        if (l->hooks[i].leave) l->hooks[i].leave(l->hooks[i].user);
    pthread_mutex_unlock(&l->leaving);
    if (cleaner && !thread_start(cleaner, unlink_asides, NULL, true)) thread_join(cleaner, clock_in(ASIDES_MS));
    quiet_flush(1);
    quiet_wait(LOG_MS);
    thread_hurry_all();
}

void live_leave(struct live *l, int code) {
    end_leave(l);
    _exit(code);
}

void live_remove_hook(struct live *l, const void *user) {
    size_t kept = 0;
    pthread_mutex_lock(&l->leaving);
    for (size_t i = 0; i < l->hook_count; i++)
        if (l->hooks[i].user != user) l->hooks[kept++] = l->hooks[i];
    l->hook_count = kept;
    pthread_mutex_unlock(&l->leaving);
}

void live_remove_hooks(struct live *l) {
    pthread_mutex_lock(&l->leaving);
    l->hook_count = 0;
    pthread_mutex_unlock(&l->leaving);
}

/* ---- part by part ---- */

/* Milliseconds until `ms` after the end began; at least a few, as what is done already need not be waited for. */
static int left_ms(struct live *l, int ms) {
    enum { LEAST_MS = 20 };
    int64_t left = ms - (clock_ns(CLOCK_MONOTONIC) - l->end_ns) / 1000000;
    return left > LEAST_MS ? (int)left : LEAST_MS;
}

int live_left_ms(struct live *l) {
    return left_ms(l, ALL_MS);
}

/* Who asks while the end goes on its own pace has the limit from then on. */
static bool hurried(struct live *l) {
    if (!l->asked && !signals_asked()) return false;
    if (!l->asked) l->asked = true, l->end_ns = signals_end(&l->signals, EXIT_SUCCESS);
    return true;
}

/* Of a source that ended: what is waiting for the program, and for who reads standard output. */
static int finish_output(struct live *l) {
    int64_t until = clock_in(LAST_MS);
    int status = live_take_events(l);
    while (!status && !hurried(l) && (!program_idle(&l->program) || lines_wait(l->out)) && clock_ns(CLOCK_MONOTONIC) < until)
        status = live_wait(l);
    return status;
}

/* Who was asked to stop has little time for that; the end of a source is in no hurry. */
static bool save_last(struct live *l) {
    enum { LOOK_MS = 50 };
    int64_t until = clock_in(LAST_MS);
    bool saved = false;
    chores_save(l);
    while (!saved && !hurried(l) && clock_ns(CLOCK_MONOTONIC) < until) saved = saver_wait(&l->saver, LOOK_MS);
    if (saved || saver_wait(&l->saver, left_ms(l, SAVED_MS))) return true;
    log_warn("%s: the disk is slow: leaving with what was saved there last", l->state);
    return false;
}

/* On a slow board a picture may take longer than the end has time for: it is left, and nothing is wrong. */
static bool stop_brain(struct live *l) {
    if (brain_stop(&l->brain, left_ms(l, BRAIN_MS))) return true;
    int64_t busy = brain_busy_ns(&l->brain);
    if (busy > HANGS_MS * INT64_C(1000000) && busy > brain_usual_ns(&l->brain))
        log_warn("the device does not answer: leaving without it");
    return false;
}

static bool stop_memory(struct live *l) {
    if (!l->memory || memory_stop(l->memory, left_ms(l, SAVED_MS))) return true;
    log_warn("%s: another program holds the history, or its disk is slow: leaving without its last pictures",
             l->config.memory_file);
    return false;
}

/* What the brain may still use stays, and so does what others may still ask for. */
static bool stop_others(struct live *l, bool stopped) {
    bool good = stopped;
    program_stop(&l->program, l->end_ns + COMMAND_TERM_MS * INT64_C(1000000), l->end_ns + COMMAND_KILL_MS * INT64_C(1000000));
    if (stopped && !eye_close(&l->eye, left_ms(l, SAVED_MS)))
        good = false, log_warn("%s: does not answer: leaving without it", l->config.uri);
    good = stop_memory(l) && good;
    lines_drain(l->out, left_ms(l, SAVED_MS));
    return good;
}

int end_run(struct live *l, int status) {
    int said = OCELLI_OK;
    l->end_ns = l->asked ? signals_end(&l->signals, EXIT_SUCCESS) : clock_ns(CLOCK_MONOTONIC);
    if (!status) announce_end(l);
    notify_say("STOPPING=1");
    l->ending = true;
    bool stopped = eye_stop(&l->eye, left_ms(l, EYE_MS));
    stopped = stop_brain(l) && stopped;
    if (l->memory) memory_stop(l->memory, 0);
    bool saved = !l->brain.prepared || save_last(l); /* a brain that waits for its device holds no lock */
    if (!status) said = finish_output(l);
    if (!status) status = said;
    l->end_ns = signals_end(&l->signals, status ? EXIT_FAILURE : EXIT_SUCCESS);
    l->stuck = !stop_others(l, stopped) || !saved;
    return status;
}
