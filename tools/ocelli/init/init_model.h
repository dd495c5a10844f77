/* SPDX-License-Identifier: Apache-2.0
 * The model that an ini of `ocelli init` names. */
#ifndef INIT_MODEL_H
#define INIT_MODEL_H

/* `given`, or where it is NULL the first .gguf of CLIP in `folder`, then in this folder. free(*model), on error too.
 * Errors: FILE (none, or it is no model), MEMORY. */
int init_model_choose(const char *given, const char *folder, char **model);

/* As an ini in `folder` shall name it: from there, so that both may be moved together; by its whole path where it lies
 * elsewhere. free(*name). Errors: FILE. */
int init_model_name(const char *model, const char *folder, char **name);

#endif
