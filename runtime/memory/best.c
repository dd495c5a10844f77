/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/best.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* Of a hit's neighbours within apart_ms two stretches at most are passed over: so three times as many always suffice. */
enum { SPARE = 3 };

int best_init(struct best *b, size_t wanted, int64_t apart_ms) {
    *b = (struct best){.wanted = wanted, .room = apart_ms ? SPARE * wanted : wanted, .apart_ms = apart_ms};
    b->hits = calloc(b->room + !b->room, sizeof *b->hits);
    return b->hits ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu hits", wanted);
}

void best_finish(struct best *b) {
    free(b->hits);
    *b = (struct best){0};
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
    if (b->count == b->room) b->count--;
    return 1;
}

void best_add(struct best *b, const struct best_hit *hit) {
    if (!b->room || (b->count == b->room && hit->score <= b->hits[b->count - 1].score)) return;
    if (!displace(b, hit)) return;
    size_t at = b->count++;
    for (; at && b->hits[at - 1].score < hit->score; at--) b->hits[at] = b->hits[at - 1];
    b->hits[at] = *hit;
}

void best_choose(struct best *b) {
    size_t chosen = 0;
    for (size_t i = 0; i < b->count && chosen < b->wanted; i++) {
        size_t near = 0;
        while (near < chosen && llabs(b->hits[near].time_ms - b->hits[i].time_ms) >= b->apart_ms) near++;
        if (near == chosen) b->hits[chosen++] = b->hits[i];
    }
    b->count = chosen;
}
