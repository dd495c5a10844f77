/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/library/near.h"
#include "base/log.h"
#include "memory/dots.h"
#include "ocelli/common/progress.h"

#include <stdlib.h>
#include <string.h>

/* TILE vectors of 512 numbers stay in the processor's cache while others are compared with them. */
enum { TILE = 256 };

struct search {
    const struct history_vectors *v;
    size_t size;
    float above;
    size_t *parent; /* (count): a forest, each tree a group */
    float *nearest; /* (count): cosine to the nearest so far */
    int16_t *text;  /* (size): one vector with 16 bits */
    dots_function *dots;
    struct progress progress;
};

static size_t root_of(struct search *s, size_t i) {
    while (s->parent[i] != i) i = s->parent[i] = s->parent[s->parent[i]];
    return i;
}

static void join(struct search *s, size_t a, size_t b, float cosine) {
    size_t x = root_of(s, a), y = root_of(s, b);
    if (x != y) s->parent[x > y ? x : y] = x > y ? y : x;
    if (cosine > s->nearest[a]) s->nearest[a] = cosine;
    if (cosine > s->nearest[b]) s->nearest[b] = cosine;
}

/* Vector i against those from `first` on that come behind it. */
static void compare(struct search *s, size_t i, size_t first, size_t end) {
    int32_t sums[TILE];
    const struct history_vectors *v = s->v;
    if (first <= i) first = i + 1;
    if (first >= end) return;
    for (size_t k = 0; k < s->size; k++) s->text[k] = v->vectors[i * s->size + k];
    s->dots(v->vectors + first * s->size, end - first, s->size, s->text, sums, NULL);
    for (size_t k = first; k < end; k++) {
        float cosine = v->facts[i].scale * v->facts[k].scale * (float)sums[k - first];
        if (cosine >= s->above) join(s, i, k, cosine);
    }
}

static void compare_all(struct search *s) {
    size_t count = s->v->count;
    for (size_t from = 0; from < count; from += TILE) {
        size_t from_end = from + TILE < count ? from + TILE : count;
        for (size_t to = from; to < count; to += TILE)
            for (size_t i = from; i < from_end; i++) compare(s, i, to, to + TILE < count ? to + TILE : count);
        progress_step(&s->progress, (from_end - from) * (2 * count - from - from_end) / 2);
    }
}

static int by_group(const void *a, const void *b) {
    const struct near_member *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->time_ms != y->time_ms) return x->time_ms < y->time_ms ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int gather(struct search *s, struct near_groups *g) {
    size_t count = s->v->count;
    g->members = calloc(count + 1, sizeof *g->members);
    if (!g->members) return log_fail(OCELLI_ERR_MEMORY, "out of memory for the groups");
    for (size_t i = 0; i < count; i++) {
        if (!(s->nearest[i] > 0)) continue;
        const struct history_fact *f = &s->v->facts[i];
        g->members[g->count++] = (struct near_member){root_of(s, i), f->id, f->time_ms, s->nearest[i]};
    }
    qsort(g->members, g->count, sizeof *g->members, by_group);
    for (size_t i = 0; i < g->count; i++)
        if (!i || g->members[i].group != g->members[i - 1].group) g->members[i].cosine = 1;
    return OCELLI_OK;
}

int near_find(const struct history_vectors *vectors, size_t size, double above, bool progress,
              struct near_groups *groups) {
    struct search s = {.v = vectors, .size = size, .above = (float)above, .dots = dots_best()};
    size_t count = vectors->count;
    *groups = (struct near_groups){0};
    s.parent = calloc(count + 1, sizeof *s.parent), s.nearest = calloc(count + 1, sizeof *s.nearest);
    s.text = calloc(size + 1, sizeof *s.text);
    int status = OCELLI_OK;
    if (!s.parent || !s.nearest || !s.text) status = log_fail(OCELLI_ERR_MEMORY, "out of memory to compare");
    for (size_t i = 0; !status && i < count; i++) s.parent[i] = i;
    if (!status && progress) progress_begin_of(&s.progress, count * (count - 1) / 2, "pairs");
    if (!status) compare_all(&s);
    progress_end(&s.progress);
    if (!status) status = gather(&s, groups);
    free(s.parent);
    free(s.nearest);
    free(s.text);
    return status;
}

void near_finish(struct near_groups *groups) {
    free(groups->members);
    *groups = (struct near_groups){0};
}
