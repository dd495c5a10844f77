/* SPDX-License-Identifier: Apache-2.0
 * All vectors against all: groups of those that are near to each other. */
#ifndef LIBRARY_NEAR_H
#define LIBRARY_NEAR_H

#include "memory/history.h"

struct near_member {
    size_t group;
    int64_t id, time_ms;
    float cosine; /* to the nearest of its group; 1 of the first */
};

struct near_groups {
    struct near_member *members; /* (count): group by group, each the oldest first */
    size_t count;
};

/* Two are in a group when their cosine is at least `above`, or when others lie between them like that. size: D. Free
 * with near_finish(), also on error. Errors: MEMORY. */
int near_find(const struct history_vectors *vectors, size_t size, double above, bool progress,
              struct near_groups *groups);
void near_finish(struct near_groups *groups);

#endif
