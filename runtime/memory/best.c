/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/best.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* A hit's neighbours within apart_ms lie in two other stretches at most. So three times as many hits always suffice. */
enum { SPARE = 3 };

int best_init(struct best *best, size_t wanted, int64_t apart_ms) {
    *best = (struct best){.wanted = wanted, .capacity = apart_ms ? SPARE * wanted : wanted, .apart_ms = apart_ms};
    best->hits = calloc(best->capacity + !best->capacity, sizeof *best->hits);
    return best->hits ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu hits", wanted);
}

void best_finish(struct best *best) {
    free(best->hits);
    *best = (struct best){0};
}

/* Rounded down, also before 1970. */
static int64_t stretch(const struct best *b, int64_t time_ms) {
    return (time_ms - (time_ms < 0 ? b->apart_ms - 1 : 0)) / b->apart_ms;
}

static void drop(struct best *b, size_t i) {
    memmove(b->hits + i, b->hits + i + 1, (--b->count - i) * sizeof *b->hits);
}

/* Makes room for a hit of this stretch. 0: there is a better one. */
static int displace(struct best *b, const struct best_hit *hit) {
    for (size_t i = 0; b->apart_ms && i < b->count; i++) {
        if (stretch(b, b->hits[i].time_ms) != stretch(b, hit->time_ms)) continue;
        if (b->hits[i].score >= hit->score) return 0;
        drop(b, i);
        return 1;
    }
    if (b->count == b->capacity) b->count--;
    return 1;
}

void best_add(struct best *best, const struct best_hit *hit) {
    if (!best->capacity || (best->count == best->capacity && hit->score <= best->hits[best->count - 1].score)) return;
    if (!displace(best, hit)) return;
    size_t at = best->count++;
    for (; at && best->hits[at - 1].score < hit->score; at--) best->hits[at] = best->hits[at - 1];
    best->hits[at] = *hit;
}

void best_choose(struct best *best) {
    size_t chosen = 0;
    for (size_t i = 0; i < best->count && chosen < best->wanted; i++) {
        size_t near = 0;
        while (near < chosen && llabs(best->hits[near].time_ms - best->hits[i].time_ms) >= best->apart_ms) near++;
        if (near == chosen) best->hits[chosen++] = best->hits[i];
    }
    best->count = chosen;
}
