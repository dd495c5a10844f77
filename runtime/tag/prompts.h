/* SPDX-License-Identifier: Apache-2.0
 * Prompts of a tag: templates filled in, and their vectors made one. */
#ifndef TAG_PROMPTS_H
#define TAG_PROMPTS_H

#include "base/arena.h"

/* A zeroed struct is an empty list. Texts and the list lie in the arena given to prompts_add(). */
struct prompts_list {
    const char **texts;
    size_t count, capacity;
};

/* Appends a copy of `text`. Errors: MEMORY. */
int prompts_add(struct prompts_list *list, struct arena *arena, const char *text);
/* The same in Unicode's composed form. */
int prompts_add_composed(struct prompts_list *list, struct arena *arena, const char *text);

/* The template's "{}", or NULL unless there is exactly one. */
const char *prompts_slot(const char *template);

/* Appends to `out` every prompt in the slot of every template; with no templates, the prompts as
 * they are. Errors: USAGE (a template without exactly one "{}"), MEMORY. */
int prompts_expand(struct prompts_list *out, struct arena *arena, const struct prompts_list *templates,
                   const struct prompts_list *prompts);

/* mean (n): the average of unit vectors (count, n), made unit length again. `mean` may be the first
 * of them. Errors: USAGE (they cancel out, or are not numbers). */
int prompts_average(const float *vectors, size_t count, size_t n, float *mean);

#endif
