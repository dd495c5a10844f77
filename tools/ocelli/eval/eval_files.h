/* SPDX-License-Identifier: Apache-2.0
 * Where `ocelli eval` writes. */
#ifndef EVAL_FILES_H
#define EVAL_FILES_H

#include "ocelli/eval/eval.h"

struct eval_outputs {
    const char *json, *csv, *report; /* files; NULL: none; "-": standard output */
    const char *folder;              /* NULL: none */
};

/* Makes the folder, so that a wrong name is told before the long part. Errors: FILE. */
int eval_outputs_begin(const struct eval_outputs *outputs);
/* Each file is there whole or not at all. Errors: FILE, MEMORY. */
int eval_outputs_write(const struct eval_outputs *outputs, const struct eval_result *result);
/* Then there is no summary. */
bool eval_outputs_to_stdout(const struct eval_outputs *outputs);

#endif
