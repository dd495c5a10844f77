/* SPDX-License-Identifier: Apache-2.0
 * The best of many pictures, not all of one scene: of each stretch of time the best one, and none within such a
 * time of a better one. */
#ifndef MEMORY_BEST_H
#define MEMORY_BEST_H

#include <stddef.h>
#include <stdint.h>

struct best_hit {
    int64_t id;
    int64_t time_ms; /* since 1970 */
    float score;
};

struct best {
    struct best_hit *hits; /* (count), the best first */
    size_t count, capacity, wanted;
    int64_t apart_ms; /* of a stretch, and between hits; 0: each picture by itself */
};

/* Errors: MEMORY. Free with best_finish(). */
int best_init(struct best *best, size_t wanted, int64_t apart_ms);
void best_finish(struct best *best);

/* In any order. */
void best_add(struct best *best, const struct best_hit *hit);
/* Leaves the `wanted` best in hits. */
void best_choose(struct best *best);

#endif
