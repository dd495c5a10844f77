/* SPDX-License-Identifier: Apache-2.0 */
#include "source/waiting.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool waiting_init(struct waiting *waiting) {
    *waiting = (struct waiting){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&waiting->lock, NULL);
    return waiting->wake_fd >= 0;
}

void waiting_finish(struct waiting *waiting) {
    for (size_t i = 0; i < waiting->count; i++) free(waiting->items[i].path);
    free(waiting->items);
    if (waiting->wake_fd >= 0) close(waiting->wake_fd);
    pthread_mutex_destroy(&waiting->lock);
}

static void take_out(struct waiting *l, size_t i) {
    memmove(l->items + i, l->items + i + 1, (l->count - i - 1) * sizeof *l->items);
    l->count--;
}

static void drop(struct waiting *l, const char *path) {
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->items[i].path, path)) continue;
        free(l->items[i].path);
        take_out(l, i);
        return;
    }
}

static bool reserve(struct waiting *l) {
    if (l->count < l->capacity) return true;
    size_t capacity = l->capacity ? 2 * l->capacity : 16;
    struct waiting_item *grown = capacity <= WAITING_MOST ? realloc(l->items, capacity * sizeof *grown) : NULL;
    if (grown) l->items = grown, l->capacity = capacity;
    return grown != NULL;
}

bool waiting_add(struct waiting *waiting, const char *path, int tries) {
    struct waiting_item item = {strdup(path), tries, clock_ns(CLOCK_MONOTONIC) + WAITING_MS * INT64_C(1000000), {0}};
    if (!item.path) return false;
    if (stat(path, &item.seen) < 0) item.seen = (struct stat){0};
    pthread_mutex_lock(&waiting->lock);
    drop(waiting, path);
    bool good = reserve(waiting);
    if (good) waiting->items[waiting->count++] = item;
    pthread_mutex_unlock(&waiting->lock);
    uint64_t one = 1;
    bool woken = write(waiting->wake_fd, &one, sizeof one) == sizeof one; /* full: it is readable anyway */
    (void)woken;
    if (!good) free(item.path);
    return good;
}

void waiting_drop(struct waiting *waiting, const char *path) {
    pthread_mutex_lock(&waiting->lock);
    drop(waiting, path);
    pthread_mutex_unlock(&waiting->lock);
}

bool waiting_take(struct waiting *waiting, struct waiting_item *item) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    uint64_t count;
    bool found = false, had = read(waiting->wake_fd, &count, sizeof count) > 0;
    (void)had;
    pthread_mutex_lock(&waiting->lock);
    for (size_t i = 0; i < waiting->count && !found; i++) {
        found = waiting->items[i].due_ns <= now;
        if (!found) continue;
        *item = waiting->items[i];
        take_out(waiting, i);
    }
    pthread_mutex_unlock(&waiting->lock);
    return found;
}

int waiting_next(struct waiting *waiting) {
    int64_t now = clock_ns(CLOCK_MONOTONIC), next = INT64_MAX;
    pthread_mutex_lock(&waiting->lock);
    for (size_t i = 0; i < waiting->count; i++)
        if (waiting->items[i].due_ns < next) next = waiting->items[i].due_ns;
    pthread_mutex_unlock(&waiting->lock);
    if (next == INT64_MAX) return -1;
    return next <= now ? 0 : (int)((next - now) / 1000000) + 1;
}
