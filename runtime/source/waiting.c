/* SPDX-License-Identifier: Apache-2.0 */
#include "source/waiting.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool waiting_init(struct waiting *l) {
    *l = (struct waiting){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&l->lock, NULL);
    return l->wake_fd >= 0;
}

void waiting_finish(struct waiting *l) {
    for (size_t i = 0; i < l->count; i++) free(l->items[i].path);
    free(l->items);
    if (l->wake_fd >= 0) close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
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

static bool make_room(struct waiting *l) {
    if (l->count < l->room) return true;
    size_t room = l->room ? 2 * l->room : 16;
    struct waiting_item *grown = room <= WAITING_MOST ? realloc(l->items, room * sizeof *grown) : NULL;
    if (grown) l->items = grown, l->room = room;
    return grown != NULL;
}

bool waiting_add(struct waiting *l, const char *path, int tries) {
    struct waiting_item item = {strdup(path), tries, clock_ns(CLOCK_MONOTONIC) + WAITING_MS * INT64_C(1000000), {0}};
    if (!item.path) return false;
    if (stat(path, &item.seen) < 0) item.seen = (struct stat){0};
    pthread_mutex_lock(&l->lock);
    drop(l, path);
    bool good = make_room(l);
    if (good) l->items[l->count++] = item;
    pthread_mutex_unlock(&l->lock);
    uint64_t one = 1;
    bool woken = write(l->wake_fd, &one, sizeof one) == sizeof one; /* full: it is readable anyway */
    (void)woken;
    if (!good) free(item.path);
    return good;
}

void waiting_drop(struct waiting *l, const char *path) {
    pthread_mutex_lock(&l->lock);
    drop(l, path);
    pthread_mutex_unlock(&l->lock);
}

bool waiting_take(struct waiting *l, struct waiting_item *item) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    uint64_t count;
    bool found = false, had = read(l->wake_fd, &count, sizeof count) > 0;
    (void)had;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->count && !found; i++) {
        found = l->items[i].due_ns <= now;
        if (!found) continue;
        *item = l->items[i];
        take_out(l, i);
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}

int waiting_next(struct waiting *l) {
    int64_t now = clock_ns(CLOCK_MONOTONIC), next = INT64_MAX;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].due_ns < next) next = l->items[i].due_ns;
    pthread_mutex_unlock(&l->lock);
    if (next == INT64_MAX) return -1;
    return next <= now ? 0 : (int)((next - now) / 1000000) + 1;
}
