/* SPDX-License-Identifier: Apache-2.0
 * The distractors' vectors, kept in the cache folder from one start to the next. They depend on the model and on the
 * file's templates alone, and with a large model they take most of a start. */
#ifndef TAG_DISTRACTORS_CACHE_H
#define TAG_DISTRACTORS_CACHE_H

#include "tag/prompts.h"

#include <stdbool.h>

/* Tags and policies have templates of their own. With one file for both, each would write over the other's. */
enum distractors_use { DISTRACTORS_OF_TAGS, DISTRACTORS_OF_POLICY };

/* Reads what distractors_cache_write() kept of this use, this model (ocelli_info.model_key) and these very prompts.
 * values: (prompts->count, size). false: no cache folder, no such file, or it is damaged. Then nothing is logged, and
 * the values are as they were. */
bool distractors_cache_read(enum distractors_use use, const char *model_key, const struct prompts_list *prompts,
                            size_t size, float *values);

/* Keeps them: one file a use and model, so that edits of the templates leave none behind. A write that fails is not
 * logged: the next start takes longer, and that is all. */
void distractors_cache_write(enum distractors_use use, const char *model_key, const struct prompts_list *prompts,
                             size_t size, const float *values);

#endif
