/* SPDX-License-Identifier: Apache-2.0
 * The texts of a model without a text tower: the only ones whose vectors it has. */
#ifndef TAG_KNOWN_TEXTS_H
#define TAG_KNOWN_TEXTS_H

#include "base/lookup.h"
#include "tag/tags_file.h"

/* A zeroed struct is empty. */
struct known_texts {
    struct arena arena;
    struct lookup at;
};

/* The texts are the caller's, and stay. Errors: MEMORY. */
int known_texts_init(struct known_texts *known, const char *const *texts, size_t count);
void known_texts_finish(struct known_texts *known);
/* *index (may be NULL) gets its place among the texts. */
bool known_texts_find(const struct known_texts *known, const char *text, size_t *index);

/* Are all texts there that these tags need: prompts in their templates, prompts against, and everyday things where a
 * threshold is learnt? `path` is the file's. Errors: LIMIT, unless `faults` takes it; MEMORY. */
int known_texts_check(const struct known_texts *known, const struct tags_file *tags, const char *path,
                      struct faults *faults);

/* Appends to `out` every text that such a model has for these tags, each once: prompts in their templates and without,
 * prompts against, and everyday things, which the starter rule compares with. Errors: MEMORY. */
int known_texts_collect(struct prompts_list *out, struct arena *arena, const struct tags_file *tags);

#endif
