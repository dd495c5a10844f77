/* SPDX-License-Identifier: Apache-2.0
 * The blob's metadata: docs/blob.md, "Metadata", except the self-test's. */
#ifndef CONVERT_KEYS_H
#define CONVERT_KEYS_H

#include "convert/gguf_write.h"
#include "convert/model/license.h"
#include "convert/model/model.h"
#include "convert/tokenizer/tokenizer.h"
#include "convert/walk.h"

void keys_general(struct gguf_write *writer, const char *name, const struct license *license,
                  const struct sources *sources, bool no_text);
void keys_model(struct gguf_write *writer, const struct model *model);
/* Which products keep float inputs, of a tower ("vision", "text"); layers NULL: none does. */
void keys_float_inputs(struct gguf_write *writer, const char *name, const struct walk_tower *tower,
                       const struct config_tower *config, bool head);
void keys_tokenizer(struct gguf_write *writer, const struct tokenizer *tokenizer);

#endif
