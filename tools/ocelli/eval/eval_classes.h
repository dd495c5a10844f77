/* SPDX-License-Identifier: Apache-2.0
 * The classes of an evaluation, and the templates around their names. */
#ifndef EVAL_CLASSES_H
#define EVAL_CLASSES_H

#include "ocelli/common/tagset.h"
#include "ocelli/eval/eval_input.h"

/* A template a line, "{}" or CLIP_benchmark's "{c}" in it; blank lines and those that begin with # are passed over. The
 * list gets at least one. Errors: FILE (with the line), MEMORY. */
int eval_templates_read(struct prompts_list *list, struct arena *arena, const char *path);

/* Pictures and classes: from the table `labels` or (NULL) from the folders in `dir`; the classes are those of `files`,
 * if there are some. Errors: of eval_input_labels() and eval_input_folders(). */
int eval_classes_read(struct eval_input *input, const char *dir, const char *labels, const struct tagset_files *files);
/* The classes as prompts, in the order of the input. Errors: of tagset_init(). */
int eval_classes_set(struct tagset *set, const struct eval_input *input, const struct tagset_files *files,
                     const struct prompts_list *templates);

#endif
