/* SPDX-License-Identifier: Apache-2.0
 * How much better a tag fits a picture than its rivals do: what the daemon's thresholds are compared with
 * (docs/tags.md). */
#ifndef MARGINS_H
#define MARGINS_H

#include "ocelli/common/tagset.h"

struct margin {
    float value;       /* the tag's cosine less the best rival's; the cosine itself without rivals */
    const char *rival; /* the best one: a prompt against, or the name of another tag of the group; NULL: none */
};

struct margins {
    const struct tagset *set;
    struct ocelli_tags *against; /* all prompts against, in the tags' order; NULL: there are none */
    const char **texts;          /* (against_count) of them */
    float *cosines;              /* (against_count), of this picture */
    size_t against_count;
    struct margins_group *groups; /* (group_count) */
    size_t group_count;
    size_t *group_of;      /* (set->count): index of the tag's group; group_count: none */
    struct margin *margin; /* (set->count), of this picture */
    bool any;              /* a tag has a rival */
};

/* `set` outlives it. Embeds the prompts against. Errors: those of ocelli_tags_create(), MEMORY. */
int margins_init(struct margins *margins, struct ocelli *handle, const struct tagset *set);
/* Accepts a zeroed or failed one. */
void margins_finish(struct margins *margins);

/* Fills m->margin for a picture: its vector, and its cosines with the tags (set->count). */
void margins_see(struct margins *margins, const float *vector, const float *cosines);

#endif
