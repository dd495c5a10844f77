/* SPDX-License-Identifier: Apache-2.0
 * The end of the daemon, all of it within one second. */
#include "base/unfinished.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "daemon/inner.h"
#include "daemon/notify.h"
#include "daemon/log_filter.h"

#include <stdlib.h>
#include <unistd.h>

enum { LAST_MS = 10000, HANGS_MS = 800 };

/* Times of the end, counted from the signal or call that asked for it: by then each part has answered, or is left
 * behind. The guard (daemon/signals.h) ends the process later, if a call does not return. The system has the rest of
 * the second, to take the process apart. A command of on_change has the first 200 ms for itself. */
enum {
    CAPTURE_MS = 250,
    INFERENCE_MS = 400,
    COMMAND_TERM_MS = 200,
    COMMAND_KILL_MS = 500,
    SAVED_MS = 550,
    ALL_MS = 650
};
enum { ASIDES_MS = 50, LOG_MS = 30 };

/* ---- where nothing can be waited for ---- */

static void *unlink_asides(void *user) {
    unfinished_unlink();
    return user;
}

/* What can be left in order where nothing can be waited for: no command, no half of a file. Leaks a thread on a disk
 * that hangs.
 */
void end_leave(void *user) {
    struct daemon *l = user;
    struct thread *cleaner = calloc(1, sizeof *cleaner);
    on_change_kill(&l->on_change);
    pthread_mutex_lock(&l->leaving);
    for (size_t i = 0; i < l->hook_count; i++)
        if (l->hooks[i].leave) l->hooks[i].leave(l->hooks[i].user);
    pthread_mutex_unlock(&l->leaving);
    if (cleaner && !thread_start(cleaner, unlink_asides, NULL, true)) thread_join(cleaner, clock_in(ASIDES_MS));
    log_filter_flush(1);
    log_filter_wait(LOG_MS);
    thread_hurry_all();
}

void daemon_leave(struct daemon *daemon, int code) {
    end_leave(daemon);
    _exit(code);
}

void daemon_remove_hook(struct daemon *daemon, const void *user) {
    size_t kept = 0;
    pthread_mutex_lock(&daemon->leaving);
    for (size_t i = 0; i < daemon->hook_count; i++)
        if (daemon->hooks[i].user != user) daemon->hooks[kept++] = daemon->hooks[i];
    daemon->hook_count = kept;
    pthread_mutex_unlock(&daemon->leaving);
}

void daemon_remove_hooks(struct daemon *daemon) {
    pthread_mutex_lock(&daemon->leaving);
    daemon->hook_count = 0;
    pthread_mutex_unlock(&daemon->leaving);
}

/* ---- part by part ---- */

/* Milliseconds until `ms` after the end began; at least a few, as what is done already need not be waited for. */
static int left_ms(struct daemon *l, int ms) {
    enum { LEAST_MS = 20 };
    int64_t left = ms - (clock_ns(CLOCK_MONOTONIC) - l->end_ns) / 1000000;
    return left > LEAST_MS ? (int)left : LEAST_MS;
}

int daemon_left_ms(struct daemon *daemon) {
    return left_ms(daemon, ALL_MS);
}

/* A signal that comes during an unhurried end starts the time limit. */
static bool hurried(struct daemon *l) {
    if (!l->asked && !signals_asked()) return false;
    if (!l->asked) l->asked = true, l->end_ns = signals_end(&l->signals, EXIT_SUCCESS);
    return true;
}

/* After a source ended: passes on the events that wait for the command of on_change and for the reader of standard
 * output. */
static int finish_output(struct daemon *l) {
    int64_t until = clock_in(LAST_MS);
    int status = daemon_take_events(l);
    while (!status && !hurried(l) && (!on_change_idle(&l->on_change) || line_writer_wait(l->out)) &&
           clock_ns(CLOCK_MONOTONIC) < until)
        status = daemon_wait(l);
    return status;
}

/* After a signal to stop there is little time for it. The end of a source is in no hurry. */
static bool save_last(struct daemon *l) {
    enum { LOOK_MS = 50 };
    int64_t until = clock_in(LAST_MS);
    bool saved = false;
    housekeeping_save(l);
    while (!saved && !hurried(l) && clock_ns(CLOCK_MONOTONIC) < until) saved = saver_wait(&l->saver, LOOK_MS);
    if (saved || saver_wait(&l->saver, left_ms(l, SAVED_MS))) return true;
    log_warn("%s: the disk is slow: leaving with what was saved there last", l->state);
    return false;
}

/* On a slow board a picture may take longer than the end has time for: it is left, and nothing is wrong. */
static bool stop_inference(struct daemon *l) {
    if (inference_stop(&l->inference, left_ms(l, INFERENCE_MS))) return true;
    int64_t busy = inference_busy_ns(&l->inference);
    if (busy > HANGS_MS * INT64_C(1000000) && busy > inference_usual_ns(&l->inference))
        log_warn("the device does not answer: leaving without it");
    return false;
}

static bool stop_memory(struct daemon *l) {
    if (!l->memory || memory_stop(l->memory, left_ms(l, SAVED_MS))) return true;
    log_warn("%s: another program holds the history, or its disk is slow: leaving without its last pictures",
             l->config.memory_file);
    return false;
}

/* Keeps what the inference thread may still use, and what other threads may still ask for. */
static bool stop_others(struct daemon *l, bool stopped) {
    bool good = stopped;
    on_change_stop(&l->on_change, l->end_ns + COMMAND_TERM_MS * INT64_C(1000000),
                   l->end_ns + COMMAND_KILL_MS * INT64_C(1000000));
    if (stopped && !capture_close(&l->capture, left_ms(l, SAVED_MS)))
        good = false, log_warn("%s: does not answer: leaving without it", l->config.uri);
    good = stop_memory(l) && good;
    line_writer_drain(l->out, left_ms(l, SAVED_MS));
    return good;
}

int end_run(struct daemon *daemon, int status) {
    int said = OCELLI_OK;
    daemon->end_ns = daemon->asked ? signals_end(&daemon->signals, EXIT_SUCCESS) : clock_ns(CLOCK_MONOTONIC);
    if (!status) announce_end(daemon);
    notify_say("STOPPING=1");
    daemon->ending = true;
    bool stopped = capture_stop(&daemon->capture, left_ms(daemon, CAPTURE_MS));
    stopped = stop_inference(daemon) && stopped;
    if (daemon->memory) memory_stop(daemon->memory, 0);
    if (daemon->options.silent)
        inference_refresh(&daemon->inference); /* so that the learnt state counts all that was seen */
    bool saved = !daemon->inference.prepared ||
                 save_last(daemon); /* an inference thread that waits for its device holds no lock */
    if (!status) said = finish_output(daemon);
    if (!status) status = said;
    daemon->end_ns = signals_end(&daemon->signals, status ? EXIT_FAILURE : EXIT_SUCCESS);
    daemon->stuck = !stop_others(daemon, stopped) || !saved;
    return status;
}
