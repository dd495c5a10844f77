/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/opener.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT_MOST = 8 };
static atomic_int left_behind;

struct opener {
    struct arena strings;
    const char *uri;
    struct source_options options; /* its strings are copies too */
    struct source *old, *made;
    int status;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool done, left;
};

static void destroy(struct opener *o) {
    pthread_cond_destroy(&o->changed);
    pthread_mutex_destroy(&o->lock);
    arena_finish(&o->strings);
    free(o);
}

static void *run(void *user) {
    struct opener *o = user;
    source_close(&o->old);
    int status = o->uri ? source_open(&o->made, o->uri, &o->options) : OCELLI_OK;
    pthread_mutex_lock(&o->lock);
    o->status = status, o->done = true;
    bool left = o->left;
    pthread_cond_signal(&o->changed);
    pthread_mutex_unlock(&o->lock);
    if (!left) return NULL; /* it is the other's, and may be gone */
    source_close(&o->made);
    destroy(o);
    left_behind--;
    return NULL;
}

static int begin(struct opener *o) {
    pthread_t thread;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &detached, run, o);
    pthread_attr_destroy(&detached);
    return failed ? log_fail(OCELLI_ERR_MEMORY, "no thread to open a source: %s", strerror(failed)) : OCELLI_OK;
}

int opener_start(struct opener **out, struct source *old, const char *uri, const struct source_options *options) {
    *out = NULL;
    if (left_behind >= LEFT_MOST)
        return log_fail(OCELLI_ERR_DEVICE,
                        "%s: not opened: %d sources do not answer: see to their devices or network drives",
                        uri ? uri : "a source", LEFT_MOST);
    struct opener *o = calloc(1, sizeof *o);
    if (!o) return log_fail(OCELLI_ERR_MEMORY, "out of memory to open a source");
    pthread_mutex_init(&o->lock, NULL);
    clock_condition(&o->changed);
    if (options) o->options = *options;
    o->uri = uri;
    o->old = old;
    bool good = arena_own(&o->strings, &o->uri) && source_options_own(&o->options, &o->strings);
    int status = good ? begin(o) : log_fail(OCELLI_ERR_MEMORY, "out of memory to open a source");
    if (status)
        destroy(o);
    else
        *out = o;
    return status;
}

bool opener_wait(struct opener *opener, int timeout_ms) {
    struct timespec at = clock_at(clock_in(timeout_ms));
    pthread_mutex_lock(&opener->lock);
    for (int late = 0; !opener->done && !late;) late = pthread_cond_timedwait(&opener->changed, &opener->lock, &at);
    bool done = opener->done;
    pthread_mutex_unlock(&opener->lock);
    return done;
}

int opener_take(struct opener **opener, struct source **source) {
    struct opener *o = *opener;
    int status = o->status;
    *source = o->made;
    *opener = NULL;
    destroy(o);
    return status;
}

void opener_leave(struct opener **opener) {
    struct opener *o = opener ? *opener : NULL;
    struct source *made = NULL;
    if (!o) return;
    pthread_mutex_lock(&o->lock);
    bool done = o->done;
    o->left = !done;
    left_behind += !done;
    pthread_mutex_unlock(&o->lock);
    *opener = NULL;
    if (!done) return;
    opener_take(&o, &made); /* it came after all: closing may take as long again */
    if (!made) return;
    if (opener_start(&o, made, NULL, NULL))
        source_close(&made);
    else
        opener_leave(&o);
}

int opener_left(void) {
    return left_behind;
}
