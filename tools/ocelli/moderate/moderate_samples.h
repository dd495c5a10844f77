/* SPDX-License-Identifier: Apache-2.0
 * What the pictures to learn from gave. */
#ifndef MODERATE_SAMPLES_H
#define MODERATE_SAMPLES_H

#include "ocelli/moderate/moderate_set.h"

/* A picture that no label names. */
#define SAMPLES_ORDINARY SIZE_MAX

/* A zeroed struct is empty, but for `set`. */
struct samples {
    struct moderate_set *set;
    float *margins;  /* (count, policies) */
    float *likeness; /* (count) */
    size_t *shows;   /* (count): the policy that the label names, or SAMPLES_ORDINARY */
    size_t count, capacity;
    size_t *labelled; /* (policies): pictures that show it */
    size_t label;     /* of the picture that comes next */
};

/* Judges ordinary pictures, labelled ones, or both, as the request tells. Warns of policies of which labels name no
 * picture. Errors: as moderate_learn(). samples_finish() then too. */
int samples_take(struct samples *samples, const struct moderate_request *request, struct picture_list *list,
                 size_t *unread);
void samples_finish(struct samples *samples);

/* Values of the pictures that do not show the policy, free(*values): margins; of [abstain] (policy: NULL index,
 * SAMPLES_ORDINARY) the likeness of all, negative, as there the low ones are to be found. Errors: MEMORY. */
int samples_values(const struct samples *samples, size_t policy, double **values, size_t *count);
/* How many of the pictures that show the policy reach the threshold. */
size_t samples_found(const struct samples *samples, size_t policy, double threshold);

#endif
