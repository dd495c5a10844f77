/* SPDX-License-Identifier: Apache-2.0 */
#include "source/later.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool later_init(struct later *l) {
    *l = (struct later){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&l->lock, NULL);
    return l->wake_fd >= 0;
}

void later_finish(struct later *l) {
    for (size_t i = 0; i < l->count; i++) free(l->items[i].path);
    free(l->items);
    if (l->wake_fd >= 0) close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
}

static void take_out(struct later *l, size_t i) {
    memmove(l->items + i, l->items + i + 1, (l->count - i - 1) * sizeof *l->items);
    l->count--;
}

static void drop(struct later *l, const char *path) {
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->items[i].path, path)) continue;
        free(l->items[i].path);
        take_out(l, i);
        return;
    }
}

static bool make_room(struct later *l) {
    if (l->count < l->room) return true;
    size_t room = l->room ? 2 * l->room : 16;
    struct later_item *grown = room <= LATER_MOST ? realloc(l->items, room * sizeof *grown) : NULL;
    if (grown) l->items = grown, l->room = room;
    return grown != NULL;
}

bool later_add(struct later *l, const char *path, int tries) {
    struct later_item item = {strdup(path), tries, clock_ns(CLOCK_MONOTONIC) + LATER_MS * INT64_C(1000000), {0}};
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

void later_drop(struct later *l, const char *path) {
    pthread_mutex_lock(&l->lock);
    drop(l, path);
    pthread_mutex_unlock(&l->lock);
}

bool later_take(struct later *l, struct later_item *item) {
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

int later_wait(struct later *l) {
    int64_t now = clock_ns(CLOCK_MONOTONIC), next = INT64_MAX;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].due_ns < next) next = l->items[i].due_ns;
    pthread_mutex_unlock(&l->lock);
    if (next == INT64_MAX) return -1;
    return next <= now ? 0 : (int)((next - now) / 1000000) + 1;
}
