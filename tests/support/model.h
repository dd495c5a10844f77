/* SPDX-License-Identifier: Apache-2.0
 * A golden model as a blob. For tests that link the converter. */
#ifndef SUPPORT_MODEL_H
#define SUPPORT_MODEL_H

#include "convert/convert.h"
#include "support/checkpoint.h"
#include "support/test.h"

#include <ocelli.h>
#include <string.h>

/* FOLDER/model.gguf of the model `name`, whose checkpoint is written there too; free() it. Faults fail the test. */
static inline char *model_convert(const char *folder, const char *name) {
    checkpoint_write(name, folder, &(struct checkpoint_form){0});
    char *blob = strdup(checkpoint_path(folder, "model.gguf"));
    struct convert_params params = {.checkpoint = folder, .out = blob};
    struct convert_result result;
    assert_int_equal(convert(&params, &result), OCELLI_OK);
    return blob;
}

#endif
