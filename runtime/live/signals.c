/* SPDX-License-Identifier: Apache-2.0 */
#include "live/signals.h"
#include "base/log.h"
#include "live/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { GRACE_MS = 600 };

static void fill(sigset_t *set, const int *which, size_t count) {
    sigemptyset(set);
    for (size_t i = 0; i < count; i++) sigaddset(set, which[i]);
}

/* It only looks, so that the signal is still there for who would end the decent way. */
static void *guard(void *user) {
    struct signals *s = user;
    struct pollfd p[] = {{.fd = s->opened, .events = POLLIN}, {.fd = s->stops, .events = POLLIN}};
    while (poll(p, 2, -1) < 0 && errno == EINTR) continue;
    if (p[0].revents || poll(p, 1, GRACE_MS)) return NULL;
    notify_say("STOPPING=1");
    _exit(0); /* nothing was learnt, nothing is half-written: files are renamed into place */
}

int signals_init(struct signals *s) {
    static const int all[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t ours, stops;
    *s = (struct signals){.opened = -1};
    fill(&ours, all, sizeof all / sizeof *all);
    fill(&stops, all, 2);
    pthread_sigmask(SIG_BLOCK, &ours, &s->before);
    s->fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    s->stops = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
    int opened = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), failed = s->fd < 0 || s->stops < 0 || opened < 0 ? errno : 0;
    s->opened = opened;
    if (!failed) failed = pthread_create(&s->guard, NULL, guard, s);
    if (!failed) return OCELLI_OK;
    if (opened >= 0) close(opened);
    s->opened = -1; /* no guard */
    return log_fail(OCELLI_ERR_MEMORY, "no descriptor or thread for signals: %s", strerror(failed));
}

void signals_opened(struct signals *s) {
    uint64_t one = 1;
    if (s->opened < 0) return;
    (void)!write(s->opened, &one, sizeof one);
    pthread_join(s->guard, NULL);
    close(s->opened);
    s->opened = -1;
}

void signals_finish(struct signals *s) {
    signals_opened(s);
    if (s->fd >= 0) close(s->fd);
    if (s->stops >= 0) close(s->stops);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    s->fd = s->stops = -1;
}

bool signals_asked(void) {
    sigset_t pending;
    return !sigpending(&pending) && (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT));
}
