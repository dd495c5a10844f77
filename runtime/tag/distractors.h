/* SPDX-License-Identifier: Apache-2.0
 * Everyday things that a picture may show instead of what a tag means: rivals of each tag until its threshold is
 * learnt. */
#ifndef TAG_DISTRACTORS_H
#define TAG_DISTRACTORS_H

#include "tag/prompts.h"

/* Of more templates the first: each text takes the text tower some time at the start. */
enum { DISTRACTORS_TEMPLATES = 2 };

/* The texts, at most STARTER_MOST, with their articles: "a dog", "water". */
const char *const *distractors_texts(size_t *count);

/* Appends to `out` what the text tower shall embed: of each text, one after another, as many prompts as *each tells:
 * itself in the slot of each template (without its article where the template has one), or itself. Errors: USAGE,
 * MEMORY. */
int distractors_expand(struct prompts_list *out, struct arena *arena, const struct prompts_list *templates,
                       size_t *each);

#endif
