/* SPDX-License-Identifier: Apache-2.0
 * Templates that `ocelli prompts --tune` tries when it is given none. */
#ifndef TUNE_TEMPLATES_H
#define TUNE_TEMPLATES_H

#include "tag/prompts.h"

/* Appends the templates, or those of an adjective: "a photo of a {}." with it before "photo" and before "{}", as
 * OpenAI's own prompts for ImageNet have it. Errors: MEMORY. */
int tune_templates_add(struct prompts_list *list, struct arena *arena);
int tune_templates_adjective(struct prompts_list *list, struct arena *arena, const char *adjective);
/* The adjectives that are tried. */
int tune_templates_adjectives(struct prompts_list *list, struct arena *arena);

#endif
