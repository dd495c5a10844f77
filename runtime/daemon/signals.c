/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/signals.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void fill(sigset_t *set, const int *which, size_t count) {
    sigemptyset(set);
    for (size_t i = 0; i < count; i++) sigaddset(set, which[i]);
}

/* ---- the guard ---- */

static void begin(struct signals *s) {
    int64_t none = 0;
    atomic_compare_exchange_strong(&s->since, &none, clock_ns(CLOCK_MONOTONIC));
}

static void leave(struct signals *s) {
    notify_say("STOPPING=1");
    if (s->leave) s->leave(s->user);
    _exit(s->code); /* nothing is half-written: files are renamed into place */
}

/* It only looks, so that the signal is still there for who would end the decent way. */
static void *guard(void *user) {
    struct signals *s = user;
    while (!s->done) {
        struct pollfd p[] = {{.fd = s->told, .events = POLLIN}, {.fd = s->since ? -1 : s->stops, .events = POLLIN}};
        int64_t left = -1;
        if (s->since) {
            left = (s->since - clock_ns(CLOCK_MONOTONIC)) / 1000000 + (s->open ? SIGNALS_LEAVE_MS : SIGNALS_OPENING_MS);
            if (left <= 0) leave(s);
        }
        if (poll(p, 2, (int)left) < 0) continue;
        eventfd_t told;
        if (p[0].revents) eventfd_read(s->told, &told);
        if (p[1].revents) begin(s);
    }
    return NULL;
}

static void tell(struct signals *s) {
    if (s->told >= 0) eventfd_write(s->told, 1);
}

/* ---- for others ---- */

int signals_init(struct signals *signals, void (*leave_with)(void *user), void *user) {
    static const int all[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t ours, stops;
    *signals = (struct signals){.leave = leave_with, .user = user};
    fill(&ours, all, sizeof all / sizeof *all);
    fill(&stops, all, 2);
    pthread_sigmask(SIG_BLOCK, &ours, &signals->before);
    signals->fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    signals->stops = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
    signals->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failed = signals->fd < 0 || signals->stops < 0 || signals->told < 0 ? errno : 0;
    if (!failed) failed = thread_start(&signals->guard, guard, signals, false);
    if (!failed) return OCELLI_OK;
    return log_fail(OCELLI_ERR_MEMORY, "no descriptor or thread for signals: %s", strerror(failed));
}

void signals_opened(struct signals *signals) {
    signals->open = true;
    tell(signals);
}

int64_t signals_end(struct signals *signals, int code) {
    begin(signals);
    signals->code = code;
    tell(signals);
    return signals->since;
}

void signals_finish(struct signals *signals) {
    struct signalfd_siginfo info;
    signals->done = true;
    tell(signals);
    thread_join(&signals->guard, INT64_MAX);
    while (signals->fd >= 0 && read(signals->fd, &info, sizeof info) > 0) continue; /* asked once more while it ends */
    if (signals->fd >= 0) close(signals->fd);
    if (signals->stops >= 0) close(signals->stops);
    if (signals->told >= 0) close(signals->told);
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
    signals->fd = signals->stops = signals->told = -1;
}

bool signals_asked(void) {
    sigset_t pending;
    return !sigpending(&pending) && (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT));
}
